"""Sources that people have told of: shown to whoever answers, unless a moderator found one of no use."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from moderation.abuse.reports import Decision, decide, load_decisions_for, raise_case
from moderation.abuse.sources import MAX_SHOWN, read_articles_with_sources, read_sources
from moderation.abuse.subjects import Subject
from moderation.intake import request_reply
from moderation.taking_back import take_back_request
from storage.askers import ensure_asker
from storage.database import Database
from storage.tables import (
    Article,
    CaseKind,
    CaseState,
    ModerationCase,
    ReplyState,
    Role,
    Rule,
    Status,
    SubjectKind,
)
from tests.moderation.community import NOW, add_answer

TOLD = "https://fda.example/eggs"


async def tell_source(session: AsyncSession, subject: Subject, kind: CaseKind = CaseKind.SOURCE) -> ModerationCase:
    return await raise_case(session, subject, kind=kind, grounds=TOLD, contact="reader@example.org", now=NOW)


async def shown(session: AsyncSession) -> list[str]:
    found = await session.run_sync(lambda sync: read_sources(sync, "a"))
    marked = await session.run_sync(lambda sync: read_articles_with_sources(sync, ["a", "b"]))
    assert marked == ({"a"} if found else set())
    return [source.text for source in found]


@pytest.mark.parametrize(
    ("decision", "state", "left"),
    [
        (Decision.KEEP, CaseState.GRANTED, [TOLD]),
        (Decision.REOPEN, CaseState.GRANTED, [TOLD]),
        (Decision.NOTHING, CaseState.REFUSED, []),
    ],
)
async def test_a_source_stays_unless_it_is_of_no_use(
    database: Database, decision: Decision, state: CaseState, left: list[str]
) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED)
        case = await tell_source(session, Subject(SubjectKind.ANSWER, "a", "r"))
        assert await load_decisions_for(session, case) == [Decision.NOTHING, Decision.KEEP, Decision.REOPEN]
        assert await shown(session) == [TOLD], "at once"
    async with database.transaction() as session:
        about = {"moderator": "moderator", "role": Role.MODERATOR, "rule": Rule.OTHER, "answer": "Thank you"}
        decided, _ = await decide(session, case.id, decision, now=NOW, **about)  # type: ignore[arg-type]
        assert (decided.state, decided.contact) == (state, None)
        assert decided.grounds == (TOLD if left else "")
        assert await shown(session) == left


async def test_a_report_is_shown_to_moderators_alone(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED)
        await tell_source(session, Subject(SubjectKind.ARTICLE, "a"), CaseKind.ABUSE)
        assert await shown(session) == []


async def test_somebodys_second_source_is_another_one_unless_it_says_the_same(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED)
        for told in ("https://one.example", "https://two.example", " https://one.example "):
            subject = Subject(SubjectKind.ARTICLE, "a")
            await raise_case(session, subject, kind=CaseKind.SOURCE, grounds=told, raised_by="reader", now=NOW)
        assert sorted(await shown(session)) == ["https://one.example", "https://two.example"]


async def test_one_a_moderator_has_kept_is_shown_before_newer_ones(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED)
        kept = await tell_source(session, Subject(SubjectKind.ARTICLE, "a"))
        kept.state = CaseState.GRANTED
        for number in range(MAX_SHOWN):
            later = NOW + timedelta(minutes=number + 1)
            subject = Subject(SubjectKind.ARTICLE, "a")
            await raise_case(session, subject, kind=CaseKind.SOURCE, grounds=f"junk {number}", now=later)
        assert await shown(session) == [TOLD, *(f"junk {number}" for number in range(MAX_SHOWN - 1, 0, -1))]


async def test_sources_of_a_merged_message_go_with_it(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED)
        session.add(Article(id="merged", text="same", status=Status.MERGED, merged_into="a"))
        await session.flush()
        await tell_source(session, Subject(SubjectKind.ARTICLE, "merged"))
        assert await shown(session) == [TOLD]


async def test_a_source_is_erased_with_its_message(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Article(id="a", text="a rumour"))
        await ensure_asker(session, "asker", "U" + "0" * 32)
        await request_reply(session, article_id="a", asker_id="asker")
        kept = await tell_source(session, Subject(SubjectKind.ARTICLE, "a"))
        kept.state = CaseState.GRANTED
        await session.flush()
        await take_back_request(session, article_id="a", asker_id="asker")
        await session.refresh(kept)
        assert (await session.get_one(Article, "a")).text is None
        assert kept.grounds == ""
