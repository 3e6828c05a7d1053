"""Writing: drafts, the pages that answers cite, and verdicts that hold for a while only."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import UtcDateTime, new_id, stored, utc_now
from storage.tables.replies import Verdict


class Draft(SQLModel, table=True):
    """What somebody is writing on a message. Its id becomes the reply's, so that it is sent in once however often."""

    __table_args__ = (UniqueConstraint("article_id", "editor_id", "corrects"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    article_id: str = Field(foreign_key="article.id", index=True)
    editor_id: str = Field(foreign_key="editor.id")
    corrects: str = ""
    """The published reply that this is a correction of; empty: a new answer."""
    version: int = 1
    """One more with each change; who saves says which one they changed."""
    verdict: Verdict | None = Field(default=None, sa_type=stored(Verdict))
    text: str = ""
    reference: str = ""
    """Addresses and titles, a line each."""
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PageState(StrEnum):
    """What was found at an address that an answer cites."""

    WAITING = "waiting"
    FOUND = "found"
    GONE = "gone"
    """The site says that it has no such page."""
    UNREACHABLE = "unreachable"
    """The site does not answer, or shows the page to no program: nothing is known of it."""
    REFUSED = "refused"
    """No address of a public page."""


class ReferenceCheck(SQLModel, table=True):
    """An address that an answer or a draft cites, and what was there when it was last looked at."""

    __tablename__ = "reference_check"

    url: str = Field(primary_key=True)
    state: PageState = Field(default=PageState.WAITING, sa_type=stored(PageState))
    final_url: str | None = None
    title: str | None = None
    """The page's own, kept when the page is gone."""
    times_gone: int = 0
    """How often in a row it was found gone."""
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    reported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the tasks of the answers that cite it were opened again; None: they were not."""


class ReplyExpiry(SQLModel, table=True):
    """Until when a verdict holds, where its author said so."""

    __tablename__ = "reply_expiry"

    reply_id: str = Field(foreign_key="reply.id", primary_key=True)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    expired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was taken back for that reason; None: it holds."""
