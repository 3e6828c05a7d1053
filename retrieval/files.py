"""Files and folders that are there whole or not at all, whenever the machine stops."""

import hashlib
import os
import shutil
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write the file so that a reader sees the old content or the new, and never half of it."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def replace_folder(new: Path, target: Path) -> None:
    """Put the folder `new` in `target`'s place, and only then delete what was there.

    A folder cannot be renamed over a full one, so for an instant the target is missing while its old content waits in
    `.NAME.old`, where `find_folder` finds it.
    """
    for path in new.iterdir():
        sync(path)
    sync(new)
    old = target.with_name(f".{target.name}.old")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    new.rename(target)
    sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def find_folder(target: Path) -> Path:
    """Return the folder, or what `replace_folder` had put aside when the machine stopped in that instant."""
    old = target.with_name(f".{target.name}.old")
    return old if old.is_dir() and not target.exists() else target


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Make sure the file's bytes, or the folder's entries, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
