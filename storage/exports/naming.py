"""How a tombstone names a row of an earlier release, so that whoever holds a copy finds it there.

A row with an id of its own goes by it. Any other goes by its first column, a colon, and the SHA-256 of a JSON array of
the columns listed here; so a tombstone repeats nothing of what was taken back. A row that names nobody has its words in
the array too, since nothing else tells it from its neighbours.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import orjson
from sqlalchemy import case

from storage.exports.catalogue import BY_NAME
from storage.exports.cleaning import HERE, Cleaner
from storage.exports.columns import Column, ExportTable, RawRow
from storage.exports.pseudonyms import EpochPseudonyms
from storage.exports.rows import to_plain

OWN_ID = ("id",)


@dataclass(frozen=True, slots=True)
class Naming:
    """The columns that name a row. Where `person` is empty, those in `nameless` do too."""

    columns: tuple[str, ...]
    person: str | None = None
    nameless: tuple[str, ...] = ()


NAMINGS: Mapping[str, Naming] = {
    "articles": Naming(OWN_ID),
    "article_variants": Naming(OWN_ID),
    "hyperlinks": Naming(("article_id", "url")),
    "media_hashes": Naming(("article_id", "kind", "value")),
    "article_categories": Naming(("article_id", "category_id")),
    "replies": Naming(OWN_ID),
    "reply_versions": Naming(("reply_id", "version")),
    "article_replies": Naming(("article_id", "reply_id")),
    "ratings": Naming(("article_id", "reply_id", "rater")),
    "reply_requests": Naming(("article_id", "contributor", "app_id"), "contributor", ("created_at", "reason")),
    "article_reply_feedbacks": Naming(
        ("article_id", "reply_id", "contributor", "app_id"), "contributor", ("created_at", "score", "reason", "comment")
    ),
}
"""By table: of every kind of row that somebody can take back or hide. What the verification rule decided goes with its
link. Decisions of the matcher name nobody and say nothing that anybody wrote; counts by day and themes are made from
the rest."""


def name_row(kind: str, fields: Mapping[str, Any]) -> str:
    """The tombstone's `id` of a row; `fields` are its columns as a release has them, times as times or as text."""
    naming = NAMINGS[kind]
    if naming.columns == OWN_ID:
        return str(fields["id"])
    extra = naming.nameless if naming.person and fields[naming.person] is None else ()
    values = to_plain(tuple(fields[column] for column in (*naming.columns, *extra)))
    return f"{values[0]}:{hashlib.sha256(orjson.dumps(values)).hexdigest()}"


def name_stored(kind: str, row: Any) -> str:
    """The same of a row that was taken in from a release. A person of this instance has another name in releases."""
    naming = NAMINGS[kind]
    return name_row(kind, {name: _to_public(getattr(row, name)) for name in (*naming.columns, *naming.nameless)})


def first_of(kind: str, name: str) -> str:
    """The value of the row's first naming column."""
    return name if NAMINGS[kind].columns == OWN_ID else name.rpartition(":")[0]


@dataclass(frozen=True, slots=True)
class Namer:
    """Names the rows of one table as they are in the database, once they have gone past the cleaner."""

    kind: str
    table: ExportTable
    """The exported table, with no more columns than name a row."""
    pseudonyms: EpochPseudonyms

    def names_of(self, rows: Iterable[RawRow]) -> Iterator[str]:
        cleaner = Cleaner(self.table, self.pseudonyms, HERE)  # no name says where a row is from
        for row, _ in cleaner.clean(tuple(row) for row in rows):
            yield name_row(self.kind, dict(zip(self.table.names, row, strict=True)))


def make_namer(kind: str, pseudonyms: EpochPseudonyms) -> Namer:
    """Only the words of rows that name nobody are read: masking takes its time."""
    naming, table = NAMINGS[kind], BY_NAME[kind]
    columns = {column.name: column for column in table.columns}
    named = [columns[name] for name in naming.columns]
    if naming.person:
        person = columns[naming.person].value
        named += [_where_nameless(columns[name], person) for name in naming.nameless]
    return Namer(kind, replace(table, columns=tuple(named), order=()), pseudonyms)


def _where_nameless(column: Column, person: Any) -> Column:
    return replace(column, value=case((person.is_(None), column.value)))


def _to_public(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.value
    return value
