"""Sources that people have told of: for whoever answers the message, until a moderator has found one of no use."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, TextClause, case, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from storage.tables import Article, CaseState, ModerationCase, Status

MAX_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ToldSource:
    """What somebody wrote, and never who or how to reach them."""

    text: str
    told_at: datetime
    is_kept: bool
    """A moderator has looked at it."""


def read_sources(session: Session, article_id: str) -> list[ToldSource]:
    """Of this message, and of those merged into it: what a moderator has kept, then the rest, each the newest first."""
    about = select(ModerationCase).where(
        *_of_use(), col(ModerationCase.article_id).in_({article_id, *_read_merged(session, [article_id])})
    )
    kept_first = case((col(ModerationCase.state) == CaseState.GRANTED, 0), else_=1)
    rows = session.scalars(about.order_by(kept_first, col(ModerationCase.created_at).desc()).limit(MAX_SHOWN))
    return [ToldSource(one.grounds, one.created_at, one.state == CaseState.GRANTED) for one in rows]


def read_articles_with_sources(session: Session, article_ids: Collection[str]) -> set[str]:
    """Those of these messages that somebody has told a source of."""
    merged = _read_merged(session, article_ids)
    of_these = (*_of_use(), col(ModerationCase.article_id).in_({*article_ids, *merged}))
    found = session.scalars(select(col(ModerationCase.article_id)).where(*of_these).distinct())
    return {merged.get(id_, id_) for id_ in found if id_}


def _read_merged(session: Session, article_ids: Collection[str]) -> dict[str, str]:
    """The messages that were merged into these, and into which."""
    rows = session.execute(
        select(col(Article.id), col(Article.merged_into)).where(
            col(Article.merged_into).in_(article_ids), col(Article.status) == Status.MERGED
        )
    )
    return {id_: target for id_, target in rows if target}


def _of_use() -> tuple[TextClause, ColumnElement[bool]]:
    is_source = text("moderation_case.kind = 'source'")  # word for word what its partial index says
    return (is_source, col(ModerationCase.state) != CaseState.REFUSED)
