"""The inbox: events that LINE was told we have."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, partial_index, stored, utc_now


class InboxState(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"


class InboxEvent(SQLModel, table=True):
    """A webhook event that was answered 200, until it is done and a while after.

    The payload (encrypted) and the chat are erased when the event is done; id and outcome stay 30 days, so
    that a redelivered event is known.
    """

    __tablename__ = "inbox_event"
    __table_args__ = (
        partial_index("inbox_worked_on", "chat", "lease_until", where="state = 'claimed'"),
        partial_index("inbox_queue", "timestamp", "id", where="state IN ('pending', 'claimed')"),
        partial_index("inbox_finished", "state", "done_at", where="state IN ('done', 'failed')"),
        partial_index("inbox_kept_payload", "payload_until", where="payload_until IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    event_id: str = Field(unique=True)
    """LINE's `webhookEventId`, or `sha256:…` of the event's JSON when it has none."""
    chat: str | None = None
    """Keyed pseudonym of the chat: events of one chat are handled one after another."""
    timestamp: int = Field(sa_type=BIG_ID)
    """LINE's own clock, milliseconds since 1970: the order within a chat."""
    payload: bytes | None = Field(default=None, sa_type=LargeBinary)
    payload_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Until when a finished event keeps its payload (a consent not yet given); None: erased when done."""
    state: InboxState = Field(default=InboxState.PENDING, sa_type=stored(InboxState))
    owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Claimed: when the claim lapses. Pending: not to be claimed before, after a failed attempt."""
    attempts: int = 0
    last_error: str | None = None
    outcome: str | None = None
    received_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
