"""Reading a table of a release back, from whichever format is there."""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from storage.exports.columns import ExportTable, Row
from storage.exports.manifest import Manifest, ReleaseError
from storage.exports.rows import BrokenRowError, from_object

MAX_FIELD = 64 * 1024 * 1024


def read_table(folder: Path, manifest: Manifest, table: ExportTable) -> Iterator[Row]:
    """The table's rows in the order of their first column; nothing when the release is older than the table."""
    for format_, read in (("jsonl", _read_jsonl), ("csv", _read_csv), ("parquet", _read_parquet)):
        files = [folder / file.path for file in manifest.files_of(table.name, format_)]
        if files:
            return _to_rows(table, read(files))
    return iter(())


def _to_rows(table: ExportTable, objects: Iterator[dict[str, Any]]) -> Iterator[Row]:
    try:
        for one in objects:
            yield from_object(table, one)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, ValueError, csv.Error, BrokenRowError) as error:
        raise ReleaseError(f"{table.name} cannot be read: {error}") from error


def _read_jsonl(paths: list[Path]) -> Iterator[dict[str, Any]]:
    return read_lines(paths[0])


def read_lines(path: Path) -> Iterator[Any]:
    """The objects of one .jsonl.gz file."""
    with gzip.open(path, "rb") as file:
        yield from map(orjson.loads, file)


def _read_csv(paths: list[Path]) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(MAX_FIELD)
    with zipfile.ZipFile(paths[0]) as archive, archive.open(paths[0].name.removesuffix(".zip")) as file:
        yield from csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline=""))


def _read_parquet(paths: list[Path]) -> Iterator[dict[str, Any]]:
    # Imported here: pyarrow is not installed everywhere, and the other formats need none.
    from storage.exports.parquet import read_parquet

    return read_parquet(paths)
