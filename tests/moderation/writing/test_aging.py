"""Answers that grow old: their time is over, or what they cite is gone."""

from datetime import timedelta

from moderation.fetching import FetchError, MissingPageError
from moderation.publish import publish, take_back
from moderation.writing.aging import GONE_AFTER, LOOK_AGAIN_AFTER, expire_verdicts, recheck_references
from moderation.writing.drafts import Writing
from moderation.writing.submitting import submit
from storage.database import Database
from storage.tables import ArticleReply, ReplyState, ReviewTask, Role, TaskState, Verdict
from tests.moderation.community import NOW
from tests.moderation.writing.desk import PROOF, TEXT, Internet, add_task, write

PAGE = "https://www.mohw.example/garlic"
UNTIL = NOW + timedelta(days=1)


async def publish_answer(database: Database, writing: Writing) -> str:
    """Write, send in and publish; the task is provisional as the rule would make it."""
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database, writing)
    async with database.transaction() as session:
        await submit(session, draft.id, editor_id="volunteer", role=Role.REVIEWER, now=NOW)
        await publish(session, "a", draft.id, ReplyState.PROVISIONAL)
        task = await session.get_one(ReviewTask, "task-a")
        task.state = TaskState.PROVISIONAL
    return draft.id


async def see(database: Database, reply_id: str) -> tuple[ReplyState, TaskState]:
    async with database.reading() as session:
        link = await session.get_one(ArticleReply, ("a", reply_id))
        task = await session.get_one(ReviewTask, "task-a")
    return link.state, task.state


async def test_it_takes_back_a_verdict_whose_time_is_over_once(database: Database) -> None:
    reply_id = await publish_answer(database, Writing(Verdict.RUMOR, TEXT, PROOF, UNTIL))

    assert await expire_verdicts(database, UNTIL - timedelta(seconds=1)) == 0
    assert await see(database, reply_id) == (ReplyState.PROVISIONAL, TaskState.PROVISIONAL)
    assert await expire_verdicts(database, UNTIL) == 1
    assert await see(database, reply_id) == (ReplyState.WITHDRAWN, TaskState.OPEN)
    assert await expire_verdicts(database, UNTIL) == 0


async def test_it_takes_back_an_answer_that_is_shown_only_after_its_time(sqlite_database: Database) -> None:
    reply_id = await publish_answer(sqlite_database, Writing(Verdict.RUMOR, TEXT, PROOF, UNTIL))
    async with sqlite_database.transaction() as session:
        await take_back(session, "a", reply_id, ReplyState.PROPOSED)
    assert await expire_verdicts(sqlite_database, UNTIL) == 0
    async with sqlite_database.transaction() as session:
        await publish(session, "a", reply_id, ReplyState.PROVISIONAL)

    assert await expire_verdicts(sqlite_database, UNTIL) == 1


async def test_it_opens_a_task_again_when_a_page_stays_gone(database: Database) -> None:
    reply_id = await publish_answer(database, Writing(Verdict.RUMOR, TEXT, PROOF))
    internet = Internet({PAGE: MissingPageError(404)})

    weeks = range(GONE_AFTER + 1)
    opened = [await recheck_references(database, internet, NOW + week * LOOK_AGAIN_AFTER) for week in weeks]

    assert opened == [(1, 0), (1, 0), (1, 1), (1, 0)]
    assert await see(database, reply_id) == (ReplyState.PROVISIONAL, TaskState.OPEN)


async def test_it_leaves_an_answer_alone_whose_page_comes_back(database: Database) -> None:
    reply_id = await publish_answer(database, Writing(Verdict.RUMOR, TEXT, PROOF))
    said: list[str | FetchError] = [MissingPageError(404), MissingPageError(404), "衛福部", MissingPageError(404)]

    for week, page in enumerate(said):
        await recheck_references(database, Internet({PAGE: page}), NOW + week * LOOK_AGAIN_AFTER)

    assert await see(database, reply_id) == (ReplyState.PROVISIONAL, TaskState.PROVISIONAL)


async def test_it_looks_at_no_page_twice_a_week(database: Database) -> None:
    await publish_answer(database, Writing(Verdict.RUMOR, TEXT, PROOF))
    internet = Internet({PAGE: "衛福部"})

    await recheck_references(database, internet, NOW)
    await recheck_references(database, internet, NOW + timedelta(days=6))

    assert internet.asked == [PAGE]
