"""What matching keeps: vectors, the adopted model, the change log, decisions and drift."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, LargeBinary
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, partial_index, stored, utc_now


class ChangeKind(StrEnum):
    """Why a matching process must look at an article again."""

    ADDED = "added"
    PUBLISHED = "published"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"
    REINDEXED = "reindexed"
    """Nothing people are told changed, but which texts lead to the article did."""


class MatchOutcome(StrEnum):
    """What a person got for a message."""

    ANSWER = "answer"
    CANDIDATES = "candidates"
    WAITING = "waiting"
    NO_MATCH = "no_match"


class Choice(StrEnum):
    """What the person said about it afterwards."""

    THIS = "this"
    """`chosen_article_id` is my message."""
    NONE = "none"
    """None of what was offered is."""


class Embedding(SQLModel, table=True):
    """The vector of one index entry under one model. The index is made from these rows."""

    entry_id: str = Field(primary_key=True)
    model_id: str = Field(primary_key=True)
    article_id: str = Field(foreign_key="article.id", index=True)
    text_hash: str
    """SHA-256 of the text that was encoded: an entry whose text changed is encoded anew."""
    vector: bytes = Field(sa_type=LargeBinary)
    """Little-endian float16, unit length."""


class AdoptedModel(SQLModel, table=True):
    """Which encoder this database matches with: the newest row counts."""

    __tablename__ = "adopted_model"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    model_id: str
    adopted_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    forced: bool = False
    report: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class MatchDecision(SQLModel, table=True):
    """What a person got for a message, and what they said about it. Neither names the person to anyone outside.

    Written when the event is finished, after the answer was sent. A group's message is recorded only when the bot
    showed something for it, and without `asker_id` and `key_hash`.
    """

    __tablename__ = "match_decision"
    __table_args__ = (partial_index("match_decision_linked", "created_at", where="asker_id IS NOT NULL"),)

    id: str = Field(primary_key=True)
    """Keyed hash of the chat and LINE's message id: a message handled twice is one decision, an unsent one is found."""
    asker_id: str | None = Field(default=None, index=True)
    key_hash: str | None = None
    """Keyed hash of the message's matching key."""
    text: str | None = None
    """The message as it was published, with the asker's consent; erased with `asker_id`."""
    outcome: MatchOutcome = Field(sa_type=stored(MatchOutcome))
    model_id: str
    top_probability: float | None = None
    """The best match's, whether shown or not; None when nothing was found."""
    offered: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """What was shown, best first: `article_id`, `probability`, `band`, `signals`, `contradicted`."""
    choice: Choice | None = Field(default=None, sa_type=stored(Choice))
    chosen_article_id: str | None = None
    chosen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asked_article_id: str | None = None
    """The article about which the person then asked the volunteers."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)


class DriftReport(SQLModel, table=True):
    """How matching did in a period, against the weeks before it."""

    __tablename__ = "drift_report"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    figures: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """By measure: value, n and interval now, and value and n before."""
    flagged: list[str] = Field(default_factory=list, sa_type=JSON)
    """Measures that changed by more than chance explains."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class IndexChange(SQLModel, table=True):
    """The log every matching process follows; rows become visible in the order of `seq`."""

    __tablename__ = "index_change"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is never used twice, whatever is trimmed

    seq: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(index=True)
    kind: ChangeKind = Field(sa_type=stored(ChangeKind))
    reply_id: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
