"""What blocked people did counts no more, and again when it is undone."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.abuse.blocking import (
    block_asker,
    block_editor,
    load_heavy_askers,
    review_rated_by,
    unblock_asker,
    unblock_editor,
)
from moderation.abuse.errors import NothingToDoError
from moderation.console.sessions import Place, begin_session
from moderation.feedback import HELPFUL, NOT_HELPFUL, give_feedback
from moderation.intake import request_reply
from storage.database import Database
from storage.tables import (
    ArticleReply,
    ArticleReplyFeedback,
    Editor,
    EditorSession,
    ModerationMeasure,
    PushSubscription,
    RaterStanding,
    ReplyRequest,
    ReplyState,
    Role,
    Rule,
    Status,
    TaskState,
    utc_now,
)
from tests.moderation.community import HELPFUL as RATED_HELPFUL
from tests.moderation.community import NOW, add_answer, add_trusted, say, task_state


async def block_volunteer(session: AsyncSession, editor_id: str) -> ModerationMeasure:
    return await block_editor(
        session, editor_id, by="moderator", role=Role.MODERATOR, rule=Rule.MANIPULATION, note="", now=NOW
    )


async def block_flooder(session: AsyncSession) -> ModerationMeasure:
    return await block_asker(session, "flooder", rule=Rule.FLOODING, note="", now=NOW)


async def counts(session: AsyncSession) -> tuple[int, int]:
    link = await session.get_one(ArticleReply, ("a", "r"), populate_existing=True)
    return link.positive_feedback_count, link.negative_feedback_count


async def test_what_nobody_has_decided_on_leaves_the_review_and_what_is_shown_stays(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Editor(id="volunteer"))
        await add_answer(session)
        await add_answer(session, "b", "s", state=ReplyState.VERIFIED, task=TaskState.VERIFIED)
    async with database.transaction() as session:
        measure = await block_volunteer(session, "volunteer")
        assert (await session.get_one(ArticleReply, ("a", "r"))).status == Status.BLOCKED
        assert (await session.get_one(ArticleReply, ("b", "s"))).status == Status.NORMAL
        assert [await task_state(session, id_) for id_ in "ab"] == [TaskState.OPEN, TaskState.VERIFIED]
        with pytest.raises(NothingToDoError):
            await block_volunteer(session, "volunteer")
    async with database.transaction() as session:
        await unblock_editor(session, await session.get_one(ModerationMeasure, measure.id), NOW)
        assert (await session.get_one(ArticleReply, ("a", "r"))).status == Status.NORMAL
        assert await task_state(session) == TaskState.SUBMITTED
        assert not (await session.get_one(RaterStanding, "volunteer")).blocked


async def test_whoever_is_blocked_is_signed_out_and_told_nothing_there_any_more(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Editor(id="volunteer"))
        await session.flush()
        await begin_session(session, "volunteer", Place("?", "?"), NOW)
        keys = {"endpoint": "https://push.example.org/x", "p256dh": "", "auth": ""}
        session.add(PushSubscription(editor_id="volunteer", **keys))
    async with database.transaction() as session:
        await block_volunteer(session, "volunteer")
    async with database.reading() as session:
        assert (await session.scalars(select(EditorSession))).first() is None
        assert (await session.scalars(select(PushSubscription))).first() is None


async def test_an_answer_that_only_their_rating_carried_is_held_and_shown_again(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Editor(id="rater"))
        await add_answer(session)
        await add_trusted(session, "t1", "t2")
        for rater in ("t1", "t2", "rater"):
            await say(session, rater, RATED_HELPFUL)
        assert (await session.get_one(ArticleReply, ("a", "r"))).state == ReplyState.PROVISIONAL
    async with database.transaction() as session:
        measure = await block_volunteer(session, "rater")
    assert await review_rated_by(database, "rater", NOW) == [("a", "r")]
    async with database.transaction() as session:
        assert (await session.get_one(ArticleReply, ("a", "r"))).state == ReplyState.PROPOSED
        assert await task_state(session) == TaskState.SUBMITTED
        await unblock_editor(session, await session.get_one(ModerationMeasure, measure.id), NOW)
    assert await review_rated_by(database, "rater", NOW) == [("a", "r")]
    async with database.reading() as session:
        assert (await session.get_one(ArticleReply, ("a", "r"))).state == ReplyState.PROVISIONAL


async def test_a_flooder_s_requests_and_votes_count_no_more_nor_those_to_come(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED, task=TaskState.VERIFIED)
        await add_answer(session, "b", "s", state=ReplyState.VERIFIED, task=TaskState.VERIFIED)
        for who, score in (("flooder", NOT_HELPFUL), ("asker", HELPFUL)):
            await request_reply(session, article_id="a", asker_id=who)
            await give_feedback(session, article_id="a", reply_id="r", contributor=who, score=score)
        assert await counts(session) == (1, 1)
    async with database.transaction() as session:
        measure = await block_flooder(session)
        assert await counts(session) == (1, 0)
        with pytest.raises(NothingToDoError):
            await block_flooder(session)
    async with database.transaction() as session:
        await request_reply(session, article_id="b", asker_id="flooder")
        await give_feedback(session, article_id="a", reply_id="r", contributor="flooder", score=HELPFUL)
        await give_feedback(session, article_id="b", reply_id="s", contributor="flooder", score=NOT_HELPFUL)
        assert await counts(session) == (1, 0)
        assert (await session.get_one(ArticleReply, ("b", "s"))).negative_feedback_count == 0
        asked = await session.execute(select(col(ReplyRequest.contributor), col(ReplyRequest.status)))
        assert {status for who, status in asked if who == "flooder"} == {Status.BLOCKED}
    async with database.transaction() as session:
        await unblock_asker(session, await session.get_one(ModerationMeasure, measure.id), NOW)
        assert await counts(session) == (2, 0)
        votes = await session.scalars(select(col(ArticleReplyFeedback.status)))
        assert set(votes) == {Status.NORMAL}


async def test_it_lists_who_asks_for_very_much(database: Database) -> None:
    async with database.transaction() as session:
        for number in range(4):
            await add_answer(session, f"a{number}", f"r{number}")
            await request_reply(session, article_id=f"a{number}", asker_id="flooder")
        await request_reply(session, article_id="a0", asker_id="asker")
        measure = await block_flooder(session)
        (heavy,) = await load_heavy_askers(session, utc_now() - timedelta(days=1), at_least=3)
    assert (heavy.asker_id, heavy.requests, heavy.votes, heavy.blocked_by) == ("flooder", 4, 0, measure.id)
