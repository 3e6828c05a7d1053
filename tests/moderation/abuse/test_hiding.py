"""What is hidden leads nowhere, is told, and comes back as it was."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.abuse.errors import NothingToDoError
from moderation.abuse.hiding import hide, show_again
from moderation.abuse.log import load_public_log
from moderation.abuse.subjects import Subject
from moderation.intake import request_reply
from moderation.publish import publish, set_article_status
from moderation.taking_in import publish_imported
from moderation.variants import Because, HiddenError, attach_variant, reattach_variant
from storage.database import Database
from storage.index_changes import load_changes
from storage.index_entries import load_entries
from storage.notice_log import SETTLED_AFTER, make_notices
from storage.tables import (
    Article,
    ArticleReply,
    Asker,
    ChangeKind,
    MeasureKind,
    ModerationMeasure,
    Notice,
    NoticeKind,
    NoticeState,
    ReplyState,
    ReviewTask,
    Rule,
    Status,
    SubjectKind,
    TaskState,
    utc_now,
)
from tests.moderation.community import NOW, add_answer, task_state

ANSWER = Subject(SubjectKind.ANSWER, "a", "r")
ARTICLE = Subject(SubjectKind.ARTICLE, "a")


async def hide_it(session: AsyncSession, subject: Subject) -> ModerationMeasure:
    return await hide(session, subject, by="moderator", rule=Rule.PERSONAL_DATA, note="his aunt", now=NOW)


async def undo(session: AsyncSession, measure: ModerationMeasure) -> None:
    await show_again(session, await session.get_one(ModerationMeasure, measure.id), by="moderator", now=NOW)


async def test_an_answer_is_hidden_wherever_it_is_shown_and_comes_back_as_it_was(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        session.add(Article(id="b", text="訊息 b"))
        await session.flush()
        session.add_all([ReviewTask(article_id="b", state=TaskState.PROVISIONAL)])
        session.add(ArticleReply(article_id="b", reply_id="r", state=ReplyState.PROPOSED))
        await session.flush()
        await publish(session, "a", "r", ReplyState.VERIFIED)
        await publish(session, "b", "r", ReplyState.PROVISIONAL)
        (
            await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == "a"))
        ).one().state = TaskState.VERIFIED
    async with database.transaction() as session:
        measure = await hide_it(session, ANSWER)
    async with database.transaction() as session:
        entries = await load_entries(session, ["a", "b"])
        assert {entry.kind for found in entries.values() for entry in found} == {"article"}, "no reply leads anywhere"
        last = (await load_changes(session, 0))[-2:]
        assert [(change.article_id, change.kind) for change in last] == [
            ("a", ChangeKind.WITHDRAWN),
            ("b", ChangeKind.WITHDRAWN),
        ]
        assert [await task_state(session, id_) for id_ in "ab"] == [TaskState.OPEN, TaskState.OPEN]
        with pytest.raises(NothingToDoError):
            await hide_it(session, ANSWER)
    async with database.transaction() as session:
        await undo(session, measure)
    async with database.reading() as session:
        assert [await task_state(session, id_) for id_ in "ab"] == [TaskState.VERIFIED, TaskState.PROVISIONAL]
        entries = await load_entries(session, ["a", "b"])
        assert all("reply" in {entry.kind for entry in found} for found in entries.values())


async def test_who_was_told_an_answer_is_told_that_it_is_withdrawn(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        session.add(Asker(id="asker", line_user_id="U1"))
        await session.flush()
        await request_reply(session, article_id="a", asker_id="asker")
        await publish(session, "a", "r", ReplyState.VERIFIED)
    later = utc_now() + 2 * SETTLED_AFTER
    assert await make_notices(database, later) == 1
    async with database.transaction() as session:
        (notice,) = await session.scalars(select(Notice))
        notice.state = NoticeState.SENT
    async with database.transaction() as session:
        await hide_it(session, ANSWER)
    assert await make_notices(database, later + timedelta(seconds=10)) == 1
    async with database.reading() as session:
        kinds = list(await session.scalars(select(col(Notice.kind)).order_by(col(Notice.id))))
    assert kinds == [NoticeKind.ANSWERED, NoticeKind.WITHDRAWN]


async def test_a_hidden_message_leads_nowhere_and_one_taken_back_meanwhile_stays_gone(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        measure = await hide_it(session, ARTICLE)
        assert await load_entries(session, ["a"]) == {"a": []}
        await set_article_status(session, "a", Status.DELETED)
        await undo(session, measure)
    async with database.reading() as session:
        assert (await session.get_one(Article, "a")).status == Status.DELETED


async def test_a_hidden_wording_is_attached_again_by_moderators_only(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        because = Because("volunteer", "the same")
        wording = await attach_variant(
            session, "a", text="訊息 a 轉傳", matching_key_hash=None, contributor=None, because=because
        )
        assert wording is not None
        measure = await hide_it(session, Subject(SubjectKind.WORDING, "a", id=wording.id))
    async with database.transaction() as session:
        assert [entry.kind for entry in (await load_entries(session, ["a"]))["a"]] == ["article"]
        with pytest.raises(HiddenError):
            await reattach_variant(session, wording.id, because)
    async with database.transaction() as session:
        await undo(session, measure)
        assert [entry.kind for entry in (await load_entries(session, ["a"]))["a"]] == ["article", "variant"]


async def test_an_import_does_not_show_again_what_was_hidden_here(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.IMPORTED)
        await hide_it(session, ANSWER)
    async with database.transaction() as session:
        await publish_imported(session, [ArticleReply(article_id="a", reply_id="r", positive_feedback_count=3)])
    async with database.reading() as session:
        link = await session.get_one(ArticleReply, ("a", "r"))
        assert (link.status, link.positive_feedback_count) == (Status.BLOCKED, 3)


async def test_the_public_log_names_nobody(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await hide_it(session, ANSWER)
        await hide_it(session, ARTICLE)
    async with database.reading() as session:
        newest, oldest = await load_public_log(session)
    assert (newest.kind, oldest.kind) == (MeasureKind.HIDE_ARTICLE, MeasureKind.HIDE_ANSWER)
    assert (newest.article_id, oldest.article_id) == (None, None), "the message has no page any more"
    assert not {"reason", "editor_id", "subject_id"} & set(type(newest).__slots__)
