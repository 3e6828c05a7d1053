"""From webhook received to reply call made, and the same divided by the bare encoder's time on that text.

    python -m scripts.bench.answer --entries 100000 [--data /tmp/chaming-bench-100k] [--messages 200]

The server is the real one, in a process of its own, on SQLite. LINE is a bare socket that notes when the reply call
arrives. Messages are sent one at a time; before each, the bare encoder runs on the same text with as many threads
(one), so that both see the same machine. Only messages that the matcher reads as one passage are sent.
Every message is asked about twice, the second time with a word before it, as the next person would.
Each message comes from a person never seen before. So a second later LINE is asked for that person's language, as for
any newcomer, which falls into the time of another message; it is left in, since servers have newcomers.
Then the server's own figures are printed, step by step, from its `/metrics`.
"""

import argparse
import asyncio
import statistics
import sys
import time

import numpy as np
import orjson
import uvloop

from retrieval.message import read_message
from retrieval.onnx_encoder import OnnxEncoder
from scripts.bench.installation import Installation, add_options, load_messages, make_chosen
from scripts.bench.line_path import ReplySocket, WebhookSender
from scripts.bench.load import webhook
from scripts.bench.steps import print_steps, read_metrics

WARM_UP = [f"天氣預報說第{number}號颱風今晚會轉向，請大家不用擔心，記得收衣服。" for number in range(20)]
AGAIN = "請問 "
REPLY_WITHIN_S = 20.0
SETTLE_S = 0.05
"""Between two messages: the server writes down what became of the last one, and no encoder is timed beside that."""


async def time_one(sender: WebhookSender, number: int, text: str) -> float:
    """Return the seconds from sending the webhook to the arrival of the reply call."""
    ReplySocket.arrived = asyncio.get_running_loop().create_future()
    sent = await sender.send(orjson.dumps(webhook(number, text)))
    async with asyncio.timeout(REPLY_WITHIN_S):
        return await ReplySocket.arrived - sent


async def measure(installation: Installation, url: str, texts: list[str]) -> list[tuple[float, float]]:
    """Return (webhook to reply, bare encoder) in seconds for each text."""
    encoder = installation.encoder()
    line = await asyncio.get_running_loop().create_server(ReplySocket, "127.0.0.1", installation.line_port)
    sender = await WebhookSender.open(url)
    times = []
    again = [AGAIN + text for text in texts]
    for number, text in enumerate([*WARM_UP, *texts, *again], start=time.time_ns()):  # nobody has asked before
        await asyncio.sleep(SETTLE_S)
        bare = time_encoder(encoder, text)
        times.append((await time_one(sender, number, text), bare))
    await sender.close()
    line.close()
    return times[len(WARM_UP) :]


def time_encoder(encoder: OnnxEncoder, text: str) -> float:
    [passage] = read_message(text).passages
    started = time.perf_counter()
    encoder.encode([passage.text])
    return time.perf_counter() - started


def report(entries: int, asked: str, times: list[tuple[float, float]]) -> None:
    path, bare = (np.array(column) * 1000 for column in zip(*times, strict=True))
    ratios = path / bare
    shown = [f"{np.percentile(column, 50):.1f} / {np.percentile(column, 99):.1f}" for column in (path, bare)]
    of_medians = statistics.median(path) / statistics.median(bare)
    figures = [f"{entries:,}", asked, str(len(times)), *shown, f"{of_medians:.2f}", f"{np.median(ratios):.2f}"]
    print(f"| {' | '.join(figures)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--shortest", type=int, default=60)
    parser.add_argument("--longest", type=int, default=150)
    options = parser.parse_args()
    installation = make_chosen(options)
    found = load_messages(installation, shortest=options.shortest, longest=options.longest, number=3 * options.messages)
    texts = [text for text in found if len(read_message(text).passages) == 1][: options.messages]
    print(f"  {len(texts)} messages of one passage", file=sys.stderr)
    with installation.serving() as (url, seconds):
        print(f"  ready after {seconds:.1f} s", file=sys.stderr)
        times = uvloop.run(measure(installation, url, texts))
        metrics = read_metrics(url)
    print(
        "| entries | asked | n | webhook → reply p50 / p99 ms | bare encoder p50 / p99 ms | of medians | median ratio |"
    )
    print("|---|---|---|---|---|---|---|")
    report(options.entries, "first", times[: len(texts)])
    report(options.entries, "again", times[len(texts) :])
    print()
    print_steps(metrics)


if __name__ == "__main__":
    main()
