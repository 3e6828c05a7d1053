"""Exported rows as text and back: what the formats share."""

from datetime import date, datetime
from typing import Any

from storage.exports.columns import Column, ExportTable, Kind, Row


class BrokenRowError(Exception):
    """A row of a release cannot be read: the file was changed, or is no release of ours."""


def to_plain(row: Row) -> list[Any]:
    """The row with its times as text."""
    return [_to_text(value) if isinstance(value, date) else value for value in row]


def _to_text(value: date) -> str:
    """`2026-11-21T09:00:00Z`, or the date; `strftime` takes ten times as long."""
    return f"{value.isoformat()[:19]}Z" if isinstance(value, datetime) else value.isoformat()


def to_object(table: ExportTable, row: Row) -> dict[str, Any]:
    """The row as JSON has it."""
    return dict(zip(table.names, to_plain(row), strict=True))


def from_object(table: ExportTable, fields: dict[str, Any]) -> Row:
    """The row that `to_object` was given, from a JSON object or from CSV's fields; raises BrokenRowError."""
    try:
        return tuple(_parse(column, fields.get(column.name)) for column in table.columns)
    except ValueError as error:
        raise BrokenRowError(f"{table.name}: {error}") from None


def _parse(column: Column, value: Any) -> Any:
    if value is None or (value == "" and not _may_be_empty(column)):
        if column.required:
            raise ValueError(f"{column.name} is empty")
        return None
    if column.kind in {Kind.HOUR, Kind.DAY} and isinstance(value, str):
        return datetime.fromisoformat(value)
    if column.kind == Kind.DATE and isinstance(value, str):
        return date.fromisoformat(value)
    if column.kind == Kind.INTEGER:
        return int(value)
    if column.kind == Kind.NUMBER:
        return float(value)
    return value


def _may_be_empty(column: Column) -> bool:
    return column.required and column.kind in {Kind.TEXT, Kind.REFERENCE, Kind.STRING}
