"""What the jobs do for the console, on both databases: tasks read and ranked, authors told, digests mailed."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.wording import load_wordings
from moderation.console.notices import send_digests, tell_authors
from moderation.console.outbreaks import tell_of_outbreaks
from moderation.console.sessions import LASTS, Place, begin_session, forget_old
from moderation.console.upkeep import keep_tasks, reopen_tasks
from moderation.console.wording import LOCALES
from moderation.intake import add_article, request_reply
from moderation.queue import QueuedTask, load_tasks, rank, rank_for
from storage.database import Database
from storage.tables import (
    ArticleCategory,
    ArticleReply,
    ArticleVariant,
    Category,
    Editor,
    EditorNotice,
    EditorSession,
    PushSubscription,
    Reply,
    ReplyState,
    ReviewTask,
    Role,
    TaskState,
    Verdict,
    VerificationDecision,
    VerificationOutcome,
    VerificationRule,
    utc_now,
)
from tests.moderation.console.desk import MailBox

MESSAGE, MUTATED = "喝檸檬水可以治癌症，請轉發給所有人", "明天起搭捷運要戴口罩，否則罰三萬元，快告訴家人"


async def furnish(database: Database, state: TaskState = TaskState.OPEN) -> str:
    async with database.transaction() as session:
        session.add_all([Editor(id="author", email="a@example.org", wants_digest=True), Editor(id="rater")])
        session.add(Category(id="c", title="疾病、醫藥"))
        article = await add_article(session, text=MESSAGE, matching_key_hash=None, contributor=None)
        for number in range(3):
            await request_reply(session, article_id=article.id, asker_id=f"asker{number}")
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text="No.", contributor="author"))
        await session.flush()
        session.add(ArticleCategory(article_id=article.id, category_id="c"))
        session.add(ArticleReply(article_id=article.id, reply_id="r", state=ReplyState.PROPOSED, contributor="author"))
        task = (await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == article.id))).one()
        task.state, task.updated_at = state, utc_now() - timedelta(hours=1)
        session.add(task)
    return article.id


async def test_it_reads_and_ranks_the_tasks(database: Database) -> None:
    await furnish(database)
    async with database.reading() as session:
        (task,) = await load_tasks(session, utc_now())
    assert (task.asks, task.facts.asks_today, task.facts.answers) == (3, 3, 1)
    assert (task.facts.categories, task.authors) == (("疾病、醫藥",), {"author"})
    (usual,) = rank([task])
    (mine,) = rank_for([usual], Editor(topics=["c"]))
    assert mine.benefit.value > usual.benefit.value


async def test_it_tells_authors_once_and_mails_a_digest_once_a_day(database: Database) -> None:
    article_id = await furnish(database)
    async with database.transaction() as session:
        session.add(
            VerificationDecision(
                article_id=article_id,
                reply_id="r",
                rule=VerificationRule.YOUNG,
                outcome=VerificationOutcome.PROVISIONAL,
            )
        )
    assert [await tell_authors(database), await tell_authors(database)] == [1, 0]
    async with database.reading() as session:
        rows = await session.execute(select(col(EditorNotice.editor_id), col(EditorNotice.kind)))
        assert [tuple(row) for row in rows] == [("author", "provisional")]
    mail, now, words = MailBox(), utc_now(), dict(load_wordings(LOCALES))
    for at, sent in ((now, 1), (now + timedelta(hours=1), 0), (now + timedelta(days=1), 0)):
        assert await send_digests(database, mail, words, "https://x.example/review", at) == sent
    assert [to for to, _, _ in mail.sent] == ["a@example.org"]


async def test_a_much_changed_wording_opens_the_task_again(database: Database) -> None:
    article_id = await furnish(database, TaskState.VERIFIED)
    async with database.transaction() as session:
        session.add(ArticleVariant(article_id=article_id, text=MESSAGE + "！"))
    assert "opened 0" in await reopen_tasks(database, utc_now())
    async with database.transaction() as session:
        session.add(ArticleVariant(article_id=article_id, text=MUTATED))
    assert "opened 1" in await reopen_tasks(database, utc_now())


async def test_it_forgets_sessions_that_have_ended(database: Database) -> None:
    await furnish(database)
    async with database.transaction() as session:
        await begin_session(session, "author", Place("?", "?"), utc_now())
        assert await forget_old(session, utc_now()) == 0
        assert await forget_old(session, utc_now() + LASTS) == 1
    assert "released 0" in await keep_tasks(database, utc_now())
    assert Editor().role == Role.NEWCOMER


async def test_whose_session_has_ended_is_told_nothing_there_any_more(database: Database) -> None:
    await furnish(database)
    now = utc_now()
    async with database.transaction() as session:
        await begin_session(session, "author", Place("?", "?"), now - LASTS)
        await begin_session(session, "author", Place("?", "?"), now)
        for each in await session.scalars(select(EditorSession)):
            kind = "ended" if each.expires_at <= now else "open"
            keys = {"endpoint": f"https://push.example.org/{kind}", "p256dh": "", "auth": ""}
            session.add(PushSubscription(id=kind, editor_id="author", session_id=each.id, **keys))
    async with database.transaction() as session:
        assert await forget_old(session, now) == 1
        assert list(await session.scalars(select(col(PushSubscription.id)))) == ["open"]


async def test_it_tells_once_of_what_spreads_on_ones_topics(database: Database) -> None:
    article_id = await furnish(database)
    async with database.transaction() as session:
        session.add_all([Editor(id="fits", topics=["c"]), Editor(id="other", topics=["d"]), Editor(id="none")])
        session.add(Editor(id="gone", topics=["c"], blocked_at=utc_now()))
    now = utc_now()
    assert [await tell_of_outbreaks(database, now) for _ in range(2)] == [1, 0]
    assert await tell_of_outbreaks(database, now + timedelta(hours=25)) == 0, "of the same message never again"
    async with database.reading() as session:
        rows = await session.execute(select(col(EditorNotice.editor_id), col(EditorNotice.article_id)))
        assert rows.tuples().all() == [("fits", article_id)]


async def test_nobody_waits_to_write_while_the_tasks_are_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(database)

    async def load_and_write(session: AsyncSession, now: datetime) -> list[QueuedTask]:
        tasks = list(await load_tasks(session, now))
        async with asyncio.timeout(60), database.transaction() as writing:
            writing.add(Editor(id="fits", topics=["c"]))
        return tasks

    monkeypatch.setattr("moderation.console.outbreaks.load_tasks", load_and_write)
    await tell_of_outbreaks(database, utc_now())
    async with database.reading() as session:
        assert await session.get(Editor, "fits") is not None


async def test_it_tells_of_no_outbreak_that_somebody_works_on(database: Database) -> None:
    await furnish(database, TaskState.SUBMITTED)
    async with database.transaction() as session:
        session.add(Editor(id="fits", topics=["c"]))
    assert await tell_of_outbreaks(database, utc_now()) == 0
