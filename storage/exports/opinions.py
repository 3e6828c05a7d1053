"""The exported tables of what people did: ratings, requests, feedback, what the matcher showed, and what is gone."""

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from storage.exports.columns import Column, ExportTable, Kind, RawRow
from storage.exports.day_counts import K_ANONYMITY
from storage.exports.shared import (
    about_normal_articles,
    about_released_links,
    article_of,
    is_normal,
    of_normal_article,
    program_of,
    reply_of,
    status_of,
    utc_day,
    votes_of,
)
from storage.tables import (
    ArticleDay,
    ArticleReplyFeedback,
    ArticleTheme,
    ArticleVariant,
    MatchDecision,
    Rating,
    ReplyRequest,
    Theme,
    ThemeMap,
    Tombstone,
)

RATINGS = ExportTable(
    name="ratings",
    description="How volunteers judged proposed answers, under pseudonyms.",
    key=("article_id", "reply_id", "rater"),
    columns=(
        article_of(Rating),
        reply_of(Rating),
        Column("rater", Kind.PSEUDONYM, "Who rated.", Rating.rater, required=True),
        Column("score", Kind.NUMBER, "1 helpful, 0.5 somewhat, 0 not.", Rating.score, required=True),
        Column("reasons", Kind.JSON, "The reasons ticked.", Rating.reasons, required=True),
        Column("created_at", Kind.HOUR, "When.", Rating.created_at, required=True),
        Column("updated_at", Kind.DAY, "On which day it was changed.", Rating.updated_at),
    ),
    narrow=about_released_links(Rating),
    order=(Rating.article_id, Rating.reply_id, Rating.id),
    dated=Rating.created_at,
)

WORDING: Any = aliased(ArticleVariant)
WORDING_HAD = (
    select(WORDING.id)
    .where(WORDING.id == col(ReplyRequest.variant_id), WORDING.created_at <= col(ReplyRequest.created_at))
    .scalar_subquery()
)
"""Not one that the person sent later: in a later quarter it names them otherwise, and would tell who they are there."""

REPLY_REQUESTS = ExportTable(
    name="reply_requests",
    description="That somebody asked about an article, and the reason they agreed to publish.",
    key=("article_id", "contributor"),
    columns=(
        article_of(ReplyRequest),
        Column("contributor", Kind.PSEUDONYM, "Who asked.", ReplyRequest.contributor),
        Column("variant_id", Kind.STRING, "The wording they had when they first asked.", WORDING_HAD),
        Column("reason", Kind.TEXT, "Why they doubt it, masked.", ReplyRequest.reason),
        status_of(ReplyRequest),
        Column("source", Kind.SOURCE, "Where it was asked.", ReplyRequest.source, required=True),
        program_of(ReplyRequest),
        *votes_of(ReplyRequest),
        Column("created_at", Kind.HOUR, "When.", ReplyRequest.created_at),
    ),
    narrow=about_normal_articles(ReplyRequest, is_normal(ReplyRequest)),
    order=(ReplyRequest.article_id, ReplyRequest.id),
    dated=ReplyRequest.created_at,
)

FEEDBACKS = ExportTable(
    name="article_reply_feedbacks",
    description="Whether an answer helped its readers.",
    key=("article_id", "reply_id", "contributor"),
    columns=(
        article_of(ArticleReplyFeedback),
        reply_of(ArticleReplyFeedback),
        Column("contributor", Kind.PSEUDONYM, "Who said so.", ArticleReplyFeedback.contributor),
        Column("score", Kind.INTEGER, "1 helpful, -1 not.", ArticleReplyFeedback.score, required=True),
        Column("reason", Kind.STRING, "Why not, of a fixed list.", ArticleReplyFeedback.reason),
        Column("comment", Kind.TEXT, "In their words, masked.", ArticleReplyFeedback.comment),
        status_of(ArticleReplyFeedback),
        program_of(ArticleReplyFeedback),
        Column("created_at", Kind.HOUR, "When they first said anything.", ArticleReplyFeedback.created_at),
    ),
    narrow=about_released_links(ArticleReplyFeedback, is_normal(ArticleReplyFeedback)),
    order=(ArticleReplyFeedback.article_id, ArticleReplyFeedback.reply_id, ArticleReplyFeedback.id),
    dated=ArticleReplyFeedback.created_at,
)

ASKED_ON = utc_day(col(ReplyRequest.created_at))
ASKED_BY_MANY = (
    select(col(ReplyRequest.article_id), ASKED_ON.label("day"))
    .where(is_normal(ReplyRequest))
    .group_by(col(ReplyRequest.article_id), ASKED_ON)
    .having(func.count(col(ReplyRequest.contributor).distinct()) >= K_ANONYMITY)
    .subquery()
)
"""Beside the day, an article that few asked about then would lead to one of them in `reply_requests`."""

MATCH_DECISIONS = ExportTable(
    name="match_decisions",
    description="What the matcher did with a message, and what its sender then said. No text, nobody's name.",
    key=("id",),
    columns=(
        Column("id", Kind.STRING, "Id of the decision, a keyed hash.", MatchDecision.id, required=True),
        Column(
            "outcome", Kind.STRING, "answer, candidates, waiting or no_match.", MatchDecision.outcome, required=True
        ),
        Column("model_id", Kind.STRING, "By which encoder.", MatchDecision.model_id, required=True),
        Column("top_probability", Kind.NUMBER, "The best match's, shown or not.", MatchDecision.top_probability),
        Column("choice", Kind.STRING, "this, none, or empty: nothing was said.", MatchDecision.choice),
        Column("chosen_article_id", Kind.STRING, "Which one it was.", MatchDecision.chosen_article_id),
        Column("chosen_at", Kind.DAY, "On which day that was said.", MatchDecision.chosen_at),
        Column(
            "asked_article_id",
            Kind.STRING,
            "What they then asked about, where at least twenty people did on that day.",
            case((ASKED_BY_MANY.c.article_id.is_not(None), col(MatchDecision.asked_article_id))),
        ),
        Column("created_at", Kind.DAY, "On which day the message came.", MatchDecision.created_at, required=True),
    ),
    narrow=lambda query: query.outerjoin(
        ASKED_BY_MANY,
        and_(
            ASKED_BY_MANY.c.article_id == col(MatchDecision.asked_article_id),
            ASKED_BY_MANY.c.day == utc_day(col(MatchDecision.created_at)),
        ),
    ),
    order=(MatchDecision.id,),
    dated=MatchDecision.created_at,
)


def _candidates(raw: RawRow) -> Iterator[RawRow]:
    id_, offered = raw
    for rank, one in enumerate(offered, start=1):
        told = one | ({"contradicted": bool(one["contradicted"])} if one.get("contradicted") is not None else {})
        rest = {name: one[name] for name in _BESIDES if name in one}
        yield id_, rank, *(told.get(name) for name in _CANDIDATE), rest or None


_BESIDES = ("kind", "short")
"""What else of a candidate is released. Nothing is unless it is listed: it may be made from what somebody wrote."""
_CANDIDATE = ("article_id", "probability", "band", "contradicted", "signals")

MATCH_CANDIDATES = ExportTable(
    name="match_candidates",
    description="What was shown in each decision, best first, the refused ones too.",
    key=("decision_id", "rank"),
    columns=(
        Column("decision_id", Kind.STRING, "The decision.", required=True),
        Column("rank", Kind.INTEGER, "1 is the best.", required=True),
        Column("article_id", Kind.STRING, "The article shown."),
        Column("probability", Kind.NUMBER, "Calibrated: that it makes the same claim."),
        Column("band", Kind.STRING, "How sure the bot said it was."),
        Column("contradicted", Kind.JSON, "Whether the message contradicts it."),
        Column("signals", Kind.JSON, "The scores behind the probability, by name."),
        Column(
            "other",
            Kind.JSON,
            "By which text it was found (kind), and whether too little is said to be sure of it (short).",
        ),
    ),
    raw=(MatchDecision.id, MatchDecision.offered),
    expand=_candidates,
    order=(MatchDecision.id,),
    dated=MatchDecision.created_at,
)


def to_offered(row: dict[str, object]) -> dict[str, object]:
    """The recorded form of an exported candidate: the inverse of what made it."""
    offered = {name: row[name] for name in _CANDIDATE if row[name] is not None}
    for name in ("contradicted", "signals"):
        if name in offered:
            offered[name] = orjson.loads(str(offered[name]))
    return offered | (orjson.loads(str(row["other"])) if row["other"] else {})


ANALYTICS = ExportTable(
    name="analytics",
    description="How many people were shown an article on a day, where they were at least twenty.",
    key=("article_id", "day", "source"),
    columns=(
        article_of(ArticleDay),
        Column("day", Kind.DATE, "The day, UTC.", ArticleDay.day, required=True),
        Column("source", Kind.SOURCE, "Who counted.", ArticleDay.source, required=True),
        Column("people", Kind.INTEGER, "People, 20 or more.", ArticleDay.people, required=True),
        Column("messages", Kind.INTEGER, "Their messages.", ArticleDay.messages, required=True),
    ),
    narrow=about_normal_articles(ArticleDay),
    order=(ArticleDay.article_id, ArticleDay.day, ArticleDay.source),
)

NEWEST_MAP = select(func.max(col(ThemeMap.id))).where(col(ThemeMap.is_complete).is_(True)).scalar_subquery()

ARTICLE_THEMES = ExportTable(
    name="article_themes",
    description="The theme map: articles grouped by meaning, and where each stands. Derived; made anew every night.",
    key=("article_id",),
    columns=(
        article_of(ArticleTheme),
        Column("theme", Kind.INTEGER, "0 is the largest; empty: of its own.", ArticleTheme.number),
        Column("words", Kind.JSON, "What sets the theme apart.", Theme.words),
        Column("x", Kind.NUMBER, "Its place on the map.", ArticleTheme.x, required=True),
        Column("y", Kind.NUMBER, "Its place on the map.", ArticleTheme.y, required=True),
    ),
    narrow=lambda query: query.outerjoin(
        Theme, and_(col(Theme.map_id) == col(ArticleTheme.map_id), col(Theme.number) == col(ArticleTheme.number))
    ).where(col(ArticleTheme.map_id) == NEWEST_MAP, of_normal_article(ArticleTheme.article_id)),
    order=(ArticleTheme.article_id,),
)

TOMBSTONES = ExportTable(
    name="tombstones",
    description="Rows that an earlier release held and that are public no longer: please delete your copy.",
    key=("kind", "id"),
    columns=(
        Column("kind", Kind.STRING, "The table, such as article_variants.", Tombstone.kind, required=True),
        Column(
            "id",
            Kind.STRING,
            "Its id there; of a row without one: its first column, a colon, and the SHA-256 of what names it.",
            Tombstone.id,
            required=True,
        ),
        Column("merged_into", Kind.STRING, "The article it turned out to be.", Tombstone.merged_into),
        Column("source", Kind.SOURCE, "Who took it back.", Tombstone.source, required=True),
        Column("removed_at", Kind.HOUR, "When that was seen.", Tombstone.removed_at, required=True),
    ),
    order=(Tombstone.kind, Tombstone.id),
    dated=Tombstone.removed_at,
)
