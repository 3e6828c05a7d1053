"""The statistics that pages, API and console show: small dataclasses, read from counts the job `statistics` renews.

Aggregates over *people* below `SMALLEST_CROWD` are withheld (None): who asked or wrote in a week with three people
might be told from the outside. Counts of messages, articles and answers name nobody and are given as they are, except
for how one article spread: week by week that is a handful of people, so it is shown from `SMALLEST_CROWD` on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.tables import (
    Article,
    ArticleReply,
    Category,
    DailyCount,
    MatchOutcome,
    Measure,
    Reply,
    Status,
    Verdict,
    WaitingTime,
)

SMALLEST_CROWD = 20
ALL_TIME = "all"
BY_ARTICLE = (Measure.ARTICLE_MESSAGES, Measure.ARTICLE_REQUESTS)


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


@dataclass(frozen=True, slots=True)
class MostAsked:
    """An article with how many messages were it, and how many people asked about it, in a period."""

    article_id: str
    text: str | None
    messages: int
    requests: int
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class SpreadWeek:
    monday: date
    messages: int
    requests: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How one article went round; `weeks` is None when it is too few people's doing to be shown."""

    article_id: str
    total: int
    weeks: tuple[SpreadWeek, ...] | None


@dataclass(frozen=True, slots=True)
class Queue:
    """The articles that wait for an answer, and since when."""

    waiting: int
    oldest_at: datetime | None
    median_at: datetime | None


def withhold_few(people: int) -> int | None:
    """A number of people, or None when there are so few that one of them might be told."""
    return people if people == 0 or people >= SMALLEST_CROWD else None


async def load_weeks(session: AsyncSession, since: date, until: date) -> list[Week]:
    """Every week from that of `since` to that of `until`, the empty ones too, oldest first."""
    first, last = _monday(since), _monday(until)
    weeks = {first + timedelta(weeks=n): Week(first + timedelta(weeks=n)) for n in range((last - first).days // 7 + 1)}
    wanted = [measure for measure in Measure if measure not in BY_ARTICLE and not measure.endswith("_in")]
    for count in await _load_counts(session, wanted, first, last + timedelta(days=6)):
        _add(weeks[_monday(count.day)], count)
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
    for count in await _load_counts(session, [measure], _monday(since), until):
        weeks = found.setdefault(count.key, {})
        weeks[_monday(count.day)] = weeks.get(_monday(count.day), 0) + count.number
    return found


async def load_most_asked(session: AsyncSession, since: date, until: date, limit: int = 20) -> list[MostAsked]:
    """The articles that most messages were, or most people asked about, the answered and the open ones."""
    measure, total = col(DailyCount.measure), func.sum(col(DailyCount.count))
    busiest = (
        select(
            col(DailyCount.key),
            func.sum(col(DailyCount.count)).filter(measure == Measure.ARTICLE_MESSAGES).label("messages"),
            func.sum(col(DailyCount.count)).filter(measure == Measure.ARTICLE_REQUESTS).label("requests"),
            total.label("total"),
        )
        .where(measure.in_(BY_ARTICLE), col(DailyCount.day).between(since, until))
        .group_by(col(DailyCount.key))
        .order_by(total.desc(), col(DailyCount.key))
        .limit(2 * limit + 100)  # a few too many, as some may be public no more: looking at all would take seconds
        .subquery()
    )
    top = (
        select(busiest)
        .join(Article, col(Article.id) == busiest.c.key)
        .where(col(Article.status) == Status.NORMAL)
        .order_by(busiest.c.total.desc(), busiest.c.key)
        .limit(limit)
    )
    rows = (await session.execute(top)).all()
    ids = [row.key for row in rows]
    text_rows = await session.execute(select(col(Article.id), col(Article.text)).where(col(Article.id).in_(ids)))
    texts = {row.id: row.text for row in text_rows}
    verdicts = await _load_verdicts(session, ids)
    return [
        MostAsked(row.key, texts[row.key], int(row.messages or 0), int(row.requests or 0), verdicts.get(row.key, ()))
        for row in rows
    ]


async def load_spread(session: AsyncSession, article_id: str) -> Spread:
    """How often one article was sent in and asked about, by week from its first to its last."""
    weeks: dict[date, list[int]] = {}
    rows = await session.execute(
        select(*_COUNT_COLUMNS).where(col(DailyCount.measure).in_(BY_ARTICLE), col(DailyCount.key) == article_id)
    )
    for count in map(_Count._make, rows):
        weeks.setdefault(_monday(count.day), [0, 0])[BY_ARTICLE.index(count.measure)] += count.number
    total = sum(map(sum, weeks.values()))
    if total < SMALLEST_CROWD:
        return Spread(article_id, total, None)
    mondays = _mondays(min(weeks), max(weeks))
    return Spread(article_id, total, tuple(SpreadWeek(monday, *weeks.get(monday, (0, 0))) for monday in mondays))


async def measure_queue(session: AsyncSession) -> Queue:
    """How many articles have no published answer, and how old they are, now."""
    answered = (
        select(col(ArticleReply.article_id))
        .where(
            col(ArticleReply.article_id) == col(Article.id),
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
        )
        .exists()
    )
    waiting = (col(Article.status) == Status.NORMAL, col(Article.created_at).is_not(None), ~answered)
    count, oldest = (
        await session.execute(select(func.count(), func.min(col(Article.created_at))).where(*waiting))
    ).one()
    in_order = select(col(Article.created_at)).where(*waiting).order_by(col(Article.created_at))
    median = await session.scalar(in_order.offset((count - 1) // 2).limit(1)) if count else None
    return Queue(count, oldest, median)


class _Count(NamedTuple):
    measure: Measure
    key: str
    day: date
    number: int


def _add(week: Week, count: _Count) -> None:
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


async def _load_counts(session: AsyncSession, measures: Sequence[Measure], since: date, until: date) -> list[_Count]:
    rows = await session.execute(
        select(*_COUNT_COLUMNS).where(col(DailyCount.measure).in_(measures), col(DailyCount.day).between(since, until))
    )
    return [_Count(*row) for row in rows]


async def _load_verdicts(session: AsyncSession, article_ids: Sequence[str]) -> dict[str, tuple[Verdict, ...]]:
    rows = await session.execute(
        select(col(ArticleReply.article_id), col(Reply.verdict))
        .join(Reply, col(Reply.id) == col(ArticleReply.reply_id))
        .where(
            col(ArticleReply.article_id).in_(article_ids),
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
        )
    )
    found: dict[str, set[Verdict]] = {}
    for article_id, verdict in rows:
        found.setdefault(article_id, set()).add(verdict)
    return {article_id: tuple(sorted(verdicts)) for article_id, verdicts in found.items()}


_COUNT_COLUMNS = (col(DailyCount.measure), col(DailyCount.key), col(DailyCount.day), col(DailyCount.count))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _mondays(first: date, last: date) -> list[date]:
    return [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
