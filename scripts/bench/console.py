"""How the console holds out: sessions that each ask for a page every few seconds, against the real application.

`python -m scripts.bench.console --sessions 200 --tasks 500 --seconds 30` prints one JSON object. The server is a
process of its own; it and the visitors share the cores. Times are the visitors', from the request to the last
byte; `server_cpu_ms` is the processor time the server takes for a request, whatever else the machine does.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import ClientSession, TCPConnector, web

from bot.collector import put_aside
from bot.wording import load_wordings
from moderation.console.app import console_app
from moderation.console.context import ConsoleContext
from moderation.console.limits import RateLimits
from moderation.console.sessions import begin_session, to_place
from moderation.console.task_cache import TaskCache
from moderation.console.wording import LOCALES
from moderation.intake import add_article
from retrieval.types import Match
from scripts.simulator.line import serve_app
from storage.articles import ArticleSummary
from storage.database import Database, open_database
from storage.migrations import migrate
from storage.tables import Editor, ReplyRequest, ReviewTask, Role, utc_now

PAGES = (("/review/", 6), ("/review/tasks/{task}", 3), ("/review/watch", 1), ("/review/inbox", 1))
"""What is asked for, and how often compared with the others."""
AGENT, SECRET_KEY = "bench", "only for the benchmark"


class NoMatcher:
    """Nothing is searched for here."""

    ready = True
    model_id = "none"

    async def match(self, text: str, *, limit: int = 10) -> list[Match]:
        return []


def draw_nothing(article: ArticleSummary, language: str) -> str:
    return ""


async def furnish(database: Database, sessions: int, tasks: int) -> tuple[list[str], list[str]]:
    """People who are signed in (their cookies), and tasks that up to thirty people ask about each."""
    rng = random.Random(7)
    async with database.transaction() as session:
        editors = [Editor(email=f"person{number}@example.org", role=Role.REVIEWER) for number in range(sessions)]
        session.add_all(editors)
        await session.flush()
        place = to_place(SECRET_KEY, AGENT, "127.0.0.1")
        cookies = [await begin_session(session, editor.id, place, utc_now()) for editor in editors]
    async with database.transaction() as session:
        for number in range(tasks):
            text = f"訊息 {number}：" + "喝熱檸檬水可以治癌症" * 10
            article = await add_article(session, text=text, matching_key_hash=None, contributor=None)
            session.add_all(
                ReplyRequest(article_id=article.id, contributor=f"asker{n}") for n in range(rng.randint(1, 30))
            )
        ids = list(await session.scalars(ReviewTask.__table__.select().with_only_columns(ReviewTask.id)))  # type: ignore[attr-defined]
    return cookies, ids


async def visit(url: str, cookie: str, tasks: list[str], every: float, until: float, taken: list[float]) -> int:
    """One session: a page each `every` seconds; returns how many answers were not 200."""
    rng, failed = random.Random(cookie), 0
    paths, weights = [path for path, _ in PAGES], [weight for _, weight in PAGES]
    headers = {"Cookie": f"chaming_session={cookie}", "User-Agent": AGENT}
    async with ClientSession(headers=headers, connector=TCPConnector(limit=1)) as client:
        await asyncio.sleep(rng.uniform(0, every))
        while time.monotonic() < until:
            path = rng.choices(paths, weights)[0].format(task=rng.choice(tasks))
            began = time.perf_counter()
            async with client.get(url + path, allow_redirects=False) as answer:
                await answer.read()
                failed += answer.status != 200
            taken.append(time.perf_counter() - began)
            await asyncio.sleep(every)
    return failed


def open_bench(folder: Path) -> Database:
    return open_database(f"sqlite+aiosqlite:///{folder}/bench.db")


def serve(folder: Path, control: Connection) -> None:
    """The server's process: says where it is, serves until told that it is enough, says what it has taken."""
    asyncio.run(_serve(folder, control))


async def _serve(folder: Path, control: Connection) -> None:
    database = open_bench(folder)
    app = web.Application()
    app.add_subapp("/review/", console_app(to_context(database)))
    async with serve_app(app) as url:
        put_aside()  # as `serve` does when its index comes into use
        before = time.process_time()
        control.send(url)
        await asyncio.to_thread(control.recv)
        control.send(time.process_time() - before)
    await database.close()


async def measure(sessions: int, tasks: int, seconds: float, every: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        database = open_bench(Path(folder))
        await migrate(database)
        cookies, ids = await furnish(database, sessions, tasks)
        await database.close()
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(Path(folder), theirs))
        server.start()
        try:
            url, taken, until = str(await asyncio.to_thread(ours.recv)), list[float](), time.monotonic() + seconds
            failed = await asyncio.gather(*(visit(url, cookie, ids, every, until, taken) for cookie in cookies))
            ours.send("enough")
            server_cpu = float(await asyncio.to_thread(ours.recv))
        finally:
            server.terminate()
            server.join()
    cuts = statistics.quantiles(taken, n=100)
    return {
        "sessions": sessions,
        "tasks": tasks,
        "requests": len(taken),
        "failed": sum(failed),
        "p50_ms": round(1000 * cuts[49], 1),
        "p95_ms": round(1000 * cuts[94], 1),
        "p99_ms": round(1000 * cuts[98], 1),
        "server_cpu_ms": round(1000 * server_cpu / len(taken), 1),
        "load_1min": round(os.getloadavg()[0], 1),
    }


def to_context(database: Database) -> ConsoleContext:
    return ConsoleContext(
        database=database,
        wordings=load_wordings(LOCALES),
        matcher=NoMatcher(),
        preview=draw_nothing,
        secret_key=SECRET_KEY,
        public_url="http://127.0.0.1",
        limits=RateLimits(),
        tasks=TaskCache(database),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between one session's requests")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(measure(given.sessions, given.tasks, given.seconds, given.every))))


if __name__ == "__main__":
    main()
