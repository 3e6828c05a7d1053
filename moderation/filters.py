"""Filters of the queue: read from an address, written back into one, applied. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from moderation.known import DONE
from moderation.queue import QueuedTask
from storage.tables import ArticleType, TaskState

RATED = frozenset({TaskState.SUBMITTED, TaskState.PROVISIONAL})
MAX_SEARCH = 2_000


class Work(StrEnum):
    """What there is to do."""

    ANY = "any"
    WRITE = "write"
    RATE = "rate"
    MINE = "mine"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom the queue is filtered; a feed is read for whoever made it."""

    editor_id: str
    topics: frozenset[str] = frozenset()
    set_aside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody wants to see. All at their defaults: everything that is to be done."""

    work: Work = Work.ANY
    asked: int = 0
    """At least so many people have asked."""
    unanswered: bool = False
    unhelpful: bool = False
    """All answers were judged unhelpful."""
    my_topics: bool = False
    days: int = 0
    """Asked about in so many days; 0: whenever."""
    type: ArticleType | None = None
    category: str = ""
    """A category's id."""
    search: str = ""

    def to_query(self) -> str:
        """The address' query, without what is at its default."""
        pairs = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                pairs.append((field.name, "1" if value is True else str(value)))
        return urlencode(pairs)


def read_filters(query: Mapping[str, str]) -> Filters:
    """From an address; what cannot be read is at its default."""
    work, kind = query.get("work", ""), query.get("type", "")
    return Filters(
        work=Work(work) if work in set(Work) else Work.ANY,
        asked=_to_number(query.get("asked")),
        unanswered="unanswered" in query,
        unhelpful="unhelpful" in query,
        my_topics="my_topics" in query,
        days=_to_number(query.get("days")),
        type=ArticleType(kind) if kind in set(ArticleType) else None,
        category=query.get("category", "")[:40],
        search=" ".join(query.get("search", "").split())[:MAX_SEARCH],
    )


def passes(task: QueuedTask, filters: Filters, viewer: Viewer, now: datetime) -> bool:
    """Whether the task is one of those wanted; the search is not looked at."""
    facts = task.facts
    return (
        _is_work(task, filters.work, viewer)
        and task.asks >= filters.asked
        and not (filters.unanswered and task.answered)
        and not (filters.unhelpful and not task.unhelpful)
        and not (filters.my_topics and not viewer.topics & set(facts.category_ids))
        and (not filters.days or task.asked_at > now - timedelta(days=filters.days))
        and (filters.type is None or task.type == filters.type)
        and (not filters.category or filters.category in facts.category_ids)
    )


def _is_work(task: QueuedTask, work: Work, viewer: Viewer) -> bool:
    mine = task.claimed_by == viewer.editor_id
    if work == Work.MINE:
        return mine or viewer.editor_id in task.authors
    if work == Work.DONE:
        return task.state in DONE
    if task.task_id in viewer.set_aside:
        return False
    to_write = task.state == TaskState.OPEN or task.state == TaskState.CLAIMED
    to_rate = task.state in RATED and viewer.editor_id not in task.authors | task.raters
    return (to_write and work != Work.RATE) or (to_rate and work != Work.WRITE)


def _to_number(text: str | None) -> int:
    return min(int(text), 9_999) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0
