"""What `chaming index` does, apart from the command line so that its `--help` waits for none of it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot.index_builder import Progress, rebuild_index
from bot.index_opening import index_folder, open_adopted_encoder
from bot.settings import Settings, SettingsError, load_settings
from retrieval.model_manifest import ModelError
from retrieval.snapshot import SnapshotError, read_facts
from storage.database import Database, open_database
from storage.index_entries import adopted_model, count_indexed_articles, latest_seq

Report = TypeVar("Report")


class MaintenanceError(Exception):
    """What was asked for could not be done; the message is one line for the person who asked."""


def rebuild(progress: Progress) -> dict[str, int]:
    """Make the index anew, save it as the snapshot, and return what it holds."""
    return _run(partial(_rebuild, progress=progress))


def status() -> dict[str, Any]:
    """Return what the snapshot holds and where the database stands; `problem` is None when they fit."""
    return _run(read_status)


def _run(work: Callable[[Settings], Coroutine[Any, Any, Report]]) -> Report:
    try:
        return asyncio.run(work(load_settings()))
    except (ModelError, SettingsError, OSError) as error:
        raise MaintenanceError(str(error)) from error
    except SQLAlchemyError as error:
        raise MaintenanceError(f"The database cannot be read ({type(error).__name__}): run chaming migrate.") from error


async def _rebuild(settings: Settings, *, progress: Progress) -> dict[str, int]:
    async with _database(settings) as database:
        encoder = await open_adopted_encoder(settings, database)
        index = await rebuild_index(database, encoder, progress, workers=os.cpu_count() or 1)
    await asyncio.to_thread(index.save, index_folder(settings, encoder.model_id))
    return {"entries": len(index), "articles": index.articles, "seq": index.seq}


async def read_status(settings: Settings) -> dict[str, Any]:
    """The same inside a running loop; raises what the database raises."""
    facts: dict[str, Any] = {}
    problem = None
    async with _database(settings) as database, database.reading() as session:
        adopted, newest = await adopted_model(session), await latest_seq(session)
        articles = await count_indexed_articles(session)
    folder = index_folder(settings, adopted)
    try:
        facts = read_facts(folder)
    except SnapshotError as error:
        problem = str(error)
    if facts and adopted and facts["model_id"] != adopted:
        problem = f"The snapshot is of {facts['model_id']}, the database matches with {adopted}."
    return {
        "folder": str(folder),
        "model": facts.get("model_id"),
        "entries": facts.get("entries"),
        "seq": facts.get("seq"),
        "changes_behind": newest - facts["seq"] if facts else None,
        "adopted_model": adopted,
        "articles_in_database": articles,
        "problem": problem,
    }


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = open_database(settings.database_url)
    try:
        yield database
    finally:
        await database.close()
