"""Web Push: one message to one browser, through whichever push service its maker runs (RFC 8030, 8291, 8292).

pywebpush encrypts and py-vapid signs. The request is ours, for a subscription's address comes from whoever
subscribes: it goes to public addresses only, over https, follows no redirect, and reads nothing of the answer but
its status.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import urlsplit

import structlog
from aiohttp import ClientError
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02, VapidException
from pywebpush import WebPusher, WebPushException

from moderation.public_addresses import PrivateAddressError, Resolve, check_url, is_literal, open_outside, resolve

log = structlog.get_logger()

MAX_SECONDS = 10.0
MAX_PAYLOAD = 3_000
"""Push services take 4,096 bytes, encryption and all."""
KEPT_S = 24 * 3600
"""How long the push service keeps a message for a browser that is off."""
SIGNED_FOR = timedelta(hours=12)
"""At most a day is allowed (RFC 8292)."""
MAX_WAIT = timedelta(hours=6)
POINT_BYTES, UNCOMPRESSED = 65, b"\x04"
"""A browser's public key is a whole point of the curve (RFC 8291, section 2.1)."""


class Delivery(StrEnum):
    """What became of a message."""

    SENT = "sent"
    GONE = "gone"
    """The browser has unsubscribed: it must not be tried again."""
    FAILED = "failed"
    """Refused, or not reached; may go better later."""


@dataclass(frozen=True, slots=True)
class Delivered:
    outcome: Delivery
    wait: timedelta | None = None
    """For how long the push service asks to be left alone."""


class MalformedSubscriptionError(Exception):
    """This is no subscription of a browser."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Keys:
    """A browser's half: where to send, its public key, and the secret it shares with us."""

    endpoint: str
    p256dh: str
    auth: str


class PushService:
    """Sends to browsers under this server's key."""

    def __init__(
        self,
        private_key: str,
        contact: str,
        *,
        seconds: float = MAX_SECONDS,
        loopback_ports: frozenset[int] = frozenset(),
        ask: Resolve = resolve,
    ) -> None:
        """`private_key`: 32 bytes, base64url. `contact`: where push services may write, `mailto:`, or `https:` of which
        the host is passed on: signing takes neither port nor path.

        `loopback_ports` and `ask` are for tests: ports of this machine that may be sent to, without https, and its DNS.
        """
        self._vapid = Vapid02.from_raw(private_key.encode())
        self._contact = f"https://{urlsplit(contact).hostname}" if contact.startswith("https:") else contact
        self._seconds = seconds
        self._loopback_ports = loopback_ports
        self._ask = ask

    @property
    def public_key(self) -> str:
        """What browsers subscribe with, base64url: only this key's owner can then send to them."""
        point = self._vapid.public_key.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return _to_base64(point)

    def check(self, keys: Keys) -> Keys:
        """The subscription, if messages could be sent to it. Raises `MalformedSubscriptionError`."""
        try:
            endpoint = check_url(keys.endpoint, self._loopback_ports)
            is_whole = _is_point(_from_base64(keys.p256dh)) and len(_from_base64(keys.auth)) == 16
        except (PrivateAddressError, ValueError, UnsupportedAlgorithm, binascii.Error):
            raise MalformedSubscriptionError from None
        if not is_whole or not self._is_push_service(endpoint):
            raise MalformedSubscriptionError
        return Keys(endpoint, keys.p256dh, keys.auth)

    async def send(self, keys: Keys, message: Mapping[str, str], now: datetime) -> Delivered:
        """Encrypt the message for this browser and hand it to its push service."""
        try:
            checked = self.check(keys)
        except MalformedSubscriptionError:
            return Delivered(Delivery.GONE)
        payload = json.dumps(message, ensure_ascii=False).encode()[:MAX_PAYLOAD]
        try:
            body, headers = self._encrypt(checked, payload), self._headers(checked, now)
            async with (
                asyncio.timeout(self._seconds),
                open_outside(self._loopback_ports, self._seconds, ask=self._ask) as session,
                session.post(checked.endpoint, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return _to_delivered(answer.status, answer.headers.get("Retry-After"), now)
        except (WebPushException, VapidException) as error:
            log.warning("push_not_prepared", reason=str(error))
            return Delivered(Delivery.FAILED)
        except (TimeoutError, ClientError, OSError, PrivateAddressError, ValueError):
            return Delivered(Delivery.FAILED)

    def _is_push_service(self, endpoint: str) -> bool:
        """Over https and by name, as all makers' are; tests' on a port of this machine."""
        parts = urlsplit(endpoint)
        is_named = parts.scheme == "https" and not is_literal(parts.hostname or "")
        return is_named or parts.port in self._loopback_ports

    def _encrypt(self, keys: Keys, payload: bytes) -> bytes:
        pusher = WebPusher({"endpoint": keys.endpoint, "keys": {"p256dh": keys.p256dh, "auth": keys.auth}})
        body: bytes = pusher.encode(payload, content_encoding="aes128gcm")["body"]
        return body

    def _headers(self, keys: Keys, now: datetime) -> dict[str, str]:
        parts = urlsplit(keys.endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((now + SIGNED_FOR).timestamp()),
            "sub": self._contact,
        }
        signed: dict[str, str] = self._vapid.sign(claims)
        return {
            **signed,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_S),
            "Topic": "inbox",  # a newer message takes the place of one that was not fetched yet
            "Urgency": "normal",
        }


def make_private_key() -> str:
    """A new key, as settings and the key file have it."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _to_base64(number.to_bytes(32, "big"))


def _is_point(key: bytes) -> bool:
    """Whether it is a point of the curve, written whole. Raises `ValueError` where it is on no curve."""
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    return len(key) == POINT_BYTES and key.startswith(UNCOMPRESSED)


def _to_delivered(status: int, retry_after: str | None, now: datetime) -> Delivered:
    if 200 <= status < 300:
        return Delivered(Delivery.SENT)
    if status in {404, 410}:
        return Delivered(Delivery.GONE)
    return Delivered(Delivery.FAILED, _to_wait(retry_after, now))


def _to_wait(retry_after: str | None, now: datetime) -> timedelta | None:
    """Retry-After, in seconds or as a date, and never longer than `MAX_WAIT`."""
    if not retry_after:
        return None
    try:
        seconds = int(retry_after)
        wait = timedelta(seconds=min(max(seconds, 0), MAX_WAIT.total_seconds()))
    except ValueError:
        try:
            moment = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), MAX_WAIT)


def _to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _from_base64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
