"""An answer that was hidden or taken off here comes back by no new link that an import makes for it."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from moderation.abuse.hiding import hide, show_again
from moderation.abuse.subjects import Subject
from moderation.publish import replace, withdraw
from moderation.taking_in import publish_imported, restore_links
from storage.articles import load_article_summaries
from storage.database import Database
from storage.index_entries import load_entries
from storage.tables import (
    Article,
    ArticleReply,
    ModerationMeasure,
    Reply,
    ReplyState,
    Rule,
    Status,
    SubjectKind,
    Verdict,
)
from tests.moderation.community import NOW, add_answer

Import = Callable[[AsyncSession, list[ArticleReply]], Awaitable[tuple[int, int]]]
IMPORTS = (publish_imported, restore_links)


async def add_imported(session: AsyncSession) -> None:
    """An answer from elsewhere, to the messages a and b; its source has given it to c since."""
    await add_answer(session, state=ReplyState.IMPORTED)
    session.add_all([Article(id="b", text="訊息 b"), Article(id="c", text="訊息 c")])
    await session.flush()
    session.add(ArticleReply(article_id="b", reply_id="r", state=ReplyState.IMPORTED))
    await session.flush()


def new_link(article_id: str = "c") -> ArticleReply:
    return ArticleReply(article_id=article_id, reply_id="r", state=ReplyState.VERIFIED, created_at=NOW)


async def find_shown(session: AsyncSession) -> set[str]:
    """The messages for which the answer is shown, and by whose words they are found."""
    summaries = await load_article_summaries(session, ["a", "b", "c"])
    shown = {summary.article_id for summary in summaries.values() if summary.replies}
    entries = await load_entries(session, ["a", "b", "c"])
    assert {id_ for id_, found in entries.items() if any(entry.kind == "reply" for entry in found)} == shown
    return shown


@pytest.mark.parametrize("take_in", IMPORTS)
async def test_an_answer_hidden_here_is_hidden_for_a_message_it_is_given_to_later(
    take_in: Import, database: Database
) -> None:
    async with database.transaction() as session:
        await add_imported(session)
        subject = Subject(SubjectKind.ANSWER, "a", "r")
        measure = await hide(session, subject, by="moderator", rule=Rule.PERSONAL_DATA, note="", now=NOW)
    for _ in range(2):
        async with database.transaction() as session:
            await take_in(session, [new_link()])
            assert await find_shown(session) == set()
            assert (await session.get_one(ArticleReply, ("c", "r"))).status == Status.BLOCKED
    async with database.transaction() as session:
        stored = await session.get_one(ModerationMeasure, measure.id)
        await show_again(session, stored, by="moderator", now=NOW)
        assert await find_shown(session) == {"a", "b", "c"}, "what came meanwhile is shown with the rest"


@pytest.mark.parametrize("take_in", IMPORTS)
async def test_an_answer_withdrawn_here_from_every_message_is_shown_for_no_other(
    take_in: Import, database: Database
) -> None:
    async with database.transaction() as session:
        await add_imported(session)
        await withdraw(session, "a", "r")
        session.add(Reply(id="s", verdict=Verdict.NOT_RUMOR, text="其實是真的"))
        await session.flush()
        await replace(session, "b", "r", by="s", editor="volunteer")
    for _ in range(2):
        async with database.transaction() as session:
            await take_in(session, [new_link()])
            assert await find_shown(session) == set()


@pytest.mark.parametrize("take_in", IMPORTS)
async def test_an_answer_withdrawn_from_one_message_alone_may_answer_another(
    take_in: Import, database: Database
) -> None:
    async with database.transaction() as session:
        await add_imported(session)
        await withdraw(session, "a", "r")
        await take_in(session, [new_link()])
        assert await find_shown(session) == {"b", "c"}


@pytest.mark.parametrize("take_in", IMPORTS)
async def test_an_answer_hidden_and_withdrawn_from_one_message_comes_back_for_another_when_it_is_shown_again(
    take_in: Import, database: Database
) -> None:
    async with database.transaction() as session:
        await add_imported(session)
        await withdraw(session, "b", "r")
        subject = Subject(SubjectKind.ANSWER, "a", "r")
        measure = await hide(session, subject, by="moderator", rule=Rule.PERSONAL_DATA, note="", now=NOW)
    async with database.transaction() as session:
        await take_in(session, [new_link()])
        assert await find_shown(session) == set()
    async with database.transaction() as session:
        stored = await session.get_one(ModerationMeasure, measure.id)
        await show_again(session, stored, by="moderator", now=NOW)
        assert await find_shown(session) == {"a", "c"}
