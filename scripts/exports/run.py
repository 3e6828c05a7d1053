"""One export from the command line or the scheduler: settings, database, bar, summary."""

import asyncio
import importlib.util
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

from bot.settings import Settings
from scripts.settings_option import settings_or_exit
from storage.database import Database, DatabaseError, open_database
from storage.exports.manifest import Manifest, ReleaseError, list_releases
from storage.exports.release import FORMATS, ExportRequest, make_release
from storage.migrations import migrate
from storage.tables import utc_now

EVERY = timedelta(days=6, hours=12)
"""The job looks once a day, so that restarts of the process do not put it off for ever."""


def run_export(
    folder: Path,
    *,
    since: str | None,
    formats: tuple[str, ...] | None,
    if_changed: bool = False,
    if_taken_back: bool = False,
) -> None:
    """Publish a release in `folder` and print what it holds; any failure is one clear line."""
    settings = settings_or_exit()
    chosen = formats or available_formats()
    if "parquet" in chosen and "parquet" not in available_formats():
        raise click.ClickException("Parquet needs pyarrow: pip install -e '.[research]', or --format csv,jsonl")
    request = to_request(settings, folder, formats=chosen, since=since)
    request = replace(request, only_if_changed=if_changed, only_if_taken_back=if_taken_back)
    try:
        manifest = asyncio.run(_export(settings, request))
    except (ReleaseError, DatabaseError) as error:
        raise click.ClickException(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"The export stopped: {str(error).splitlines()[0]}") from error
    click.echo(describe(manifest) if manifest or not if_taken_back else "nothing in any release was taken back since")


def to_request(
    settings: Settings,
    folder: Path,
    *,
    formats: tuple[str, ...],
    since: str | None = None,
) -> ExportRequest:
    """What the settings say about every release."""
    instance = settings.public_instance_name
    return ExportRequest(
        root=folder,
        instance=instance,
        secret_key=settings.secret_key,
        licence=settings.export_licence,
        attribution=settings.export_attribution or f"{instance} and its volunteers (chaming 查明)",
        formats=formats,
        since=since,
    )


def available_formats() -> tuple[str, ...]:
    """All formats, without Parquet where pyarrow is not installed."""
    return FORMATS if importlib.util.find_spec("pyarrow") else tuple(one for one in FORMATS if one != "parquet")


def describe(manifest: Manifest | None) -> str:
    """One line for the log and the terminal: counts, never content."""
    if manifest is None:
        return "nothing changed since the last release"
    delta = manifest.delta
    changes = f", {delta['added']:,} added and {delta['removed']:,} removed since {delta['from']}" if delta else ""
    size = manifest.bytes / 1_000_000
    withdrawn = f"; withdrew {', '.join(manifest.replaces)}" if manifest.replaces else ""
    return f"released {manifest.release}: {manifest.rows:,} rows, {size:.1f} MB{changes}{withdrawn}"


async def export_when_due(settings: Settings, now: datetime) -> str:
    """Publish a release to DATA_DIR/releases, once a week and when anything changed."""
    folder = settings.releases_dir
    releases = list_releases(folder)
    if releases and now - datetime.fromisoformat(releases[-1].as_of) < EVERY:
        return f"{releases[-1].release} is not a week old"
    return await _export_in_a_process(folder, "--if-changed")


async def recall_what_was_taken_back(settings: Settings) -> str:
    """Where a release holds what was taken back since: publish one without it, and withdraw those with it."""
    folder = settings.releases_dir
    return await _export_in_a_process(folder, "--if-taken-back") if list_releases(folder) else "there is no release"


async def _export_in_a_process(folder: Path, *options: str) -> str:
    """Of its own: an export is long and heavy, and the bot must answer meanwhile."""
    command = [sys.executable, "-m", "scripts", "export", str(folder), *options]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, complaint = await process.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()
        raise
    if process.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines()
        raise ReleaseError(lines[-1].removeprefix("Error: ") if lines else f"exit code {process.returncode}")
    return out.decode().strip()


async def _export(settings: Settings, request: ExportRequest) -> Manifest | None:
    database = open_database(settings.database_url)
    try:
        await migrate(database)
        return await _export_with_bar(database, request)
    finally:
        await database.close()


async def _export_with_bar(database: Database, request: ExportRequest) -> Manifest | None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as bar:

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done)

        return await make_release(database, request, utc_now(), show)
