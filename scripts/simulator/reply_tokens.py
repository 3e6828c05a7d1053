"""Reply tokens: they work once, for about a minute after each delivery, and never once the event is 20 minutes old."""

import secrets
from dataclasses import dataclass

from scripts.simulator.clock import Clock
from scripts.simulator.errors import INVALID_REPLY_TOKEN, LineError

TOKEN_SECONDS = 60
EVENT_SECONDS = 20 * 60


@dataclass(slots=True)
class _Token:
    chat_id: str
    issued_at: float
    delivered_at: float
    used: bool = False


class ReplyTokens:
    """Issues reply tokens, renews them on redelivery and takes each one once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, _Token] = {}

    def issue(self, chat_id: str) -> str:
        token = secrets.token_hex(16)
        now = self._clock.now()
        self._tokens[token] = _Token(chat_id, issued_at=now, delivered_at=now)
        return token

    def redeliver(self, token: str) -> None:
        """Give the token one more minute: its event is being delivered (again)."""
        self._tokens[token].delivered_at = self._clock.now()

    def use(self, token: str) -> str:
        """Return the chat to answer in and spend the token; raise LINE's 400 when it is unknown, spent or too old."""
        entry = self._tokens.get(token)
        if entry is None or entry.used or self._too_old(entry):
            raise LineError(400, INVALID_REPLY_TOKEN)
        entry.used = True
        return entry.chat_id

    def is_spent(self, token: str) -> bool:
        return self._tokens[token].used

    def _too_old(self, entry: _Token) -> bool:
        now = self._clock.now()
        return now - entry.delivered_at > TOKEN_SECONDS or now - entry.issued_at > EVENT_SECONDS
