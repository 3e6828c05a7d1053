"""How much one chat may ask for, and who is not answered."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from bot.event_parser import parse_event
from bot.events import Event
from bot.handlers.text import handle_text
from bot.limits import STORED_BEYOND, Judgement, Limits
from bot.worker import _handle
from storage.blocked_chats import block_chat, list_blocked, unblock_chat
from storage.database import Database
from storage.inbox import IncomingEvent
from storage.tables import utc_now
from tests.bot.conversation import Conversation, said
from tests.bot.fakes import FakeMatcher, make_event
from tests.bot.test_dispatch import MessagePath, fresh, running
from tests.bot.test_dispatch import incoming as in_chat


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def event(chat: str = "chat", **fields: object) -> Event:
    return parse_event(make_event(**fields), event_id="e", chat=chat, timestamp=1)  # type: ignore[arg-type]


def incoming(chat: str, payload: bytes = b"{}") -> IncomingEvent:
    return IncomingEvent("e", chat, 1, payload)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(sqlite_database: Database, clock: Clock) -> Limits:
    return Limits(sqlite_database, 3, clock)


def test_it_tells_once_then_keeps_quiet_and_forgives(limits: Limits, clock: Clock) -> None:
    judged = [limits.judge(event()) for _ in range(6)]
    assert judged == [Judgement.FINE] * 3 + [Judgement.TELL] + [Judgement.QUIET] * 2
    assert limits.judge(event("another")) == Judgement.FINE
    clock.now += 60
    assert limits.judge(event()) == Judgement.FINE


def test_taking_something_back_is_never_too_much(limits: Limits) -> None:
    for _ in range(5):
        limits.judge(event())
    assert limits.judge(event(type="unsend", unsend={"messageId": "1"})) == Judgement.FINE
    assert limits.judge(event(type="unfollow")) == Judgement.FINE


def test_a_flood_is_not_stored_but_what_takes_back_is(limits: Limits) -> None:
    most = 3 * STORED_BEYOND
    assert len(limits.choose_stored([incoming("chat")] * (most + 50))) == most
    assert limits.choose_stored([incoming("chat", b'{"type":"unsend"}')]) != []
    assert limits.choose_stored([incoming("another")]) != []


def test_a_group_has_more_room_than_a_person(limits: Limits) -> None:
    source = {"type": "group", "groupId": "C1", "userId": "U1"}
    judged = [limits.judge(event("group", source=source)) for _ in range(13)]
    assert judged.count(Judgement.FINE) == 12


def test_zero_is_no_limit(sqlite_database: Database) -> None:
    free = Limits(sqlite_database, 0)
    assert {free.judge(event()) for _ in range(500)} == {Judgement.FINE}
    assert len(free.choose_stored([incoming("chat")] * 500)) == 500


async def test_no_work_is_begun_for_whoever_would_not_be_answered(sqlite_database: Database) -> None:
    limits = Limits(sqlite_database, 3)
    path, matcher = MessagePath(sqlite_database, limits=limits), FakeMatcher()
    async with sqlite_database.transaction() as session:
        await block_chat(session, "blocked", "junk", None)
    await limits.catch_up()
    for _ in range(3):
        limits.judge(event("busy"))
    async with running(path) as dispatcher:
        path.matching.use(matcher)
        for chat in ("blocked", "busy", "another"):
            await dispatcher.receive([in_chat(fresh(chat), chat)])
            await path.until_done()
            await asyncio.sleep(0.05)
    assert matcher.asked == ["another"]


async def test_whoever_is_blocked_is_not_answered_until_the_time_is_over(database: Database) -> None:
    limits = Limits(database, 3)
    async with database.transaction() as session:
        await block_chat(session, "chat", "junk", None)
        await block_chat(session, "past", "junk", utc_now() - timedelta(days=1))
        assert len(await list_blocked(session)) == 2
    await limits.catch_up()
    assert [limits.judge(event(chat)) for chat in ("chat", "past")] == [Judgement.BLOCKED, Judgement.FINE]
    async with database.transaction() as session:
        assert await unblock_chat(session, "chat")
        assert not await unblock_chat(session, "chat")
    await limits.catch_up()
    assert limits.judge(event("chat")) == Judgement.FINE


async def test_the_person_is_told_politely_and_a_group_is_not(chat: Conversation) -> None:
    chat.services.limits = Limits(chat.services.database, 1)
    handle = partial(_handle, handle_text, chat.services)
    results = [await handle(event("one")) for _ in range(3)]
    assert [result.outcome for result in results] == ["no_match", "limited_told", "limited"]
    assert "請給我一分鐘" in said(results[1])
    in_group = {"source": {"type": "group", "groupId": "C1", "userId": "U1"}}
    quiet = [await handle(event("group", **in_group)) for _ in range(2)]
    assert [result.messages for result in quiet] == [(), ()]
