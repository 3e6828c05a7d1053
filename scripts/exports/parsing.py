"""From an exported row back to a row of our tables."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError
from sqlmodel import SQLModel

from retrieval.normalise import key_hash
from storage.exports.catalogue import BY_NAME
from storage.exports.cleaning import HERE
from storage.exports.columns import Column, ExportTable, Kind, Row
from storage.exports.manifest import Manifest, ReleaseError
from storage.exports.opinions import MATCH_CANDIDATES, TOMBSTONES, to_offered
from storage.exports.readers import read_table
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleDay,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleVariant,
    Category,
    Hyperlink,
    MatchDecision,
    MediaHash,
    Rating,
    Reply,
    ReplyRequest,
    ReplyVersion,
    Tombstone,
    VerificationDecision,
    hash_text,
)

MODELS: Mapping[str, type[SQLModel]] = {
    "categories": Category,
    "articles": Article,
    "article_variants": ArticleVariant,
    "hyperlinks": Hyperlink,
    "media_hashes": MediaHash,
    "article_categories": ArticleCategory,
    "replies": Reply,
    "reply_versions": ReplyVersion,
    "article_replies": ArticleReply,
    "article_reply_history": VerificationDecision,
    "ratings": Rating,
    "reply_requests": ReplyRequest,
    "article_reply_feedbacks": ArticleReplyFeedback,
    "match_decisions": MatchDecision,
    "analytics": ArticleDay,
    "tombstones": Tombstone,
}
"""The table that each exported one is taken into; candidates go into their decisions, and themes are made anew."""

BATCH = 500


class Parser:
    """Makes rows of one table. `own_name`: what this instance is called outside; rows under it are its own."""

    def __init__(self, table: ExportTable, own_name: str) -> None:
        self._table, self._own_name = table, own_name
        self._model = MODELS[table.name]
        self._columns = [
            (place, column) for place, column in enumerate(table.columns) if column.name in self._model.model_fields
        ]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that a release fills in."""
        return tuple(column.name for _, column in self._columns)

    def to_row(self, row: Row, **more: Any) -> Any:
        """The row; raises ReleaseError when it could not have come from a table of ours."""
        fields: dict[str, Any] = {column.name: row[place] for place, column in self._columns} | more
        try:
            fields |= {column.name: self._unpack(column, row[place]) for place, column in self._columns}
        except ValueError as error:
            raise ReleaseError(f"{self._table.name} cannot be read: {error}") from None
        if self._model in (Article, ArticleVariant):
            fields["matching_key_hash"] = key_hash(fields["text"]) if fields["text"] else None
        if self._model is Reply:
            fields["text_hash"] = hash_text(fields["text"])
        try:
            return self._model.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise ReleaseError(f"{self._table.name}: {first['loc'][0]} {first['msg']}") from None

    def _unpack(self, column: Column, value: Any) -> Any:
        if column.kind == Kind.SOURCE and value == self._own_name:
            return HERE
        if column.kind == Kind.BYTES:
            return bytes.fromhex(value)
        if column.kind == Kind.JSON and value is not None:
            return orjson.loads(value)
        return value


def read_batches(folder: Path, manifest: Manifest, table: ExportTable, own_name: str) -> Iterator[list[Any]]:
    """The table's rows in batches; rows about the same are never parted, which a tombstone shares with no other."""
    parser = Parser(table, own_name)
    rows = read_table(folder, manifest, table)
    made = _decisions(parser, rows, folder, manifest) if table.name == "match_decisions" else map(parser.to_row, rows)
    first = "id" if table is TOMBSTONES else table.columns[0].name
    batch: list[Any] = []
    for _, group in groupby(made, key=lambda row: getattr(row, first)):
        batch += group
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _decisions(parser: Parser, rows: Iterator[Row], folder: Path, manifest: Manifest) -> Iterator[Any]:
    """Decisions with what they offered: both tables are in the order of the decision's id."""
    names = MATCH_CANDIDATES.names
    candidates = groupby(read_table(folder, manifest, BY_NAME["match_candidates"]), key=lambda row: row[0])
    id_, group = next(candidates, (None, iter(())))
    for row in rows:
        while id_ is not None and id_.encode() < row[0].encode():
            id_, group = next(candidates, (None, iter(())))
        found = sorted(group, key=lambda one: one[1]) if id_ == row[0] else []
        try:
            offered = [to_offered(dict(zip(names, one, strict=True))) for one in found]
        except ValueError as error:
            raise ReleaseError(f"{MATCH_CANDIDATES.name} cannot be read: {error}") from None
        yield parser.to_row(row, offered=offered)
