"""What a row of the open data becomes: one function a file, from its fields to a row of our tables.

Today's columns and the older ones are read alike: a column that is missing leaves its field at the value named here.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from retrieval.normalise import key_hash
from scripts.cofacts.files import RowError
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleType,
    Category,
    Hyperlink,
    Reply,
    ReplyRequest,
    Status,
    Verdict,
    hash_text,
)

SOURCE = "cofacts"
MAX_COUNT = 2**31 - 1
SHOWN = 60
"""Characters of a bad value that a reason quotes: enough to find it, too few to copy a message into a log."""

Fields = Mapping[str, str]
Kind = TypeVar("Kind", bound=StrEnum)


def to_category(fields: Fields) -> Category:
    return Category(
        id=_id(fields, "id"),
        title=_id(fields, "title"),
        description=_text(fields, "description"),
        created_at=_moment(fields, "createdAt"),
        updated_at=_moment(fields, "updatedAt"),
    )


def to_article(fields: Fields) -> Article:
    text = _text(fields, "text")
    return Article(
        id=_id(fields, "id"),
        type=_kind(fields, "articleType", ArticleType, ArticleType.TEXT),
        status=_kind(fields, "status", Status, Status.NORMAL),
        text=text,
        matching_key_hash=key_hash(text) if text else None,
        source=SOURCE,
        contributor=_text(fields, "userIdsha256"),
        app_id=_text(fields, "appId"),
        references=_text(fields, "references"),
        created_at=_moment(fields, "createdAt"),
        updated_at=_moment(fields, "updatedAt"),
        last_requested_at=_moment(fields, "lastRequestedAt"),
    )


def to_hyperlink(fields: Fields) -> Hyperlink:
    return Hyperlink(
        article_id=_id(fields, "articleId"),
        url=_id(fields, "url"),
        normalized_url=_text(fields, "normalizedUrl"),
        title=_text(fields, "title"),
    )


def to_article_category(fields: Fields) -> ArticleCategory:
    return ArticleCategory(
        article_id=_id(fields, "articleId"),
        category_id=_id(fields, "categoryId"),
        ai_confidence=_number(fields, "aiConfidence"),
        ai_model=_text(fields, "aiModel"),
        contributor=_text(fields, "userIdsha") or _text(fields, "userIdsha256"),
        app_id=_text(fields, "appId"),
        negative_feedback_count=_count(fields, "negativeFeedbackCount"),
        positive_feedback_count=_count(fields, "positiveFeedbackCount"),
        status=_kind(fields, "status", Status, Status.NORMAL),
        created_at=_moment(fields, "createdAt"),
        updated_at=_moment(fields, "updatedAt"),
    )


def to_reply(fields: Fields) -> Reply:
    text = fields.get("text", "")
    return Reply(
        id=_id(fields, "id"),
        verdict=_kind(fields, "type", Verdict, None),
        text=text,
        text_hash=hash_text(text),
        reference=_text(fields, "reference"),
        source=SOURCE,
        contributor=_text(fields, "userIdsha256"),
        app_id=_text(fields, "appId"),
        created_at=_moment(fields, "createdAt"),
    )


def to_article_reply(fields: Fields) -> ArticleReply:
    return ArticleReply(
        article_id=_id(fields, "articleId"),
        reply_id=_id(fields, "replyId"),
        status=_kind(fields, "status", Status, Status.NORMAL),
        contributor=_text(fields, "userIdsha256"),
        app_id=_text(fields, "appId"),
        positive_feedback_count=_count(fields, "positiveFeedbackCount"),
        negative_feedback_count=_count(fields, "negativeFeedbackCount"),
        created_at=_moment(fields, "createdAt"),
        updated_at=_moment(fields, "updatedAt"),
    )


def to_reply_request(fields: Fields) -> ReplyRequest:
    return ReplyRequest(
        article_id=_id(fields, "articleId"),
        contributor=_text(fields, "userIdsha256"),
        reason=_text(fields, "reason"),
        status=_kind(fields, "status", Status, Status.NORMAL),
        source=SOURCE,
        app_id=_text(fields, "appId"),
        positive_feedback_count=_count(fields, "positiveFeedbackCount"),
        negative_feedback_count=_count(fields, "negativeFeedbackCount"),
        created_at=_moment(fields, "createdAt"),
    )


def to_feedback(fields: Fields) -> ArticleReplyFeedback:
    score = _number(fields, "score")
    if score not in (-1, 0, 1):
        raise RowError(f"score {_quote(fields.get('score', ''))} is not 1, 0 or -1")
    return ArticleReplyFeedback(
        article_id=_id(fields, "articleId"),
        reply_id=_id(fields, "replyId"),
        score=int(score),
        comment=_text(fields, "comment"),
        status=_kind(fields, "status", Status, Status.NORMAL),
        contributor=_text(fields, "userIdsha256"),
        app_id=_text(fields, "appId"),
        created_at=_moment(fields, "createdAt"),
    )


def _id(fields: Fields, name: str) -> str:
    """A field that must not be empty. Ids are opaque: spaces and leading dashes are kept."""
    value = fields.get(name, "")
    if not value.strip():
        raise RowError(f"{name} is empty")
    return value


def _text(fields: Fields, name: str) -> str | None:
    return fields.get(name) or None


def _kind(fields: Fields, name: str, kind: type[Kind], default: Kind | None) -> Kind:
    value = fields.get(name, "")
    if not value and default is not None:
        return default
    try:
        return kind(value)
    except ValueError:
        raise RowError(f"{name} {_quote(value)} is none of {', '.join(kind)}") from None


def _moment(fields: Fields, name: str) -> datetime | None:
    value = fields.get(name, "")
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RowError(f"{name} {_quote(value)} is not a time") from None


def _count(fields: Fields, name: str) -> int:
    value = fields.get(name, "")
    try:
        count = int(value or 0)
    except ValueError:
        raise RowError(f"{name} {_quote(value)} is not a number") from None
    if not 0 <= count <= MAX_COUNT:
        raise RowError(f"{name} {_quote(value)} is not a count")
    return count


def _number(fields: Fields, name: str) -> float | None:
    value = fields.get(name, "")
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        raise RowError(f"{name} {_quote(value)} is not a number") from None
    if not math.isfinite(number):
        raise RowError(f"{name} {_quote(value)} is not a number")
    return number


def _quote(value: str) -> str:
    return repr(value if len(value) <= SHOWN else f"{value[:SHOWN]}…")
