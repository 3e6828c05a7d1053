"""A folder of arrays that is whole or refused: written beside the old one, checked when read, read into memory.

index/manifest.json   format, the caller's facts, and for each array its type, shape and SHA-256
index/NAME.bin        the array's bytes, little endian, C order
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.files import find_folder, replace_folder, write_atomically

FORMAT = 7
"""Counts also what `retrieval.message.text_to_encode` cuts: a snapshot holds what was made of the rest."""
MANIFEST = "manifest.json"

Arrays = dict[str, NDArray[Any]]


class SnapshotError(Exception):
    """There is no snapshot that can be used, for whatever reason: rebuild the index.

    SnapshotError
    ├── SnapshotMissingError   none was ever saved there
    ├── SnapshotCorruptError   it is not what was written, or of another format
    └── SnapshotModelError     its vectors are of another encoder
    """


class SnapshotMissingError(SnapshotError):
    """No snapshot was saved there yet."""


class SnapshotCorruptError(SnapshotError):
    """The snapshot is damaged or of another format."""


class SnapshotModelError(SnapshotError):
    """The snapshot holds vectors of another encoder."""


def write_snapshot(folder: Path, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write everything beside `folder`, then put it in its place; of two processes, one waits for the other."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        listed = {}
        for name, array in arrays.items():
            content = np.ascontiguousarray(array)
            content.tofile(partial / f"{name}.bin")
            listed[name] = {"dtype": content.dtype.str, "shape": content.shape, "sha256": _digest(content)}
        manifest = {"format": FORMAT, **facts, "arrays": listed}
        write_atomically(partial / MANIFEST, json.dumps(manifest, indent=1).encode())
        replace_folder(partial, folder)


def read_facts(folder: Path) -> dict[str, Any]:
    """Read the manifest alone, raising `SnapshotMissingError` or `SnapshotCorruptError`."""
    try:
        facts: dict[str, Any] = json.loads((find_folder(folder) / MANIFEST).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise SnapshotCorruptError(f"The snapshot has format {facts['format']}, expected {FORMAT}.")
    except FileNotFoundError:
        raise SnapshotMissingError(f"There is no snapshot in {folder}.") from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SnapshotCorruptError(f"The snapshot's manifest cannot be read: {error}") from error
    return facts


def read_snapshot(folder: Path) -> tuple[dict[str, Any], Arrays]:
    """Read and check everything. Raises `SnapshotMissingError` or `SnapshotCorruptError`."""
    facts = read_facts(folder)
    arrays: Arrays = {}
    try:
        for name, listed in facts["arrays"].items():
            array = np.fromfile(find_folder(folder) / f"{name}.bin", np.dtype(listed["dtype"]))
            if _digest(array) != listed["sha256"]:
                raise SnapshotCorruptError(f"The snapshot's {name} is not what was written.")
            arrays[name] = array.reshape(listed["shape"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SnapshotCorruptError(f"The snapshot cannot be read: {error}") from error
    return facts, arrays


def _digest(array: NDArray[Any]) -> str:
    return hashlib.sha256(array.reshape(-1).view(np.uint8).data).hexdigest()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Only one process writes at a time."""
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
