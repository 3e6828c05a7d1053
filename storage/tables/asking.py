"""Askers: who asked about what, and what they think of the answers."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, false, text, true
from sqlmodel import Field, SQLModel

from storage.tables.articles import Status
from storage.tables.columns import BIG_ID, UtcDateTime, stored, utc_now


class FeedbackReason(StrEnum):
    """Why a reply did not help."""

    UNCLEAR = "unclear"
    NO_SOURCE = "no_source"
    WRONG = "wrong"
    OUTDATED = "outdated"
    OTHER_MESSAGE = "other_message"


class SeenWhere(StrEnum):
    """Where a message that somebody doubts was seen."""

    FAMILY = "family"
    FRIENDS = "friends"
    GROUP = "group"
    SOCIAL = "social"
    VIDEO = "video"
    WEB = "web"
    OTHER = "other"


class Asker(SQLModel, table=True):
    """A person in a LINE chat; everything else names them by `id`, a keyed pseudonym."""

    id: str = Field(primary_key=True)
    line_user_id: str | None = Field(default=None, unique=True)
    """Where a push goes; None once the person has asked to be forgotten."""
    language: str | None = None
    large_text: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether they want larger text in what the bot draws."""
    follows: bool = True
    wants_notices: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    """Whether they want to be told when a message they asked about is answered."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


HAS_REASON = text("reason IS NOT NULL")


class ReplyRequest(SQLModel, table=True):
    """One person asking about one article."""

    __tablename__ = "reply_request"
    __table_args__ = (
        UniqueConstraint("article_id", "contributor", "app_id", "source"),
        Index("reply_request_by_time", "article_id", "status", "created_at"),
        Index("reply_request_reasons", "article_id", "id", sqlite_where=HAS_REASON, postgresql_where=HAS_REASON),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(foreign_key="article.id")
    contributor: str | None = None
    """Pseudonym of the person asking: an `Asker.id`, or what an import carried."""
    variant_id: str | None = None
    """The wording this person sent and agreed to publish, where it is not the article's own."""
    reason: str | None = None
    seen_where: SeenWhere | None = Field(default=None, sa_type=stored(SeenWhere))
    status: Status = Field(default=Status.NORMAL, sa_type=stored(Status))
    wants_notices: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    """Whether this person wants to be told about this article."""
    source: str = "chaming"
    app_id: str | None = None
    positive_feedback_count: int = 0
    negative_feedback_count: int = 0
    created_at: datetime | None = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ArticleReplyFeedback(SQLModel, table=True):
    """The public's helpful (1) or not helpful (−1) on a reply to an article."""

    __tablename__ = "article_reply_feedback"
    __table_args__ = (UniqueConstraint("article_id", "reply_id", "contributor", "app_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(foreign_key="article.id", index=True)
    reply_id: str = Field(foreign_key="reply.id", index=True)
    score: int
    comment: str | None = None
    reason: FeedbackReason | None = Field(default=None, sa_type=stored(FeedbackReason))
    status: Status = Field(default=Status.NORMAL, sa_type=stored(Status))
    contributor: str | None = None
    app_id: str | None = None
    created_at: datetime | None = Field(default_factory=utc_now, sa_type=UtcDateTime)
    """When the person first voted: the quarter of their pseudonym in releases, whatever they say later."""
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When they last changed their mind."""
