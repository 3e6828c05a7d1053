"""Correcting: what may be mended, and what is another answer."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from moderation.publish import publish
from moderation.rating import Level, rate
from moderation.task_states import TransitionError
from moderation.writing.correcting import Effect, Why, foresee, send_correction
from moderation.writing.drafts import Writing, open_draft, save_draft
from moderation.writing.submitting import FaultyAnswerError, submit
from storage.database import Database
from storage.index_changes import load_changes
from storage.tables import (
    Article,
    ArticleReply,
    ChangeKind,
    Draft,
    Editor,
    Rating,
    Reply,
    ReplyExpiry,
    ReplyState,
    ReplyVersion,
    ReviewTask,
    Role,
    Status,
    TaskState,
    Verdict,
)
from tests.moderation.community import NOW
from tests.moderation.writing.desk import PROOF, TEXT, add_task, write

CORRECTED = Writing(Verdict.RUMOR, TEXT + "（更正）", PROOF)
OTHER_WORDS = "每天三瓣就夠了，這是醫師公會親口證實的好方法。"


async def send(database: Database, draft_id: str, editor_id: str = "volunteer") -> None:
    async with database.transaction() as session:
        await submit(session, draft_id, editor_id=editor_id, role=Role.REVIEWER, now=NOW)


async def test_it_corrects_what_is_published_and_keeps_how_it_read(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database)
    await send(database, draft.id)
    async with database.transaction() as session:
        await publish(session, "a", draft.id, ReplyState.PROVISIONAL)
    correction = await write(database, CORRECTED, corrects=draft.id)

    async with database.transaction() as session:
        await send_correction(session, correction.id, editor_id="volunteer", withdraws_any=False, now=NOW)

    async with database.reading() as session:
        reply = await session.get_one(Reply, draft.id)
        versions = list(await session.scalars(select(ReplyVersion).where(col(ReplyVersion.reply_id) == draft.id)))
        changes = await load_changes(session, 0)
    assert reply.text == CORRECTED.text
    assert [version.text for version in versions] == [TEXT]
    assert changes[-1].kind == ChangeKind.CORRECTED


async def test_it_begins_a_correction_with_what_is_published(database: Database) -> None:
    until = NOW + timedelta(days=30)
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database, Writing(Verdict.RUMOR, TEXT, PROOF, until))
    await send(database, draft.id)

    correction = await write(database, CORRECTED, corrects=draft.id)

    assert correction.version == 2
    async with database.reading() as session:
        assert (await session.get_one(ReplyExpiry, draft.id)).expires_at == until


async def test_it_refuses_a_faulty_correction(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database)
    await send(database, draft.id)
    correction = await write(database, Writing(Verdict.RUMOR, TEXT, ""), corrects=draft.id)

    with pytest.raises(FaultyAnswerError):
        async with database.transaction() as session:
            await send_correction(session, correction.id, editor_id="volunteer", withdraws_any=False, now=NOW)


async def publish_answer(database: Database, state: ReplyState) -> str:
    """An answer of the volunteer's that is shown, and rated once; returns its id."""
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database)
    await send(database, draft.id)
    async with database.transaction() as session:
        await publish(session, "a", draft.id, state)
        who = {"rater": "second_volunteer", "role": Role.REVIEWER}
        await rate(session, article_id="a", reply_id=draft.id, **who, level=Level.HELPFUL)  # type: ignore[arg-type]
    return draft.id


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        pytest.param(Verdict.NOT_RUMOR, TEXT, id="another verdict"),
        pytest.param(Verdict.RUMOR, OTHER_WORDS, id="other words"),
        pytest.param(Verdict.RUMOR, TEXT.replace("不能", "能"), id="turned round"),
    ],
)
async def test_what_says_something_else_is_a_new_answer_that_nobody_has_rated(
    database: Database, verdict: Verdict, text: str
) -> None:
    old = await publish_answer(database, ReplyState.VERIFIED)
    correction = await write(database, Writing(verdict, text, PROOF), corrects=old)

    async with database.transaction() as session:
        sent = await send_correction(session, correction.id, editor_id="volunteer", withdraws_any=False, now=NOW)

    async with database.reading() as session:
        before = await session.get_one(ArticleReply, ("a", old))
        after = await session.get_one(ArticleReply, ("a", sent.reply_id))
        assert (await session.get_one(Reply, old)).text == TEXT
        assert (await session.get_one(Reply, sent.reply_id)).verdict == verdict
        ratings = list(await session.scalars(select(col(Rating.reply_id))))
        task = await session.get_one(ReviewTask, "task-a")
        changes = await load_changes(session, 0)
    assert (before.state, after.state) == (ReplyState.WITHDRAWN, ReplyState.PROPOSED)
    assert ratings == [old]
    assert task.state == TaskState.SUBMITTED
    assert (changes[-1].kind, changes[-1].reply_id) == (ChangeKind.WITHDRAWN, old)


async def test_many_small_corrections_do_no_more_than_a_large_one(database: Database) -> None:
    answer = await publish_answer(database, ReplyState.VERIFIED)
    for length in (6, 12, len(OTHER_WORDS)):
        text = OTHER_WORDS[:length] + TEXT[length:]
        correction = await write(database, Writing(Verdict.RUMOR, text, PROOF), corrects=answer)
        async with database.transaction() as session:
            sent = await send_correction(session, correction.id, editor_id="volunteer", withdraws_any=False, now=NOW)
        if sent.reply_id != answer:
            break
    async with database.reading() as session:
        assert (await session.get_one(ArticleReply, ("a", answer))).state == ReplyState.WITHDRAWN


@pytest.mark.parametrize(
    ("verdict", "text", "why", "turned"),
    [
        (Verdict.RUMOR, CORRECTED.text, None, None),
        (Verdict.RUMOR, TEXT.replace("治病", "治好任何病"), None, None),
        (Verdict.RUMOR, TEXT.replace("大蒜不能", "大蒜能"), Why.OTHER_SENSE, ("能", "不能")),
        (Verdict.NOT_RUMOR, TEXT.replace("大蒜不能", "大蒜能"), Why.OTHER_VERDICT, None),
        (Verdict.RUMOR, OTHER_WORDS, Why.OTHER_WORDS, None),
    ],
)
async def test_it_is_foreseen_what_a_correction_will_do_and_why(
    database: Database, verdict: Verdict, text: str, why: Why | None, turned: tuple[str, str] | None
) -> None:
    old = await publish_answer(database, ReplyState.VERIFIED)
    draft = await write(database, Writing(verdict, text, PROOF), corrects=old)
    async with database.reading() as session:
        outcome = await foresee(session, draft, withdraws_any=False)
    assert (outcome.effect, outcome.why) == (Effect.REPLACES if why else Effect.MENDS, why)
    assert outcome.turned == turned


async def test_what_was_mended_since_is_what_a_correction_must_not_turn_round(database: Database) -> None:
    answer = await publish_answer(database, ReplyState.VERIFIED)
    added = TEXT + "空腹吃太多會傷胃。"
    correction = await write(database, Writing(Verdict.RUMOR, added, PROOF), corrects=answer)
    async with database.transaction() as session:
        await send_correction(session, correction.id, editor_id="volunteer", withdraws_any=False, now=NOW)
    draft = await write(database, Writing(Verdict.RUMOR, added.replace("會傷胃", "不會傷胃"), PROOF), corrects=answer)
    async with database.reading() as session:
        assert (await foresee(session, draft, withdraws_any=False)).why == Why.OTHER_SENSE


async def test_an_imported_answer_is_replaced_for_every_message_and_each_has_a_task(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Editor(id="volunteer", role=Role.TRUSTED))
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text=TEXT, source="cofacts"))
        for article_id in ("a", "b"):
            session.add(Article(id=article_id, text=f"訊息 {article_id}", source="cofacts"))
        await session.flush()
        session.add_all(ArticleReply(article_id=id_, reply_id="r", state=ReplyState.IMPORTED) for id_ in ("a", "b"))
    correction = await write(database, Writing(Verdict.NOT_RUMOR, TEXT, PROOF), corrects="r")

    async with database.transaction() as session:
        sent = await send_correction(session, correction.id, editor_id="volunteer", withdraws_any=True, now=NOW)
    assert sent.articles == ("a", "b")

    async with database.reading() as session:
        tasks = list(await session.scalars(select(ReviewTask).order_by(col(ReviewTask.article_id))))
        states = {(link.article_id, link.state) for link in await session.scalars(select(ArticleReply))}
    assert [(task.article_id, task.state) for task in tasks] == [("a", TaskState.SUBMITTED), ("b", TaskState.SUBMITTED)]
    assert states == {(id_, state) for id_ in ("a", "b") for state in (ReplyState.WITHDRAWN, ReplyState.PROPOSED)}


@pytest.mark.parametrize(
    ("givers", "states"),
    [
        pytest.param(("moderator", "moderator"), {("a", "proposed")}, id="others gave it"),
        pytest.param(("volunteer", "moderator"), {("a", "withdrawn"), ("a", "proposed")}, id="one's own, reused"),
    ],
)
async def test_it_withdraws_nothing_that_others_gave(
    database: Database, givers: tuple[str, str], states: set[tuple[str, str]]
) -> None:
    async with database.transaction() as session:
        await add_task(session, state=TaskState.VERIFIED, claimed_by=None)
        await add_task(session, "b", text="另一則", state=TaskState.VERIFIED, claimed_by=None)
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text=TEXT, contributor="volunteer"))
        await session.flush()
        for article_id, giver in zip("ab", givers, strict=True):
            session.add(ArticleReply(article_id=article_id, reply_id="r", state=ReplyState.VERIFIED, contributor=giver))
    correction = await write(database, Writing(Verdict.NOT_RUMOR, TEXT, PROOF), corrects="r")

    async with database.transaction() as session:
        await send_correction(session, correction.id, editor_id="volunteer", withdraws_any=False, now=NOW)

    async with database.reading() as session:
        links = list(await session.scalars(select(ArticleReply)))
        assert (await session.get_one(Reply, "r")).verdict == Verdict.RUMOR
    verified = {(link.article_id, link.state) for link in links if link.state == ReplyState.VERIFIED}
    assert verified == {(id_, "verified") for id_, giver in zip("ab", givers, strict=True) if giver == "moderator"}
    assert {(link.article_id, link.state) for link in links} - verified == states


@pytest.mark.parametrize("writing", [CORRECTED, Writing(Verdict.NOT_RUMOR, TEXT, PROOF)], ids=["mends", "replaces"])
@pytest.mark.parametrize("gone", ["withdrawn", "hidden"])
async def test_it_corrects_nothing_that_is_gone_meanwhile(database: Database, writing: Writing, gone: str) -> None:
    answer = await publish_answer(database, ReplyState.VERIFIED)
    correction = await write(database, writing, corrects=answer)
    async with database.transaction() as session:
        link = await session.get_one(ArticleReply, ("a", answer))
        link.state = ReplyState.WITHDRAWN if gone == "withdrawn" else link.state
        link.status = Status.BLOCKED if gone == "hidden" else link.status

    with pytest.raises(TransitionError):
        async with database.transaction() as session:
            await send_correction(session, correction.id, editor_id="volunteer", withdraws_any=True, now=NOW)

    async with database.reading() as session:
        assert [reply.text for reply in await session.scalars(select(Reply))] == [TEXT]
        assert (await session.get_one(Draft, correction.id)).text == writing.text


async def test_of_two_who_correct_at_once_the_second_is_told(database: Database) -> None:
    answer = await publish_answer(database, ReplyState.VERIFIED)
    first = await write(database, Writing(Verdict.NOT_RUMOR, TEXT, PROOF), corrects=answer)
    async with database.transaction() as session:
        second = await open_draft(session, "a", "moderator", answer)
        await save_draft(session, second.id, "moderator", second.version, Writing(Verdict.OPINIONATED, TEXT, PROOF))

    async def correct(draft_id: str, editor_id: str) -> str:
        async with database.transaction() as session:
            sent = await send_correction(session, draft_id, editor_id=editor_id, withdraws_any=True, now=NOW)
        return sent.reply_id

    done = await asyncio.gather(correct(first.id, "volunteer"), correct(second.id, "moderator"), return_exceptions=True)

    assert [type(each) for each in done if isinstance(each, BaseException)] == [TransitionError]
    async with database.reading() as session:
        linked = set(await session.scalars(select(col(ArticleReply.reply_id))))
        assert set(await session.scalars(select(col(Reply.id)))) == linked
    assert len(linked) == 2
