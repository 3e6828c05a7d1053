"""What working on a task is expected to be good for. Pure: facts in, a number and its reasons out.

The number is a product, so that each factor can be explained by itself: how many people an answer would help now, how
fast they become more, how much harm the message does, how old it is, how little attention it got, and whether it is
something this volunteer likes to work on.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from math import exp2, log2

HALF_LIFE_DAYS = 3.0
"""How fast an ask loses its weight: rumours come in waves of days."""
AGE_HALF_LIFE_DAYS = 21.0
"""An old message still waiting is worth less: whoever wanted to know has moved on. Never less than a quarter."""
OLDEST_SHARE = 0.25
FIT = 1.5
MAX_GROWTH = 3.0
SPREADING_ASKS, SPREADING_GROWTH = 3, 1.5
"""In the last day, and against a usual one: from then on a message counts as an outbreak."""

BUCKETS = ((0.25, 0.125), (1.0, 0.6), (3.0, 2.0), (7.0, 5.0), (30.0, 18.0))
"""Asks are counted by age: up to so many days old, and how old they are taken to be."""

HARM = {
    "疾病、醫藥": 2.0,
    "保健秘訣、食品安全": 1.8,
    "免費訊息詐騙": 2.0,
    "個資安全": 1.8,
    "政治、政黨": 1.3,
    "中國影響力": 1.4,
    "轉發協尋、捐款捐贈": 1.3,
    "廣告": 0.5,
    "無意義": 0.3,
    "只有網址其他資訊不足": 0.4,
}
"""How much more harm than usual a message of this category does, by its title; others count 1."""


class Factor(StrEnum):
    """One part of the product; what people read for it is in the console."""

    ASKS = "asks"
    GROWTH = "growth"
    HARM = "harm"
    AGE = "age"
    ATTENTION = "attention"
    FIT = "fit"


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What is known of a task and its message."""

    asks_by_age: tuple[int, ...]
    """How many asked, by `BUCKETS`; older asks are not counted."""
    asks_before: int
    """In the seven days before the last one."""
    age_days: float
    answers: int
    """How many answers have been proposed for it."""
    ratings: int
    categories: tuple[str, ...] = ()
    """Titles."""
    category_ids: tuple[str, ...] = ()

    @property
    def asks_today(self) -> int:
        return self.asks_by_age[0] + self.asks_by_age[1]


@dataclass(frozen=True, slots=True)
class Benefit:
    """The product, and each factor."""

    value: float
    factors: dict[Factor, float]


def measure_benefit(facts: TaskFacts, topics: Collection[str] = ()) -> Benefit:
    """How much good an hour on this task does, against other tasks."""
    factors = {
        Factor.ASKS: 1.0 + decay(facts.asks_by_age),
        Factor.GROWTH: measure_growth(facts),
        Factor.HARM: max((HARM.get(title, 1.0) for title in facts.categories), default=1.0),
        Factor.AGE: max(OLDEST_SHARE, exp2(-facts.age_days / AGE_HALF_LIFE_DAYS)),
        Factor.ATTENTION: 1.0 / (1.0 + facts.answers + facts.ratings / 3.0),
        Factor.FIT: FIT if set(topics) & set(facts.category_ids) else 1.0,
    }
    value = 1.0
    for factor in factors.values():
        value *= factor
    return Benefit(value, factors)


def decay(asks_by_age: Collection[int]) -> float:
    """Asks, each weighed by its age."""
    return sum(asks * exp2(-age / HALF_LIFE_DAYS) for asks, (_, age) in zip(asks_by_age, BUCKETS, strict=True))


def measure_growth(facts: TaskFacts) -> float:
    """How the last day compares with a usual one of the week before: 1 when it is no more, at most `MAX_GROWTH`."""
    usual = facts.asks_before / 7.0
    ratio = (facts.asks_today + 1.0) / (usual + 1.0)
    return min(MAX_GROWTH, 1.0 + max(0.0, log2(ratio)) / 2.0)


def is_spreading(facts: TaskFacts) -> bool:
    """Many more people ask than usual."""
    return facts.asks_today >= SPREADING_ASKS and measure_growth(facts) >= SPREADING_GROWTH
