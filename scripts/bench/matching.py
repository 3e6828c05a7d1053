"""The whole match, in one process, over the bare encoder's time on the same passages.

    python -m scripts.bench.matching --entries 100000 [--data DIR] [--messages 150] [--shortest 60] [--longest 150]

Encoder and match run one after the other for each message, so that both see the same machine. Beside the time that
passes stands processor time, which other work on the machine changes little: what runs beside the encoder counts in it.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable

import numpy as np

from retrieval.batching import BatchingEncoder
from retrieval.index import MatchingIndex
from retrieval.matcher import Matcher
from retrieval.message import read_message
from retrieval.onnx_encoder import OnnxEncoder
from scripts.bench.installation import add_options, load_messages, make_chosen

WARM_UP = [f"天氣預報說第{number}號颱風今晚會轉向，請大家不用擔心，記得收衣服。" for number in range(20)]

Times = tuple[float, float]
"""Seconds that passed, and of processor time."""


async def timed(work: Callable[[], Awaitable[object]]) -> Times:
    started, processor = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - started, time.process_time() - processor


async def measure(index: MatchingIndex, encoder: OnnxEncoder, texts: list[str]) -> list[tuple[Times, Times]]:
    """Return (bare encoder, match) for each text."""
    batching = BatchingEncoder(encoder.encode)
    matcher = Matcher(index, batching.encode)
    rows = []
    for text in [*WARM_UP, *texts]:
        passages = [passage.text for passage in read_message(text).passages]

        async def bare(passages: list[str] = passages) -> None:
            encoder.encode(passages)

        async def match(text: str = text) -> None:
            await matcher.match(text)

        rows.append((await timed(bare), await timed(match)))
    matcher.close()
    batching.close()
    return rows[len(WARM_UP) :]


def report(rows: list[tuple[Times, Times]]) -> None:
    times = np.array(rows) * 1000
    for column, kind in enumerate(("passed", "processor")):
        bare, match = times[:, 0, column], times[:, 1, column]
        shown = [f"{np.percentile(one, 50):.1f} / {np.percentile(one, 99):.1f}" for one in (match, bare)]
        ratio = np.median(match / bare)
        print(f"| {kind} | {len(rows)} | {' | '.join(shown)} | {ratio:.2f} |")


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
    print("| time | n | match p50 / p99 ms | bare encoder p50 / p99 ms | median ratio |\n|---|---|---|---|---|")
    report(asyncio.run(measure(index, encoder, texts)))


if __name__ == "__main__":
    main()
