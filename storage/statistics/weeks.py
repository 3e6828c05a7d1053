"""The weeks that pages, API and console show: small dataclasses, read from counts the job `statistics` renews."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.statistics.counts import BY_ARTICLE, COUNT_COLUMNS, Count, to_monday, withhold_few
from storage.tables import Category, DailyCount, MatchOutcome, Measure, Verdict, WaitingTime

ALL_TIME = "all"


@dataclass(frozen=True, slots=True)
class Waiting:
    """From an article's arrival to its first answer, for the articles first answered in a period."""

    answered: int
    median_s: int
    p90_s: int


@dataclass(slots=True)
class Week:
    """What happened in a week of Taiwan's; `askers` and `volunteers` are None when withheld."""

    monday: date
    outcomes: dict[MatchOutcome, int] = field(default_factory=dict)
    articles: int = 0
    requests: int = 0
    verdicts: dict[Verdict, int] = field(default_factory=dict)
    askers: int | None = 0
    volunteers: int | None = 0
    waiting: Waiting | None = None

    @property
    def messages(self) -> int:
        return sum(self.outcomes.values())

    @property
    def answers(self) -> int:
        return sum(self.verdicts.values())

    @property
    def hit_rate(self) -> float | None:
        """The share of messages that were answered at once; None without messages."""
        return self.outcomes.get(MatchOutcome.ANSWER, 0) / self.messages if self.messages else None


@dataclass(frozen=True, slots=True)
class CategoryCounts:
    """What happened in one category in a period. An article with two categories counts in both."""

    category_id: str
    title: str
    articles: int
    requests: int
    answers: int


async def load_weeks(session: AsyncSession, since: date, until: date) -> list[Week]:
    """Every week from that of `since` to that of `until`, the empty ones too, oldest first."""
    first, last = to_monday(since), to_monday(until)
    weeks = {first + timedelta(weeks=n): Week(first + timedelta(weeks=n)) for n in range((last - first).days // 7 + 1)}
    wanted = [measure for measure in Measure if measure not in BY_ARTICLE and not measure.endswith("_in")]
    for count in await _load_counts(session, wanted, first, last + timedelta(days=6)):
        _add(weeks[to_monday(count.day)], count)
    for row in await session.scalars(select(WaitingTime).where(col(WaitingTime.period) != ALL_TIME)):
        week = weeks.get(date.fromisoformat(row.period))
        if week is not None:
            week.waiting = Waiting(row.answered, row.median_s, row.p90_s)
    return list(weeks.values())


async def find_waiting(session: AsyncSession) -> Waiting | None:
    """The time to the first answer over all articles that have one; None when none has."""
    row = await session.get(WaitingTime, ALL_TIME)
    return Waiting(row.answered, row.median_s, row.p90_s) if row else None


async def load_categories(session: AsyncSession, since: date, until: date) -> list[CategoryCounts]:
    """All categories in which anything happened, the busiest first."""
    measures = (Measure.ARTICLES_IN, Measure.REQUESTS_IN, Measure.ANSWERS_IN)
    sums: dict[str, dict[Measure, int]] = {}
    rows = await session.execute(
        select(col(DailyCount.key), col(DailyCount.measure), func.sum(col(DailyCount.count)))
        .where(col(DailyCount.measure).in_(measures), col(DailyCount.day).between(since, until))
        .group_by(col(DailyCount.key), col(DailyCount.measure))
    )
    for key, measure, total in rows:
        sums.setdefault(key, {})[measure] = int(total)
    categories = await session.execute(select(col(Category.id), col(Category.title)))
    titles = {row.id: row.title for row in categories}
    found = [
        CategoryCounts(key, titles.get(key, key), *(counts.get(measure, 0) for measure in measures))
        for key, counts in sums.items()
    ]
    return sorted(found, key=lambda each: (-each.articles, -each.requests, each.title))


async def load_category_weeks(
    session: AsyncSession, measure: Measure, since: date, until: date
) -> dict[str, dict[date, int]]:
    """`ARTICLES_IN`, `REQUESTS_IN` or `ANSWERS_IN` by category's id and Monday."""
    found: dict[str, dict[date, int]] = {}
    for count in await _load_counts(session, [measure], to_monday(since), until):
        weeks = found.setdefault(count.key, {})
        weeks[to_monday(count.day)] = weeks.get(to_monday(count.day), 0) + count.number
    return found


def _add(week: Week, count: Count) -> None:
    match count.measure:
        case Measure.MESSAGES:
            outcome = MatchOutcome(count.key)
            week.outcomes[outcome] = week.outcomes.get(outcome, 0) + count.number
        case Measure.ANSWERS:
            verdict = Verdict(count.key)
            week.verdicts[verdict] = week.verdicts.get(verdict, 0) + count.number
        case Measure.ARTICLES:
            week.articles += count.number
        case Measure.REQUESTS:
            week.requests += count.number
        case Measure.ASKERS:
            week.askers = withhold_few(count.number)
        case Measure.VOLUNTEERS:
            week.volunteers = withhold_few(count.number)


async def _load_counts(session: AsyncSession, measures: Sequence[Measure], since: date, until: date) -> list[Count]:
    rows = await session.execute(
        select(*COUNT_COLUMNS).where(col(DailyCount.measure).in_(measures), col(DailyCount.day).between(since, until))
    )
    return [Count(*row) for row in rows]
