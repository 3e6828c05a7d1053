"""`POST /callback`: check who sent it, put its events on disk, answer 200. Nothing slow comes before the answer.

Each event is read on its own, and only as far as the inbox needs: id, chat, time. What it says is the dispatcher's
business. An event that cannot even be read that far is dropped and counted; the others of its request are stored.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

import structlog
from aiohttp import web
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from multidict import istr

from bot.acknowledgement import acknowledge
from bot.arrivals import Arrivals, Choose, Receive
from bot.event_parser import find_chat_id
from bot.json_text import read_json, write_json
from bot.metrics import Metrics
from bot.pseudonyms import Pseudonyms
from storage.inbox import IncomingEvent

SIGNATURE_HEADER = istr("X-Line-Signature")
MAX_BODY_BYTES = 1024 * 1024
MAX_EVENT_ID = 128
MAX_TIMESTAMP = 2**63 - 1

log = structlog.get_logger()


class BadSignatureError(Exception):
    """None of the channel secrets signed these bytes."""


class MalformedError(Exception):
    """The body is not a JSON object."""


class _Request(NamedTuple):
    body: bytes
    signature: str


class Webhook:
    """The handler of `/callback`."""

    def __init__(
        self,
        *,
        secrets: Sequence[str],
        pseudonyms: Pseudonyms,
        receive: Receive,
        metrics: Metrics,
        choose: Choose = list,
    ) -> None:
        self._macs = [start_mac(secret) for secret in secrets]
        self._pseudonyms = pseudonyms
        self._arrivals = Arrivals(self._read, receive, metrics, choose)
        results = ("bad_signature", "malformed", "too_large", "not_stored")
        self._count = {result: metrics.webhooks.labels(result) for result in results}

    async def handle(self, request: web.Request) -> web.Response:
        try:
            body = await read_body(request)
        except web.HTTPRequestEntityTooLarge:
            self._count["too_large"].inc()
            raise
        try:
            await self._arrivals.store(_Request(body, request.headers.get(SIGNATURE_HEADER, "")))
        except Exception as error:
            return self._refuse(error, body)
        return acknowledge(request)

    def _refuse(self, error: Exception, body: bytes) -> web.Response:
        if isinstance(error, BadSignatureError):
            self._count["bad_signature"].inc()
            log.warning("webhook_signature_refused", bytes=len(body))
            return web.Response(status=401, text="bad signature")
        if isinstance(error, MalformedError):
            self._count["malformed"].inc()
            return web.Response(status=400, text="not a JSON object")
        # Not 200: LINE keeps the events and delivers them again where redelivery is switched on.
        self._count["not_stored"].inc()
        log.error("webhook_not_stored", bytes=len(body), exc_info=error)
        return web.Response(status=500, text="not stored")

    def _read(self, request: _Request) -> list[IncomingEvent]:
        if not is_signed(request.body, request.signature, self._macs):
            raise BadSignatureError
        try:
            return self._read_events(request.body)
        except ValueError:
            raise MalformedError from None

    def _read_events(self, body: bytes) -> list[IncomingEvent]:
        value = read_json(body)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        found = value.get("events")
        return [self._to_incoming(raw) for raw in found if isinstance(raw, dict)] if isinstance(found, list) else []

    def _to_incoming(self, raw: Mapping[str, Any]) -> IncomingEvent:
        given_id = raw.get("webhookEventId")
        event_id = given_id if is_plain_id(given_id) else hash_event(raw)
        chat_id = find_chat_id(raw)
        # An event without a chat (the channel was activated, …) waits for nobody: it is a chat of its own.
        chat = self._pseudonyms.of(chat_id) if chat_id else event_id
        return IncomingEvent(event_id, chat, read_timestamp(raw.get("timestamp")), write_json(raw))


async def read_body(request: web.Request) -> bytes:
    """All of the body; one that has come with its headers is taken as it is, in a quarter of the time."""
    if not request.content.is_eof():
        return await request.read()
    body = request.content.read_nowait()
    if len(body) > MAX_BODY_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(body))
    return body


def start_mac(secret: str) -> HMAC:
    """An HMAC-SHA256 begun with a channel secret, to be copied for each body."""
    return HMAC(secret.encode(), SHA256())


def is_signed(body: bytes, signature: str, macs: Sequence[HMAC]) -> bool:
    """Whether one of the channel secrets signed these very bytes. Takes the same time whichever it was, or none."""
    given = signature.encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(sign(body, mac), given) for mac in macs]
    return any(matches)


def sign(body: bytes, started: HMAC) -> bytes:
    """LINE's webhook signature: base64 of HMAC-SHA256."""
    mac = started.copy()
    mac.update(body)
    return base64.b64encode(mac.finalize())


def is_plain_id(value: object) -> TypeGuard[str]:
    """Whether it can be a key as it stands, in any database."""
    return isinstance(value, str) and 0 < len(value) <= MAX_EVENT_ID and value.isascii() and value.isprintable()


def hash_event(raw: Mapping[str, Any]) -> str:
    """The key of an event that LINE gave no id: what it says, however often it is delivered."""
    said = {name: value for name, value in raw.items() if name != "deliveryContext"}
    return f"sha256:{hashlib.sha256(write_json(said, sort_keys=True)).hexdigest()}"


def read_timestamp(value: object) -> int:
    """LINE's time in milliseconds, or ours when there is none that makes sense."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TIMESTAMP:
        return value
    return time.time_ns() // 1_000_000
