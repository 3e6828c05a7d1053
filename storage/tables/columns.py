"""The column types and small functions every table is built with."""

import hashlib
import secrets
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Dialect, Index, Integer, text
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy import types as sqltypes


class UtcDateTime(sqltypes.TypeDecorator[datetime]):
    """A timezone-aware UTC datetime: `timestamptz` on PostgreSQL, naive UTC text on SQLite."""

    impl = SqlDateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored: times are timezone-aware UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


BIG_ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column declared exactly INTEGER."""


def stored(kind: type[StrEnum]) -> sqltypes.Enum:
    """The column type of an enum: its *value* as text, checked on the way in and out, no database type."""
    return sqltypes.Enum(kind, native_enum=False, length=32, values_callable=lambda k: [m.value for m in k])


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index over the rows that `where` holds for; a query uses it when it repeats the condition word for word."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """A fresh opaque id: 120 random bits, URL-safe, 20 characters."""
    return secrets.token_urlsafe(15)


def hash_text(value: str) -> str:
    """SHA-256 of the text, in hex."""
    return hashlib.sha256(value.encode()).hexdigest()
