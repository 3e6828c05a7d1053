"""What releases leave behind: what was taken back since, whose rows were taken in, and counts too small to publish."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from storage.tables.columns import UtcDateTime, utc_now


class Tombstone(SQLModel, table=True):
    """A row that a release held and that is public no longer; every later release repeats it."""

    kind: str = Field(primary_key=True)
    """The exported table."""
    id: str = Field(primary_key=True)
    """What names the row (`storage.exports.naming`)."""
    merged_into: str | None = None
    """The article that this one turned out to be."""
    source: str = "chaming"
    """The instance that took it back."""
    removed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ArticleDay(SQLModel, table=True):
    """How many people were shown an article on a day (UTC); kept only where they were twenty or more."""

    __tablename__ = "article_day"

    article_id: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    source: str = Field(default="chaming", primary_key=True)
    people: int
    messages: int


class ImportedRelease(SQLModel, table=True):
    """A release of another instance that was taken in: its licence goes with its rows."""

    __tablename__ = "imported_release"

    instance: str = Field(primary_key=True)
    release: str = Field(primary_key=True)
    licence: str
    attribution: str
    as_of: datetime = Field(sa_type=UtcDateTime)
    imported_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
