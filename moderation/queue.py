"""The queue: all tasks with what is known of them, filtered and put in order for one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.benefit import Benefit, TaskFacts, measure_benefit
from moderation.known import NO_ASKS, Asks, Known, Link, Row, load_known, load_known_of
from storage.articles import PUBLISHED
from storage.tables import (
    ArticleType,
    Editor,
    SetAside,
    TaskState,
)


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
    return make_tasks(await load_known_of(session, editor_id, now), now)


def make_tasks(known: Known, now: datetime) -> list[QueuedTask]:
    """Pure, since two thousand tasks take so long that others should not wait for it."""
    return [
        _to_task(
            row,
            now,
            known.asks.get(row[1], NO_ASKS),
            known.answers.get(row[1], []),
            known.raters.get(row[1], []),
            known.categories.get(row[1], []),
        )
        for row in known.rows
    ]


def _to_task(
    row: "Row",
    now: datetime,
    asks: "Asks",
    links: "Sequence[Link]",
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
