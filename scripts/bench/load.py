"""A webhook load made with `wrk` (Debian's package), which is faster than any server under test here."""

import base64
import hashlib
import hmac
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

REPLAY = Path(__file__).with_name("wrk_replay.lua")


class LoadError(Exception):
    """The load could not be made; the message says why."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    requests_per_s: float
    p99_ms: float
    refused: int
    """Answers other than 2xx, and socket errors."""


def write_requests(path: Path, *, secret: str, number: int, threads: int, text: str, salt: int = 0) -> None:
    """Write `number` signed one-event webhooks, spread over one file per thread: `signature body` a line.

    Event ids differ between salts.
    """
    for thread in range(threads):
        with path.with_name(f"{path.name}.{thread}").open("wb") as file:
            for index in range(thread, number, threads):
                body = orjson.dumps(webhook(index, text, salt))
                digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
                file.write(base64.b64encode(digest) + b" " + body + b"\n")


def webhook(index: int, text: str, salt: int = 0) -> dict[str, object]:
    """Return a webhook body with one text message from a user of its own."""
    return {
        "destination": "U" + "0" * 32,
        "events": [
            {
                "type": "message",
                "mode": "active",
                "timestamp": time.time_ns() // 1_000_000,
                "webhookEventId": f"BENCH{salt:05d}{index:016d}",
                "deliveryContext": {"isRedelivery": False},
                "replyToken": f"{index:032x}",
                "source": {"type": "user", "userId": f"U{index:032x}"},
                "message": {"type": "text", "id": str(10**17 + index), "quoteToken": "q", "text": text},
            }
        ],
    }


def run_load(url: str, requests: Path, *, connections: int, threads: int, seconds: int) -> LoadResult:
    """Send the requests over `connections` kept-alive connections for `seconds`; raise LoadError without wrk."""
    if shutil.which("wrk") is None:
        raise LoadError("wrk is missing: on Debian, apt install wrk")
    command = [
        "wrk",
        "--latency",
        f"-t{threads}",
        f"-c{connections}",
        f"-d{seconds}s",
        "-s",
        REPLAY,
        url,
        "--",
        requests,
    ]
    output = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", output)
    if rate is None or tail is None:
        raise LoadError(f"wrk answered something unexpected:\n{output}")
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}[tail.group(2)]
    refused = [
        int(count) for count in re.findall(r"(?:Non-2xx or 3xx responses|connect|read|write|timeout):? (\d+)", output)
    ]
    return LoadResult(float(rate.group(1)), float(tail.group(1)) * unit, sum(refused))
