"""The one place that sends an answer: by reply while the token lives, by push when that is allowed, or not at all.

Nobody gets the same answer twice. A reply token works once, so a second reply after a crash or a lost answer is refused
by LINE and recorded as `reply_token_invalid`. A push has no such guard of its own except its retry key, which only
guards against other pushes: it is used for events that nobody can have begun to answer, and never after a reply.
"""

import time
from collections.abc import Callable
from enum import StrEnum

from bot.events import Event
from bot.line_client import LineClient, retry_key_of
from bot.line_errors import InvalidReplyTokenError
from bot.metrics import Metrics
from bot.outcome import HandlerResult
from storage.inbox import InboxRow

TOKEN_LIVES_S = 60.0
REDELIVERED_TOKEN_LIVES_S = 60.0
"""Redelivered meanwhile (we would not know: the second delivery is dropped), the token got one more minute."""
NO_TOKEN_AFTER_S = 20 * 60.0
"""No token works, redelivered or not, once its event is this old."""


class Undelivered(StrEnum):
    """Outcomes of an answer that did not go out."""

    EXPIRED = "expired"
    REPLY_TOKEN_INVALID = "reply_token_invalid"
    NO_ADDRESS = "no_address"


class Delivery:
    """Sends what handlers return."""

    def __init__(
        self, line: LineClient, metrics: Metrics, *, push_expired: bool, clock: Callable[[], float] = time.time
    ) -> None:
        self._line = line
        self._metrics = metrics
        self._push_expired = push_expired
        self._clock = clock

    def may_answer(self, event: Event, row: InboxRow) -> bool:
        """False when nothing said now could still reach the asker."""
        return not self._has_expired(event, row) or self._may_push(event, row)

    async def send(self, event: Event, row: InboxRow, result: HandlerResult) -> str:
        """Send the messages and return how the event ended. Raises LineError."""
        if not result.messages:
            return result.outcome
        if self._may_push(event, row) and self._has_expired(event, row):
            await self._line.push(event.chat_id or "", result.messages, retry_key=retry_key_of(event.event_id))
            return f"{result.outcome}_pushed"
        if event.reply_token is None:
            return Undelivered.NO_ADDRESS
        if self._has_expired(event, row):
            return Undelivered.EXPIRED
        return await self._reply(event, event.reply_token, row, result)

    async def _reply(self, event: Event, reply_token: str, row: InboxRow, result: HandlerResult) -> str:
        called_at = self._clock()
        try:
            await self._line.reply(reply_token, result.messages)
        except InvalidReplyTokenError:
            return Undelivered.REPLY_TOKEN_INVALID
        if row.attempts == 1:
            self._metrics.answer_seconds.observe(max(0.0, called_at - row.received_at.timestamp()))
        return result.outcome

    def _has_expired(self, event: Event, row: InboxRow) -> bool:
        """Whether the reply token is dead for sure."""
        now = self._clock()
        since_received = now - row.received_at.timestamp()
        return (
            since_received > TOKEN_LIVES_S + REDELIVERED_TOKEN_LIVES_S
            or now - event.timestamp / 1000 > NO_TOKEN_AFTER_S
        )

    def _may_push(self, event: Event, row: InboxRow) -> bool:
        first_attempt = row.attempts == 1  # a later one may follow a reply that LINE accepted before we were killed
        return self._push_expired and first_attempt and event.reply_token is not None and event.chat_id is not None
