"""Who is to be told of what: each change of a reply, once, by those who asked and want to know."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from moderation.announcing import announce_texts
from moderation.taking_back import forget_asker, take_back_request
from storage.database import Database
from storage.notice_log import Told, choose_notice, make_notices
from storage.notices import claim_for_reply, set_wants_notices
from storage.tables import ChangeKind, Notice, NoticeKind, NoticeState, ReplyRequest, ReplyState, Status, utc_now
from tests.storage.asking import (
    add_article,
    answer,
    ask,
    correct_reply,
    load_notices,
    make,
    told,
    withdraw_reply,
)

ANSWERED, CORRECTED, WITHDRAWN = NoticeKind.ANSWERED, NoticeKind.CORRECTED, NoticeKind.WITHDRAWN


@pytest.fixture
async def asked(database: Database) -> Database:
    """Asker and volunteer wait for an answer to one article."""
    await add_article(database)
    await ask(database, "asker", "second")
    return database


async def mark_all_sent(database: Database) -> None:
    async with database.transaction() as session:
        pending = col(Notice.state) == NoticeState.PENDING
        await session.execute(update(Notice).where(pending).values(state=NoticeState.SENT))


@pytest.mark.parametrize(
    ("change", "known", "pending", "chosen"),
    [
        (ChangeKind.PUBLISHED, None, None, ANSWERED),
        (ChangeKind.PUBLISHED, None, ANSWERED, ANSWERED),
        (ChangeKind.PUBLISHED, ANSWERED, None, None),
        (ChangeKind.PUBLISHED, CORRECTED, None, None),
        (ChangeKind.PUBLISHED, WITHDRAWN, None, ANSWERED),
        (ChangeKind.PUBLISHED, ANSWERED, WITHDRAWN, CORRECTED),
        (ChangeKind.PUBLISHED, ANSWERED, CORRECTED, CORRECTED),
        (ChangeKind.CORRECTED, None, None, ANSWERED),
        (ChangeKind.CORRECTED, None, ANSWERED, ANSWERED),
        (ChangeKind.CORRECTED, ANSWERED, None, CORRECTED),
        (ChangeKind.CORRECTED, WITHDRAWN, None, ANSWERED),
        (ChangeKind.WITHDRAWN, None, None, None),
        (ChangeKind.WITHDRAWN, None, ANSWERED, None),
        (ChangeKind.WITHDRAWN, ANSWERED, None, WITHDRAWN),
        (ChangeKind.WITHDRAWN, ANSWERED, CORRECTED, WITHDRAWN),
        (ChangeKind.WITHDRAWN, WITHDRAWN, None, None),
    ],
)
def test_it_tells_what_is_news_to_the_person(
    change: ChangeKind, known: NoticeKind | None, pending: NoticeKind | None, chosen: NoticeKind | None
) -> None:
    assert choose_notice(change, Told(known, pending)) == chosen


async def test_it_makes_one_notice_for_everyone_who_asked(asked: Database) -> None:
    await answer(asked)
    assert await make(asked) == 2
    assert await make(asked) == 0
    assert await told(asked) == [("asker", "answered", "pending"), ("second", "answered", "pending")]


async def test_a_change_is_left_until_it_has_settled(asked: Database) -> None:
    await answer(asked)
    assert await make_notices(asked, utc_now()) == 0
    assert await make(asked) == 2


async def test_what_only_concerns_the_index_tells_nobody(asked: Database) -> None:
    async with asked.transaction() as session:
        await announce_texts(session, ["article"])
    assert await make(asked) == 0


async def test_that_a_reply_was_confirmed_later_is_no_news(asked: Database) -> None:
    await answer(asked, state=ReplyState.PROVISIONAL)
    await make(asked)
    await mark_all_sent(asked)
    await answer(asked, state=ReplyState.VERIFIED)
    assert await make(asked) == 0


async def test_what_was_withdrawn_before_anyone_was_told_is_never_told(asked: Database) -> None:
    await answer(asked)
    await make(asked)
    await withdraw_reply(asked)
    assert await make(asked) == 0
    assert {state for _, _, state in await told(asked)} == {"suppressed"}


async def test_corrected_and_withdrawn_are_told_to_those_who_know_the_reply(asked: Database) -> None:
    await answer(asked)
    await make(asked)
    await mark_all_sent(asked)
    await correct_reply(asked, "更正：下個月起要有照片。")
    await make(asked)
    assert (await told(asked))[2:] == [("asker", "corrected", "pending"), ("second", "corrected", "pending")]
    await withdraw_reply(asked)
    await make(asked)
    assert (await told(asked))[2:] == [
        ("asker", "corrected", "suppressed"),
        ("second", "corrected", "suppressed"),
        ("asker", "withdrawn", "pending"),
        ("second", "withdrawn", "pending"),
    ]


async def test_all_that_happened_at_once_comes_to_one_notice(asked: Database) -> None:
    await answer(asked)
    await correct_reply(asked, "更正：下個月起要有照片。")
    await withdraw_reply(asked)
    await answer(asked)
    assert await make(asked) == 2
    assert {kind for _, kind, _ in await told(asked)} == {"answered"}


async def test_what_is_being_told_this_moment_counts_as_told(asked: Database) -> None:
    await answer(asked)
    await make(asked)
    async with asked.transaction() as session:
        assert await claim_for_reply(session, "asker", "event", utc_now() + timedelta(seconds=10))
    await withdraw_reply(asked)
    await make(asked)
    assert await told(asked) == [
        ("asker", "answered", "pending"),
        ("second", "answered", "suppressed"),
        ("asker", "withdrawn", "pending"),
    ]


async def test_two_workers_make_each_notice_once(asked: Database) -> None:
    await answer(asked)
    await correct_reply(asked, "更正：下個月起要有照片。")
    assert sorted(await asyncio.gather(*[make(asked) for _ in range(4)])) == [0, 0, 0, 2]
    assert len(await load_notices(asked)) == 2


async def test_whoever_wants_no_notices_gets_none(asked: Database) -> None:
    async with asked.transaction() as session:
        await set_wants_notices(session, "asker", False, utc_now(), "article")
        await set_wants_notices(session, "second", False, utc_now())
    await answer(asked)
    assert await make(asked) == 0


async def test_a_request_that_does_not_count_is_not_told(asked: Database) -> None:
    async with asked.transaction() as session:
        asker = col(ReplyRequest.contributor) == "asker"
        await session.execute(update(ReplyRequest).where(asker).values(status=Status.BLOCKED))
    await answer(asked)
    await make(asked)
    assert [asker for asker, _, _ in await told(asked)] == ["second"]


async def test_taking_a_question_back_takes_its_notices_along(asked: Database) -> None:
    await answer(asked)
    await make(asked)
    async with asked.transaction() as session:
        await take_back_request(session, article_id="article", asker_id="asker")
        await forget_asker(session, "second")
    assert await load_notices(asked) == []


async def test_it_reads_a_long_log_in_slices(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.notice_log.CHANGES_AT_ONCE", 2)
    for number in range(5):
        await add_article(database, f"a{number}", f"訊息{number}")
        await ask(database, "asker", article_id=f"a{number}")
        await answer(database, f"r{number}", f"a{number}")
    assert await make(database) == 5


@pytest.mark.parametrize("at_once", [1, 2, 3, 4, 6])
async def test_it_tells_many_people_in_parts_and_each_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("storage.notice_log.ASKERS_AT_ONCE", at_once)
    await add_article(database)
    await add_article(database, "another", "另一則")
    await ask(database, "asker", "second", "third")
    await ask(database, "asker", "second", article_id="another")
    await answer(database)
    await answer(database, "r", "another")
    await correct_reply(database, "更正：下個月起要有照片。")
    assert await make(database) == 5
    assert await make(database) == 0
    assert len({(notice.asker_id, notice.article_id) for notice in await load_notices(database)}) == 5
