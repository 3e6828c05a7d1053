"""Taking a published release out of circulation: its files go, and a record stays that says what it was, and why.

A release never changes: whoever cites one finds either its very bytes or this record under its name.
"""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

from storage.exports.manifest import (
    MANIFEST,
    Manifest,
    ReleaseError,
    hash_file,
    list_releases,
    put_file,
    to_json,
    version_key,
)

WITHDRAWN = "withdrawn.json"
FORMAT = "chaming-withdrawn/1"
TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What is left of a release. `manifest_sha256` proves that a copy was once the release."""

    release: str
    version: str
    date: str
    as_of: str
    epoch: str
    rows: int
    bytes: int
    manifest_sha256: str
    withdrawn_at: str
    replaced_by: str
    reason: str = TAKEN_BACK
    """Somebody took back what it holds, or moderators hid it."""
    format: str = field(default=FORMAT)


def list_withdrawn(root: Path) -> list[Withdrawn]:
    """The records of all withdrawn releases, oldest first."""
    found = [read_withdrawn(path.parent) for path in root.glob(f"[!.]*/{WITHDRAWN}")]
    return sorted(found, key=lambda one: version_key(one.version))


def read_withdrawn(folder: Path) -> Withdrawn:
    """The record in a withdrawn release's folder; raises ReleaseError."""
    try:
        return Withdrawn(**orjson.loads((folder / WITHDRAWN).read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise ReleaseError(f"the {WITHDRAWN} of {folder} cannot be read ({type(error).__name__})") from error


def settle_withdrawals(root: Path, now: datetime) -> bool:
    """Withdraw what newer releases replace, and end what was interrupted; returns whether anything was left to do."""
    releases = list_releases(root)
    listed = {one.release: one for one in releases}
    unsettled = [(listed[name], successor) for successor in releases for name in successor.replaces if name in listed]
    for manifest, successor in unsettled:
        _record(root / manifest.release, manifest, successor.release, now)
    emptied = [_empty(path.parent) for path in root.glob(f"[!.]*/{WITHDRAWN}")]
    return bool(unsettled) or any(emptied)


def _record(folder: Path, manifest: Manifest, successor: str, now: datetime) -> None:
    record = Withdrawn(
        release=manifest.release,
        version=manifest.version,
        date=manifest.date,
        as_of=manifest.as_of,
        epoch=manifest.epoch,
        rows=manifest.rows,
        bytes=manifest.bytes,
        manifest_sha256=hash_file(folder / MANIFEST),
        withdrawn_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        replaced_by=successor,
    )
    put_file(folder / WITHDRAWN, to_json(record))


def _empty(folder: Path) -> bool:
    """Remove everything but the record, the manifest first: without one, nothing of a release is served."""
    (folder / MANIFEST).unlink(missing_ok=True)
    rest = [path for path in folder.iterdir() if path.name != WITHDRAWN]
    for path in rest:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return bool(rest)
