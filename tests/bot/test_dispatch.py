"""The dispatcher over the real inbox: every event is handled, in order, once, whatever happens in between."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest

from bot.arrivals import Arrivals
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.events import Event, TextMessage, Unfollow
from bot.limits import Limits
from bot.line_client import retry_key_of
from bot.line_errors import InvalidReplyTokenError, LineUnreachableError, RateLimitedError, RefusedError
from bot.matching import Matching
from bot.metrics import Metrics
from bot.outcome import HandlerResult
from bot.processing import (
    MAX_ATTEMPTS,
    MAX_ATTEMPTS_OF_OUR_OWN_FAULT,
    MAX_CLAIMS,
    Handle,
    Processor,
    choose_max_attempts,
    choose_pause_s,
)
from retrieval.batching import EncoderBusyError
from storage.database import Database
from storage.inbox import Inbox, IncomingEvent
from tests.bot.fakes import FakeLine, FakeMatcher, make_event
from tests.waiting import wait_until

ANSWER = {"type": "text", "text": "查過了"}
KEY = b"k" * 32
LEASE = timedelta(seconds=60)


class MessagePath:
    """A dispatcher with everything around it, and what a test asks of it."""

    def __init__(self, database: Database, **options: Any) -> None:
        self.database = database
        self.line = FakeLine()
        self.metrics = Metrics()
        self.matching = Matching(self.metrics)
        self.handled: list[TextMessage] = []
        self.inbox = Inbox(database, encryption_key=KEY, owner=options.get("owner", "test"), lease=LEASE)
        self.handlers: dict[type[Event], Handle] = {TextMessage: self.answer, Unfollow: self.remember}
        self.push_expired = bool(options.get("push_expired", False))
        self.limits: Limits | None = options.get("limits")
        self.left: list[str] = []

    async def answer(self, event: Any) -> HandlerResult:
        self.handled.append(event)
        return HandlerResult((ANSWER,), "answered")

    async def remember(self, event: Event) -> HandlerResult:
        self.left.append(event.chat)
        return HandlerResult(outcome="unfollowed")

    def build(self) -> Dispatcher:
        delivery = Delivery(self.line, self.metrics, push_expired=self.push_expired)  # type: ignore[arg-type]
        processor = Processor(
            inbox=self.inbox,
            handlers=self.handlers,
            delivery=delivery,
            line=self.line,  # type: ignore[arg-type]
            metrics=self.metrics,
        )
        return Dispatcher(
            inbox=self.inbox, processor=processor, matching=self.matching, metrics=self.metrics, limits=self.limits
        )

    async def depth(self) -> Mapping[str, int]:
        return await self.inbox.depth()

    async def until_done(self) -> None:
        await wait_until(self._is_done)

    async def _is_done(self) -> bool:
        depth = await self.depth()
        return depth["pending"] == depth["claimed"] == 0


def incoming(raw: dict[str, Any], chat: str | None = None) -> IncomingEvent:
    chat = chat or raw["source"]["userId"]
    return IncomingEvent(raw["webhookEventId"], chat, raw["timestamp"], orjson.dumps(raw))


def fresh(text: str = "喝熱水", **fields: Any) -> dict[str, Any]:
    """A message of right now: its reply token is alive."""
    return make_event(text, **{"timestamp": time.time_ns() // 1_000_000, **fields})


@asynccontextmanager
async def running(path: MessagePath, *, ready: bool = True) -> AsyncIterator[Dispatcher]:
    await path.inbox.start()
    dispatcher = path.build()
    if ready:
        path.matching.use(FakeMatcher())
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        await dispatcher.stop()
        await path.inbox.close()


@pytest.fixture
def path(database: Database) -> MessagePath:
    return MessagePath(database)


async def test_it_answers_an_event_with_its_reply_token(path: MessagePath) -> None:
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh("喝熱水", replyToken="token"))])
        await path.until_done()
    assert path.line.replies == [("token", (ANSWER,))]
    assert [event.text for event in path.handled] == ["喝熱水"]


async def test_it_answers_a_redelivered_event_once(path: MessagePath) -> None:
    raw = fresh()
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(raw), incoming(raw)])
        await dispatcher.receive([incoming(raw)])
        await path.until_done()
        await dispatcher.receive([incoming({**raw, "deliveryContext": {"isRedelivery": True}})])
        await asyncio.sleep(0.3)
    assert len(path.line.replies) == 1


async def test_it_keeps_the_order_of_lines_clock_within_a_chat(path: MessagePath) -> None:
    messages = [fresh(str(number), timestamp=2_000_000_000_000 + number) for number in range(6)]
    async with running(path) as dispatcher:
        path.handlers[TextMessage] = self_paced(path)
        await dispatcher.receive([incoming(messages[0])])
        await dispatcher.receive([incoming(messages[number]) for number in (4, 2, 5)])
        await dispatcher.receive([incoming(messages[number]) for number in (3, 1)])
        await path.until_done()
    assert [event.text for event in path.handled] == ["0", "1", "2", "3", "4", "5"]


def self_paced(path: MessagePath) -> Handle:
    async def answer_slowly(event: Any) -> HandlerResult:
        await asyncio.sleep(0.05)
        return await path.answer(event)

    return answer_slowly


async def test_it_handles_different_chats_at_the_same_time(path: MessagePath) -> None:
    arrived = asyncio.Barrier(8)

    async def meet(event: Any) -> HandlerResult:
        await arrived.wait()
        return HandlerResult((ANSWER,), "met")

    path.handlers[TextMessage] = meet
    async with running(path) as dispatcher, asyncio.timeout(60):
        await dispatcher.receive([incoming(fresh(), chat=f"chat{number}") for number in range(8)])
        await path.until_done()
    assert len(path.line.replies) == 8


async def test_it_goes_on_when_one_event_is_poison(path: MessagePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.processing.FIRST_PAUSE_S", 300.0)

    async def answer_unless_poison(event: Any) -> HandlerResult:
        if event.text == "poison":
            raise ValueError(event.text)
        return await path.answer(event)

    path.handlers[TextMessage] = answer_unless_poison
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh("poison"), chat="a"), incoming(fresh("good"), chat="b")])
        await wait_until(lambda: is_put_back(path))
    assert len(path.line.replies) == 1


async def is_put_back(path: MessagePath) -> bool:
    return len(path.line.replies) == 1 and await path.depth() == {"pending": 1, "claimed": 0, "failed": 0}


async def test_it_tries_again_when_line_could_not_be_reached(path: MessagePath) -> None:
    path.line.fail_with = [LineUnreachableError()]
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh(replyToken="token"))])
        await path.until_done()
    assert [token for token, _ in path.line.replies] == ["token"]
    assert len(path.handled) == 2


async def test_it_gives_an_event_up_that_line_will_never_accept(path: MessagePath) -> None:
    path.line.fail_with = [RefusedError(status=400, reason="May not be empty")]
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh())])
        await path.until_done()
        assert (await path.depth())["failed"] == 1
    assert len(path.handled) == 1


async def test_it_records_a_used_reply_token_and_tries_nothing_else(database: Database) -> None:
    path = MessagePath(database, push_expired=True)
    path.line.fail_with = [InvalidReplyTokenError(status=400)]
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh())])
        await path.until_done()
        assert (await path.depth())["failed"] == 0
    assert path.line.replies == path.line.pushes == []
    assert path.metrics.registry.get_sample_value(
        "chaming_events_finished_total", {"kind": "TextMessage", "outcome": "reply_token_invalid"}
    )


async def test_it_says_nothing_to_an_event_whose_token_is_dead(path: MessagePath) -> None:
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(make_event(timestamp=1_600_000_000_000))])
        await path.until_done()
    assert path.line.replies == path.line.pushes == []
    assert path.handled == []


async def test_it_pushes_instead_when_the_settings_allow_it(database: Database) -> None:
    path = MessagePath(database, push_expired=True)
    raw = make_event(timestamp=1_600_000_000_000)
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(raw)])
        await path.until_done()
    user, event_id = raw["source"]["userId"], raw["webhookEventId"]
    assert path.line.pushes == [(user, (ANSWER,), retry_key_of(event_id))]
    assert path.line.replies == []


async def test_it_never_pushes_what_may_have_been_replied_already(database: Database) -> None:
    path = MessagePath(database, push_expired=True)
    await path.inbox.start()
    await path.inbox.store([incoming(make_event(timestamp=1_600_000_000_000))])
    await path.inbox.release_all()  # the process was killed with the event in its hands
    await path.inbox.close()
    again = MessagePath(database, push_expired=True)
    async with running(again):
        await again.until_done()
    assert again.line.replies == again.line.pushes == []


async def test_it_is_silent_in_standby_and_still_honours_who_leaves(path: MessagePath) -> None:
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh(mode="standby"), chat="a")])
        await dispatcher.receive([incoming(fresh(mode="standby", type="unfollow"), chat="b")])
        await path.until_done()
    assert path.line.replies == path.handled == []
    assert path.left == ["b"]


async def test_it_keeps_what_arrives_before_the_model_is_ready(path: MessagePath) -> None:
    async with running(path, ready=False) as dispatcher:
        await dispatcher.receive([incoming(fresh())])
        await asyncio.sleep(0.4)
        assert await path.depth() == {"pending": 1, "claimed": 0, "failed": 0}
        path.matching.use(FakeMatcher())
        await path.until_done()
    assert len(path.line.replies) == 1


async def test_a_webhook_is_answered_before_its_event_is_handled(path: MessagePath) -> None:
    order = []

    async def answer(_: object) -> HandlerResult:
        order.append("handled")
        return HandlerResult(outcome="answered")

    path.handlers[TextMessage] = answer
    async with running(path) as dispatcher:
        arrivals: Arrivals[list[IncomingEvent]] = Arrivals(lambda events: events, dispatcher.receive, Metrics())
        await arrivals.store([incoming(fresh())])
        order.append("acknowledged")
        await path.until_done()
    assert order == ["acknowledged", "handled"]


async def test_it_shows_the_loading_animation_only_when_work_takes_a_while(
    path: MessagePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.processing.LOADING_AFTER_S", 777.0)

    async def answer_late(event: Any) -> HandlerResult:
        if event.text == "slow":
            await wait_until(is_shown)
            await asyncio.sleep(0.1)
        return await path.answer(event)

    async def is_shown() -> bool:
        return bool(path.line.loading)

    loop, begun = asyncio.get_running_loop(), []

    def call_later(delay: float, *called: Any, call: Any = loop.call_later) -> asyncio.TimerHandle:
        begun.append((delay, call(delay, *called)))
        handle: asyncio.TimerHandle = begun[-1][1]
        return handle

    path.handlers[TextMessage] = answer_late
    group = {"type": "group", "groupId": "C1", "userId": "U1"}
    async with running(path) as dispatcher:
        with monkeypatch.context() as watched:
            watched.setattr(loop, "call_later", call_later)
            await dispatcher.receive([incoming(fresh("quick", user="U2"))])
            await path.until_done()
        assert [handle.cancelled() for delay, handle in begun if delay == 777.0] == [True], "nothing is shown later"
        monkeypatch.setattr("bot.processing.LOADING_AFTER_S", 0.01)
        await dispatcher.receive([incoming(fresh("slow", user="U3")), incoming(fresh("slow", source=group))])
        await path.until_done()
    assert path.line.loading == ["U3"]


async def test_it_gives_back_what_it_could_not_finish(path: MessagePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.dispatch.DRAIN_S", 0.05)
    path.handlers[TextMessage] = never_ending
    await path.inbox.start()
    path.matching.use(FakeMatcher())
    dispatcher = path.build()
    dispatcher.start()
    await dispatcher.receive([incoming(fresh())])
    await asyncio.sleep(0.05)
    await dispatcher.stop()
    assert await path.depth() == {"pending": 1, "claimed": 0, "failed": 0}
    await path.inbox.close()


async def never_ending(event: Event) -> HandlerResult:
    await asyncio.Event().wait()
    raise AssertionError


async def test_it_gives_up_an_event_that_kills_the_process_every_time(path: MessagePath) -> None:
    await path.inbox.start()
    await path.inbox.store([incoming(fresh())])
    for _ in range(MAX_CLAIMS):
        await path.inbox.release_all()  # killed
        await path.inbox.claim(1)
    await path.inbox.release_all()
    await path.inbox.close()
    again = MessagePath(path.database)
    async with running(again):
        await again.until_done()
        assert (await again.depth())["failed"] == 1
    assert again.handled == []


async def test_it_handles_a_flood_in_bounded_numbers(path: MessagePath) -> None:
    at_once = most = 0

    async def count(event: Any) -> HandlerResult:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.001)
        at_once -= 1
        return await path.answer(event)

    path.handlers[TextMessage] = count
    async with running(path) as dispatcher:
        for start in range(0, 600, 60):
            await dispatcher.receive([incoming(fresh(), chat=f"c{start + n}") for n in range(60)])
        await path.until_done()
    assert len({token for token, _ in path.line.replies}) == len(path.line.replies) == 600
    assert most <= 32


@pytest.mark.postgres
async def test_two_processes_share_the_work_and_repeat_none_of_it(postgres_database: Database) -> None:
    one, two = (MessagePath(postgres_database, owner=owner) for owner in ("one", "two"))
    async with running(one) as first, running(two) as second:
        for number in range(60):
            dispatcher = first if number % 2 else second
            await dispatcher.receive([incoming(fresh(str(number)), chat=f"chat{number % 7}")])
        await one.until_done()
    tokens = [token for token, _ in one.line.replies + two.line.replies]
    assert len(tokens) == len(set(tokens)) == 60


def test_it_waits_longer_each_time_and_as_long_as_line_asks() -> None:
    pauses = [choose_pause_s(attempt, ValueError()) for attempt in range(1, MAX_ATTEMPTS)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert choose_pause_s(1, RateLimitedError(retry_after_s=30)) == 30


def test_it_soon_gives_up_on_a_mistake_of_our_own_since_the_chat_is_waiting() -> None:
    for mistake in (ValueError(), TimeoutError(), KeyError()):
        assert choose_max_attempts(mistake) == MAX_ATTEMPTS_OF_OUR_OWN_FAULT
    for passing in (LineUnreachableError(), EncoderBusyError(), ConnectionError()):
        assert choose_max_attempts(passing) == MAX_ATTEMPTS
    assert choose_max_attempts(RefusedError(status=400)) == 1


async def test_a_poisoned_message_does_not_hold_up_its_own_chat_for_long(
    path: MessagePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.processing.FIRST_PAUSE_S", 0.02)

    async def answer_unless_poison(event: Any) -> HandlerResult:
        if event.text == "poison":
            raise ValueError(event.text)
        return await path.answer(event)

    path.handlers[TextMessage] = answer_unless_poison
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh("poison"), chat="a"), incoming(fresh("good"), chat="a")])
        await path.until_done()
        assert (await path.depth())["failed"] == 1
    assert [event.text for event in path.handled] == ["good"]
