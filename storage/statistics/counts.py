"""A stored count as it is read, and what all statistics agree on: weeks, and how few people may be told of."""

from datetime import date, timedelta
from typing import NamedTuple

from sqlmodel import col

from storage.tables import DailyCount, Measure

SMALLEST_CROWD = 20
BY_ARTICLE = (Measure.ARTICLE_MESSAGES, Measure.ARTICLE_REQUESTS)


class Count(NamedTuple):
    """One row of `DailyCount`."""

    measure: Measure
    key: str
    day: date
    number: int


COUNT_COLUMNS = (col(DailyCount.measure), col(DailyCount.key), col(DailyCount.day), col(DailyCount.count))


def to_monday(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def withhold_few(people: int) -> int | None:
    """A number of people, or None when there are so few that one of them might be told."""
    return people if people == 0 or people >= SMALLEST_CROWD else None
