"""What pages read in one go, on both databases."""

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.claims import show_presence
from moderation.console.looking import look
from moderation.console.sessions import begin_session, find_signed_in, to_place
from moderation.console.task_page import find_task_page
from moderation.intake import add_article
from storage.database import Database
from storage.tables import Editor, ReviewTask, Role, utc_now

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
