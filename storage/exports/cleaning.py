"""From what the database holds to what may be public, a row at a time: the only way into a release."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from storage.exports.columns import Column, ExportTable, Kind, RawRow, Row
from storage.exports.masking import Masker
from storage.exports.pseudonyms import EpochPseudonyms

HERE = "chaming"
"""The source of rows written in this database; it leaves under the instance's public name."""

Convert = Callable[[Any, datetime | None], Any]


@dataclass(slots=True)
class Cleaned:
    """What was done to one table, for the privacy report."""

    masked: Counter[str] = field(default_factory=Counter)
    """By kind of personal data."""
    left_out: int = 0
    """Rows that could not go out at all: links that lead to one person's account."""


class Cleaner:
    """Turns raw rows of one table into public ones."""

    def __init__(self, table: ExportTable, pseudonyms: EpochPseudonyms, instance: str) -> None:
        self.table = table
        self.report = Cleaned()
        self._masker = Masker()
        self._pseudonyms = pseudonyms
        self._instance = instance
        self._converts = [
            (place, convert)
            for place, column in enumerate(table.columns)
            if (convert := self._find_converter(column)) is not None
        ]
        self._links = [place for place, column in enumerate(table.columns) if column.name == "url"]

    def clean(self, rows: Iterable[RawRow]) -> Iterator[tuple[Row, datetime | None]]:
        """The public rows, each with the hour it is filed under."""
        for raw in rows:
            dated = to_hour(raw[-1])
            for values in self.table.expand(raw[:-1]) if self.table.expand else (raw[:-1],):
                row = self._convert(values, dated)
                if any(values[place] != row[place] for place in self._links):
                    # A link that had to be masked leads nowhere any more, and two such would be one.
                    self.report.left_out += 1
                else:
                    yield row, dated
        self.report.masked = self._masker.counts

    def _convert(self, values: RawRow, dated: datetime | None) -> Row:
        row = list(values)
        for place, convert in self._converts:
            if row[place] is not None:
                row[place] = convert(row[place], dated)
        return tuple(row)

    def _find_converter(self, column: Column) -> Convert | None:
        """What protects the column's values; None where they are written as they are."""
        empty = "" if column.required else None
        if column.kind == Kind.TEXT:
            return lambda value, dated: self._masker.mask(value) or empty
        if column.kind == Kind.REFERENCE:
            return lambda value, dated: self._masker.mask(value, keep_pages=True) or empty
        if column.kind == Kind.PSEUDONYM:
            return lambda value, dated: self._pseudonyms.of(value, dated) if value else None
        if column.kind == Kind.SOURCE:
            return lambda value, dated: self._instance if value == HERE else value
        return _PLAIN.get(column.kind)


def to_hour(moment: datetime | None) -> datetime | None:
    return moment.replace(minute=0, second=0, microsecond=0) if moment else None


def to_day(moment: datetime | None) -> datetime | None:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) if moment else None


def to_json(value: Any) -> str:
    """JSON with sorted keys. Half a character, which JSON can store and UTF-8 cannot hold, becomes a question mark."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        whole = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return orjson.dumps(orjson.loads(whole), option=orjson.OPT_SORT_KEYS).decode()


_PLAIN: dict[Kind, Convert] = {
    Kind.STRING: lambda value, dated: str(value).encode("utf-8", "replace").decode() or None,
    Kind.HOUR: lambda value, dated: to_hour(value),
    Kind.BYTES: lambda value, dated: bytes(value).hex(),
    Kind.DAY: lambda value, dated: to_day(value),
    Kind.JSON: lambda value, dated: to_json(value),
}
