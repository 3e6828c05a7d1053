"""The webhook: who may speak, what is kept, and that nothing LINE sends is lost or breaks the rest."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from io import BytesIO

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.metrics import Metrics
from bot.pseudonyms import Pseudonyms
from bot.webhook import MAX_BODY_BYTES, MAX_TIMESTAMP, Webhook
from storage.inbox import IncomingEvent
from tests.bot.fakes import SECRET, SECRET_KEY, make_body, make_event, sign

NEW_SECRET = "ffffffffffffffffffffffffffffffff"
Client = TestClient[web.Request, web.Application]


class FakeInbox:
    """Keeps events, or fails to."""

    def __init__(self) -> None:
        self.events: list[IncomingEvent] = []
        self.broken = False

    async def receive(self, events: Sequence[IncomingEvent]) -> None:
        if self.broken:
            raise OSError("disk full")
        self.events += events


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def client(inbox: FakeInbox, metrics: Metrics) -> AsyncIterator[Client]:
    webhook = Webhook(
        secrets=[NEW_SECRET, SECRET], pseudonyms=Pseudonyms(SECRET_KEY), receive=inbox.receive, metrics=metrics
    )
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post("/callback", webhook.handle)
    async with TestClient(TestServer(app)) as client:
        yield client


async def post(client: Client, body: bytes, signature: str | None = None) -> int:
    headers = {"X-Line-Signature": sign(body) if signature is None else signature}
    response = await client.post("/callback", data=BytesIO(body), headers=headers)
    return response.status


async def test_it_accepts_lines_own_example_signature(client: Client) -> None:
    body = b'{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}'
    assert await post(client, body, "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=") == 200


async def test_it_answers_the_consoles_check_and_stores_nothing(client: Client, inbox: FakeInbox) -> None:
    assert await post(client, make_body()) == 200
    assert inbox.events == []


async def test_it_accepts_either_secret_while_one_is_rotated(client: Client) -> None:
    body = make_body(make_event())
    assert await post(client, body, sign(body, NEW_SECRET)) == 200
    assert await post(client, body, sign(body, SECRET)) == 200


@pytest.mark.parametrize("signature", ["", "x", "é", "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="])
async def test_it_refuses_and_counts_a_bad_signature(
    client: Client, inbox: FakeInbox, metrics: Metrics, signature: str
) -> None:
    assert await post(client, make_body(make_event()), signature) == 401
    assert inbox.events == []
    assert metrics.registry.get_sample_value("chaming_webhooks_total", {"result": "bad_signature"}) == 1


async def test_it_signs_the_raw_bytes_and_not_what_they_mean(client: Client) -> None:
    body = make_body(make_event())
    assert await post(client, body + b" ", sign(body)) == 401


async def test_it_refuses_a_request_without_a_signature(client: Client) -> None:
    response = await client.post("/callback", data=make_body())
    assert response.status == 401


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'"text"', b"null", b"{", b"\xff\xfe", b"[" * 100_000])
async def test_it_refuses_what_is_not_a_json_object(client: Client, body: bytes) -> None:
    assert await post(client, body) == 400


async def test_it_refuses_a_body_over_one_megabyte(client: Client, inbox: FakeInbox) -> None:
    body = make_body(make_event("長" * 400_000))
    assert len(body) > MAX_BODY_BYTES
    assert await post(client, body) == 413
    assert inbox.events == []


async def test_it_accepts_a_body_just_under_one_megabyte(client: Client, inbox: FakeInbox) -> None:
    assert await post(client, make_body(make_event("x" * (MAX_BODY_BYTES - 1000)))) == 200
    assert len(inbox.events) == 1


@pytest.mark.parametrize("body", [b"{}", b'{"events": null}', b'{"events": {}}', b'{"events": [1, null, "x", []]}'])
async def test_it_drops_shapes_it_does_not_know(client: Client, inbox: FakeInbox, body: bytes) -> None:
    assert await post(client, body) == 200
    assert inbox.events == []


async def test_it_stores_the_good_events_of_a_request_with_bad_ones(client: Client, inbox: FakeInbox) -> None:
    good = make_event("好")
    assert await post(client, make_body(7, {"type": "fromTheFuture"}, {"source": []}, good)) == 200
    assert inbox.events[-1].event_id == good["webhookEventId"]
    assert len(inbox.events) == 3


async def test_it_stores_what_line_said_word_for_word(client: Client, inbox: FakeInbox) -> None:
    event = make_event("喝熱水可以殺死病毒 👍🏽", extra={"unknown": [1, 2]})
    await post(client, make_body(event))
    assert json.loads(inbox.events[0].payload) == event
    assert inbox.events[0].timestamp == event["timestamp"]


async def test_it_names_chats_by_pseudonym_and_keeps_two_peoples_apart(client: Client, inbox: FakeInbox) -> None:
    asker, outsider = "U" + "a" * 32, "U" + "b" * 32
    group = {"type": "group", "groupId": "C" + "c" * 32, "userId": asker}
    await post(
        client, make_body(make_event(user=asker), make_event(user=outsider), make_event(user=asker, source=group))
    )
    chats = [event.chat for event in inbox.events]
    assert len(set(chats)) == 3
    assert not any(asker in chat or outsider in chat for chat in chats)


async def test_it_keys_an_event_without_an_id_by_what_it_says(client: Client, inbox: FakeInbox) -> None:
    event = make_event()
    del event["webhookEventId"]
    await post(client, make_body(event))
    await post(client, make_body({**event, "deliveryContext": {"isRedelivery": True}}))
    await post(client, make_body({**event, "timestamp": 1}))
    first, again, other = (stored.event_id for stored in inbox.events)
    assert first.startswith("sha256:")
    assert first == again != other


@pytest.mark.parametrize("event_id", ["", 7, None, "x" * 200, "a\x00b", "編號", ["x"]])
async def test_it_does_not_trust_an_id_no_database_could_keep(
    client: Client, inbox: FakeInbox, event_id: object
) -> None:
    assert await post(client, make_body(make_event(webhookEventId=event_id))) == 200
    assert inbox.events[0].event_id.startswith("sha256:")


@pytest.mark.parametrize("timestamp", [None, "1", -1, 1.5, True, MAX_TIMESTAMP + 1, 10**30])
async def test_it_takes_its_own_clock_when_lines_makes_no_sense(
    client: Client, inbox: FakeInbox, timestamp: object
) -> None:
    body = json.dumps({"events": [make_event(timestamp=timestamp)]}).encode()
    assert await post(client, body) == 200
    assert abs(inbox.events[0].timestamp - time.time() * 1000) < 60_000


async def test_it_keeps_a_message_with_half_a_character(client: Client, inbox: FakeInbox) -> None:
    body = json.dumps({"events": [make_event("半個表情 \ud83d"), make_event("好")]}).encode()
    assert await post(client, body) == 200
    assert len(inbox.events) == 2


async def test_it_does_not_say_200_when_the_events_are_not_on_disk(
    client: Client, inbox: FakeInbox, metrics: Metrics
) -> None:
    inbox.broken = True
    assert await post(client, make_body(make_event())) == 500
    assert metrics.registry.get_sample_value("chaming_webhooks_total", {"result": "not_stored"}) == 1


async def test_it_serves_many_senders_at_once(client: Client, inbox: FakeInbox) -> None:
    statuses = await asyncio.gather(*(post(client, make_body(make_event())) for _ in range(100)))
    assert set(statuses) == {200}
    assert len({event.event_id for event in inbox.events}) == 100
