"""The same rows under Cofacts' file and column names, so that what reads its open data reads ours.

Made from rows that are public already. What Cofacts counts and chaming does not (visits on a website) is left empty.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from storage.exports.columns import ExportTable, Kind
from storage.exports.writers import Batch, Written, ZippedCsv

URL = re.compile(r"https?://[^\s<>\"'，。、；！？）」』】]+")

Named = Mapping[str, Any]
"""An exported row by column name."""


@dataclass(frozen=True, slots=True)
class CofactsFile:
    """One of Cofacts' files: its columns, the table of ours it is made from, and how."""

    name: str
    columns: tuple[str, ...]
    table: str
    to_rows: Callable[[Named], Iterator[tuple[Any, ...]]]
    description: str


def _columns(names: str) -> tuple[str, ...]:
    return tuple(names.split())


def _articles(row: Named) -> Iterator[tuple[Any, ...]]:
    yield (
        *(row["id"], row["type"], row["status"], row["text"], row["reply_count"]),
        *(_time(row["created_at"]), _time(row["updated_at"]), _time(row["last_requested_at"])),
        *(row["contributor"], row["app_id"], row["references"]),
    )


def _article_replies(row: Named) -> Iterator[tuple[Any, ...]]:
    if row["state"] in SHOWN:
        yield (
            *(row["article_id"], row["reply_id"], row["contributor"], row["negative_feedback_count"]),
            *(row["positive_feedback_count"], row["verdict"], row["app_id"], row["status"]),
            *(_time(row["created_at"]), _time(row["updated_at"])),
        )


def _reply_hyperlinks(row: Named) -> Iterator[tuple[Any, ...]]:
    links = URL.findall(f"{row['text']}\n{row['reference'] or ''}")
    yield from ((row["id"], link, link, None) for link in dict.fromkeys(links))


def _article_categories(row: Named) -> Iterator[tuple[Any, ...]]:
    yield (
        *(row["article_id"], row["category_id"], row["ai_confidence"], row["ai_model"], row["contributor"]),
        *(row["app_id"], row["negative_feedback_count"], row["positive_feedback_count"], row["status"]),
        *(_time(row["created_at"]), _time(row["updated_at"])),
    )


def _picked(*names: str) -> Callable[[Named], Iterator[tuple[Any, ...]]]:
    def pick(row: Named) -> Iterator[tuple[Any, ...]]:
        yield tuple(_time(row[name]) if name.endswith("_at") else row[name] for name in names)

    return pick


def _analytics(row: Named) -> Iterator[tuple[Any, ...]]:
    yield "article", row["article_id"], row["day"].isoformat(), row["people"], row["messages"], None, None, None, None


SHOWN = {"provisional", "verified", "imported"}

FILES: tuple[CofactsFile, ...] = (
    CofactsFile(
        "articles",
        _columns(
            "id articleType status text normalArticleReplyCount createdAt updatedAt lastRequestedAt userIdsha256 appId "
            "references"
        ),
        "articles",
        _articles,
        "Messages.",
    ),
    CofactsFile(
        "article_hyperlinks",
        _columns("articleId url normalizedUrl title"),
        "hyperlinks",
        _picked("article_id", "url", "normalized_url", "title"),
        "Links inside messages.",
    ),
    CofactsFile(
        "article_categories",
        _columns(
            "articleId categoryId aiConfidence aiModel userIdsha appId negativeFeedbackCount positiveFeedbackCount "
            "status createdAt updatedAt"
        ),
        "article_categories",
        _article_categories,
        "Which message is about what.",
    ),
    CofactsFile(
        "categories",
        _columns("id title description createdAt updatedAt"),
        "categories",
        _picked("id", "title", "description", "created_at", "updated_at"),
        "What messages can be about.",
    ),
    CofactsFile(
        "replies",
        _columns("id type reference userIdsha256 appId text createdAt"),
        "replies",
        _picked("id", "verdict", "reference", "contributor", "app_id", "text", "created_at"),
        "Answers.",
    ),
    CofactsFile(
        "reply_hyperlinks",
        _columns("replyId url normalizedUrl title"),
        "replies",
        _reply_hyperlinks,
        "Links inside answers; titles are not collected.",
    ),
    CofactsFile(
        "article_replies",
        _columns(
            "articleId replyId userIdsha256 negativeFeedbackCount positiveFeedbackCount replyType appId status "
            "createdAt updatedAt"
        ),
        "article_replies",
        _article_replies,
        "Which answer belongs to which message.",
    ),
    CofactsFile(
        "reply_requests",
        _columns("articleId reason status positiveFeedbackCount negativeFeedbackCount userIdsha256 appId createdAt"),
        "reply_requests",
        _picked(
            "article_id",
            "reason",
            "status",
            "positive_feedback_count",
            "negative_feedback_count",
            "contributor",
            "app_id",
            "created_at",
        ),
        "Who asked about what.",
    ),
    CofactsFile(
        "article_reply_feedbacks",
        _columns("articleId replyId score comment status userIdsha256 appId createdAt"),
        "article_reply_feedbacks",
        _picked("article_id", "reply_id", "score", "comment", "status", "contributor", "app_id", "created_at"),
        "Whether answers helped.",
    ),
    CofactsFile(
        "analytics",
        _columns("type docId date lineUser lineVisit webUser webVisit liffUser liffVisit"),
        "analytics",
        _analytics,
        "How many people were shown what on a day, from twenty upwards.",
    ),
)

PEOPLE_COLUMNS = _columns("userIdsha256 appId createdAt lastActiveAt blockedReason")
PEOPLE = "anonymized_users"
PEOPLE_DESCRIPTION = "The pseudonyms of the other files; first and last time by the hour."


class CofactsWriter:
    """Writes one of Cofacts' files while its table goes by."""

    def __init__(self, file: CofactsFile, table: ExportTable, root: Path, licence: str) -> None:
        self._file, self._names = file, table.names
        self._csv = ZippedCsv(root, f"cofacts/{file.name}.csv.zip", file.columns, licence)

    def write(self, batch: Batch) -> None:
        named = (dict(zip(self._names, row, strict=True)) for row, _ in batch)
        self._csv.write_rows([made for row in named for made in self._file.to_rows(row)])

    def close(self) -> list[Written]:
        return self._csv.close()


class PeopleBook(AbstractContextManager["PeopleBook"]):
    """The pseudonyms met so far with their first and last hour, in a SQLite file: there may be millions."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS person (id TEXT, app TEXT, first TEXT, last TEXT, PRIMARY KEY (id, app))"
            " WITHOUT ROWID"
        )

    def note(self, table: ExportTable, batch: Batch) -> None:
        """Remember who is named in these rows."""
        places = [place for place, column in enumerate(table.columns) if column.kind == Kind.PSEUDONYM]
        app = table.names.index("app_id") if "app_id" in table.names else None
        met = [
            (row[place], (row[app] if app is not None else None) or "", _time(dated) or "")
            for row, dated in batch
            for place in places
            if row[place]
        ]
        self._connection.executemany(
            "INSERT INTO person VALUES (?1, ?2, ?3, ?3) ON CONFLICT DO UPDATE"
            " SET first = min(first, excluded.first), last = max(last, excluded.last)",
            met,
        )

    def save(self) -> None:
        self._connection.commit()

    def write(self, root: Path, licence: str) -> list[Written]:
        """Write `cofacts/anonymized_users.csv.zip`."""
        file = ZippedCsv(root, f"cofacts/{PEOPLE}.csv.zip", PEOPLE_COLUMNS, licence)
        cursor = self._connection.execute("SELECT id, app, first, last, NULL FROM person ORDER BY id, app")
        while rows := cursor.fetchmany(1_000):
            file.write_rows(rows)
        return file.close()

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _time(moment: datetime | None) -> str | None:
    return f"{moment.isoformat()[:19]}.000Z" if moment else None
