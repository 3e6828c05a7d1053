"""The volunteers' work: review tasks, ratings, and what the verification rule made of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, new_id, stored, utc_now


class TaskState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    SUBMITTED = "submitted"
    PROVISIONAL = "provisional"
    VERIFIED = "verified"
    REJECTED = "rejected"


class Role(StrEnum):
    """What a volunteer may do. The first three are earned by record; the others are given by an administrator."""

    NEWCOMER = "newcomer"
    REVIEWER = "reviewer"
    TRUSTED = "trusted"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class VerificationRule(StrEnum):
    """By which rule a proposed answer was decided on."""

    YOUNG = "young"
    TWO_SIDED = "two_sided"
    APPEAL = "appeal"


class VerificationOutcome(StrEnum):
    HELD = "held"
    PROVISIONAL = "provisional"
    VERIFIED = "verified"
    REJECTED = "rejected"
    REOPENED = "reopened"


class ReviewTask(SQLModel, table=True):
    """A unit of volunteer work on one article."""

    __tablename__ = "review_task"

    id: str = Field(default_factory=new_id, primary_key=True)
    article_id: str = Field(foreign_key="article.id", unique=True)
    state: TaskState = Field(default=TaskState.OPEN, sa_type=stored(TaskState), index=True)
    claimed_by: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    appeal_of: str | None = None
    """The answer whose granted appeal opened it again: the rule closes it when it has decided on that answer anew."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Rating(SQLModel, table=True):
    """A volunteer's judgement of a proposed reply: 1 helpful, 0.5 somewhat, 0 not."""

    __table_args__ = (UniqueConstraint("article_id", "reply_id", "rater"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(foreign_key="article.id", index=True)
    reply_id: str = Field(foreign_key="reply.id", index=True)
    rater: str
    score: float
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class VerificationDecision(SQLModel, table=True):
    """What the rule said about an answer, by which figures, and since when. Rows are only ever added.

    A row is written when rule or outcome differ from the newest row of the same answer.
    """

    __tablename__ = "verification_decision"
    __table_args__ = (Index("verification_decision_link", "article_id", "reply_id", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(foreign_key="article.id")
    reply_id: str = Field(foreign_key="reply.id")
    rule: VerificationRule = Field(sa_type=stored(VerificationRule))
    inputs: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """`reason` and `figures`: counts and shares, nobody's name."""
    outcome: VerificationOutcome = Field(sa_type=stored(VerificationOutcome))
    public_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """When a contested answer goes public, unless the rule says otherwise by then; None: at once, or never."""
    actor: str | None = None
    """Who granted the appeal; None: the rule decided."""
    decided_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class RaterStanding(SQLModel, table=True):
    """How far a volunteer's judgement is trusted, and where the model puts them. Renewed at each refit."""

    __tablename__ = "rater_standing"

    rater: str = Field(primary_key=True)
    level: Role = Field(default=Role.NEWCOMER, sa_type=stored(Role))
    """NEWCOMER, REVIEWER or TRUSTED."""
    granted: Role | None = Field(default=None, sa_type=stored(Role))
    """A level given by hand: it holds until the record is long enough to speak for itself."""
    blocked: bool = False
    """A blocked account's ratings count nowhere."""
    record: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """`moderation.trust.Record`: what this person judged and wrote, against what came of it."""
    ratings: int = 0
    intercept: float | None = None
    factor: float | None = None
    """The sign is the side this person is on; None: too few ratings to tell."""
    counted_as: str | None = None
    """The account this one is counted together with, since the two rate too alike; None: counts for itself."""
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ReplyStanding(SQLModel, table=True):
    """Where the model puts an answer: liked on all sides (intercept), or on one (factor). Renewed at each refit."""

    __tablename__ = "reply_standing"

    article_id: str = Field(foreign_key="article.id", primary_key=True)
    reply_id: str = Field(foreign_key="reply.id", primary_key=True)
    intercept: float
    factor: float
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class RaterFit(SQLModel, table=True):
    """One fit of the raters' model. The first row's ratings per reply scale the reply terms of all later fits."""

    __tablename__ = "rater_fit"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    ratings: int
    raters: int
    replies: int
    ratings_per_reply: float
    """The ratio the fit was made with."""
    mean: float
    loss: float
    sweeps: int
    fitted_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
