"""Everything that is linked to one person, to be handed to them."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from storage.askers import SOURCE, find_asker
from storage.tables import (
    Article,
    ArticleReplyFeedback,
    ArticleVariant,
    Asker,
    MatchDecision,
    Notice,
    ReplyRequest,
)

HIDDEN = {"id", "contributor", "asker_id", "key_hash", "matching_key_hash", "retry_key", "claimed_by"}
"""Columns that say nothing to the person: keys and our own bookkeeping."""


async def load_own_data(session: AsyncSession, asker_id: str) -> dict[str, list[dict[str, Any]]]:
    """Rows by what they are; times in UTC. Nothing when the person is not known."""
    asker: Asker | None = await find_asker(session, asker_id)
    queries = {
        "questions": select(ReplyRequest).where(
            col(ReplyRequest.contributor) == asker_id, col(ReplyRequest.source) == SOURCE
        ),
        "messages_published": select(Article).where(col(Article.contributor) == asker_id),
        "wordings_published": select(ArticleVariant).where(col(ArticleVariant.contributor) == asker_id),
        "votes": select(ArticleReplyFeedback).where(col(ArticleReplyFeedback.contributor) == asker_id),
        "messages_looked_up": select(MatchDecision).where(col(MatchDecision.asker_id) == asker_id),
        "notices": select(Notice).where(col(Notice.asker_id) == asker_id),
    }
    found = {name: [_to_row(row) for row in await session.scalars(query)] for name, query in queries.items()}
    return {"settings": [_to_row(asker)] if asker else [], **found}


def _to_row(row: SQLModel) -> dict[str, Any]:
    return {name: value for name, value in row.model_dump(mode="json").items() if name not in HIDDEN}
