"""Replies: what volunteers answer, its versions, and which articles it answers."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Index, event
from sqlalchemy.orm import Mapper
from sqlmodel import Field, SQLModel

from storage.tables.articles import Status
from storage.tables.columns import UtcDateTime, hash_text, new_id, stored, utc_now


class Verdict(StrEnum):
    RUMOR = "RUMOR"
    NOT_RUMOR = "NOT_RUMOR"
    OPINIONATED = "OPINIONATED"
    NOT_ARTICLE = "NOT_ARTICLE"


class ReplyState(StrEnum):
    """How far the link between a reply and an article has been verified."""

    PROPOSED = "proposed"
    PROVISIONAL = "provisional"
    VERIFIED = "verified"
    IMPORTED = "imported"
    WITHDRAWN = "withdrawn"
    """Taken back by a person, after it was shown."""
    REJECTED = "rejected"
    """The volunteers' ratings refused it."""


class Reply(SQLModel, table=True):
    """A volunteer's answer, as it reads now; `ReplyVersion` keeps how it read before."""

    __table_args__ = (Index("reply_by_age", "created_at", "id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    verdict: Verdict = Field(sa_type=stored(Verdict))
    text: str
    text_hash: str | None = Field(default=None, index=True)
    """`hash_text(text)`, filled in whenever the row is written: stock answers are found by it."""
    reference: str | None = None
    source: str = "chaming"
    contributor: str | None = Field(default=None, index=True)
    app_id: str | None = None
    created_at: datetime | None = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReplyVersion(SQLModel, table=True):
    """What a reply said before a correction."""

    __tablename__ = "reply_version"

    reply_id: str = Field(foreign_key="reply.id", primary_key=True)
    version: int = Field(primary_key=True)
    verdict: Verdict = Field(sa_type=stored(Verdict))
    text: str
    reference: str | None = None
    contributor: str | None = None
    replaced_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ArticleReply(SQLModel, table=True):
    """The link that says: this reply answers this article."""

    __tablename__ = "article_reply"
    __table_args__ = (Index("article_reply_by_publication", "published_at"),)

    article_id: str = Field(foreign_key="article.id", primary_key=True)
    reply_id: str = Field(foreign_key="reply.id", primary_key=True, index=True)
    state: ReplyState = Field(default=ReplyState.PROPOSED, sa_type=stored(ReplyState))
    status: Status = Field(default=Status.NORMAL, sa_type=stored(Status))
    contributor: str | None = Field(default=None, index=True)
    app_id: str | None = None
    positive_feedback_count: int = 0
    """Of all people: what the source counted and what people said here."""
    negative_feedback_count: int = 0
    source_positive_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """What an import's source had counted; its votes are not always imported with it."""
    source_negative_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    created_at: datetime | None = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


@event.listens_for(Reply, "before_insert")
@event.listens_for(Reply, "before_update")
def _hash_reply_text(mapper: Mapper[Reply], connection: Connection, reply: Reply) -> None:
    reply.text_hash = hash_text(reply.text)
