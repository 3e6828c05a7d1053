"""The tables, which are the glossary: every noun of the project is a class here, under the field's own name.

Times are UTC and timezone-aware in Python. Ids are opaque strings: Cofacts' ids are kept on import, ours come
from `new_id()`. Stored enum values are stable; what a person reads for them lives in the bot's catalogues.
"""

import hashlib
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    event,
    text,
    true,
)
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy import types as sqltypes
from sqlalchemy.orm import Mapper
from sqlmodel import Field, SQLModel


class UtcDateTime(sqltypes.TypeDecorator[datetime]):
    """A timezone-aware UTC datetime: `timestamptz` on PostgreSQL, naive UTC text on SQLite."""

    impl = SqlDateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored: times are timezone-aware UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


BIG_ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column declared exactly INTEGER."""


def stored(kind: type[StrEnum]) -> sqltypes.Enum:
    """The column type of an enum: its *value* as text, checked on the way in and out, no database type."""
    return sqltypes.Enum(kind, native_enum=False, length=32, values_callable=lambda k: [m.value for m in k])


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index over the rows that `where` holds for; a query uses it when it repeats the condition word for word."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """A fresh opaque id: 120 random bits, URL-safe, 20 characters."""
    return secrets.token_urlsafe(15)


def hash_text(value: str) -> str:
    """SHA-256 of the text, in hex."""
    return hashlib.sha256(value.encode()).hexdigest()


class ArticleType(StrEnum):
    TEXT = "TEXT"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"


class Status(StrEnum):
    """Whether a row counts. Anything but NORMAL is kept, and never matched or shown."""

    NORMAL = "NORMAL"
    DELETED = "DELETED"
    BLOCKED = "BLOCKED"
    MERGED = "MERGED"
    """An article that turned out to be another one: `Article.merged_into` says which."""


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


class VariantAction(StrEnum):
    ATTACHED = "attached"
    DETACHED = "detached"
    MERGED = "merged"
    UNMERGED = "unmerged"


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


class FeedbackReason(StrEnum):
    """Why a reply did not help."""

    UNCLEAR = "unclear"
    NO_SOURCE = "no_source"
    WRONG = "wrong"
    OUTDATED = "outdated"
    OTHER_MESSAGE = "other_message"


class InboxState(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"


class Article(SQLModel, table=True):
    """One distinct forwarded message."""

    id: str = Field(default_factory=new_id, primary_key=True)
    type: ArticleType = Field(default=ArticleType.TEXT, sa_type=stored(ArticleType))
    status: Status = Field(default=Status.NORMAL, sa_type=stored(Status))
    text: str | None = None
    matching_key_hash: str | None = Field(default=None, index=True)
    """Hash of the matching key (retrieval's normalised text), set by whoever adds the article; None: no key."""
    source: str = "chaming"
    """Where it was first collected: `chaming`, `cofacts`, or another instance's name."""
    contributor: str | None = None
    """Keyed pseudonym of who sent it in, or the pseudonym an import carried."""
    app_id: str | None = None
    references: str | None = None
    created_at: datetime | None = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_requested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    merged_into: str | None = Field(default=None, index=True)
    """The article this one turned out to be; its status is then MERGED, and nothing else leads to it."""


class ArticleVariant(SQLModel, table=True):
    """Another wording of an article, close enough to be the same message. Its text is public."""

    __tablename__ = "article_variant"

    id: str = Field(default_factory=new_id, primary_key=True)
    article_id: str = Field(foreign_key="article.id", index=True)
    text: str
    matching_key_hash: str | None = Field(default=None, index=True)
    source: str = "chaming"
    contributor: str | None = None
    """Keyed pseudonym of who sent this wording in and agreed to its publication."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    detached_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when it is no variant any more, and leads nowhere; None: it is one."""


class VariantSighting(SQLModel, table=True):
    """A wording that was surely an article's, and that nobody agreed to publish: only that it was seen, how often."""

    __tablename__ = "variant_sighting"

    article_id: str = Field(foreign_key="article.id", primary_key=True)
    key_hash: str = Field(primary_key=True)
    """Keyed hash of the wording's matching key: without SECRET_KEY nobody can test a guess."""
    seen: int = 1
    first_seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    detached_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class VariantLog(SQLModel, table=True):
    """Who made what a variant of what, when and why. Rows are only ever added, and hold no text."""

    __tablename__ = "variant_log"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(foreign_key="article.id", index=True)
    action: VariantAction = Field(sa_type=stored(VariantAction))
    variant_id: str | None = None
    key_hash: str | None = None
    """The `VariantSighting` concerned."""
    other_article_id: str | None = Field(default=None, index=True)
    """The article merged into this one, or parted from it again."""
    actor: str
    """A model's id with the prefix `matcher:`, or a person's pseudonym."""
    reason: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What was moved, by id, so that it can be moved back; the match's probability."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Hyperlink(SQLModel, table=True):
    """A URL inside an article, with the title its page had."""

    __table_args__ = (UniqueConstraint("article_id", "url"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(foreign_key="article.id", index=True)
    url: str
    normalized_url: str | None = None
    title: str | None = None


class Category(SQLModel, table=True):
    id: str = Field(default_factory=new_id, primary_key=True)
    title: str
    description: str | None = None
    created_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ArticleCategory(SQLModel, table=True):
    __tablename__ = "article_category"

    article_id: str = Field(foreign_key="article.id", primary_key=True)
    category_id: str = Field(foreign_key="category.id", primary_key=True)
    ai_confidence: float | None = None
    ai_model: str | None = None
    contributor: str | None = None
    app_id: str | None = None
    negative_feedback_count: int = 0
    positive_feedback_count: int = 0
    status: Status = Field(default=Status.NORMAL, sa_type=stored(Status))
    created_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Reply(SQLModel, table=True):
    """A volunteer's answer, as it reads now; `ReplyVersion` keeps how it read before."""

    id: str = Field(default_factory=new_id, primary_key=True)
    verdict: Verdict = Field(sa_type=stored(Verdict))
    text: str
    text_hash: str | None = Field(default=None, index=True)
    """`hash_text(text)`, filled in whenever the row is written: stock answers are found by it."""
    reference: str | None = None
    source: str = "chaming"
    contributor: str | None = None
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

    article_id: str = Field(foreign_key="article.id", primary_key=True)
    reply_id: str = Field(foreign_key="reply.id", primary_key=True, index=True)
    state: ReplyState = Field(default=ReplyState.PROPOSED, sa_type=stored(ReplyState))
    status: Status = Field(default=Status.NORMAL, sa_type=stored(Status))
    contributor: str | None = None
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


class Asker(SQLModel, table=True):
    """A person in a LINE chat; everything else names them by `id`, a keyed pseudonym."""

    id: str = Field(primary_key=True)
    line_user_id: str | None = Field(default=None, unique=True)
    """Where a push goes; None once the person has asked to be forgotten."""
    language: str | None = None
    follows: bool = True
    wants_notices: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    """Whether they want to be told when a message they asked about is answered."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReplyRequest(SQLModel, table=True):
    """One person asking about one article."""

    __tablename__ = "reply_request"
    __table_args__ = (UniqueConstraint("article_id", "contributor", "app_id", "source"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(foreign_key="article.id", index=True)
    contributor: str | None = None
    """Pseudonym of the person asking: an `Asker.id`, or what an import carried."""
    variant_id: str | None = None
    """The wording this person sent and agreed to publish, where it is not the article's own."""
    reason: str | None = None
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


class ReviewTask(SQLModel, table=True):
    """A unit of volunteer work on one article."""

    __tablename__ = "review_task"

    id: str = Field(default_factory=new_id, primary_key=True)
    article_id: str = Field(foreign_key="article.id", unique=True)
    state: TaskState = Field(default=TaskState.OPEN, sa_type=stored(TaskState), index=True)
    claimed_by: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
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
    """How far a reader of the change log has come, and the lock that makes one process at a time read on."""

    __tablename__ = "log_position"

    reader: str = Field(primary_key=True)
    seq: int = Field(default=0, sa_type=BIG_ID)
    after_request: int = Field(default=0, sa_type=BIG_ID)
    """Of the change after `seq`, up to which `ReplyRequest` it is done: one may concern thousands."""


class InboxEvent(SQLModel, table=True):
    """A webhook event that was answered 200, until it is done and a while after.

    The payload (encrypted) and the chat are erased when the event is done; id and outcome stay 30 days, so
    that a redelivered event is known.
    """

    __tablename__ = "inbox_event"
    __table_args__ = (
        partial_index("inbox_unfinished", "chat", "timestamp", "id", where="state IN ('pending', 'claimed')"),
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


class JobRun(SQLModel, table=True):
    """The last run of one scheduled job; the row is also its lock between processes."""

    __tablename__ = "job_run"

    name: str = Field(primary_key=True)
    owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None


@event.listens_for(Reply, "before_insert")
@event.listens_for(Reply, "before_update")
def _hash_reply_text(mapper: Mapper[Reply], connection: Connection, reply: Reply) -> None:
    reply.text_hash = hash_text(reply.text)
