"""Writing one table: CSV in a zip, JSON lines in gzip. Streams: nothing is held but a batch.

The same rows give the same bytes: archives carry no time of their own.
"""

import csv
import gzip
import io
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import orjson

from storage.exports.columns import ExportTable, Row
from storage.exports.rows import to_object, to_plain

Batch = Sequence[tuple[Row, datetime | None]]
"""Public rows, each with the hour it is filed under."""

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
COMPRESSION = 6


@dataclass(frozen=True, slots=True)
class Written:
    """One finished file, relative to the release's folder."""

    path: str
    rows: int
    month: str | None = None


class Writer(Protocol):
    """Takes a table's rows, batch by batch."""

    def write(self, batch: Batch) -> None: ...

    def close(self) -> list[Written]:
        """Finish the files; what was not closed is not valid."""
        ...


class ZippedCsv:
    """A CSV of any columns in a zip, with the licence as the zip's comment: `pandas.read_csv` takes one file alone."""

    def __init__(self, root: Path, path: str, columns: Iterable[str], licence: str) -> None:
        self._path, self._licence, self.rows = path, licence, 0
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        self._stack = ExitStack()
        self._archive = self._stack.enter_context(zipfile.ZipFile(target, "w"))
        member = self._stack.enter_context(
            self._archive.open(_member(target.name.removesuffix(".zip")), "w", force_zip64=True)
        )
        self._text = io.TextIOWrapper(member, encoding="utf-8", newline="", write_through=False)
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._writer.writerow(columns)

    def write_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        self._writer.writerows(rows)
        self.rows += len(rows)

    def close(self) -> list[Written]:
        self._text.close()
        self._archive.comment = self._licence.encode()
        self._stack.close()
        return [Written(self._path, self.rows)]


class CsvWriter:
    """One of our tables as CSV.zip. An empty field is no value; a required text may be an empty one."""

    def __init__(self, table: ExportTable, root: Path, licence: str) -> None:
        self._file = ZippedCsv(root, f"csv/{table.name}.csv.zip", table.names, licence)

    def write(self, batch: Batch) -> None:
        self._file.write_rows([to_plain(row) for row, _ in batch])

    def close(self) -> list[Written]:
        return self._file.close()


class JsonLines:
    """JSON objects, one a line, in gzip."""

    def __init__(self, root: Path, path: str) -> None:
        self._path, self.rows = path, 0
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        self._raw = target.open("wb")
        self._file = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0, compresslevel=COMPRESSION)

    def write_objects(self, objects: Iterable[Any]) -> None:
        lines = [orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in objects]
        self._file.write(b"".join(lines))
        self.rows += len(lines)

    def close(self) -> list[Written]:
        self._file.close()
        self._raw.close()
        return [Written(self._path, self.rows)]


class JsonWriter:
    """One of our tables as JSON lines."""

    def __init__(self, table: ExportTable, root: Path) -> None:
        self._table = table
        self._file = JsonLines(root, f"jsonl/{table.name}.jsonl.gz")

    def write(self, batch: Batch) -> None:
        self._file.write_objects(to_object(self._table, row) for row, _ in batch)

    def close(self) -> list[Written]:
        return self._file.close()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, ZIP_TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member
