"""Taking in a release: table after table, batch after batch, each batch one transaction.

Nothing is recorded about how far it has come: run again, it passes over what is stored already.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from scripts.exports import storing
from scripts.exports.own_release import refuse_own
from scripts.exports.parsing import Parser, read_batches
from scripts.exports.storing import Store, Stored
from scripts.exports.taking_back import raise_returned, store_tombstones, without_taken_back
from scripts.settings_option import settings_or_exit
from storage.database import Database, DatabaseError, open_database
from storage.exports.catalogue import TABLES
from storage.exports.content import ARTICLES
from storage.exports.manifest import MANIFEST, Manifest, ReleaseError, check_files, list_releases, read_manifest
from storage.exports.opinions import TOMBSTONES
from storage.exports.readers import read_table
from storage.migrations import migrate
from storage.tables import (
    ArticleCategory,
    ArticleDay,
    ImportedRelease,
    MediaHash,
    Rating,
    ReplyRequest,
    VerificationDecision,
)

Report = Callable[[str, int, int], None]

STORES: Mapping[str, Store] = {
    "categories": storing.store_categories,
    "articles": storing.store_articles,
    "article_variants": storing.store_variants,
    "hyperlinks": storing.store_hyperlinks,
    "media_hashes": storing.insert_missing(MediaHash, lambda row: (row.article_id, row.kind, bytes(row.value))),
    "article_categories": storing.keep_current(ArticleCategory, lambda row: (row.article_id, row.category_id)),
    "replies": storing.store_replies,
    "reply_versions": storing.store_versions,
    "article_replies": storing.restore_states,
    "article_reply_history": storing.insert_missing(
        VerificationDecision, lambda row: (row.article_id, row.reply_id, row.rule, row.outcome, row.decided_at)
    ),
    "ratings": storing.keep_current(Rating, lambda row: (row.article_id, row.reply_id, row.rater)),
    "reply_requests": storing.keep_current(ReplyRequest, storing.request_key),
    "article_reply_feedbacks": storing.store_votes,
    "match_decisions": storing.store_decisions,
    "analytics": storing.insert_missing(ArticleDay, lambda row: (row.article_id, row.day, row.source)),
    "tombstones": store_tombstones,
}
"""How each table is taken in, when a whole instance is rebuilt."""

ANSWERS: Mapping[str, Store] = {
    **{name: STORES[name] for name in ("categories", "articles", "article_variants", "hyperlinks", "media_hashes")},
    **{name: STORES[name] for name in ("article_categories", "replies", "reply_versions", "tombstones")},
    "article_replies": storing.store_as_imported,
}
"""What is taken in when two instances exchange answers."""


def run_take_in(folder: Path, *, answered_only: bool) -> None:
    """Take in the release and print what became of its rows; any failure is one clear line."""
    settings = settings_or_exit()
    try:
        release = choose_folder(folder)
        summary = asyncio.run(
            _run(settings.database_url, release, settings.public_instance_name, answered_only=answered_only)
        )
    except (ReleaseError, DatabaseError) as error:
        raise click.ClickException(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"The import stopped: {str(error).splitlines()[0]}") from error
    click.echo(f"{'':<24}{'added':>10}{'changed':>10}{'unchanged':>10}{'left out':>10}")
    for name, stored in summary.items():
        numbers = (stored.added, stored.changed, stored.unchanged, stored.refused)
        click.echo(f"{name:<24}" + "".join(f"{number:>10,}" for number in numbers))


def choose_folder(folder: Path) -> Path:
    """The folder of a release, or of the newest one in it."""
    if (folder / MANIFEST).is_file():
        return folder
    releases = list_releases(folder)
    if not releases:
        raise ReleaseError(f"{folder} is no release of chaming, and holds none")
    return folder / releases[-1].release


async def take_in(
    database: Database,
    folder: Path,
    own_name: str,
    *,
    answered_only: bool = False,
    report: Report = lambda name, done, total: None,
) -> dict[str, Stored]:
    """Take in the release in `folder`; raises ReleaseError, before anything is stored when a file is not whole."""
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    await _refuse_older(database, manifest)
    await refuse_own(database, folder, manifest, own_name)
    stores = ANSWERS if answered_only else STORES
    rows = {table.name: table.rows for table in manifest.tables if table.family == "chaming"}
    await _raise_returned(database, folder, manifest, own_name)
    summary: dict[str, Stored] = {}
    answered = _answered(folder, manifest) if answered_only else None
    for table in TABLES:
        if table.name not in stores:
            continue
        summary[table.name] = Stored()
        fields = Parser(table, own_name).fields
        done = 0
        for batch in read_batches(folder, manifest, table, own_name):
            chosen = batch
            if answered is not None and table.name == "articles":
                chosen = [row for row in batch if row.id in answered]
            async with database.transaction() as session:
                kept = await without_taken_back(session, table.name, chosen)
                summary[table.name] += await stores[table.name](session, kept, fields)
                summary[table.name].refused += len(chosen) - len(kept)
            done += len(batch)
            report(table.name, done, rows.get(table.name, done))
    await _note(database, manifest)
    return summary


async def _refuse_older(database: Database, manifest: Manifest) -> None:
    """Every release is whole: an older one has nothing that a newer one lacks, but what was corrected or taken back."""
    async with database.reading() as session:
        last = await session.scalar(
            select(ImportedRelease)
            .where(col(ImportedRelease.instance) == manifest.instance)
            .order_by(col(ImportedRelease.as_of).desc())
            .limit(1)
        )
    if last is not None and datetime.fromisoformat(manifest.as_of) < last.as_of:
        raise ReleaseError(f"{last.release} of {manifest.instance} is here already, and newer than {manifest.release}")


async def _raise_returned(database: Database, folder: Path, manifest: Manifest, own_name: str) -> None:
    if manifest.instance != own_name:
        named = {(str(row[0]), str(row[1])) for row in read_table(folder, manifest, TOMBSTONES)}
        async with database.transaction() as session:
            await raise_returned(session, manifest.instance, named, datetime.fromisoformat(manifest.as_of))


def _answered(folder: Path, manifest: Manifest) -> set[str]:
    """Ids of the articles for which an answer is shown."""
    shown = ARTICLES.names.index("reply_count")
    return {row[0] for row in read_table(folder, manifest, ARTICLES) if row[shown]}


async def _run(url: str, folder: Path, own_name: str, *, answered_only: bool) -> dict[str, Stored]:
    database = open_database(url)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    try:
        await migrate(database)
        with Progress(*columns, console=Console(stderr=True)) as bar:

            def show(name: str, done: int, total: int) -> None:
                if name not in tasks:
                    tasks[name] = bar.add_task(name, total=total)
                bar.update(tasks[name], completed=done)

            return await take_in(database, folder, own_name, answered_only=answered_only, report=show)
    finally:
        await database.close()


async def _note(database: Database, manifest: Manifest) -> None:
    """Remember whose release it was, and on what terms its rows go on."""
    note = ImportedRelease.model_validate(
        {
            "instance": manifest.instance,
            "release": manifest.release,
            "licence": manifest.licence,
            "attribution": manifest.attribution,
            "as_of": manifest.as_of,
        }
    )
    async with database.transaction() as session:
        await session.merge(note)
