"""Stand-ins for what a test of the message's path does not want to run: LINE, the matcher, the clock."""

import base64
import hashlib
import hmac
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from bot.line_client import Profile
from bot.outcome import Message
from retrieval.types import Match, TellCopies

SECRET = "8c570fa6dd201bb328f1c1eac23a96d8"
SECRET_KEY = "a key for tests, long enough"

_numbers = itertools.count(1)


@dataclass
class FakeLine:
    """Records what would be sent. `fail_with` is raised once for each error in it, before anything is recorded."""

    replies: list[tuple[str, Sequence[Message]]] = field(default_factory=list)
    pushes: list[tuple[str, Sequence[Message], str]] = field(default_factory=list)
    loading: list[str] = field(default_factory=list)
    fail_with: list[Exception] = field(default_factory=list)
    language: str | None = None
    """What everybody's LINE is set to; None: it does not tell."""
    profiles_asked: list[str] = field(default_factory=list)
    menus: dict[str, str] = field(default_factory=dict)
    """The rich menus that were linked to people."""

    async def get_profile(self, user_id: str) -> Profile:
        self.profiles_asked.append(user_id)
        self._fail()
        return Profile("somebody", self.language)

    async def find_rich_menu(self, alias: str) -> str | None:
        return alias

    async def link_rich_menu(self, user_id: str, menu_id: str) -> None:
        self.menus[user_id] = menu_id

    async def reply(self, reply_token: str, messages: Sequence[Message]) -> None:
        self._fail()
        self.replies.append((reply_token, messages))

    async def push(self, to: str, messages: Sequence[Message], *, retry_key: str) -> None:
        self._fail()
        self.pushes.append((to, messages, retry_key))

    async def start_loading(self, user_id: str, *, seconds: int = 20) -> None:
        self.loading.append(user_id)

    def _fail(self) -> None:
        if self.fail_with:
            raise self.fail_with.pop(0)


class FakeMatcher:
    """Finds what it was told to find, whatever it is asked."""

    def __init__(self, *matches: Match) -> None:
        self.matches = list(matches)
        self.asked: list[str] = []

    def match_words(self, text: str, *, limit: int = 10) -> list[Match]:
        return [match for match in self.matches if match.signals.get("exact")][:limit]

    async def match(self, text: str, *, limit: int = 10, tell_copies: TellCopies | None = None) -> list[Match]:
        self.asked.append(text)
        return self.matches[:limit]


def sign(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def make_event(text: str = "喝熱水可以殺死病毒", *, user: str = "U" + "1" * 32, **fields: Any) -> dict[str, Any]:
    """A text message as LINE sends it, in a one-to-one chat; `fields` replace or add to it."""
    number = next(_numbers)
    return {
        "type": "message",
        "mode": "active",
        "timestamp": 1_760_000_000_000 + number,
        "source": {"type": "user", "userId": user},
        "webhookEventId": f"01TESTEVENT{number:015d}",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": f"token{number}",
        "message": {"type": "text", "id": str(number), "quoteToken": "q", "text": text},
        **fields,
    }


def make_body(*events: Any) -> bytes:
    return orjson.dumps({"destination": "U8e742f61d673b39c7fff3cecb7536ef0", "events": list(events)})
