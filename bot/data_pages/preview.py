"""The first rows of a release's table, read from its JSON lines or its CSV, and no further than needed."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bot.fit import clean, cut, one_line
from storage.exports.manifest import FileEntry, Manifest

ROWS = 5
MAX_CELL = 120
MAX_LINE = 200_000
"""Characters of a row that are read: a longer one ends the preview."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Some rows of one table, cut to what a page can show."""

    table: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def load_previews(folder: Path, manifest: Manifest) -> dict[str, Preview]:
    """By table of ours: its first rows; a table whose file cannot be read has none."""
    found: dict[str, Preview] = {}
    for file in manifest.files:
        if file.kind == "data" and file.table and file.table not in found and (file.rows is None or file.rows > 0):
            preview = _read(folder / manifest.release / file.path, file)
            if preview is not None:
                found[file.table] = preview
    return found


def _read(path: Path, file: FileEntry) -> Preview | None:
    read = READERS.get(str(file.format))
    if read is None:
        return None
    try:
        records = list(islice(read(path), ROWS))
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, csv.Error):
        return None
    if not records:
        return None
    columns = list(records[0])
    return Preview(str(file.table), columns, [[_cell(record.get(column)) for column in columns] for record in records])


def _json_lines(path: Path) -> Iterator[dict[str, object]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        while line := lines.readline(MAX_LINE):
            record = json.loads(line)
            if isinstance(record, dict):
                yield record


def _csv_rows(path: Path) -> Iterator[dict[str, object]]:
    with zipfile.ZipFile(path) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".csv"))
        with archive.open(name) as raw:
            yield from csv.DictReader(io.TextIOWrapper(raw, "utf-8-sig", newline=""))


READERS = {"jsonl": _json_lines, "csv": _csv_rows}


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut(one_line(clean(text)), MAX_CELL)
