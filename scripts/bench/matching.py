"""The whole match, in one process, over the bare encoder's time on the same passages.

    python -m scripts.bench.matching --entries 100000 [--data DIR] [--messages 150] [--shortest 60] [--longest 150]

Bare encoder, whole match, and match as it is served run one after the other for each message, so that all see the same
machine. As served it ends with the near copies of the message where there are any, as an answer does: they are told
before the encoder has run. Beside the time that passes stands processor time, which other work on the machine changes
little: what runs beside the encoder counts in it.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import numpy as np

from bot.search import Search
from retrieval.batching import BatchingEncoder
from retrieval.index import MatchingIndex
from retrieval.matcher import Matcher
from retrieval.message import read_message
from retrieval.onnx_encoder import OnnxEncoder
from scripts.bench.installation import add_options, load_messages, make_chosen

WARM_UP = [f"天氣預報說第{number}號颱風今晚會轉向，請大家不用擔心，記得收衣服。" for number in range(20)]

SETTLE_S = 0.05
"""Behind a match that was stopped, for the encoder it had begun."""

Times = tuple[float, float]
"""Seconds that passed, and of processor time."""
Row = Mapping[str, Times]
"""Of one text: `bare`, `whole` and `served`."""


async def timed(work: Callable[[], Awaitable[object]]) -> Times:
    started, processor = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - started, time.process_time() - processor


async def measure(index: MatchingIndex, encoder: OnnxEncoder, texts: list[str]) -> list[Row]:
    """Return for each text how long the bare encoder took, the whole match, and the match as it is served."""
    batching = BatchingEncoder(encoder.encode)
    matcher = Matcher(index, batching.encode)
    rows: list[Row] = []
    for text in [*WARM_UP, *texts]:
        passages = [passage.text for passage in read_message(text).passages]

        async def bare(passages: list[str] = passages) -> None:
            encoder.encode(passages)

        async def match(text: str = text) -> None:
            await matcher.match(text)

        async def serve(text: str = text) -> None:
            search = Search(lambda tell_copies: matcher.match(text, tell_copies=tell_copies))
            await search.near_copies() or await search.matches()
            search.stop()

        times = {"bare": await timed(bare)}
        works = [("whole", match), ("served", serve)]
        for name, work in works if len(rows) % 2 else reversed(works):  # the first finds memory colder
            times[name] = await timed(work)
            await asyncio.sleep(SETTLE_S)
        rows.append(times)
    matcher.close()
    batching.close()
    return rows[len(WARM_UP) :]


def report(rows: list[Row]) -> None:
    for name, column, kind in (("whole", 0, "passed"), ("whole", 1, "processor"), ("served", 0, "passed")):
        match, bare = (np.array([row[one][column] for row in rows]) * 1000 for one in (name, "bare"))
        shown = [f"{np.percentile(one, 50):.1f} / {np.percentile(one, 99):.1f}" for one in (match, bare)]
        print(f"| {name} | {kind} | {len(rows)} | {' | '.join(shown)} | {np.median(match / bare):.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--messages", type=int, default=150)
    parser.add_argument("--shortest", type=int, default=60)
    parser.add_argument("--longest", type=int, default=150)
    options = parser.parse_args()
    installation = make_chosen(options)
    encoder = installation.encoder()
    index = MatchingIndex.load(installation.index_folder(encoder.model_id), encoder.model_id)
    shortest, longest = options.shortest, options.longest
    texts = load_messages(installation, shortest=shortest, longest=longest, number=options.messages)
    print("| match | time | n | match p50 / p99 ms | bare encoder p50 / p99 ms | median ratio |")
    print("|---|---|---|---|---|---|")
    report(asyncio.run(measure(index, encoder, texts)))


if __name__ == "__main__":
    main()
