"""Push messages: encrypted for one browser, signed, tried a bounded number of times, and only what was chosen."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from socket import socket

import pytest
from aiohttp import ClientResponse
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from sqlmodel import col

from bot.wording import load_wordings
from moderation.console.notices import KINDS, tell
from moderation.console.push import MAX_BROWSERS, MAX_FAILURES, load_subscriptions, push_notices
from moderation.console.push_service import (
    Delivery,
    Keys,
    MalformedSubscriptionError,
    PushService,
    make_private_key,
)
from moderation.console.push_topics import SHORT, TOPICS
from moderation.console.wording import LOCALES
from storage.database import Database
from storage.tables import Editor, PushSubscription, Role, utc_now
from tests.moderation.console.conftest import SignIn
from tests.moderation.console.desk import Desk, Volunteer, open_desk
from tests.moderation.console.push_receiver import (
    Browser,
    PushServer,
    decrypt,
    from_base64,
    open_push_server,
    to_base64,
)

URL = "https://bot.example.org/review"


@pytest.fixture
async def server() -> AsyncIterator[PushServer]:
    async with open_push_server() as opened:
        yield opened


@pytest.fixture
def service(server: PushServer) -> PushService:
    contact = "mailto:someone@example.org"
    return PushService(make_private_key(), contact, seconds=60, loopback_ports=frozenset({server.port}))


async def add_subscriber(database: Database, browser: Browser, topics: list[str]) -> None:
    keys = browser.keys
    async with database.transaction() as session:
        session.add(Editor(id="volunteer", language="en"))
        await session.flush()
        session.add(
            PushSubscription(
                editor_id="volunteer", endpoint=keys.endpoint, p256dh=keys.p256dh, auth=keys.auth, topics=topics
            )
        )


async def tell_volunteer(database: Database, *kinds: str) -> None:
    async with database.transaction() as session:
        for kind in kinds:
            await tell(session, ["volunteer"], kind)


async def push(database: Database, service: PushService, **later: float) -> str:
    words = dict(load_wordings(LOCALES))
    return await push_notices(database, service, words, URL, utc_now() + timedelta(**later))


async def stored(database: Database) -> PushSubscription | None:
    async with database.reading() as session:
        return (await session.scalars(select(PushSubscription))).first()


def test_the_receiver_reads_the_message_of_the_standard() -> None:
    """RFC 8291, appendix A: what decrypts here is what any browser decrypts."""
    private = int.from_bytes(from_base64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    body = from_base64(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    key = ec.derive_private_key(private, ec.SECP256R1())
    assert decrypt(body, key, from_base64("BTBZMqHH6r4Tts7J_aSIgg")) == b"When I grow up, I want to be a watermelon"


def test_every_notice_is_in_one_topic_and_has_a_short_line() -> None:
    kinds = [kind for _, kinds in TOPICS.values() for kind in kinds]
    assert sorted(kinds) == sorted(KINDS) == sorted(SHORT)


async def test_it_reaches_the_browser_encrypted_and_signed(
    database: Database, server: PushServer, service: PushService
) -> None:
    browser = server.subscribe()
    await add_subscriber(database, browser, list(TOPICS))
    await tell_volunteer(database, "invited")
    assert "sent 1" in await push(database, service)
    assert "sent 0" in await push(database, service), "once"
    (shown,) = browser.shown
    assert shown["body"] == SHORT["invited"]
    assert shown["url"] == f"{URL}/inbox"
    (token,) = browser.tokens
    assert token["aud"] == f"http://127.0.0.1:{server.port}"
    assert token["k"] == service.public_key
    assert token["sub"].startswith("mailto:")
    assert 0 < token["exp"] - utc_now().timestamp() < 24 * 3600
    await tell_volunteer(database, "verified", "corrected")
    await push(database, service)
    assert browser.shown[-1]["body"] == "2 new in your inbox"


async def test_it_tells_only_what_was_chosen_and_nobody_who_is_blocked(
    database: Database, server: PushServer, service: PushService
) -> None:
    browser = server.subscribe()
    await add_subscriber(database, browser, ["tasks"])
    await tell_volunteer(database, "invited", "verified")
    assert "sent 0" in await push(database, service)
    await tell_volunteer(database, "handed_over")
    assert "sent 1" in await push(database, service)
    async with database.transaction() as session:
        editor = await session.get_one(Editor, "volunteer")
        editor.blocked_at = utc_now()
        session.add(editor)
    await tell_volunteer(database, "handed_over")
    assert "sent 0" in await push(database, service)
    assert [each["body"] for each in browser.shown] == [SHORT["handed_over"]]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_has_unsubscribed_is_forgotten(
    database: Database, server: PushServer, service: PushService, status: int
) -> None:
    server.status = status
    await add_subscriber(database, server.subscribe(), list(TOPICS))
    await tell_volunteer(database, "invited")
    assert "gone 1" in await push(database, service)
    assert await stored(database) is None


async def test_a_push_service_that_is_ill_is_tried_later_and_not_for_ever(
    database: Database, server: PushServer, service: PushService
) -> None:
    server.status, server.retry_after = 503, "600"
    await add_subscriber(database, server.subscribe(), list(TOPICS))
    await tell_volunteer(database, "invited")
    assert "failed 1" in await push(database, service)
    assert "failed 0" in await push(database, service, minutes=9), "it asked for ten minutes"
    for hours in range(1, MAX_FAILURES):
        assert "failed 1" in await push(database, service, hours=hours)
    assert "failed 0" in await push(database, service, hours=30), "given up"
    assert len(server.requests) == MAX_FAILURES
    server.status = 201
    await tell_volunteer(database, "verified")
    assert "sent 1" in await push(database, service, hours=31), "the next message starts anew"


async def test_it_does_not_follow_where_a_push_service_leads(
    database: Database, server: PushServer, service: PushService
) -> None:
    server.status = 302
    delivered = await service.send(server.subscribe().keys, {"title": "x"}, utc_now())
    assert delivered.outcome == Delivery.FAILED
    assert [request.path for request in server.requests] == ["/push/0"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.org/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://10.0.0.1/x",
        "https://push.example.org:8443/x",
        "https://user@push.example.org/x",
        "file:///etc/passwd",
        "https://169.254.169.254/latest",
        "https://[2606:4700:4700::1111]/x",
        "https://1.1.1.1/x",
        "",
    ],
)
def test_only_public_addresses_over_https_are_sent_to(endpoint: str) -> None:
    service = PushService(make_private_key(), "mailto:someone@example.org")
    keys = Browser(endpoint).keys
    with pytest.raises(MalformedSubscriptionError):
        service.check(keys)
    assert service.check(Keys("https://push.example.org/x", keys.p256dh, keys.auth)).endpoint.startswith("https:")


@pytest.mark.parametrize(
    ("addresses", "outcome"),
    [
        (["127.0.0.1"], Delivery.SENT),  # the test's own server, which may be sent to: the way there is open
        (["127.0.0.1", "10.0.0.1"], Delivery.FAILED),
        (["10.0.0.1"], Delivery.FAILED),
        (["169.254.169.254"], Delivery.FAILED),
        (["::ffff:192.168.1.1"], Delivery.FAILED),
    ],
)
async def test_a_name_that_leads_inside_is_never_connected_to(
    server: PushServer, addresses: list[str], outcome: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(host: str, port: int) -> list[str]:
        assert host == "push.example.org"
        return addresses

    loop = asyncio.get_running_loop()
    connect, connected = loop.sock_connect, []

    async def note(sock: socket, address: tuple[str, int]) -> None:
        connected.append(address[0])
        await connect(sock, address)

    monkeypatch.setattr(loop, "sock_connect", note)
    ports = frozenset({server.port})
    service = PushService(make_private_key(), "mailto:a@example.org", seconds=60, loopback_ports=ports, ask=ask)
    keys = replace(server.subscribe().keys, endpoint=f"http://push.example.org:{server.port}/push/0")
    delivered = await service.send(keys, {"title": "x"}, utc_now())
    assert delivered.outcome == outcome
    assert connected == (addresses if outcome == Delivery.SENT else [])


@pytest.mark.parametrize("broken", ["p256dh", "auth"])
def test_keys_that_no_browser_has_made_are_refused(broken: str) -> None:
    service, keys = PushService(make_private_key(), "mailto:a@example.org"), Browser("https://push.example.org/x").keys
    given = {"endpoint": keys.endpoint, "p256dh": keys.p256dh, "auth": keys.auth, broken: "AAAA"}
    with pytest.raises(MalformedSubscriptionError):
        service.check(Keys(**given))


def compress(keys: Keys) -> Keys:
    """The same point in 33 bytes: on the curve, but nothing can be encrypted for it."""
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64(keys.p256dh))
    short = point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    return replace(keys, p256dh=to_base64(short))


def test_a_shortened_point_is_refused() -> None:
    service = PushService(make_private_key(), "mailto:a@example.org")
    with pytest.raises(MalformedSubscriptionError):
        service.check(compress(Browser("https://push.example.org/x").keys))


@pytest.mark.parametrize("broken", ["endpoint", "p256dh"])
async def test_one_broken_subscription_keeps_nobody_else_from_being_told(
    database: Database, server: PushServer, service: PushService, broken: str
) -> None:
    """What an older version let in is forgotten, and whoever comes after it is told."""
    browser = server.subscribe()
    address = "https://[2606:4700:4700::1111]/x" if broken == "endpoint" else "https://push.example.org/x"
    bad = Browser(address).keys
    bad = compress(bad) if broken == "p256dh" else bad
    await add_subscriber(database, browser, list(TOPICS))
    async with database.transaction() as session:
        session.add(
            PushSubscription(
                id="0",
                editor_id="volunteer",
                endpoint=bad.endpoint,
                p256dh=bad.p256dh,
                auth=bad.auth,
                topics=["ratings"],
            )
        )
    await tell_volunteer(database, "invited")
    assert await push(database, service) == "sent 1, gone 1, failed 0"
    assert len(browser.shown) == 1


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ("https://bot.example.org:8443", "https://bot.example.org"),
        ("https://bot.example.org/bot", "https://bot.example.org"),
        ("https://bot.example.org/", "https://bot.example.org"),
    ],
)
async def test_a_contact_with_a_port_or_a_path_is_told_by_its_host(server: PushServer, contact: str, told: str) -> None:
    service = PushService(make_private_key(), contact, loopback_ports=frozenset({server.port}))
    browser = server.subscribe()
    delivered = await service.send(browser.keys, {"title": "x"}, utc_now())
    assert delivered.outcome == Delivery.SENT
    assert [token["sub"] for token in browser.tokens] == [told]


async def test_a_contact_that_cannot_be_signed_fails_and_stops_nothing(server: PushServer) -> None:
    service = PushService(make_private_key(), "https://intranet", loopback_ports=frozenset({server.port}))
    delivered = await service.send(server.subscribe().keys, {"title": "x"}, utc_now())
    assert delivered.outcome == Delivery.FAILED
    assert server.requests == []


@pytest.fixture
async def desk(sqlite_database: Database, service: PushService) -> AsyncIterator[Desk]:
    async with open_desk(sqlite_database, push=service) as opened:
        yield opened


async def switch_on(person: Volunteer, browser: Browser, topics: list[str]) -> ClientResponse:
    keys = browser.keys
    given = {"endpoint": keys.endpoint, "keys": {"p256dh": keys.p256dh, "auth": keys.auth}, "topics": topics}
    headers = {"X-CSRF-Token": await person.csrf(), "Content-Type": "application/json"}
    return await person.browser.post(f"{person.base}/review/push", data=json.dumps(given), headers=headers)


async def test_a_volunteer_switches_it_on_tries_it_chooses_and_switches_it_off(
    desk: Desk, volunteer: Volunteer, server: PushServer
) -> None:
    browser = server.subscribe()
    assert (await switch_on(volunteer, browser, ["tasks", "nonsense"])).status == 200
    found = await stored(desk.database)
    assert found is not None
    assert found.topics == ["tasks"]
    tried = await volunteer.post(f"/review/push/{found.id}/test")
    assert tried.headers["Location"].endswith("said=sent")
    assert browser.shown[0]["tag"] == "test"
    await volunteer.post(f"/review/push/{found.id}", topics="corrections")
    changed = await stored(desk.database)
    assert changed is not None
    assert changed.topics == ["corrections"]
    await volunteer.post(f"/review/push/{found.id}", remove="1")
    assert await stored(desk.database) is None


async def test_nobody_touches_anothers_browser(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer, server: PushServer
) -> None:
    await switch_on(volunteer, server.subscribe(), ["tasks"])
    found = await stored(desk.database)
    assert found is not None
    assert (await second_volunteer.post(f"/review/push/{found.id}", remove="1")).status == 404
    assert (await second_volunteer.post(f"/review/push/{found.id}/test")).status == 404
    assert found.endpoint not in await volunteer.text("/review/push"), "the address is a secret"


async def test_a_shared_browser_tells_whoever_signed_in_there_last(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer, server: PushServer
) -> None:
    browser = server.subscribe()
    await switch_on(volunteer, browser, ["tasks"])
    await switch_on(second_volunteer, browser, ["tasks"])
    async with desk.database.reading() as session:
        assert list(await load_subscriptions(session, volunteer.editor.id)) == []
        assert len(await load_subscriptions(session, second_volunteer.editor.id)) == 1


async def test_whoever_signs_out_is_told_nothing_there_any_more(
    desk: Desk, volunteer: Volunteer, server: PushServer
) -> None:
    await switch_on(volunteer, server.subscribe(), ["tasks"])
    await volunteer.post("/review/sign-out")
    assert await stored(desk.database) is None


async def test_a_person_has_so_many_browsers_and_the_oldest_goes(
    desk: Desk, volunteer: Volunteer, server: PushServer
) -> None:
    browsers = [server.subscribe() for _ in range(MAX_BROWSERS + 1)]
    for browser in browsers:
        await switch_on(volunteer, browser, ["tasks"])
    async with desk.database.reading() as session:
        kept = [each.endpoint for each in await load_subscriptions(session, volunteer.editor.id)]
    assert kept == [browser.endpoint for browser in browsers[1:]]


async def test_nonsense_is_refused_and_the_signed_out_get_nothing(
    desk: Desk, volunteer: Volunteer, sign_in: SignIn
) -> None:
    headers = {"X-CSRF-Token": await volunteer.csrf(), "Content-Type": "application/json"}
    for body in (
        "{}",
        "[]",
        "no",
        '{"endpoint": "https://10.0.0.1/", "keys": {"p256dh": "", "auth": ""}, "topics": []}',
    ):
        answer = await volunteer.browser.post(f"{desk.base}/review/push", data=body, headers=headers)
        assert answer.status == 400, body
    async with desk.browser() as outsider:
        answer = await outsider.get(f"{desk.base}/review/push", allow_redirects=False)
        assert answer.headers["Location"].startswith("/review/sign-in")
    assert (await sign_in(Role.NEWCOMER)).editor.id


async def test_without_a_key_the_page_says_so(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database) as desk, desk.sign_in(Role.REVIEWER) as person:
        assert "VAPID_PRIVATE_KEY" in await person.text("/review/push")
    assert "nothing is sent" in await push_notices(sqlite_database, None, {}, URL, utc_now())
    async with sqlite_database.reading() as session:
        assert (await session.scalars(select(col(PushSubscription.id)))).first() is None
