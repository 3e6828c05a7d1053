"""What a person wrote, and who they are, never reaches the log, whatever goes wrong on the way."""

import io
import json
import logging
from typing import Any

import orjson
import pytest
import structlog
from sqlalchemy import text

from bot.delivery import Delivery
from bot.dispatch import LEASE, Dispatcher
from bot.event_parser import find_chat_id
from bot.events import Event, TextMessage
from bot.line_errors import LineServerError, RefusedError
from bot.logs import configure_logs
from bot.matching import Matching
from bot.metrics import Metrics
from bot.outcome import HandlerResult
from bot.processing import Processor
from storage.database import Database
from storage.inbox import Inbox, IncomingEvent
from tests.bot.fakes import FakeLine, FakeMatcher, make_event
from tests.waiting import until

PRIVATE_TEXT = "我的祕密是七七七"
USER = "U" + "7" * 32
ENDS = {"event_finished", "event_failed", "event_given_up"}


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logs("debug", "json")
    return stream


def lines(output: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


async def test_a_message_on_its_whole_path_leaves_no_word_of_it_in_the_log(
    output: io.StringIO, sqlite_database: Database
) -> None:
    async def fail_in_many_ways(event: Any) -> HandlerResult:
        log = structlog.get_logger()
        log.info("handled", event_id=event.event_id, whole=event)
        if event.text.endswith("1"):
            raise ValueError(event.text)
        if event.text.endswith("2"):
            async with sqlite_database.reading() as session:
                await session.execute(text("SELECT * FROM nowhere WHERE x = :x"), {"x": event.text})
        return HandlerResult(({"type": "text", "text": event.text},), "answered")

    metrics, line = Metrics(), FakeLine(fail_with=[LineServerError(status=500), RefusedError(status=400)])
    inbox = Inbox(sqlite_database, encryption_key=b"k" * 32, owner="test", lease=LEASE)
    await inbox.start()
    matching = Matching(metrics)
    matching.use(FakeMatcher())
    handlers: dict[type[Event], Any] = {TextMessage: fail_in_many_ways}
    delivery = Delivery(line, metrics, push_expired=False)  # type: ignore[arg-type]
    processor = Processor(
        inbox=inbox,
        handlers=handlers,
        delivery=delivery,
        line=line,  # type: ignore[arg-type]
        metrics=metrics,
    )
    dispatcher = Dispatcher(inbox=inbox, processor=processor, matching=matching, metrics=metrics)
    dispatcher.start()
    for number in range(5):
        raw = make_event(f"{PRIVATE_TEXT}{number}", user=USER, timestamp=2_000_000_000_000)
        assert find_chat_id(raw) == USER
        await dispatcher.receive(
            [IncomingEvent(raw["webhookEventId"], f"c{number}", raw["timestamp"], orjson.dumps(raw))]
        )
    await until(lambda: {line["event"] for line in lines(output)} >= ENDS)
    await dispatcher.stop()
    await inbox.close()
    logged = output.getvalue()
    assert "七七七" not in logged
    assert json.dumps(PRIVATE_TEXT)[1:10] not in logged
    assert USER not in logged


def test_an_exception_is_told_by_its_class_and_place(output: io.StringIO) -> None:
    try:
        try:
            int(PRIVATE_TEXT)
        except ValueError as error:
            raise RuntimeError(PRIVATE_TEXT) from error
    except RuntimeError:
        structlog.get_logger().exception("it_failed", event_id="e")
    [line] = lines(output)
    assert line["error"] == "RuntimeError from ValueError"
    assert line["trace"].startswith("tests/bot/test_logs.py:")
    assert PRIVATE_TEXT not in output.getvalue()


def test_what_a_library_logs_is_reduced_to_its_template(output: io.StringIO) -> None:
    logging.getLogger("aiohttp.server").error("Error handling %s", PRIVATE_TEXT)
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: {PRIVATE_TEXT}")
    assert [line["event"] for line in lines(output)] == ["Error handling %s", "Task exception was never retrieved"]


def test_an_object_or_a_long_value_is_not_shown(output: io.StringIO) -> None:
    structlog.get_logger().info("seen", payload={"text": PRIVATE_TEXT}, body="x" * 1000, count=3)
    [line] = lines(output)
    assert (line["payload"], line["body"], line["count"]) == ("<dict>", "<1000 characters>", 3)
