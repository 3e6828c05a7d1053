"""From webhook received to reply call made, and the same divided by the bare encoder's time on that text.

    python -m scripts.bench.answer --entries 100000 [--data /tmp/chaming-bench-100k] [--messages 200]

The server is the real one, in a process of its own, on SQLite. LINE is a bare socket that notes when the reply call
arrives. Messages are sent one at a time; before each, the bare encoder runs on the same text with as many threads
(one), so that both see the same machine. Only messages that the matcher reads as one passage are sent.
Every message is asked about twice, the second time with a word before it, as the next person would: the matcher keeps
the tokens of the candidates it looked at lately, so the first asker of the day pays for them.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import statistics
import sys
import time
from pathlib import Path

import aiohttp
import numpy as np
import orjson
from aiohttp import web

from retrieval.message import read_message
from retrieval.onnx_encoder import OnnxEncoder
from scripts.bench.installation import SECRET, Installation, load_messages, make_installation
from scripts.bench.load import webhook

WARM_UP = [f"天氣預報說第{number}號颱風今晚會轉向，請大家不用擔心，記得收衣服。" for number in range(20)]
AGAIN = "請問 "
REPLY_WITHIN_S = 20.0
SETTLE_S = 0.05
"""Between two messages: the server writes down what became of the last one, and no encoder is timed beside that."""


class ReplySocket:
    """Takes reply calls as LINE would, and notes when they came."""

    def __init__(self) -> None:
        self.arrived: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def take(self, request: web.Request) -> web.Response:
        now = time.perf_counter()
        await request.read()
        if not self.arrived.done():
            self.arrived.set_result(now)
        return web.json_response({"sentMessages": [{"id": "1"}]})

    async def other(self, request: web.Request) -> web.Response:
        return web.json_response({})


def signed(body: bytes) -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    return {"X-Line-Signature": base64.b64encode(digest).decode(), "Content-Type": "application/json"}


async def time_one(session: aiohttp.ClientSession, url: str, line: ReplySocket, number: int, text: str) -> float:
    """Return the seconds from sending the webhook to the arrival of the reply call."""
    line.arrived = asyncio.get_running_loop().create_future()
    body = orjson.dumps(webhook(number, text, salt=int(time.time()) % 100_000))
    started = time.perf_counter()
    async with session.post(f"{url}/callback", data=body, headers=signed(body)) as answer:
        answer.raise_for_status()
    return await asyncio.wait_for(line.arrived, REPLY_WITHIN_S) - started


async def measure(installation: Installation, url: str, texts: list[str]) -> list[tuple[float, float]]:
    """Return (webhook to reply, bare encoder) in seconds for each text."""
    encoder = installation.encoder()
    line = ReplySocket()
    app = web.Application()
    app.router.add_post("/v2/bot/message/reply", line.take)
    app.router.add_route("*", "/{rest:.*}", line.other)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", installation.line_port).start()
    times = []
    again = [AGAIN + text for text in texts]
    async with aiohttp.ClientSession() as session:
        for number, text in enumerate([*WARM_UP, *texts, *again]):
            await asyncio.sleep(SETTLE_S)
            bare = time_encoder(encoder, text)
            times.append((await time_one(session, url, line, number, text), bare))
    await runner.cleanup()
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
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="keep the installation here, to measure again")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--shortest", type=int, default=60)
    parser.add_argument("--longest", type=int, default=150)
    options = parser.parse_args()
    data = options.data or Path(f"/tmp/chaming-bench-{options.entries}")
    installation = make_installation(data, options.entries)
    found = load_messages(installation, shortest=options.shortest, longest=options.longest, number=3 * options.messages)
    texts = [text for text in found if len(read_message(text).passages) == 1][: options.messages]
    print(f"  {len(texts)} messages of one passage", file=sys.stderr)
    with installation.serving() as (url, seconds):
        print(f"  ready after {seconds:.1f} s", file=sys.stderr)
        times = asyncio.run(measure(installation, url, texts))
    print(
        "| entries | asked | n | webhook → reply p50 / p99 ms | bare encoder p50 / p99 ms | of medians | median ratio |"
    )
    print("|---|---|---|---|---|---|---|")
    report(options.entries, "first", times[: len(texts)])
    report(options.entries, "again", times[len(texts) :])


if __name__ == "__main__":
    main()
