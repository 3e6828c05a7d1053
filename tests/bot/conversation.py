"""A chat with the handlers over the real inbox and database: what a person sends goes the way a webhook event goes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from bot.buttons import Action, Press
from bot.event_parser import parse_event
from bot.group_buffer import GroupBuffer
from bot.handlers import HANDLERS
from bot.limits import Limits
from bot.link_titles import LinkTitles
from bot.matching import Matching
from bot.menu import Commands
from bot.metrics import Metrics
from bot.newcomers import Newcomers
from bot.outcome import IGNORED, HandlerResult
from bot.services import Services
from retrieval.types import Match
from scripts.simulator.validator import message_problems
from storage.inbox import Inbox, IncomingEvent
from storage.tables import utc_now
from tests.bot.fakes import FakeLine, FakeMatcher, make_event

ASKER = "Ua" + "0" * 31
OUTSIDER = "Ub" + "0" * 31
GROUP = "Cc" + "0" * 31


class Conversation:
    """`services` with a matcher that finds `matches`."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def will_find(self, *matches: Match) -> FakeMatcher:
        matcher = FakeMatcher(*matches)
        self.services.matching.use(matcher)
        return matcher

    async def say(self, text: str, *, user: str = ASKER, **fields: Any) -> HandlerResult:
        return await self.send(make_event(text, user=user, **fields))

    async def say_in_group(self, text: str, *mentionees: Mapping[str, Any]) -> HandlerResult:
        message = {"type": "text", "id": "1", "quoteToken": "q", "text": text}
        if mentionees:
            message["mention"] = {"mentionees": list(mentionees)}
        source = {"type": "group", "groupId": GROUP, "userId": ASKER}
        return await self.send(make_event(source=source, message=message))

    async def press(self, data: str, *, user: str = ASKER) -> HandlerResult:
        return await self.send(make_event(user=user, type="postback", postback={"data": data}))

    async def send(self, raw: dict[str, Any]) -> HandlerResult:
        """Store the event, handle it, finish it; what would be sent is what LINE takes."""
        inbox, event_id = self.services.inbox, raw["webhookEventId"]
        source = raw["source"]
        chat = self.services.pseudonyms.of(source.get("groupId") or source["userId"])
        (row,) = await inbox.store([IncomingEvent(event_id, chat, raw["timestamp"], orjson.dumps(raw))])
        event = parse_event(raw, event_id=event_id, chat=chat, timestamp=raw["timestamp"])
        handler = HANDLERS.get(type(event))
        result = await handler(event, self.services) if handler else IGNORED
        keep_until = utc_now() + timedelta(hours=24) if result.keep_payload else None
        await inbox.finish(row.id, result.outcome, keep_payload_until=keep_until, record=result.record)
        for message in result.messages:
            assert message_problems(message) == []
        return result

    def buttons(self, result: HandlerResult) -> dict[Press, str]:
        """Postback data of what can be pressed, by what it asks for; the last one of a kind."""
        return {action.press: data for data in postbacks(result.messages) if (action := self._decode(data))}

    def _decode(self, data: str) -> Action | None:
        return self.services.buttons.decode(data)


def build_services(database: Any, inbox: Inbox, **parts: Any) -> Services:
    """Services for handlers: what they do not touch is not there."""
    metrics = Metrics()
    defaults: dict[str, Any] = {
        "matching": Matching(metrics),
        "line": None,
        "follower": None,
        "notices": None,
        "media": None,
    }
    if "wordings" in parts:
        defaults["commands"] = Commands(parts["wordings"])
    defaults["newcomers"] = Newcomers(database, FakeLine())  # type: ignore[arg-type]
    defaults["link_titles"] = LinkTitles(None)
    defaults["limits"] = Limits(database, 0)
    defaults["group_buffer"] = GroupBuffer(minutes=5)
    return Services(database=database, inbox=inbox, metrics=metrics, **(defaults | parts))  # type: ignore[arg-type]


def said(result: HandlerResult) -> str:
    """Everything a person could read in it."""
    return "\n".join(_texts(result.messages))


def _texts(part: Any) -> list[str]:
    if isinstance(part, Mapping):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [text for value in part.values() for text in _texts(value)]
    if isinstance(part, list | tuple):
        return [text for inner in part for text in _texts(inner)]
    return []


def postbacks(part: Any) -> list[str]:
    """The data of every button in it, in order."""
    if isinstance(part, Mapping):
        own = [part["data"]] if part.get("type") == "postback" else []
        return own + [data for value in part.values() for data in postbacks(value)]
    if isinstance(part, list | tuple):
        return [data for inner in part for data in postbacks(inner)]
    return []
