"""Delivers webhooks as LINE does: signed, answered within two seconds or tried again, now and then out of order."""

import asyncio
import base64
import hashlib
import hmac
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import aiohttp

from scripts.simulator.platform import Platform
from scripts.simulator.problems import JSON
from scripts.simulator.validator import webhook_problems

TIMEOUT_SECONDS = 2.0
"""How long LINE waits for the bot server's answer."""


class Order(StrEnum):
    """In which order held events are let go."""

    SENT = "sent"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook request and how it was answered."""

    events: tuple[JSON, ...]
    status: int | None
    """None: no answer in time, or no connection."""
    seconds: float
    reason: str = ""
    at: float = 0.0
    """Unix seconds by the platform's clock."""

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True)
class DeliverySwitches:
    """What the way from LINE to the bot does to webhooks."""

    copies: int = 1
    """2: LINE delivers every event twice."""
    delay: float = 0.0
    redeliver_after: tuple[float, ...] = ()
    """Seconds before each further try when the bot did not answer 2xx. Empty: switched off, as it is at LINE."""
    timeout: float = TIMEOUT_SECONDS
    wrong_signature: bool = False
    lost: bool = False
    """Events happen, and no webhook arrives."""


class WebhookNonsenseError(AssertionError):
    """The simulator was about to deliver what LINE's specification does not allow."""


def sign(secret: str, body: bytes) -> str:
    """Return the `x-line-signature` of a body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@dataclass(slots=True)
class Deliverer:
    """Sends events to the channel's webhook and keeps a log of every try."""

    platform: Platform
    switches: DeliverySwitches = field(default_factory=DeliverySwitches)
    log: list[Delivery] = field(default_factory=list)
    holding: bool = False
    _held: list[JSON] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def deliver(self, *events: JSON, check: bool = True) -> Delivery | None:
        """Deliver events in one request and return how it went; None while deliveries are held.

        `check=False` is for events of kinds that the specification does not know yet, which LINE does send.
        """
        if check:
            self._refuse_nonsense(events)
        if self.holding:
            self._held += events
            return None
        if self.switches.delay:
            await asyncio.sleep(self.switches.delay)
        first = await self._send(events)
        for _ in range(self.switches.copies - 1):
            await self._send(events)
        if not first.ok and self.switches.redeliver_after and self._may_send():
            task = asyncio.create_task(self._redeliver(events))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return first

    async def release(self, order: Order = Order.SENT, *, together: bool = False) -> list[Delivery]:
        """Let the held events go: one request each, or all in one, as LINE batches several users' events."""
        self.holding = False
        held, self._held = self._held, []
        if order is Order.REVERSED:
            held.reverse()
        batches = [tuple(held)] if together and held else [(event,) for event in held]
        deliveries = [await self.deliver(*batch, check=False) for batch in batches]
        return [each for each in deliveries if each is not None]

    def forget_held(self) -> None:
        """Stop holding, and lose what was held."""
        self.holding = False
        self._held.clear()

    async def redeliver(self, *events: JSON) -> Delivery:
        """Deliver events once more: flagged as such, with the same ids and with tokens good for one more minute."""
        for event in events:
            if "replyToken" in event:
                self.platform.reply_tokens.redeliver(event["replyToken"])
        return await self._send([{**event, "deliveryContext": {"isRedelivery": True}} for event in events])

    async def send_body(self, body: bytes, signature: str | None) -> int:
        """Send any bytes with any signature (None: no header), as an attacker or a broken proxy would."""
        headers = {} if signature is None else {"x-line-signature": signature}
        url = self.platform.channel.webhook_url or ""
        async with self._client().post(url, data=io.BytesIO(body), headers=headers) as answer:
            return answer.status

    async def test(self, url: str) -> JSON:
        """Call a webhook without events and report as `POST /v2/bot/channel/webhook/test` does."""
        delivery = await self._post(url, [])
        reasons = {True: "OK", False: "ERROR_STATUS_CODE" if delivery.status else "COULD_NOT_CONNECT"}
        return {
            "success": delivery.ok,
            "timestamp": datetime.fromtimestamp(self.platform.clock.now(), UTC).isoformat(timespec="milliseconds"),
            "statusCode": delivery.status or 0,
            "reason": delivery.reason if delivery.reason == "REQUEST_TIMEOUT" else reasons[delivery.ok],
            "detail": str(delivery.status or delivery.reason),
        }

    def _refuse_nonsense(self, events: Sequence[JSON]) -> None:
        problems = webhook_problems({"destination": self.platform.channel.bot_user_id, "events": list(events)})
        if problems:
            raise WebhookNonsenseError("; ".join(map(str, problems)))

    def _may_send(self) -> bool:
        channel = self.platform.channel
        return channel.webhook_active and channel.webhook_url is not None and not self.switches.lost

    async def _send(self, events: Sequence[JSON]) -> Delivery:
        url = self.platform.channel.webhook_url
        if not self._may_send() or url is None:
            delivery = Delivery(tuple(events), None, 0.0, "webhook off", self.platform.clock.now())
        else:
            delivery = await self._post(url, events)
        self.log.append(delivery)
        await self.platform.notify()
        return delivery

    async def _post(self, url: str, events: Sequence[JSON]) -> Delivery:
        channel = self.platform.channel
        body = json.dumps({"destination": channel.bot_user_id, "events": list(events)}, ensure_ascii=False).encode()
        signature = sign("wrong" if self.switches.wrong_signature else channel.secret, body)
        headers = {
            "content-type": "application/json; charset=utf-8",
            "x-line-signature": signature,
            "user-agent": "LineBotWebhook/2.0",
        }
        loop = asyncio.get_running_loop()
        begin, at = loop.time(), self.platform.clock.now()
        timeout = aiohttp.ClientTimeout(total=self.switches.timeout)
        try:
            async with self._client().post(url, data=body, headers=headers, timeout=timeout) as answer:
                return Delivery(tuple(events), answer.status, loop.time() - begin, answer.reason or "", at)
        except TimeoutError:
            return Delivery(tuple(events), None, loop.time() - begin, "REQUEST_TIMEOUT", at)
        except (aiohttp.ClientError, OSError) as error:
            return Delivery(tuple(events), None, loop.time() - begin, type(error).__name__, at)

    async def _redeliver(self, events: Sequence[JSON]) -> None:
        for wait in self.switches.redeliver_after:
            await asyncio.sleep(wait)
            if (await self.redeliver(*events)).ok:
                return

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session
