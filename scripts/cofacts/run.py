"""One import from the command line: settings, database, bar, summary."""

import asyncio
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

from bot.settings import SettingsError, load_settings
from moderation.backlog import queue_unanswered
from scripts.cofacts.files import UnreadableFileError
from scripts.import_cofacts import ImportSummary, NothingToImportError, RejectsFile, import_cofacts
from storage.database import Database, DatabaseError, open_database
from storage.migrations import migrate

REJECTS_NAME = "import-rejects.csv"


def run_import(folder: Path, rejects: Path | None, queue: int = 0) -> None:
    """Import `folder`, give volunteers `queue` unanswered messages, and say so; any failure is one clear line."""
    try:
        settings = load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    path = rejects or settings.data_dir / REJECTS_NAME
    try:
        summary, queued = asyncio.run(_import(settings.database_url, folder, path, queue))
    except (NothingToImportError, UnreadableFileError) as error:
        raise click.ClickException(f"{folder}: {error}") from error
    except (DatabaseError, SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"The import stopped: {str(error).splitlines()[0]}") from error
    _print(summary, path)
    if queue:
        click.echo(f"{queued:,} messages without an answer are before the volunteers now.")


async def _import(url: str, folder: Path, rejects: Path, queue: int) -> tuple[ImportSummary, int]:
    database = open_database(url)
    try:
        await migrate(database)
        summary = await _import_with_bar(database, folder, rejects)
        async with database.transaction() as session:
            return summary, await queue_unanswered(session, queue)
    finally:
        await database.close()


async def _import_with_bar(database: Database, folder: Path, rejects: Path) -> ImportSummary:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with RejectsFile(rejects) as file, Progress(*columns, console=Console(stderr=True)) as bar:

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done)

        return await import_cofacts(database, folder, file, show)


def _print(summary: ImportSummary, rejects: Path) -> None:
    click.echo(f"{'':<24}{'added':>10}{'changed':>10}{'unchanged':>10}{'rejected':>10}")
    for file in summary.files:
        if file.found:
            numbers = (file.added, file.changed, file.unchanged, file.rejected)
            click.echo(f"{file.stem:<24}" + "".join(f"{number:>10,}" for number in numbers))
        else:
            click.echo(f"{file.stem:<24}{'not there':>10}")
    if summary.rejected:
        click.echo(f"{summary.rejected:,} rows were rejected: see {rejects}")
