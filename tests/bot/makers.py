"""Small makers of what the bot's rules work on; every field a test does not name is harmless."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from retrieval.types import Band, EntryKind, Match
from storage.articles import ArticleSummary, ReplySummary
from storage.tables import ArticleType, ReplyState, Status, Verdict

CHECKED_AT = datetime(2020, 3, 14, 20, 30, tzinfo=UTC)


def make_reply(reply_id: str = "reply", verdict: Verdict = Verdict.RUMOR, **fields: Any) -> ReplySummary:
    defaults: dict[str, Any] = {
        "text": "這是謠言，衛福部已經澄清。",
        "reference": "https://www.mohw.gov.tw/",
        "state": ReplyState.VERIFIED,
        "source": "chaming",
        "contributor": "Kd83hfAbcDEF",
        "positive_feedback_count": 0,
        "negative_feedback_count": 0,
        "created_at": CHECKED_AT,
        "published_at": CHECKED_AT,
        "updated_at": None,
    }
    return ReplySummary(reply_id=reply_id, verdict=verdict, **(defaults | fields))


def make_article(article_id: str = "article", *replies: ReplySummary, **fields: Any) -> ArticleSummary:
    defaults: dict[str, Any] = {
        "text": "喝熱水可以殺死病毒，請轉發給家人！",
        "type": ArticleType.TEXT,
        "status": Status.NORMAL,
        "source": "chaming",
        "created_at": CHECKED_AT,
        "last_requested_at": CHECKED_AT,
        "request_count": 3,
    }
    return ArticleSummary(article_id=article_id, replies=replies, **(defaults | fields))


def make_match(
    article_id: str = "article",
    *,
    probability: float = 0.97,
    band: Band = Band.ANSWER,
    kind: EntryKind = EntryKind.ARTICLE,
    text: str = "喝熱水可以殺死病毒，請轉發給家人！",
    signals: Mapping[str, float] | None = None,
    contradictions: Sequence[tuple[str, str]] = (),
) -> Match:
    return Match(article_id, probability, band, kind, text, signals or {}, contradictions)
