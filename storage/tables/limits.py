"""Who is not answered."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.tables.columns import UtcDateTime, utc_now


class BlockedChat(SQLModel, table=True):
    """A person, group or room whose messages are not looked at, until a moment or for good."""

    __tablename__ = "blocked_chat"

    chat: str = Field(primary_key=True)
    """Keyed pseudonym; in a one-to-one chat the person's `Asker.id`."""
    reason: str
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
