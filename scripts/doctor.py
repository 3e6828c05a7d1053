"""The questions of `chaming doctor`: can this installation answer, and if not, what is to be done?

It changes nothing: no key, no folder, no database is made by asking.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, func, select

from bot.index_opening import how_to_match_again
from bot.key_files import SECRET_KEY_FILE
from bot.settings import Settings
from retrieval.adaptation import ADAPTED_MODEL
from retrieval.calibration import CalibrationError, find_calibration, same_model
from retrieval.model_manifest import ModelError, ModelOutdatedError, check_manifest, model_folder
from scripts.backup import FINGERPRINT
from scripts.findings import Finding
from scripts.index_maintenance import read_status
from scripts.line_check import THIS_MACHINE, check_line
from storage.database import Database, open_database
from storage.job_runs import load_job_runs
from storage.migrations import OutdatedSchemaError, check_schema
from storage.tables import InboxEvent, InboxState, JobRun, utc_now

MIN_FREE = 200_000_000
"""Bytes: below, a snapshot or a day of messages may not fit."""
LITTLE_FREE = 2_000_000_000
STUCK_AFTER = timedelta(minutes=5)
"""A message that waits so long is handled by nobody."""
OLD_BACKUP = timedelta(days=8)
EXCEPTION = re.compile(r"[A-Z]\w*|interrupted")
"""How a job's outcome reads when it raised something, or was stopped; others are phrases."""


async def examine(settings: Settings, *, line: bool = True, backups: Path | None = None) -> AsyncIterator[Finding]:
    """All findings about settings that could be read; `line`: whether LINE is asked too."""
    yield check_folder(settings.data_dir)
    for finding in (*check_disk(settings.data_dir), check_key(settings)):
        yield finding
    async for finding in _look_into_database(settings):
        yield finding
    if backups:
        yield check_backups(backups, utc_now())
    for finding in check_addresses(settings):
        yield finding
    if line and settings.has_line and settings.line_channel_secrets:
        for finding in await check_line(settings, test_webhook=False):
            yield finding


def check_folder(folder: Path) -> Finding:
    there = _nearest(folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(False, f"DATA_DIR={folder} cannot be written to.", f"Whose is {there}? Or set another DATA_DIR.")
    return Finding(True, f"DATA_DIR={folder} can be written to.")


def check_disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(_nearest(folder)).free
    said = f"{free / 1e9:.1f} GB are free beside the data."
    if free < LITTLE_FREE:
        yield Finding(False if free < MIN_FREE else None, said, "Make room: nothing can be kept on a full disk.")
    else:
        yield Finding(True, said)


def check_key(settings: Settings) -> Finding:
    kept = settings.data_dir / SECRET_KEY_FILE
    if not settings.secret_key:
        if settings.uses_sqlite:
            return Finding(None, "There is no secret key yet: the first start makes one.")
        return Finding(False, "SECRET_KEY is not set, and PostgreSQL needs it.", "SECRET_KEY=$(openssl rand -hex 32)")
    if not kept.is_file() or kept.read_text().strip() != settings.secret_key:
        return Finding(True, "The secret key is set by SECRET_KEY.")
    if kept.stat().st_mode & 0o077:
        return Finding(None, f"Others on this machine can read {kept}.", f"chmod 600 {kept}")
    return Finding(True, f"The secret key is kept in {kept}.")


async def _look_into_database(settings: Settings) -> AsyncIterator[Finding]:
    url = make_url(settings.database_url)
    if settings.uses_sqlite and not _is_there(url):
        yield Finding(False, f"There is no database at {url.database} yet.", "chaming migrate, then chaming import")
        yield check_model(settings, None)
        return
    database = open_database(settings.database_url)
    try:
        await check_schema(database)
        yield Finding(True, f"The database answers, and its schema is this version's ({url.get_backend_name()}).")
        async for finding in _look_at_content(settings, database):
            yield finding
    except OutdatedSchemaError as error:
        yield Finding(None if settings.uses_sqlite else False, str(error), "chaming migrate")
    except (SQLAlchemyError, OSError) as error:
        yield Finding(
            False, f"The database cannot be used ({type(error).__name__}).", "Is it running? See DATABASE_URL."
        )
    finally:
        await database.close()


def _is_there(url: URL) -> bool:
    return Path(url.database or "").is_file()


async def _look_at_content(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    now = utc_now()
    index = await read_status(settings)
    yield check_model(settings, index["adopted_model"])
    for finding in check_index(index):
        yield finding
    async with database.reading() as session:
        runs = await load_job_runs(session)
        waiting = select(func.count(), func.min(col(InboxEvent.received_at)))
        count, oldest = (await session.execute(waiting.where(col(InboxEvent.state) == InboxState.PENDING))).one()
        failed = await session.scalar(
            select(func.count()).select_from(InboxEvent).where(col(InboxEvent.state) == InboxState.FAILED)
        )
    yield check_jobs(list(runs.values()), now)
    yield check_inbox(count, oldest, failed or 0, now)


def check_model(settings: Settings, adopted: str | None) -> Finding:
    """Whether the encoder that is matched with lies here, whole, with a calibration."""
    name = adopted.rpartition("@")[0] if adopted else settings.model
    folder = model_folder(settings.data_dir, name)
    try:
        manifest = check_manifest(folder)
        find_calibration(manifest.model_id, folder)
    except ModelOutdatedError as error:
        then = f", then chaming model adopt {name}" if adopted and name == ADAPTED_MODEL else ""
        return Finding(False, str(error), f"chaming model prepare {name}{then}")
    except (ModelError, CalibrationError, OSError) as error:
        return Finding(False, str(error).partition("\n")[0], f"chaming model prepare {name}")
    if adopted and not same_model(adopted, manifest.model_id):
        said = f"The database matches with {adopted}, here lies {manifest.model_id}."
        return Finding(False, said, how_to_match_again(adopted))
    return Finding(True, f"The model is prepared, and its manifest holds: {manifest.model_id}.")


def check_index(status: dict[str, object]) -> Iterator[Finding]:
    """From what `chaming index status` says; a snapshot that cannot be used is made anew by the next start."""
    if not status["articles_in_database"]:
        yield Finding(False, "The database holds no answer to anything.", "chaming import cofacts DIR")
    if status["problem"]:
        yield Finding(None, f"The next start makes the search index anew: {status['problem']}", "chaming index rebuild")
        return
    behind = f", {status['changes_behind']} changes behind, which a start takes in" if status["changes_behind"] else ""
    yield Finding(True, f"The search index holds {status['entries']} entries{behind}.")


def check_jobs(runs: list[JobRun], now: datetime) -> Finding:
    failed = [run for run in runs if _has_failed(run, now)]
    if failed:
        said = ", ".join(f"{run.name} ({run.outcome or 'its process died'})" for run in failed)
        return Finding(None, f"Failed when last run: {said}.", f"chaming run-job {failed[0].name}")
    return Finding(True, f"No scheduled job has failed; {len(runs)} have run.")


def _has_failed(run: JobRun, now: datetime) -> bool:
    if run.outcome is None:
        return run.lease_until is not None and run.lease_until < now
    return bool(EXCEPTION.fullmatch(run.outcome))


def check_inbox(waiting: int, oldest: datetime | None, failed: int, now: datetime) -> Finding:
    advice = "Look for event_failed in the log." if failed else ""
    kept = f" {failed} were given up in the last 30 days." if failed else ""
    if oldest is None or now - oldest < STUCK_AFTER:
        return Finding(None if failed else True, f"{waiting} messages wait in the inbox.{kept}", advice)
    minutes = (now - oldest) // timedelta(minutes=1)
    said = f"{waiting} messages wait in the inbox, the oldest for {minutes} minutes.{kept}"
    return Finding(False, said, "Is `chaming serve` (or a worker) running? Its log says what keeps it.")


def check_backups(folder: Path, now: datetime) -> Finding:
    """The newest of the backups in `folder`, each made by `chaming backup`."""
    made = [path.stat().st_mtime for path in folder.glob(f"*/{FINGERPRINT}")]
    if not made:
        return Finding(None, f"There is no backup in {folder}.", f"chaming backup {folder}/NAME")
    age = now - datetime.fromtimestamp(max(made), UTC)
    said = f"The newest backup is {age.days} days and {age.seconds // 3600} hours old."
    return Finding(True, said) if age < OLD_BACKUP else Finding(None, said, f"chaming backup {folder}/NAME")


def check_addresses(settings: Settings) -> Iterator[Finding]:
    """What LINE needs, as far as it can be told without asking LINE."""
    if not (settings.has_line and settings.line_channel_secrets):
        yield Finding(
            False,
            "`chaming serve` needs LINE_CHANNEL_SECRET, and LINE_CHANNEL_ACCESS_TOKEN or LINE_CHANNEL_ID.",
            "They are in the LINE Developers console. `./scripts/demo` tries everything without.",
        )
        return
    with_simulator = urlsplit(settings.line_api_url).hostname in THIS_MACHINE
    if urlsplit(settings.public_url).scheme != "https" and not with_simulator:
        said = f"PUBLIC_URL is {settings.public_url}, and LINE delivers to https:// only."
        yield Finding(False, said, "PUBLIC_URL=https://… the address of your proxy or tunnel")
    else:
        yield Finding(True, f"PUBLIC_URL is {settings.public_url}.")


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
