"""What changed between two releases: which rows went and which came; and the newer one rebuilt from the older.

Both releases have a table's rows in the order of its first column. They are walked side by side, and only the rows
that share one value of it are ever held. A row that went is named by its digest and nothing else: it may have gone
because somebody took it back.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from storage.exports.catalogue import TABLES
from storage.exports.columns import ExportTable, Row
from storage.exports.manifest import Manifest, ReleaseError
from storage.exports.readers import read_lines, read_table
from storage.exports.rows import from_object, to_object, to_plain
from storage.exports.writers import JsonLines, Written

AT_ONCE = 1_000


class Gone(NamedTuple):
    """A row of the older release that the newer one has no more."""

    first: str
    """The value of its first column."""
    sha256: str


Change = Gone | Row


def digest_of(row: Row) -> str:
    """What names a row that went: SHA-256 of its values as a JSON array, times as text."""
    return hashlib.sha256(orjson.dumps(to_plain(row))).hexdigest()


def compare(old: Iterable[Row], new: Iterable[Row]) -> Iterator[Change]:
    """What to take away and what to add, in the order of the first column."""
    for before, after in _side_by_side(old, new):
        gone, come = Counter(before), Counter(after)
        yield from (Gone(row[0], digest_of(row)) for row in (gone - come).elements())
        yield from (come - gone).elements()


def apply_changes(old: Iterable[Row], changes: Iterable[Change]) -> Iterator[Row]:
    """The newer rows, from the older ones and what changed; raises ReleaseError when they do not belong together."""
    for before, changed in _side_by_side(old, changes):
        gone = Counter(change.sha256 for change in changed if isinstance(change, Gone))
        for row in before:
            digest = digest_of(row) if gone else ""
            if gone[digest]:
                gone[digest] -= 1
            else:
                yield row
        if gone.total():
            raise ReleaseError("this delta starts from another release: a row that it removes is not there")
        yield from (change for change in changed if not isinstance(change, Gone))


def write_delta(
    table: ExportTable, root: Path, old: Iterable[Row], new: Iterable[Row]
) -> tuple[list[Written], int, int]:
    """Write `delta/TABLE.jsonl.gz`; returns the files, and how many rows were added and removed."""
    file = JsonLines(root, f"delta/{table.name}.jsonl.gz")
    counts: Counter[str] = Counter()

    def objects() -> Iterator[dict[str, Any]]:
        for change in compare(old, new):
            if isinstance(change, Gone):
                counts["-"] += 1
                yield {"op": "-", table.names[0]: change.first, "sha256": change.sha256}
            else:
                counts["+"] += 1
                yield {"op": "+", "row": to_object(table, change)}

    for part in _in_parts(objects()):
        file.write_objects(part)
    return file.close(), counts["+"], counts["-"]


def rebuild_table(
    old_folder: Path, old: Manifest, new_folder: Path, new: Manifest, table: ExportTable
) -> Iterator[Row]:
    """A table of the newer release, from the older release and the newer one's `delta/` alone."""
    if new.delta is None or new.delta["from"] != old.release:
        raise ReleaseError(f"{new.release} has no delta from {old.release}")
    lines = read_lines(new_folder / f"delta/{table.name}.jsonl.gz")
    return apply_changes(read_table(old_folder, old, table), (_read_change(table, line) for line in lines))


def rebuild(
    old_folder: Path, old: Manifest, new_folder: Path, new: Manifest
) -> Iterator[tuple[ExportTable, Iterator[Row]]]:
    """Every table of the newer release, one after another."""
    for table in TABLES:
        yield table, rebuild_table(old_folder, old, new_folder, new, table)


def names_gone_rows(folder: Path, release: Manifest) -> bool:
    """Whether the release's delta holds the rows that went, as earlier versions of chaming wrote it."""
    for file in release.files:
        if file.kind == "delta" and (folder / file.path).is_file():
            first = next((line for line in read_lines(folder / file.path) if line["op"] == "-"), None)
            if first is not None:  # all of a release were written by one version
                return "sha256" not in first
    return False


def _read_change(table: ExportTable, line: dict[str, Any]) -> Change:
    if line["op"] == "+":
        return from_object(table, line["row"])
    if "sha256" not in line:
        raise ReleaseError("this delta was written by an earlier version of chaming: take the whole newer release")
    return Gone(line[table.names[0]], line["sha256"])


def _in_parts(items: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for item in items:
        part.append(item)
        if len(part) == AT_ONCE:
            yield part
            part = []
    yield part


def _side_by_side(left: Iterable[Row], right: Iterable[Any]) -> Iterator[tuple[list[Row], list[Any]]]:
    """Both sides' rows, a value of the first column at a time, in the order of its bytes."""
    lefts, rights = groupby(left, key=lambda row: row[0]), groupby(right, key=lambda row: row[0])
    one, other = next(lefts, None), next(rights, None)
    while one is not None or other is not None:
        comes_first = _compare(one, other)
        yield list(one[1]) if one and comes_first <= 0 else [], list(other[1]) if other and comes_first >= 0 else []
        if comes_first <= 0:
            one = next(lefts, None)
        if comes_first >= 0:
            other = next(rights, None)


def _compare(one: tuple[str, Any] | None, other: tuple[str, Any] | None) -> int:
    """Which group comes first: -1 the left one, 1 the right one, 0 both."""
    if one is None or other is None:
        return 1 if one is None else -1
    left, right = one[0].encode(), other[0].encode()
    return (left > right) - (left < right)
