"""A lone message is matched while it is being written down, and nothing is decided by that."""

import asyncio
from typing import Any

import orjson
import pytest

from bot.events import TextMessage
from bot.head_start import give_head_start
from bot.matching import Matching
from bot.metrics import Metrics
from bot.outcome import HandlerResult
from retrieval.batching import EncoderBusyError
from retrieval.types import Match, TellCopies
from storage.database import Database
from storage.inbox import IncomingEvent
from tests.bot.fakes import FakeMatcher, make_event
from tests.bot.makers import make_match
from tests.bot.test_dispatch import MessagePath, fresh, running
from tests.bot.test_dispatch import incoming as in_chat

TEXT = "聽說喝熱水可以殺死病毒"


class SlowMatcher(FakeMatcher):
    """Takes a moment, as an encoder does; `fails` is what the next match raises."""

    fails: Exception | None = None

    async def match(self, text: str, *, limit: int = 10, tell_copies: TellCopies | None = None) -> list[Match]:
        self.asked.append(text)
        await asyncio.sleep(0.02)
        if self.fails is not None:
            error, self.fails = self.fails, None
            raise error
        return self.matches[:limit]


class CopyMatcher(FakeMatcher):
    """Tells a near copy, and waits to hear whether more is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def match(self, text: str, *, limit: int = 10, tell_copies: TellCopies | None = None) -> list[Match]:
        assert tell_copies is not None
        self.begun.set()
        try:
            await tell_copies([make_match("article")])
        finally:
            self.ended.set()
        raise AssertionError("nobody wanted more")


@pytest.fixture(autouse=True)
def _kept_on_a_busy_machine_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.matching.HEAD_START_KEPT_S", 60.0)


@pytest.fixture
def matcher() -> SlowMatcher:
    return SlowMatcher(make_match("article"))


@pytest.fixture
async def matching(matcher: SlowMatcher) -> Matching:
    matching = Matching(Metrics())
    matching.use(matcher)
    return matching


def incoming(text: str = TEXT, **fields: Any) -> IncomingEvent:
    return IncomingEvent("event", "chat", 0, orjson.dumps(make_event(text, **fields)))


async def test_it_matches_once_what_was_begun_and_is_then_asked_for(matching: Matching, matcher: SlowMatcher) -> None:
    give_head_start(matching, [incoming()])
    await asyncio.sleep(0)
    assert matcher.asked == [TEXT]
    assert [match.article_id for match in await matching.match(TEXT)] == ["article"]
    assert matcher.asked == [TEXT]


async def test_it_matches_anew_when_the_same_is_asked_again(matching: Matching, matcher: SlowMatcher) -> None:
    give_head_start(matching, [incoming()])
    await matching.match(TEXT)
    await matching.match(TEXT)
    assert matcher.asked == [TEXT, TEXT]


async def test_it_forgets_what_nobody_asked_for(
    matching: Matching, matcher: SlowMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.matching.HEAD_START_KEPT_S", 0.05)
    give_head_start(matching, [incoming()])
    await asyncio.sleep(0.1)
    await matching.match(TEXT)
    assert matcher.asked == [TEXT, TEXT]


async def test_it_ends_what_nobody_asked_for(matching: Matching, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that was told waits to hear whether more is wanted: it must not wait for ever."""
    monkeypatch.setattr("bot.matching.HEAD_START_KEPT_S", 0.01)
    matcher = CopyMatcher()
    matching.use(matcher)
    give_head_start(matching, [incoming()])
    async with asyncio.timeout(60):
        await matcher.ended.wait()


async def test_another_matcher_ends_what_was_begun_with_the_one_before(matching: Matching) -> None:
    matcher = CopyMatcher()
    matching.use(matcher)
    give_head_start(matching, [incoming()])
    async with asyncio.timeout(60):
        await matcher.begun.wait()
        matching.use(FakeMatcher(make_match("another")))
        await matcher.ended.wait()
    assert [match.article_id for match in await matching.match(TEXT)] == ["another"]


async def test_what_was_begun_is_not_looked_for_by_its_words_again(matching: Matching) -> None:
    looked_for = []

    class CountingMatcher(FakeMatcher):
        def match_words(self, text: str, *, limit: int = 10) -> list[Match]:
            looked_for.append(text)
            return []

    matching.use(CountingMatcher(make_match("article")))
    give_head_start(matching, [incoming()])
    assert matching.match_words(TEXT) == []
    assert looked_for == [TEXT]
    await matching.match(TEXT)
    assert matching.match_words(TEXT) == []
    assert looked_for == [TEXT, TEXT]


async def test_a_match_that_was_stopped_is_not_counted_as_one() -> None:
    metrics = Metrics()
    matching = Matching(metrics)

    def counted() -> float | None:
        return metrics.registry.get_sample_value("chaming_match_seconds_count")

    class CopyMatcher(FakeMatcher):
        async def match(self, text: str, *, limit: int = 10, tell_copies: TellCopies | None = None) -> list[Match]:
            assert tell_copies is not None
            await tell_copies(self.matches)
            return self.matches

    matching.use(CopyMatcher(make_match("article")))
    async with matching.searching(TEXT) as search:
        assert len(await search.near_copies()) == 1
    await asyncio.sleep(0)
    assert counted() == 0
    await matching.match(TEXT)
    assert counted() == 1


async def test_it_uses_nothing_of_a_matcher_that_was_replaced(matching: Matching) -> None:
    give_head_start(matching, [incoming()])
    matching.use(SlowMatcher(make_match("newer")))
    assert [match.article_id for match in await matching.match(TEXT)] == ["newer"]


async def test_a_failed_head_start_fails_the_attempt_that_waits_for_it_only(
    matching: Matching, matcher: SlowMatcher
) -> None:
    matcher.fails = EncoderBusyError()
    give_head_start(matching, [incoming()])
    with pytest.raises(EncoderBusyError):
        await matching.match(TEXT)
    assert len(await matching.match(TEXT)) == 1


@pytest.mark.parametrize(
    "events",
    [
        [incoming(), incoming("另一則")],
        [incoming(source={"type": "group", "groupId": "C" + "1" * 32})],
        [incoming(mode="standby")],
        [incoming(type="follow")],
        [incoming(message={"type": "sticker", "id": "1"})],
    ],
    ids=["several", "group", "standby", "follow", "sticker"],
)
async def test_it_begins_with_nothing_but_a_persons_lone_text(
    matching: Matching, matcher: SlowMatcher, events: list[IncomingEvent]
) -> None:
    give_head_start(matching, events)
    await asyncio.sleep(0)
    assert matcher.asked == []


async def test_it_begins_with_nothing_whose_very_words_are_known(matching: Matching) -> None:
    matcher = SlowMatcher(make_match("article", signals={"exact": 1.0}))
    matching.use(matcher)
    give_head_start(matching, [incoming()])
    await asyncio.sleep(0)
    assert matcher.asked == []


async def test_nothing_is_answered_that_could_not_be_stored(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, matcher = MessagePath(sqlite_database), SlowMatcher(make_match("article"))

    async def fail(*_: Any, **options: Any) -> None:
        await asyncio.sleep(0.05)
        raise OSError("the disk is full")

    async with running(path) as dispatcher:
        path.matching.use(matcher)
        monkeypatch.setattr(path.inbox, "store", fail)
        with pytest.raises(OSError, match="full"):
            await dispatcher.receive([incoming()])
        await asyncio.sleep(0.05)
    assert matcher.asked == [TEXT]
    assert (path.handled, path.line.replies) == ([], [])


async def test_it_begins_with_nothing_while_another_message_is_in_hand(sqlite_database: Database) -> None:
    path, matcher = MessagePath(sqlite_database), SlowMatcher()
    answering = asyncio.Event()

    async def answer(_: object) -> HandlerResult:
        await answering.wait()
        return HandlerResult(outcome="answered")

    path.handlers[TextMessage] = answer
    async with running(path) as dispatcher:
        path.matching.use(matcher)
        await dispatcher.receive([incoming_now("first", "U" + "1" * 32)])
        await dispatcher.receive([incoming_now("second", "U" + "2" * 32)])
        await asyncio.sleep(0.02)
        answering.set()
        await path.until_done()
    assert matcher.asked == ["first"]


def incoming_now(text: str, user: str) -> IncomingEvent:
    return in_chat(fresh(text, user=user))
