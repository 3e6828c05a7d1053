"""Pictures, videos and recordings: what they are known again by, and what of them is shown."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, partial_index, stored, utc_now


class HashKind(StrEnum):
    """What a hash is of, which says how two are compared."""

    BYTES = "sha256"
    """SHA-256 of the file as LINE gave it: equal or not."""
    PICTURE = "pdq"
    """PDQ of a picture or of a part of it, 32 bytes: compared by the number of bits that differ."""
    FRAME = "pdq-frame"
    """PDQ of one of a video's pictures."""
    SOUND = "chromaprint"
    """Chromaprint of a recording or of a video's sound: little-endian 32-bit numbers, about eight a second."""


class MediaHash(SQLModel, table=True):
    """One thing by which an article's picture, video or recording is known again."""

    __tablename__ = "media_hash"
    __table_args__ = (partial_index("media_hash_of_bytes", "value", where="kind = 'sha256'"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(foreign_key="article.id", index=True)
    kind: HashKind = Field(sa_type=stored(HashKind))
    value: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ArticleMedia(SQLModel, table=True):
    """The bytes that an article's page shows. They are public: the person who sent them agreed."""

    __tablename__ = "article_media"
    __table_args__ = (Index("article_media_by_hashing", "hashed_with", "article_id"),)

    article_id: str = Field(foreign_key="article.id", primary_key=True)
    content_type: str
    data: bytes = Field(sa_type=LargeBinary)
    """Encoded anew from what LINE gave, without what a camera or a phone had written into it."""
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    read_with: str | None = None
    """What read the article's text out of it, e.g. `tesseract chi_tra`; None: there was none to read, or nobody did."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    hashed_with: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Which version of hashing pictures (`retrieval.pictures.hashing.VERSION`) its hashes were made by, at least."""
