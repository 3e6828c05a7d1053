"""The releases as they lie in their folder (`storage/exports/README.md` says how), read and never written.

A file is served only when the release's manifest names it, so no address can lead out of the folder.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from storage.exports.index import INDEX, INDEX_FORMAT
from storage.exports.manifest import MANIFEST, SUMS, Manifest, ReleaseError, read_manifest

LATEST = "latest"
CROISSANT, DATA_PACKAGE = "croissant.json", "datapackage.json"


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file that may be served: where it lies, and what the manifest says of it."""

    path: Path
    sha256: str | None


def load_index(folder: Path) -> dict[str, Any]:
    """`releases.json`: newest first; without releases when nothing was exported yet."""
    path = folder / INDEX
    try:
        return _read_index(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return {"format": INDEX_FORMAT, "releases": [], "withdrawn": []}


def load_releases(folder: Path) -> list[Manifest]:
    """The manifests of all releases in the index, newest first; one that cannot be read is left out."""
    found = (_load(folder, entry["release"]) for entry in load_index(folder)["releases"])
    return [manifest for manifest in found if manifest is not None]


def find_manifest(folder: Path, release: str) -> Manifest | None:
    """The manifest of a release that the index lists; `latest` is the newest."""
    names = [entry["release"] for entry in load_index(folder)["releases"]]
    if release == LATEST and names:
        release = names[0]
    return _load(folder, release) if release in names else None


def find_withdrawn(folder: Path, release: str) -> dict[str, Any] | None:
    """What the index says of a release that was withdrawn; None when there was none of this name."""
    return next((entry for entry in load_index(folder).get("withdrawn", []) if entry["release"] == release), None)


def find_file(folder: Path, release: str, name: str) -> ServedFile | None:
    """A file of a release; None unless its manifest names it, or it is the manifest itself."""
    manifest = find_manifest(folder, release)
    if manifest is None:
        return None
    listed: dict[str, str | None] = {MANIFEST: None, SUMS: None}
    listed.update((file.path, file.sha256) for file in manifest.files)
    root = (folder / manifest.release).resolve()
    if name not in listed:
        return None
    path = (root / name).resolve()
    return ServedFile(path, listed[name]) if path.is_relative_to(root) and path.is_file() else None


def load_described(folder: Path, name: str) -> tuple[Manifest, dict[str, Any]] | None:
    """The newest release with its description of this name."""
    manifest = find_manifest(folder, LATEST)
    file = find_file(folder, manifest.release, name) if manifest else None
    return (manifest, orjson.loads(file.path.read_bytes())) if manifest and file else None


def _load(folder: Path, release: str) -> Manifest | None:
    path = folder / release / MANIFEST
    try:
        return _read_manifest(path.parent, path.stat().st_mtime_ns)
    except (OSError, ReleaseError):
        return None


@lru_cache(maxsize=4)
def _read_index(path: Path, changed_at: int) -> dict[str, Any]:
    index: dict[str, Any] = orjson.loads(path.read_bytes())
    return index


@lru_cache(maxsize=64)
def _read_manifest(folder: Path, changed_at: int) -> Manifest:
    return read_manifest(folder)
