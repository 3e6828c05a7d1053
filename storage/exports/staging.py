"""A release that is being made: a folder beside the others that nobody looks into, and what of it is done.

It survives the process. Whoever comes next goes on with it when the database has not changed since and the same is
asked for, and begins anew otherwise: a message that was taken back in between must not go out.
"""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from storage.exports.index import write_index
from storage.exports.manifest import FileEntry, ReleaseError, hash_file, put_file, sync_file, to_json

STAGING = ".staging"
STATE = ".staging.json"
"""Beside the folder: what is published must not hold it, and what is not published must not lose it."""
PEOPLE_DB = "people.db"
LOCK = ".lock"
KEEP = timedelta(hours=6)
"""How long an interrupted export can be gone on with."""


@dataclass(slots=True)
class Part:
    """What is finished of a release: one table, or the deltas."""

    files: list[FileEntry]
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Staging:
    """The folder, what it was begun for, and the parts that are finished."""

    folder: Path
    asked: Mapping[str, Any]
    """What must be the same for the work to be gone on with: database, formats, licence, the release's name."""
    as_of: str
    parts: dict[str, Part] = field(default_factory=dict)

    def finish(self, name: str, part: Part) -> None:
        """Record a part as finished; from now on an interruption does not cost it."""
        for file in part.files:
            sync_file(self.folder / file.path)
        self.parts[name] = part
        self._save()

    def publish(self, root: Path, release: str) -> None:
        """Give the folder its name, all at once, and bring the index up to date."""
        (self.folder / PEOPLE_DB).unlink(missing_ok=True)
        synced = {self.folder / file.path for part in self.parts.values() for file in part.files}
        for path in self.folder.rglob("*"):
            if path not in synced:
                sync_file(path)
        target = root / release
        if target.exists():
            raise ReleaseError(f"{target} is there already: a release never changes")
        self.folder.rename(target)
        (root / STATE).unlink()
        sync_file(root)
        write_index(root)

    def discard(self) -> None:
        shutil.rmtree(self.folder)
        (self.folder.parent / STATE).unlink()

    def _save(self) -> None:
        state = {
            "asked": dict(self.asked),
            "as_of": self.as_of,
            "parts": {name: asdict(part) for name, part in self.parts.items()},
        }
        put_file(self.folder.parent / STATE, to_json(state))


def open_staging(root: Path, asked: Mapping[str, Any], now: datetime) -> Staging:
    """Go on with what was begun for the same and not long ago, or begin anew."""
    folder = root / STAGING
    begun = _load(folder)
    if begun and dict(begun.asked) == dict(asked) and now - datetime.fromisoformat(begun.as_of) < KEEP:
        return begun
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Staging(folder, asked, now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """One export at a time in one folder; raises ReleaseError when there is another."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReleaseError(f"another export is writing to {root}") from None
        yield


def entry_of(folder: Path, path: str, kind: str, **rest: Any) -> FileEntry:
    """The manifest's entry for a finished file."""
    target = folder / path
    return FileEntry(path=path, bytes=target.stat().st_size, sha256=hash_file(target), kind=kind, **rest)


def _load(folder: Path) -> Staging | None:
    """What was begun; None when there is nothing, or it cannot be trusted."""
    try:
        state = orjson.loads((folder.parent / STATE).read_bytes())
        parts = {
            name: Part([FileEntry(**file) for file in part["files"]], part["figures"])
            for name, part in state["parts"].items()
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None
    files = [file for part in parts.values() for file in part.files]
    whole = all((folder / file.path).is_file() and hash_file(folder / file.path) == file.sha256 for file in files)
    return Staging(folder, state["asked"], state["as_of"], parts) if whole else None
