"""The console: who works in it, how they signed in, what they did, and what they are told."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, new_id, partial_index, stored, utc_now
from storage.tables.review import Role


class Editor(SQLModel, table=True):
    """A volunteer with an account. `id` is the pseudonym under which they write and rate."""

    id: str = Field(default_factory=new_id, primary_key=True)
    email: str | None = Field(default=None, unique=True)
    """In lower case; None: signs in by LINE."""
    line_subject: str | None = Field(default=None, unique=True)
    """Keyed hash of LINE Login's user id."""
    name: str = ""
    """What other volunteers see; empty: a short form of the id."""
    role: Role = Field(default=Role.NEWCOMER, sa_type=stored(Role))
    language: str | None = None
    topics: list[str] = Field(default_factory=list, sa_type=JSON)
    """Ids of the categories this person likes to work on."""
    wants_digest: bool = False
    blocked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    digest_sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EditorSession(SQLModel, table=True):
    """One signed-in browser. The cookie holds the token, the database only its hash."""

    __tablename__ = "editor_session"

    id: str = Field(default_factory=new_id, primary_key=True)
    editor_id: str = Field(foreign_key="editor.id", index=True)
    token_hash: str = Field(unique=True)
    device: str = ""
    """Browser and system in a few words, for the list of sessions."""
    network: str = ""
    """Keyed hash of the address' network prefix (IPv4 /24, IPv6 /48)."""
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When a passkey was last asked for and shown in this session."""
    must_confirm: bool = False
    """Something about it is unusual: nothing is done before a passkey is shown."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class SignInLink(SQLModel, table=True):
    """A link that signs somebody in once; only its hash is kept."""

    __tablename__ = "sign_in_link"

    token_hash: str = Field(primary_key=True)
    editor_id: str = Field(foreign_key="editor.id", index=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Passkey(SQLModel, table=True):
    """A WebAuthn credential, the second step of signing in."""

    id: str = Field(primary_key=True)
    """The credential's id, base64url."""
    editor_id: str = Field(foreign_key="editor.id", index=True)
    public_key: bytes = Field(sa_type=LargeBinary)
    sign_count: int = Field(default=0, sa_type=BIG_ID)
    name: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AuditEntry(SQLModel, table=True):
    """One act in the console. Rows are only ever added; each carries the hash of the one before."""

    __tablename__ = "audit_entry"

    seq: int = Field(primary_key=True, sa_type=BIG_ID)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str | None = Field(default=None, index=True)
    """An editor's id; None: the command line or a job."""
    act: str
    subject: str
    """What it was done to: a kind and ids, e.g. `task:ID`, `answer:ARTICLE_ID:REPLY_ID`, `editor:ID`."""
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    previous_hash: str
    hash: str


class Presence(SQLModel, table=True):
    """Who has a task open on their screen."""

    task_id: str = Field(foreign_key="review_task.id", primary_key=True, ondelete="CASCADE")
    editor_id: str = Field(foreign_key="editor.id", primary_key=True)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class SetAside(SQLModel, table=True):
    """A task somebody does not want to see in their queue, for a while or at all."""

    __tablename__ = "set_aside"

    task_id: str = Field(foreign_key="review_task.id", primary_key=True, ondelete="CASCADE")
    editor_id: str = Field(foreign_key="editor.id", primary_key=True, index=True)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it comes back; None: it was skipped."""
    reason: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SavedView(SQLModel, table=True):
    """A set of filters with a name, and a key that opens its feeds without signing in."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("editor_id", "name"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    editor_id: str = Field(foreign_key="editor.id")
    name: str
    query: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class CaseKind(StrEnum):
    """Why moderators should look."""

    ABUSE = "abuse"
    APPEAL = "appeal"
    SOURCE = "source"
    """Somebody has a source: volunteers are shown it as well, at the task of the message that it is about."""


class SubjectKind(StrEnum):
    """What a report, an appeal or a measure is about."""

    ARTICLE = "article"
    ANSWER = "answer"
    WORDING = "wording"
    COMMENT = "comment"
    """What a reader wrote about an answer, with their vote."""
    RATING = "rating"
    EDITOR = "editor"
    ASKER = "asker"
    OTHER = "other"
    """In the words of whoever writes."""


class Rule(StrEnum):
    """What was broken: the only reason that becomes public. Labels live with whoever shows them."""

    PERSONAL_DATA = "personal_data"
    HATE = "hate"
    HARASSMENT = "harassment"
    DANGEROUS = "dangerous"
    ADVERTISING = "advertising"
    COPYRIGHT = "copyright"
    MANIPULATION = "manipulation"
    """Several accounts of one person, ratings agreed upon, answers known to be false."""
    FLOODING = "flooding"
    OFF_TOPIC = "off_topic"
    LAW = "law"
    """A court or an authority has ordered it."""
    OTHER = "other"


class CaseState(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


class ModerationCase(SQLModel, table=True):
    """A report of abuse, an appeal or a source, until a moderator has decided on it; a source of use stays."""

    __tablename__ = "moderation_case"
    __table_args__ = (partial_index("moderation_case_sources", "article_id", where="kind = 'source'"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: CaseKind = Field(sa_type=stored(CaseKind))
    state: CaseState = Field(default=CaseState.OPEN, sa_type=stored(CaseState), index=True)
    article_id: str | None = Field(default=None, foreign_key="article.id")
    reply_id: str | None = Field(default=None, foreign_key="reply.id")
    editor_id: str | None = Field(default=None, foreign_key="editor.id")
    """The account that is reported."""
    about: SubjectKind = Field(
        default=SubjectKind.ARTICLE, sa_type=stored(SubjectKind), sa_column_kwargs={"server_default": "article"}
    )
    subject_id: str | None = None
    """The wording, comment or rating, where it is about one."""
    rule: Rule | None = Field(default=None, sa_type=stored(Rule))
    raised_by: str | None = Field(default=None, index=True)
    """An editor's id; None: somebody from outside, say a person named in an answer."""
    grounds: str
    """In the words of whoever raised it; never public. From outside: erased when it is decided, like the contact."""
    contact: str | None = None
    language: str | None = None
    """In which to write to the contact."""
    decided_by: str | None = None
    answer: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MeasureKind(StrEnum):
    """What moderators do."""

    HIDE_ARTICLE = "hide_article"
    HIDE_ANSWER = "hide_answer"
    HIDE_WORDING = "hide_wording"
    HIDE_COMMENT = "hide_comment"
    BLOCK_EDITOR = "block_editor"
    BLOCK_ASKER = "block_asker"
    GRANT_APPEAL = "grant_appeal"


class ModerationMeasure(SQLModel, table=True):
    """One row of the public moderation log: what was done and why, by nobody in particular."""

    __tablename__ = "moderation_measure"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    kind: MeasureKind = Field(sa_type=stored(MeasureKind))
    article_id: str | None = Field(default=None, foreign_key="article.id")
    reply_id: str | None = Field(default=None, foreign_key="reply.id")
    editor_id: str | None = Field(default=None, foreign_key="editor.id")
    """Never shown in public."""
    subject_id: str | None = Field(default=None, index=True)
    """The wording, the comment or the asker; never shown in public."""
    rule: Rule = Field(default=Rule.OTHER, sa_type=stored(Rule), sa_column_kwargs={"server_default": "other"})
    reason: str
    """What moderators note for each other; never public."""
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What undoing it needs to know."""
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EditorNotice(SQLModel, table=True):
    """Something a volunteer is told in the console's inbox."""

    __tablename__ = "editor_notice"
    __table_args__ = (Index("editor_notice_of", "editor_id", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    editor_id: str = Field(foreign_key="editor.id")
    kind: str
    """A key of `moderation.console.notices.KINDS`, which puts it into words; after "replaced" stand both verdicts."""
    article_id: str | None = None
    reply_id: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
