"""Telling volunteers that a message on one of their topics is spreading and nobody works on it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.benefit import is_spreading
from moderation.console.notices import tell
from moderation.queue import QueuedTask, load_tasks
from storage.database import Database
from storage.tables import Editor, EditorNotice, TaskState

KIND = "spreading"
AGAIN_AFTER = timedelta(days=1)
"""So long nobody is told of another one: who is told of everything reads nothing."""


async def tell_of_outbreaks(database: Database, now: datetime) -> int:
    """Tell those whose topics it is of the fastest one; returns how many people were told."""
    async with database.reading() as session:
        chosen = await _choose_for_all(session, now)
    if chosen:
        async with database.transaction() as session:
            for editor_id, article_id in chosen:
                await tell(session, [editor_id], KIND, article_id=article_id)
    return len(chosen)


async def _choose_for_all(session: AsyncSession, now: datetime) -> list[tuple[str, str]]:
    """Whom to tell of which message."""
    tasks = [each for each in await load_tasks(session, now) if _needs_somebody(each)]
    tasks.sort(key=lambda each: -each.facts.asks_today)
    rows = await session.execute(select(col(Editor.id), col(Editor.topics)).where(col(Editor.blocked_at).is_(None)))
    people = {editor_id: frozenset(topics) for editor_id, topics in rows if topics}
    busy = await _load_told(session, people, now)
    found = []
    for editor_id, topics in people.items():
        lately, ever = busy.get(editor_id, (False, set()))
        chosen = None if lately else _choose(tasks, topics, ever)
        if chosen is not None:
            found.append((editor_id, chosen.article_id))
    return found


def _needs_somebody(task: QueuedTask) -> bool:
    return task.state == TaskState.OPEN and not task.answered and is_spreading(task.facts)


def _choose(tasks: Sequence[QueuedTask], topics: frozenset[str], ever: Collection[str | None]) -> QueuedTask | None:
    fitting = (each for each in tasks if topics & set(each.facts.category_ids) and each.article_id not in ever)
    return next(fitting, None)


async def _load_told(
    session: AsyncSession, people: Collection[str], now: datetime
) -> dict[str, tuple[bool, set[str | None]]]:
    """By person: whether they were told of one lately, and of which ever."""
    rows = await session.execute(
        select(col(EditorNotice.editor_id), col(EditorNotice.article_id), col(EditorNotice.created_at)).where(
            col(EditorNotice.kind) == KIND, col(EditorNotice.editor_id).in_(people)
        )
    )
    told: dict[str, tuple[bool, set[str | None]]] = {}
    for editor_id, article_id, at in rows.tuples():
        lately, articles = told.get(editor_id, (False, set()))
        told[editor_id] = (lately or now - at < AGAIN_AFTER, articles | {article_id})
    return told
