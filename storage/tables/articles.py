"""Articles: the forwarded messages, their variants, links and categories."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, new_id, stored, utc_now


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


class VariantAction(StrEnum):
    ATTACHED = "attached"
    DETACHED = "detached"
    MERGED = "merged"
    UNMERGED = "unmerged"


class Article(SQLModel, table=True):
    """One distinct forwarded message."""

    __table_args__ = (Index("article_by_age", "created_at", "id"),)

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
