"""A copy of what cannot be made again, taken while the server runs, and putting it back.

What is copied: the SQLite database, the keys that were made in DATA_DIR, and the releases. Models and the search index
are made again. A database file copied by hand while somebody writes is torn: here SQLite itself reads one moment of it.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.settings import SECRET_KEY_FILE, VAPID_KEY_FILE, Settings
from retrieval.files import replace_folder

DATABASE = "chaming.db"
KEYS = (SECRET_KEY_FILE, VAPID_KEY_FILE)
RELEASES = "releases"
INDEX = "index"
LEFTOVERS = ("-wal", "-shm")
"""What SQLite keeps beside a database; of another database, it would be played into the one put back."""

WITH_POSTGRESQL = "This is for SQLite. With PostgreSQL use pg_dump, and keep SECRET_KEY beside the dump."


class BackupError(Exception):
    """No backup was made, or none was put back; the message says why in one line."""


def back_up(settings: Settings, folder: Path) -> int:
    """Copy everything into `folder`, which must not exist yet, and return the bytes; whole or not at all."""
    source = _database_path(settings)
    if not source.exists():
        raise BackupError(f"There is no database at {source} yet.")
    if folder.exists():
        raise BackupError(f"{folder} exists already: a backup never replaces another one.")
    draft = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True, mode=0o700)  # it holds keys, and what people sent in confidence
        _copy_database(source, draft / DATABASE)
        for name in KEYS:
            if (settings.data_dir / name).exists():
                shutil.copy(settings.data_dir / name, draft / name)
        if (settings.data_dir / RELEASES).is_dir():
            shutil.copytree(settings.data_dir / RELEASES, draft / RELEASES)
        size = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
        replace_folder(draft, folder)
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise BackupError(f"The backup was not made: {error}") from error
    return size


def restore(settings: Settings, folder: Path) -> None:
    """Put a backup in place where no database is; the search index of another database goes."""
    target = _database_path(settings)
    if not (folder / DATABASE).is_file():
        raise BackupError(f"{folder} is no backup: it holds no {DATABASE}.")
    if target.exists():
        raise BackupError(f"There is a database at {target}: move it away first, it would be lost.")
    try:
        _check(folder / DATABASE)
        target.parent.mkdir(parents=True, exist_ok=True)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        for name in KEYS:
            _put_key(folder / name, settings.data_dir / name)
        for leftover in LEFTOVERS:
            target.with_name(target.name + leftover).unlink(missing_ok=True)
        shutil.rmtree(settings.data_dir / INDEX, ignore_errors=True)
        if (folder / RELEASES).is_dir():
            shutil.copytree(folder / RELEASES, settings.data_dir / RELEASES, dirs_exist_ok=True)
        draft = target.with_name(f".{target.name}.partial")
        shutil.copy(folder / DATABASE, draft)
        draft.replace(target)  # last: until then it can be begun anew
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"The backup was not put back: {error}") from error


def _database_path(settings: Settings) -> Path:
    if not settings.uses_sqlite:
        raise BackupError(WITH_POSTGRESQL)
    return Path(make_url(settings.database_url).database or DATABASE)


def _copy_database(source: Path, target: Path) -> None:
    """Copy one moment of the database; whoever writes meanwhile is not held up."""
    with closing(_open_to_read(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
        other.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    target.chmod(0o600)
    _check(target)


def _check(path: Path) -> None:
    with closing(_open_to_read(path)) as database:
        [said] = database.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise BackupError(f"{path} is damaged: {said.splitlines()[0]}")


def _open_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _put_key(source: Path, target: Path) -> None:
    """The keys belong to the database: without its own, old buttons, pseudonyms and the inbox are strangers."""
    if not source.exists():
        return
    target.unlink(missing_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(source.read_text())
