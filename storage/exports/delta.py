"""What changed between two releases: which rows went and which came; and the newer one rebuilt from the older.

Both releases have a table's rows in the order of its first column. They are walked side by side, and only the rows
that share one value of it are ever held.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from storage.exports.catalogue import TABLES
from storage.exports.columns import ExportTable, Row
from storage.exports.manifest import Manifest, ReleaseError
from storage.exports.readers import read_lines, read_table
from storage.exports.rows import from_object, to_object
from storage.exports.writers import JsonLines, Written

AT_ONCE = 1_000

Change = tuple[str, Row]
"""`-` or `+`, and the row."""


def compare(old: Iterable[Row], new: Iterable[Row]) -> Iterator[Change]:
    """The rows to take away and to add, in the order of the first column."""
    for before, after in _side_by_side(old, new):
        gone, come = Counter(before), Counter(after)
        yield from (("-", row) for row in (gone - come).elements())
        yield from (("+", row) for row in (come - gone).elements())


def apply_changes(old: Iterable[Row], changes: Iterable[Change]) -> Iterator[Row]:
    """The newer rows, from the older ones and what changed; raises ReleaseError when they do not belong together."""
    for before, changed in _side_by_side(old, changes, key=lambda change: change[1][0]):
        rows = Counter(before)
        for op, row in changed:
            if op == "-" and not rows[row]:
                raise ReleaseError("this delta starts from another release: a row that it removes is not there")
            rows[row] += 1 if op == "+" else -1
        yield from rows.elements()


def write_delta(
    table: ExportTable, root: Path, old: Iterable[Row], new: Iterable[Row]
) -> tuple[list[Written], int, int]:
    """Write `delta/TABLE.jsonl.gz`; returns the files, and how many rows were added and removed."""
    file = JsonLines(root, f"delta/{table.name}.jsonl.gz")
    counts: Counter[str] = Counter()

    def objects() -> Iterator[dict[str, Any]]:
        for op, row in compare(old, new):
            counts[op] += 1
            yield {"op": op, "row": to_object(table, row)}

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
    changes = ((line["op"], from_object(table, line["row"])) for line in lines)
    return apply_changes(read_table(old_folder, old, table), changes)


def rebuild(
    old_folder: Path, old: Manifest, new_folder: Path, new: Manifest
) -> Iterator[tuple[ExportTable, Iterator[Row]]]:
    """Every table of the newer release, one after another."""
    for table in TABLES:
        yield table, rebuild_table(old_folder, old, new_folder, new, table)


def _in_parts(items: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for item in items:
        part.append(item)
        if len(part) == AT_ONCE:
            yield part
            part = []
    yield part


def _side_by_side(
    left: Iterable[Row], right: Iterable[Any], key: Callable[[Any], str] = lambda row: row[0]
) -> Iterator[tuple[list[Row], list[Any]]]:
    """Both sides' rows, a value of the first column at a time, in the order of its bytes."""
    lefts, rights = groupby(left, key=lambda row: row[0]), groupby(right, key=key)
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
