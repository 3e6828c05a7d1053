"""Reading one CSV file of the open data, plain or zipped, row by row and never whole.

A row that cannot be read is a reject with its line and a reason; a file that cannot be read is an error.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

MAX_FIELD = 16 * 1024 * 1024
"""Characters in one field. A quote that is never closed would otherwise swallow the rest of the file into memory."""


BROKEN = (OSError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged file or archive raises."""


class UnreadableFileError(Exception):
    """A whole file cannot be read; the message names it and says why."""


class RowError(Exception):
    """One row cannot be imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was left out."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands in the file: its first line, counted from 1, and its fields by column name."""

    line: int
    fields: Mapping[str, str]


class RecordFile(Protocol):
    """An open file of records."""

    name: str
    size: int
    """Uncompressed bytes in all."""

    def position(self) -> int:
        """Uncompressed bytes read so far."""
        ...

    def __iter__(self) -> Iterator[Record | Reject]: ...


def find_file(folder: Path, stem: str) -> Path | None:
    """`STEM.csv` or `STEM.csv.zip` in the folder; None when neither is there."""
    return next((path for path in (folder / f"{stem}.csv", folder / f"{stem}.csv.zip") if path.is_file()), None)


@contextmanager
def open_records(path: Path, required: Sequence[str]) -> Iterator[RecordFile]:
    """Open a file for reading; raises UnreadableFileError, also later while it is read."""
    with ExitStack() as stack:
        try:
            records = _open(path, required, stack)
        except BROKEN as error:
            raise _unreadable(path.name, error) from error
        yield records


def _open(path: Path, required: Sequence[str], stack: ExitStack) -> "_CsvFile":
    if path.suffix != ".zip":
        return _CsvFile(path.name, stack.enter_context(path.open("rb")), path.stat().st_size, required)
    archive = stack.enter_context(zipfile.ZipFile(path))
    member = _choose_member(path, archive)
    return _CsvFile(path.name, stack.enter_context(archive.open(member)), member.file_size, required)


def _unreadable(name: str, error: Exception) -> UnreadableFileError:
    return UnreadableFileError(f"{name} cannot be read: {error or type(error).__name__}")


def _choose_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if member.filename.endswith(".csv")]
    if len(members) != 1:
        raise UnreadableFileError(f"{path.name} should hold one .csv file, and holds {len(members)}")
    if members[0].flag_bits & 1:
        raise UnreadableFileError(f"{path.name} is encrypted")
    return members[0]


class _CsvFile:
    def __init__(self, name: str, binary: IO[bytes], size: int, required: Sequence[str]) -> None:
        csv.field_size_limit(MAX_FIELD)
        self.name = name
        self.size = size
        self._binary = binary
        # Bytes that are no UTF-8 become surrogates, which no valid text holds: only their row is rejected.
        text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._reader = csv.reader(text, strict=True)
        self._header = self._read_header(required)

    def position(self) -> int:
        return self._binary.tell()

    def __iter__(self) -> Iterator[Record | Reject]:
        while True:
            line = self._reader.line_num + 1
            try:
                row = next(self._reader)
                if row:
                    yield Record(line, self._to_fields(row))
            except StopIteration:
                return
            except (csv.Error, RowError) as error:
                yield Reject(self.name, line, str(error))
            except BROKEN as error:
                raise _unreadable(self.name, error) from error

    def _read_header(self, required: Sequence[str]) -> list[str]:
        try:
            header = [name.strip() for name in next(self._reader, [])]
        except csv.Error as error:
            raise UnreadableFileError(f"{self.name} is not CSV: {error}") from error
        missing = [name for name in required if name not in header]
        if header and missing:
            raise UnreadableFileError(f"{self.name} lacks the column {missing[0]}; it has {', '.join(header)[:200]}")
        return header

    def _to_fields(self, row: list[str]) -> dict[str, str]:
        if len(row) != len(self._header):
            raise RowError(f"{len(row)} fields where the header has {len(self._header)}")
        for name, value in zip(self._header, row, strict=True):
            if "\0" in value:
                raise RowError(f"{name} holds a NUL character")
            if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                raise RowError(f"{name} is not UTF-8")
        return dict(zip(self._header, row, strict=True))
