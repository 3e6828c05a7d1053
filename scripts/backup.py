"""A copy of what cannot be made again, taken while the server runs, and putting it back.

What is copied: the SQLite database, the keys that were made in DATA_DIR, the calibrations given to `model adopt`, and
the releases. Models and the search index are made again. A database file copied by hand while somebody writes is torn:
here SQLite itself reads one moment of it.

Putting back overwrites nothing: whatever lies where the backup goes is named, and is the operator's to move.
"""

import hashlib
import hmac
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.key_files import SECRET_KEY_FILE, VAPID_KEY_FILE
from bot.settings import Settings
from retrieval.adaptation import ADAPTED_MODEL
from retrieval.calibration import CalibrationError, load_calibration
from retrieval.files import replace_folder, sync
from storage.exports.index import INDEX
from storage.exports.manifest import ReleaseError
from storage.exports.staging import locked

DATABASE = "chaming.db"
RELEASES = "releases"
FINGERPRINT = "key-fingerprint"
"""Which SECRET_KEY the database was written with, without telling the key."""
LEFTOVERS = ("-wal", "-shm")
"""What SQLite keeps beside a database: of another one, it would be played into the one put back."""
CALIBRATIONS = "models/[!.]*/calibration.json"
PAGES_AT_A_TIME = 2_000

WITH_POSTGRESQL = "This is for SQLite. With PostgreSQL use pg_dump, and keep SECRET_KEY beside the dump."

Progress = Callable[[int, int], None]
"""Called with the pages of the database that are copied, and all of them."""


class BackupError(Exception):
    """No backup was made, or none was put back; the message says why in one line."""


def back_up(settings: Settings, folder: Path, progress: Progress = lambda *_: None) -> int:
    """Copy everything into `folder`, which must not exist yet, and return the bytes; whole or not at all."""
    source = _database_path(settings)
    if not source.exists():
        raise BackupError(f"There is no database at {source} yet.")
    if folder.exists():
        raise BackupError(f"{folder} exists already: a backup never replaces another one.")
    if folder.resolve().is_relative_to(settings.releases_dir.resolve()):
        raise BackupError(f"{folder} is among the releases, which are copied and published: choose another folder.")
    draft = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True, mode=0o700)  # it holds keys, and what people sent in confidence
        _copy_releases(settings.releases_dir, draft / RELEASES)
        _copy_database(source, draft / DATABASE, progress)
        _put(draft / FINGERPRINT, _fingerprint(settings.secret_key).encode())
        for path in _own_files(settings.data_dir):
            if path != Path(SECRET_KEY_FILE) or _read_key(settings.data_dir) == settings.secret_key:
                _put(draft / path, (settings.data_dir / path).read_bytes())
        size = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
        _sync_all(draft)
        replace_folder(draft, folder)
    except (OSError, sqlite3.Error, ReleaseError) as error:
        raise BackupError(f"The backup was not made: {_say(error)}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return size


def restore(settings: Settings, folder: Path) -> str | None:
    """Put a backup in place where nothing is in its way, and return the encoder that its database matches with.

    The settings are to be loaded without making a key. The search index of another database goes.
    """
    target = _database_path(settings)
    if not (folder / DATABASE).is_file():
        raise BackupError(f"{folder} is no backup: it holds no {DATABASE}.")
    own = _own_files(folder)
    if found := [*_database_files(target), *_other_files(folder, settings.data_dir, own)]:
        raise BackupError(f"In the way: {', '.join(map(str, found))}. Stop the server and move them to safety first.")
    _check_key(settings, folder)
    try:
        _check(folder / DATABASE)
        adopted = _adopted_model(folder / DATABASE)
        for path in own:
            _put(settings.data_dir / path, (folder / path).read_bytes())
        shutil.rmtree(settings.index_dir, ignore_errors=True)
        if (folder / RELEASES).is_dir():
            shutil.copytree(folder / RELEASES, settings.releases_dir, dirs_exist_ok=True)
            _sync_all(settings.releases_dir)
        _put(target, folder / DATABASE)  # last: until then it can be begun anew
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"The backup was not put back: {_say(error)}") from error
    return adopted


def is_current(adopted: str | None) -> bool:
    """Whether this version of the program can prepare the encoder: an earlier version may have bundled another one."""
    if adopted is None or adopted.rpartition("@")[0] != ADAPTED_MODEL:
        return True
    try:
        load_calibration(adopted)  # the shipped one belongs to the encoder of this version
    except CalibrationError:
        return False
    return True


def _database_path(settings: Settings) -> Path:
    if not settings.uses_sqlite:
        raise BackupError(WITH_POSTGRESQL)
    return Path(make_url(settings.database_url).database or DATABASE)


def _own_files(folder: Path) -> list[Path]:
    """Keys and calibrations in a DATA_DIR or a backup, relative to it."""
    keys = (folder / name for name in (SECRET_KEY_FILE, VAPID_KEY_FILE))
    return [path.relative_to(folder) for path in (*keys, *sorted(folder.glob(CALIBRATIONS))) if path.is_file()]


def _database_files(target: Path) -> Iterator[Path]:
    paths = (target, *(target.with_name(target.name + leftover) for leftover in LEFTOVERS))
    return (path for path in paths if path.exists())


def _other_files(folder: Path, data_dir: Path, own: list[Path]) -> Iterator[Path]:
    """What DATA_DIR holds under a name that the backup has too, and with other content; releases as a whole."""
    for path in (*own, Path(RELEASES, INDEX)):
        old, new = data_dir / path, folder / path
        if old.exists() and new.exists() and old.read_bytes() != new.read_bytes():
            yield old.parent if path.name == INDEX else old


def _check_key(settings: Settings, folder: Path) -> None:
    """The key belongs to the database: with another, old buttons, pseudonyms and the inbox are strangers."""
    held = _read_key(folder)
    path, used = folder / FINGERPRINT, settings.secret_key or held
    made_with = path.read_text().strip() if path.is_file() else _fingerprint(held)
    if not used or made_with != _fingerprint(used):
        unset = ", or unset it: the backup holds its key" if held else ""
        raise BackupError(f"Set SECRET_KEY to the one this backup was made with{unset}.")


def _fingerprint(secret_key: str) -> str:
    return hmac.new(secret_key.encode(), b"chaming backup", hashlib.sha256).hexdigest()


def _read_key(folder: Path) -> str:
    path = folder / SECRET_KEY_FILE
    return path.read_text().strip() if path.is_file() else ""


def _copy_releases(source: Path, target: Path) -> None:
    """Copy what is published, and nothing of what is being made; no release comes or goes meanwhile."""
    if source.is_dir():
        with locked(source):
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*"))


def _copy_database(source: Path, target: Path, progress: Progress) -> None:
    """Copy one moment of the database; whoever writes meanwhile is not held up."""
    with closing(_open_to_read(source)) as one, closing(sqlite3.connect(target)) as other:
        one.execute("BEGIN")
        one.execute("SELECT 1 FROM sqlite_master").fetchone()  # holds that moment: else each write begins the copy anew
        one.backup(other, pages=PAGES_AT_A_TIME, progress=lambda _, left, pages: progress(pages - left, pages))
        other.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    target.chmod(0o600)
    _check(target)


def _check(path: Path) -> None:
    with closing(_open_to_read(path)) as database:
        [said] = database.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise BackupError(f"{path} is damaged: {said.splitlines()[0]}")


def _adopted_model(path: Path) -> str | None:
    with closing(_open_to_read(path)) as database, suppress(sqlite3.OperationalError):  # an early one has no such table
        row = database.execute("SELECT model_id FROM adopted_model ORDER BY id DESC LIMIT 1").fetchone()
        return str(row[0]) if row else None
    return None


def _open_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _put(target: Path, content: bytes | Path) -> None:
    """Write a file, or copy one, for its owner's eyes only, whole or not at all, and on disk when this returns."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.partial")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            if isinstance(content, Path):
                with content.open("rb") as source:
                    shutil.copyfileobj(source, file, 1 << 20)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def _sync_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        sync(path)


def _say(error: Exception) -> str:
    """One line; of a tree that could not be copied, the first path."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return str(error.args[0][0][2])
    return str(error)
