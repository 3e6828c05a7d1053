"""What is in a release, and which releases there are: `manifest.json` and `SHA256SUMS`."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

FORMAT = "chaming-release/1"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"


class ReleaseError(Exception):
    """A release cannot be made or read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of a release. `kind` is data, cofacts, delta or description."""

    path: str
    bytes: int
    sha256: str
    kind: str
    table: str | None = None
    format: str | None = None
    rows: int | None = None
    month: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEntry:
    """One table of a release. `family` is chaming or cofacts."""

    name: str
    family: str
    description: str
    rows: int
    key: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLicence:
    """On what terms the rows of one source are passed on."""

    source: str
    licence: str
    attribution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """README.md explains each key."""

    release: str
    version: str
    date: str
    as_of: str
    instance: str
    epoch: str
    previous: str | None
    licence: str
    licence_url: str
    attribution: str
    licences: list[SourceLicence]
    formats: list[str]
    tables: list[TableEntry]
    files: list[FileEntry]
    delta: dict[str, Any] | None = None
    replaces: list[str] = field(default_factory=list)
    """Releases that were withdrawn when this one was published, since they hold what was taken back."""
    format: str = field(default=FORMAT)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables if table.family == "chaming")

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    def files_of(self, table: str, format_: str) -> list[FileEntry]:
        return [one for one in self.files if one.kind == "data" and one.table == table and one.format == format_]


def to_json(value: Any) -> bytes:
    """JSON for people to read, the same bytes for the same value."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_bytes(to_json(asdict(manifest)))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a release's folder; raises ReleaseError."""
    try:
        fields = orjson.loads((folder / MANIFEST).read_bytes())
        if fields["format"] != FORMAT:
            raise ReleaseError(f"{folder} is of the format {fields['format']!r}; this version reads {FORMAT}")
        fields["tables"] = [TableEntry(**table) for table in fields["tables"]]
        fields["files"] = [FileEntry(**file) for file in fields["files"]]
        fields["licences"] = [SourceLicence(**one) for one in fields["licences"]]
        return Manifest(**fields)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseError(f"{folder} is no release: its {MANIFEST} cannot be read ({type(error).__name__})") from error


def list_releases(root: Path) -> list[Manifest]:
    """All releases in a folder, oldest first."""
    found = [read_manifest(path.parent) for path in root.glob(f"[!.]*/{MANIFEST}")]
    return sorted(found, key=lambda manifest: version_key(manifest.version))


def version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def write_sums(folder: Path, files: Iterable[FileEntry]) -> None:
    lines = [f"{hash_file(folder / MANIFEST)}  {MANIFEST}", *(f"{file.sha256}  {file.path}" for file in files)]
    (folder / SUMS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def hash_file(path: Path) -> str:
    """SHA-256 of the file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raise ReleaseError when a file is missing or not the one that was released."""
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file() or path.stat().st_size != file.bytes or hash_file(path) != file.sha256:
            raise ReleaseError(f"{file.path} is missing or differs from what {manifest.release} released")


def put_file(path: Path, content: bytes) -> None:
    """Write the file so that it is there whole, or as it was before."""
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(content)
    sync_file(draft)
    draft.replace(path)
    sync_file(path.parent)


def sync_file(path: Path) -> None:
    """Have a file, or a folder's list of names, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
