"""Statistics: counts by day, kept when what was counted is erased."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from storage.tables.columns import BIG_ID, UtcDateTime, stored


class Measure(StrEnum):
    """What is counted; the comment says what `DailyCount.key` then is."""

    MESSAGES = "messages"  # the outcome
    ARTICLES = "articles"  # empty
    ARTICLES_IN = "articles_in"  # a category's id
    REQUESTS = "requests"  # empty
    REQUESTS_IN = "requests_in"  # a category's id
    ANSWERS = "answers"  # the verdict
    ANSWERS_IN = "answers_in"  # a category's id
    ASKERS = "askers"  # empty; the day is a Monday, the count that of its week
    VOLUNTEERS = "volunteers"  # the same
    ARTICLE_MESSAGES = "article_messages"  # an article's id
    ARTICLE_REQUESTS = "article_requests"  # an article's id


class DailyCount(SQLModel, table=True):
    """How many of something there were on a day in Taiwan. Renewed by the job `statistics`."""

    __tablename__ = "daily_count"
    __table_args__ = (Index("daily_count_by_day", "measure", "day"),)

    measure: Measure = Field(primary_key=True, sa_type=stored(Measure))
    key: str = Field(default="", primary_key=True)
    day: date = Field(primary_key=True)
    count: int


class WaitingTime(SQLModel, table=True):
    """How long articles waited for their first answer. Renewed by the job `statistics`."""

    __tablename__ = "waiting_time"

    period: str = Field(primary_key=True)
    """`all`, or the Monday (ISO) of the week in which the first answer came."""
    answered: int
    median_s: int = Field(sa_type=BIG_ID)
    p90_s: int = Field(sa_type=BIG_ID)


class PreparedFigure(SQLModel, table=True):
    """A figure that takes long to work out, as numbers. Renewed by the job `statistics`."""

    __tablename__ = "prepared_figure"

    name: str = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSON)
    made_at: datetime = Field(sa_type=UtcDateTime)
