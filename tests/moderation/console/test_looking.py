"""What pages read in one go, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.claims import show_presence
from moderation.console.looking import look
from moderation.console.pages import inbox, queue, to_rate
from moderation.console.sessions import begin_session, find_signed_in, to_place
from moderation.console.task_page import find_task_page
from moderation.intake import add_article
from moderation.queue import read_set_aside
from storage.database import Database
from storage.tables import Article, Editor, ReviewTask, Role, TaskState, utc_now

NOW = utc_now()
LATER = NOW + timedelta(hours=1)
READS: dict[str, Callable[[Session], object]] = {
    "signed in": partial(find_signed_in, token="a", now=NOW),
    "set aside": partial(read_set_aside, editor_id="one", now=NOW),
    "queue": partial(queue._read_frame, editor_id="one", claimants=["two"], articles=["a", "b"]),
    "inbox": partial(inbox._read_inbox, editor_id="one"),
    "to rate": partial(to_rate.find_unrated, task_id="task", viewer="one"),
    "task": partial(find_task_page, task_id="task", viewer="one", now=NOW),
}
"""All that pages look for."""
SMALL = ("SCAN category", "SCAN editor")
"""Tables that may be read whole: subjects are few, and of people 200 at most are read."""

PLACE = to_place("a key for tests, long enough", "", "127.0.0.1")


async def test_a_task_s_page_and_who_looks_at_it_are_read_on_both_databases(database: Database) -> None:
    now = utc_now()
    async with database.transaction() as session:
        article = await add_article(session, text="a", matching_key_hash=None, contributor=None)
        session.add_all([Editor(id=name, email=f"{name}@example.org", role=Role.REVIEWER) for name in ("one", "two")])
        await session.flush()
        token = await begin_session(session, "one", PLACE, now)
        task_id = await session.scalar(select(col(ReviewTask.id)).where(col(ReviewTask.article_id) == article.id))
        assert task_id
        for _ in range(2):
            await show_presence(session, task_id, "two", now)

    signed_in = await look(database, partial(find_signed_in, token=token, now=now))
    page = await look(database, partial(find_task_page, task_id=task_id, viewer="one", now=now))
    assert signed_in is not None
    assert (signed_in.editor.id, signed_in.role) == ("one", Role.REVIEWER)
    assert page is not None
    assert (page.article.text, [each.id for each in page.present]) == ("a", ["two"])


async def test_a_look_changes_nothing(database: Database) -> None:
    def write(session: Session) -> None:
        session.add(Editor(id="one"))

    await look(database, write)
    async with database.reading() as session:
        assert await session.get(Editor, "one") is None


@pytest.mark.parametrize("name", READS)
async def test_no_look_reads_a_table_that_grows(sqlite_database: Database, name: str) -> None:
    """All answers wait for a look on SQLite, so it must take no longer in a larger database."""
    async with sqlite_database.transaction() as session:
        session.add_all([Editor(id="one"), Editor(id="two"), Article(id="a", text="a")])
        await session.flush()
        session.add(ReviewTask(id="task", article_id="a", state=TaskState.CLAIMED, claimed_by="two", lease_until=LATER))
    plans: list[str] = []

    def explain(session: Session) -> None:
        connection = session.connection()
        statements: list[tuple[str, Any]] = []

        def note(_: object, __: object, statement: str, parameters: Any, *rest: object) -> None:
            statements.append((statement, parameters))

        event.listen(connection, "before_cursor_execute", note)
        READS[name](session)
        event.remove(connection, "before_cursor_execute", note)
        for statement, parameters in statements:
            plans.extend(row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))

    await look(sqlite_database, explain)
    assert plans
    assert [step for step in plans if step.startswith("SCAN ") and not step.startswith(SMALL)] == []
