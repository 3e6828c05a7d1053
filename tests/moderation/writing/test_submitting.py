"""Sending in: what is refused and why, and that it happens once."""

import pytest
from sqlalchemy import select

from moderation.fetching import MissingPageError, RefusedAddressError, UnreachableError
from moderation.publish import publish
from moderation.task_states import TransitionError
from moderation.writing.drafts import UnknownDraftError, Writing
from moderation.writing.references import archived_copy, check_references, load_checks
from moderation.writing.submitting import Fault, find_faults, reuse, submit
from storage.database import Database
from storage.tables import (
    ArticleReply,
    Draft,
    PageState,
    Reply,
    ReplyState,
    ReviewTask,
    Role,
    TaskState,
    Verdict,
)
from tests.moderation.community import NOW
from tests.moderation.writing.desk import PROOF, TEXT, Internet, add_task, write


async def send(database: Database, draft_id: str, editor_id: str = "volunteer") -> None:
    async with database.transaction() as session:
        await submit(session, draft_id, editor_id=editor_id, role=Role.REVIEWER, now=NOW)


async def test_it_proposes_the_answer_and_moves_the_task(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database)

    await send(database, draft.id)

    async with database.reading() as session:
        link = await session.get_one(ArticleReply, ("a", draft.id))
        reply = await session.get_one(Reply, draft.id)
        task = await session.get_one(ReviewTask, "task-a")
        drafts = list(await session.scalars(select(Draft)))
    assert (link.state, link.contributor) == (ReplyState.PROPOSED, "volunteer")
    assert (reply.text, reply.reference, reply.verdict) == (TEXT, PROOF, Verdict.RUMOR)
    assert (task.state, task.claimed_by) == (TaskState.SUBMITTED, None)
    assert drafts == []


async def test_it_is_sent_in_once_however_often_it_is_pressed(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database)
    await send(database, draft.id)

    async with database.transaction() as session:
        again = await submit(session, draft.id, editor_id="volunteer", role=Role.REVIEWER, now=NOW)

    assert (again.reply_id, again.is_new) == (draft.id, False)
    async with database.reading() as session:
        assert len(list(await session.scalars(select(ArticleReply)))) == 1


async def test_it_keeps_the_draft_when_the_task_has_become_somebody_elses(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session, claimed_by="second_volunteer")
    draft = await write(database)

    with pytest.raises(TransitionError):
        await send(database, draft.id)

    async with database.reading() as session:
        assert (await session.get_one(Draft, draft.id)).text == TEXT


@pytest.mark.parametrize(
    ("writing", "faults"),
    [
        (Writing(None, "", ""), {Fault.NO_VERDICT, Fault.NO_TEXT, Fault.NO_REFERENCE}),
        (Writing(Verdict.RUMOR, TEXT, "衛福部"), {Fault.NO_REFERENCE}),
        (Writing(Verdict.NOT_ARTICLE, TEXT, ""), set()),
        (Writing(Verdict.RUMOR, "😀" * 2501, PROOF), {Fault.TOO_LONG}),
        (Writing(Verdict.RUMOR, "字" * 5000, PROOF), set()),
        (Writing(Verdict.RUMOR, TEXT, "http://rumor.example/garlic/#top"), {Fault.CIRCULAR_REFERENCE}),
        (Writing(Verdict.RUMOR, TEXT, PROOF, NOW), {Fault.EXPIRED_ALREADY}),
    ],
)
async def test_it_says_all_that_is_wrong(sqlite_database: Database, writing: Writing, faults: set[Fault]) -> None:
    async with sqlite_database.transaction() as session:
        await add_task(session)
        found = await find_faults(session, "a", writing, NOW)

    assert {each.fault for each in found} == faults


async def test_it_refuses_a_page_that_is_gone_but_none_that_cannot_be_reached(database: Database) -> None:
    pages = ["https://a.example/1", "https://b.example/2", "https://c.example/3", "https://d.example/4"]
    internet = Internet(
        {
            pages[0]: "衛福部",
            pages[1]: MissingPageError(404),
            pages[2]: UnreachableError(),
            pages[3]: RefusedAddressError(),
        }
    )
    async with database.transaction() as session:
        await add_task(session)
    await check_references(database, internet, pages, NOW)

    async with database.reading() as session:
        faults = await find_faults(session, "a", Writing(Verdict.RUMOR, TEXT, "\n".join(pages)), NOW)
        checks = await load_checks(session, pages)

    assert {(each.fault, each.about) for each in faults} == {
        (Fault.PAGE_GONE, pages[1]),
        (Fault.NOT_A_PAGE, pages[3]),
    }
    states = [PageState.FOUND, PageState.GONE, PageState.UNREACHABLE, PageState.REFUSED]
    assert [(check.state, check.title) for check in checks] == [
        (state, "衛福部" if state == PageState.FOUND else None) for state in states
    ]


def test_it_leads_to_the_copy_of_that_day() -> None:
    assert archived_copy("https://a.example/1", NOW) == "https://web.archive.org/web/20250301120000/https://a.example/1"


async def test_it_reuses_a_published_reply_but_no_other(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session, "other", state=TaskState.SUBMITTED)
        await add_task(session)
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text=TEXT, reference=PROOF, contributor="second_volunteer"))
        await session.flush()
        session.add(ArticleReply(article_id="other", reply_id="r"))
        with pytest.raises(UnknownDraftError):
            await reuse(session, "a", "r", editor_id="volunteer", role=Role.REVIEWER, now=NOW)
        await publish(session, "other", "r", ReplyState.PROVISIONAL)
        first = await reuse(session, "a", "r", editor_id="volunteer", role=Role.REVIEWER, now=NOW)
        again = await reuse(session, "a", "r", editor_id="volunteer", role=Role.REVIEWER, now=NOW)

    assert (first.is_new, again.is_new) == (True, False)
    async with database.reading() as session:
        link = await session.get_one(ArticleReply, ("a", "r"))
    assert (link.state, link.contributor) == (ReplyState.PROPOSED, "volunteer")
