"""Answers told later: one notice for each person and news, and how far the change log was read."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, partial_index, stored, utc_now


class NoticeKind(StrEnum):
    """What a person who asked is told about a reply."""

    ANSWERED = "answered"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class NoticeState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    EXPIRED = "expired"
    """Waited too long, or nobody can tell any more whether LINE took it."""
    SUPPRESSED = "suppressed"
    """Not wanted, or overtaken by another change before it was told."""


class Notice(SQLModel, table=True):
    """One person is to be told about one change of a reply to an article they asked about. It holds no text.

    While `lease_until` lies ahead, somebody is telling it: with the answer to `event_id`, or by a push under
    `retry_key`. A row with a retry key is only ever pushed again under that key, as LINE may have taken it already.
    """

    __table_args__ = (
        UniqueConstraint("asker_id", "article_id", "reply_id", "change_seq"),
        partial_index("notice_pending", "asker_id", where="state = 'pending'"),
        partial_index("notice_queue", "created_at", where="state = 'pending'"),
        Index("notice_article", "article_id", "asker_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    asker_id: str
    article_id: str
    reply_id: str
    kind: NoticeKind = Field(sa_type=stored(NoticeKind))
    change_seq: int = Field(sa_type=BIG_ID)
    """The `IndexChange` it tells of."""
    state: NoticeState = Field(default=NoticeState.PENDING, sa_type=stored(NoticeState))
    event_id: str | None = None
    retry_key: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    first_pushed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When LINE was first called with the retry key, which it remembers for a day."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LogPosition(SQLModel, table=True):
    """How far a reader of a log has come, and the lock that makes one process at a time read on.

    Not every log is the change log, whose readers are `storage.index_changes.FOLLOWERS`. One row is no reader's: up to
    where the change log was trimmed (`TRIMMED`, there too).
    """

    __tablename__ = "log_position"

    reader: str = Field(primary_key=True)
    seq: int = Field(default=0, sa_type=BIG_ID)
    after_request: int = Field(default=0, sa_type=BIG_ID)
    """Of the change after `seq`, up to which `ReplyRequest` it is done: one may concern thousands."""
