"""What an exported table is: columns with a kind, and the query that its rows come from.

The kind of a column says how it is protected, how it is typed in every format, and how the descriptions call it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, null, select


class Kind(StrEnum):
    """What a column holds."""

    STRING = "string"
    """An id, a code, a name that nobody typed freely: written as it is."""
    TEXT = "text"
    """What a person wrote: personal data is masked."""
    REFERENCE = "reference"
    """What an editor wrote as a public answer: masked too, but the pages it cites stay."""
    PSEUDONYM = "pseudonym"
    """A person, under the key of the quarter of the row."""
    SOURCE = "source"
    """The instance or data set in which the row was first written."""
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    HOUR = "hour"
    """A time, cut to the hour."""
    DAY = "day"
    """A time, cut to the day (UTC): where an hour beside another table's would lead to a person."""
    DATE = "date"
    BYTES = "bytes"
    """A fingerprint, in hex."""
    JSON = "json"
    """A list or an object, as JSON with sorted keys."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, kind and meaning. `value` is what the query selects; None where a row is expanded."""

    name: str
    kind: Kind
    description: str
    value: Any = None
    required: bool = False


RawRow = tuple[Any, ...]
Row = tuple[Any, ...]
"""Values in the order of the columns: str, int, float, bool, aware datetime on the hour, date, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTable:
    """One table of a release."""

    name: str
    description: str
    key: tuple[str, ...]
    """Columns that name a row. The first is never changed on the way out, and the rows are in its order."""
    columns: tuple[Column, ...]
    narrow: Callable[[Select[Any]], Select[Any]] = lambda query: query
    """Adds joins and conditions: only what may be public."""
    order: tuple[Any, ...]
    dated: Any = None
    """The time whose quarter keys the row's pseudonyms, and whose month the row is filed under."""
    raw: tuple[Any, ...] = ()
    """What is selected instead of the columns, where `expand` makes any number of rows of one."""
    expand: Callable[[RawRow], Iterator[RawRow]] | None = None

    def select(self, *, is_postgres: bool) -> Select[Any]:
        """The rows in the order of their bytes, on both engines; the last value of each is `dated`."""
        values = self.raw or tuple(column.value for column in self.columns)
        selected: list[Any] = [*values, null() if self.dated is None else self.dated]
        query = self.narrow(select(*selected))
        return query.order_by(*(_in_byte_order(value, is_postgres) for value in self.order))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _in_byte_order(value: Any, is_postgres: bool) -> ColumnElement[Any]:
    element: ColumnElement[Any] = value.expression if hasattr(value, "expression") else value
    return element.collate("C") if is_postgres and element.type.python_type is str else element
