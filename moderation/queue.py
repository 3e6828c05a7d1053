"""The queue: all tasks with what is known of them, filtered and put in order for one person."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.benefit import BUCKETS, Benefit, TaskFacts, measure_benefit
from storage.articles import PUBLISHED
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleType,
    Category,
    Editor,
    Rating,
    ReplyRequest,
    ReplyState,
    ReviewTask,
    SetAside,
    Status,
    TaskState,
)

MAX_TASKS = 2_000
"""So many tasks with something to do are looked at, those asked about last."""
MAX_DONE = 500
"""And so many that are done, so that neither pushes the other out: what spreads may have been answered long ago."""
DONE = frozenset({TaskState.VERIFIED, TaskState.REJECTED})


@dataclass(frozen=True, slots=True)
class QueuedTask:
    """A task, its message, and what is known of both."""

    task_id: str
    article_id: str
    text: str
    type: ArticleType
    state: TaskState
    claimed_by: str | None
    """Whose it is, while their lease lasts."""
    created_at: datetime
    asked_at: datetime
    asks: int
    """People who have asked, ever."""
    facts: TaskFacts
    answered: bool
    """An answer to it is shown."""
    unhelpful: bool
    """It has answers, and readers found each of them more often unhelpful than helpful."""
    authors: frozenset[str]
    raters: frozenset[str]


@dataclass(frozen=True, slots=True)
class RankedTask:
    task: QueuedTask
    benefit: Benefit


async def load_tasks(session: AsyncSession, now: datetime) -> list[QueuedTask]:
    """Every task of a message that counts."""
    return make_tasks(await load_known(session, now), now)


async def load_tasks_of(session: AsyncSession, editor_id: str, now: datetime) -> list[QueuedTask]:
    """What somebody works on or has answered, however long ago."""
    answered = select(col(ArticleReply.article_id)).where(col(ArticleReply.contributor) == editor_id)
    is_theirs = (col(ReviewTask.claimed_by) == editor_id) | col(ReviewTask.article_id).in_(answered)
    return make_tasks(await _load_about(session, await _load_rows(session, is_theirs, MAX_TASKS), now), now)


async def load_known(session: AsyncSession, now: datetime) -> "Known":
    """What the tasks are made from. Six statements, whatever their number; the last four look at those tasks only."""
    is_done = col(ReviewTask.state).in_(DONE)
    to_do, done = await _load_rows(session, ~is_done, MAX_TASKS), await _load_rows(session, is_done, MAX_DONE)
    return await _load_about(session, [*to_do, *done], now)


async def _load_rows(session: AsyncSession, which: ColumnElement[bool], at_most: int) -> "Sequence[_Row]":
    found = await session.execute(
        select(  # columns, not objects: making two thousand of those is most of the reading
            col(ReviewTask.id),
            col(ReviewTask.article_id),
            col(ReviewTask.state),
            col(ReviewTask.claimed_by),
            col(ReviewTask.lease_until),
            col(ReviewTask.created_at),
            col(Article.text),
            col(Article.type),
            col(Article.created_at),
            col(Article.last_requested_at),
        )
        .join(Article, col(Article.id) == col(ReviewTask.article_id))
        .where(col(Article.status) == Status.NORMAL, which)
        .order_by(func.coalesce(col(Article.last_requested_at), col(ReviewTask.created_at)).desc())
        .limit(at_most)
    )
    return found.tuples().all()


async def _load_about(session: AsyncSession, rows: "Sequence[_Row]", now: datetime) -> "Known":
    articles = [row[1] for row in rows]
    return Known(
        rows,
        await _load_asks(session, articles, now),
        await _load_answers(session, articles),
        await _load_raters(session, articles),
        await _load_categories(session, articles),
    )


def make_tasks(known: "Known", now: datetime) -> list[QueuedTask]:
    """Pure, since two thousand tasks take so long that others should not wait for it."""
    return [
        _to_task(
            row,
            now,
            known.asks.get(row[1], _NO_ASKS),
            known.answers.get(row[1], []),
            known.raters.get(row[1], []),
            known.categories.get(row[1], []),
        )
        for row in known.rows
    ]


def _to_task(
    row: "_Row",
    now: datetime,
    asks: "_Asks",
    links: "Sequence[_Link]",
    rated: Sequence[str],
    named: Sequence[tuple[str, str]],
) -> QueuedTask:
    task_id, article_id, state, claimed_by, lease_until, made_at, text, kind, created_at, asked_at = row
    began = created_at or made_at
    lapsed = state == TaskState.CLAIMED and lease_until is not None and lease_until <= now
    return QueuedTask(
        task_id=task_id,
        article_id=article_id,
        text=text or "",
        type=kind,
        state=TaskState.OPEN if lapsed else state,
        claimed_by=None if lapsed else claimed_by,
        created_at=began,
        asked_at=asked_at or began,
        asks=asks.total,
        facts=TaskFacts(
            asks_by_age=asks.by_age,
            asks_before=asks.before,
            age_days=max(0.0, (now - began) / timedelta(days=1)),
            answers=len(links),
            ratings=len(rated),
            categories=tuple(title for _, title in named),
            category_ids=tuple(id_ for id_, _ in named),
        ),
        answered=any(link.state in PUBLISHED for link in links),
        unhelpful=bool(links) and all(link.disliked > link.liked for link in links),
        authors=frozenset(link.contributor for link in links if link.contributor),
        raters=frozenset(rated),
    )


def rank(tasks: Sequence[QueuedTask]) -> list[RankedTask]:
    """In the order in which they do most good, whoever works on them."""
    return _in_order([RankedTask(task, measure_benefit(task.facts)) for task in tasks])


def rank_for(ranked: Sequence[RankedTask], editor: Editor) -> list[RankedTask]:
    """The same for one person: only what fits their topics is measured anew."""
    topics = set(editor.topics)
    if not topics:
        return list(ranked)
    return _in_order(
        [
            RankedTask(each.task, measure_benefit(each.task.facts, topics))
            if topics & set(each.task.facts.category_ids)
            else each
            for each in ranked
        ]
    )


def _in_order(ranked: Sequence[RankedTask]) -> list[RankedTask]:
    return sorted(ranked, key=lambda each: (-each.benefit.value, each.task.created_at, each.task.task_id))


def read_set_aside(session: Session, editor_id: str, now: datetime) -> set[str]:
    """The tasks this person does not want to see now."""
    rows = session.scalars(
        select(col(SetAside.task_id)).where(
            col(SetAside.editor_id) == editor_id, (col(SetAside.until).is_(None)) | (col(SetAside.until) > now)
        )
    )
    return set(rows)


_Row = tuple[
    str,
    str,
    TaskState,
    str | None,
    datetime | None,
    datetime,
    str | None,
    ArticleType,
    datetime | None,
    datetime | None,
]


@dataclass(frozen=True, slots=True)
class _Asks:
    total: int
    by_age: tuple[int, ...]
    before: int


_NO_ASKS = _Asks(0, (0,) * len(BUCKETS), 0)


@dataclass(frozen=True, slots=True)
class _Link:
    state: ReplyState
    liked: int
    disliked: int
    contributor: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """Tasks as they are stored, and by message what is known of it."""

    rows: Sequence[_Row]
    asks: Mapping[str, _Asks]
    answers: Mapping[str, Sequence[_Link]]
    raters: Mapping[str, Sequence[str]]
    categories: Mapping[str, Sequence[tuple[str, str]]]


async def _load_asks(session: AsyncSession, articles: Sequence[str], now: datetime) -> dict[str, _Asks]:
    since = [now - timedelta(days=days) for days, _ in BUCKETS]
    at = col(ReplyRequest.created_at)
    newer = [func.sum(case((at > moment, 1), else_=0)) for moment in since]
    before = func.sum(case(((at <= now - timedelta(days=1)) & (at > now - timedelta(days=8)), 1), else_=0))
    rows = await session.execute(
        select(col(ReplyRequest.article_id), func.count(), before, *newer)
        .where(col(ReplyRequest.article_id).in_(articles), col(ReplyRequest.status) == Status.NORMAL)
        .group_by(col(ReplyRequest.article_id))
    )
    return {article_id: _Asks(total, _to_buckets(counts), past) for article_id, total, past, *counts in rows}


def _to_buckets(newer: Sequence[Any]) -> tuple[int, ...]:
    """From "at most so old" to "of this age"."""
    counts = [int(count or 0) for count in newer]
    return tuple(count - smaller for count, smaller in zip(counts, [0, *counts], strict=False))


async def _load_answers(session: AsyncSession, articles: Sequence[str]) -> dict[str, list[_Link]]:
    rows = await session.execute(
        select(
            col(ArticleReply.article_id),
            col(ArticleReply.state),
            col(ArticleReply.positive_feedback_count),
            col(ArticleReply.negative_feedback_count),
            col(ArticleReply.contributor),
        ).where(col(ArticleReply.article_id).in_(articles), col(ArticleReply.status) == Status.NORMAL)
    )
    links: dict[str, list[_Link]] = defaultdict(list)
    for article_id, state, liked, disliked, contributor in rows:
        links[article_id].append(_Link(state, liked, disliked, contributor))
    return links


async def _load_raters(session: AsyncSession, articles: Sequence[str]) -> dict[str, list[str]]:
    rows = await session.execute(
        select(col(Rating.article_id), col(Rating.rater)).where(col(Rating.article_id).in_(articles))
    )
    raters: dict[str, list[str]] = defaultdict(list)
    for article_id, rater in rows:
        raters[article_id].append(rater)
    return raters


async def _load_categories(session: AsyncSession, articles: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    rows = await session.execute(
        select(col(ArticleCategory.article_id), col(Category.id), col(Category.title))
        .join(Category, col(Category.id) == col(ArticleCategory.category_id))
        .where(col(ArticleCategory.article_id).in_(articles), col(ArticleCategory.status) == Status.NORMAL)
        .order_by(col(Category.title))
    )
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for article_id, category_id, title in rows:
        found[article_id].append((category_id, title))
    return found
