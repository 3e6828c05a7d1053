"""How volunteers are reached: browsers that take push messages, and invitations to rate."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, new_id, stored, utc_now


class PushSubscription(SQLModel, table=True):
    """A browser in which a volunteer wants to be told (Web Push, RFC 8030)."""

    __tablename__ = "push_subscription"

    id: str = Field(default_factory=new_id, primary_key=True)
    editor_id: str = Field(foreign_key="editor.id", index=True)
    session_id: str = ""
    """The session it was made in: whoever signs out there is told nothing there any more."""
    endpoint: str = Field(unique=True)
    """Where the browser's push service takes messages for it. Who knows it and our key can send there: a secret."""
    p256dh: str
    """The browser's public key, and below its secret for authentication, base64url (RFC 8291)."""
    auth: str
    device: str = ""
    """Browser and system in a few words."""
    topics: list[str] = Field(default_factory=list, sa_type=JSON)
    """What of: keys of `moderation.console.push_topics.TOPICS`."""
    told_up_to: int = Field(default=0, sa_type=BIG_ID)
    """The id of the last notice that was sent there, or given up."""
    failures: int = 0
    try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Not before, after the push service has refused or did not answer."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Rsvp(StrEnum):
    """What somebody who was drawn to rate an answer says to it."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    """Said nothing for too long, or said yes and did not rate: somebody else was drawn."""


class RatingInvitation(SQLModel, table=True):
    """One volunteer, drawn at random to rate one answer."""

    __tablename__ = "rating_invitation"

    article_id: str = Field(foreign_key="article.id", primary_key=True)
    reply_id: str = Field(foreign_key="reply.id", primary_key=True)
    editor_id: str = Field(foreign_key="editor.id", primary_key=True, index=True)
    rsvp: Rsvp = Field(default=Rsvp.WAITING, sa_type=stored(Rsvp))
    until: datetime = Field(sa_type=UtcDateTime, index=True)
    """When it lapses."""
    invited_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
