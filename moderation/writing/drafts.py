"""Drafts: kept on the server with every pause in typing, each change a version.

Whoever saves says which version they changed. When it is no longer the newest, because the same person went on in
another window, nothing is overwritten: both texts are shown, and they choose.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Draft, Reply, ReplyExpiry, Verdict, new_id, utc_now

MAX_DRAFT = 20_000
"""Characters of a text or of its references that are kept: several times what may be sent in."""


class DraftError(Exception):
    """This draft cannot be saved."""


class UnknownDraftError(DraftError):
    """There is no such draft of this person: it was sent in, or thrown away."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class StaleDraftError(DraftError):
    """The draft has been changed since, in another window; `stored` is how it reads now."""

    def __init__(self, stored: Draft) -> None:
        super().__init__(self.__doc__)
        self.stored = stored


@dataclass(frozen=True, slots=True)
class Writing:
    """What the editor's form holds."""

    verdict: Verdict | None
    text: str
    reference: str
    expires_at: datetime | None = None

    @classmethod
    def of(cls, draft: Draft) -> "Writing":
        return cls(draft.verdict, draft.text, draft.reference, draft.expires_at)


async def find_draft(session: AsyncSession, article_id: str, editor_id: str, corrects: str = "") -> Draft | None:
    rows = await session.scalars(
        select(Draft).where(
            col(Draft.article_id) == article_id, col(Draft.editor_id) == editor_id, col(Draft.corrects) == corrects
        )
    )
    return rows.first()


async def open_draft(session: AsyncSession, article_id: str, editor_id: str, corrects: str = "") -> Draft:
    """The person's draft on this message, begun now if there is none; a correction begins with what is published."""
    start = await _find_start(session, corrects)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    now = utc_now()
    values = {
        "id": new_id(),
        "article_id": article_id,
        "editor_id": editor_id,
        "corrects": corrects,
        "version": 1,
        "verdict": start.verdict,
        "text": start.text,
        "reference": start.reference,
        "expires_at": start.expires_at,
        "created_at": now,
        "updated_at": now,
    }
    await session.execute(insert(Draft).values(values).on_conflict_do_nothing())  # two windows opened at once
    draft = await find_draft(session, article_id, editor_id, corrects)
    if draft is None:
        raise UnknownDraftError
    return draft


async def save_draft(session: AsyncSession, draft_id: str, editor_id: str, version: int, writing: Writing) -> Draft:
    """Store what was typed as a new version; what is stored already changes nothing.

    Raises `StaleDraftError` when another version than the one that was changed is stored, and says something else.
    """
    draft = await get_draft(session, draft_id, editor_id)
    writing = _cut(writing)
    if Writing.of(draft) == writing:
        return draft
    if draft.version != version:
        session.expunge(draft)  # to be read after this transaction was rolled back
        raise StaleDraftError(draft)
    draft.verdict, draft.text, draft.reference = writing.verdict, writing.text, writing.reference
    draft.expires_at = writing.expires_at
    draft.version, draft.updated_at = draft.version + 1, utc_now()
    session.add(draft)
    await session.flush()
    return draft


async def get_draft(session: AsyncSession, draft_id: str, editor_id: str) -> Draft:
    """The draft, locked until the transaction ends. Raises `UnknownDraftError`, also for somebody else's."""
    draft = await session.get(Draft, draft_id, with_for_update=True)
    if draft is None or draft.editor_id != editor_id:
        raise UnknownDraftError
    return draft


async def _find_start(session: AsyncSession, corrects: str) -> Writing:
    reply = await session.get(Reply, corrects) if corrects else None
    if reply is None:
        return Writing(None, "", "")
    expiry = await session.get(ReplyExpiry, corrects)
    return Writing(reply.verdict, reply.text, reply.reference or "", expiry.expires_at if expiry else None)


def _cut(writing: Writing) -> Writing:
    """Form fields come with the line breaks of HTTP; the database keeps one kind."""
    text, reference = (_one_break(value)[:MAX_DRAFT] for value in (writing.text, writing.reference))
    return Writing(writing.verdict, text, reference, writing.expires_at)


def _one_break(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
