"""The theme map: which article belongs to which theme, and where it stands. Made anew by the job `themes`."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, utc_now


class ThemeMap(SQLModel, table=True):
    """One map. The newest complete one is shown; the one before it is deleted."""

    __tablename__ = "theme_map"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_ID)
    model_id: str
    """The encoder whose vectors it was made from."""
    articles: int
    is_complete: bool = False
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Theme(SQLModel, table=True):
    """Articles about the same thing."""

    map_id: int = Field(foreign_key="theme_map.id", primary_key=True, sa_type=BIG_ID)
    number: int = Field(primary_key=True)
    """0 is the largest."""
    words: list[str] = Field(default_factory=list, sa_type=JSON)
    """What sets it apart, most telling first."""


class ArticleTheme(SQLModel, table=True):
    """An article's place on a map."""

    __tablename__ = "article_theme"

    map_id: int = Field(foreign_key="theme_map.id", primary_key=True, sa_type=BIG_ID)
    article_id: str = Field(primary_key=True)
    """No foreign key: an article that is erased waits for no map."""
    number: int | None = None
    """Its theme; None: it is about something of its own."""
    x: float
    y: float
