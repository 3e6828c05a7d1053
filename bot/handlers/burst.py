"""Several messages of one person at once: each looked up, one reply, and the question whether they are one message."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.bubbles.burst import Found, burst_messages, merged, said_first
from bot.bubbles.talk import small_talk
from bot.events import Burst, Event, MediaMessage, TextMessage
from bot.handlers.looking_up import about, find_view
from bot.handlers.media import handle_media
from bot.handlers.picture_sets import handle_pictures
from bot.handlers.text import handle_text, look_up_text, to_message_decision
from bot.mentions import without_mentions
from bot.outcome import HandlerResult
from bot.services import Services
from bot.small_talk import SmallTalk, find_small_talk
from retrieval.normalise import matching_key

SILENT = {SmallTalk.VAGUE, SmallTalk.COURTESY, SmallTalk.YES, SmallTalk.NO}
"""What waits for no answer beside a message."""
MOST_URGENT_FIRST = (
    SmallTalk.DEFRAUDED, SmallTalk.VOLUNTEERING, SmallTalk.VAGUE, SmallTalk.NO, SmallTalk.YES, SmallTalk.COURTESY,
)  # fmt: skip


async def handle_burst(event: Burst, services: Services) -> HandlerResult:
    """What was sent to be looked up. "Is this true?" beside a message is no message; "I was defrauded" is answered,
    and first. Where nothing was sent but talk, the most urgent is answered."""
    talks = [_talk_of(one, services) for one in event.events]
    sent = [one for one, talk in zip(event.events, talks, strict=True) if talk is None]
    if len(sent) == len(event.events):
        return await _handle_all(event, services)
    if not sent:
        return await _answer_talk(event, [talk for talk in talks if talk], services)
    answer = await (
        _handle_all(replace(event, events=tuple(sent)), services) if sent[1:] else _handle(sent[0], services)
    )
    ended = iter([replace(answer, messages=(), shows=(), joined=()), *answer.joined])
    results = [next(ended) if talk is None else _ended(talk) for talk in talks]
    aloud = [talk for talk in MOST_URGENT_FIRST if talk in talks and talk not in SILENT]
    messages = answer.messages
    if aloud:
        view = await find_view(services, event)
        messages = said_first([message for talk in aloud for message in small_talk(view, talk)], messages)
    return replace(results[0], messages=messages, shows=answer.shows, joined=tuple(results[1:]))


async def _answer_talk(event: Burst, talks: Sequence[SmallTalk], services: Services) -> HandlerResult:
    most = min(range(len(talks)), key=lambda place: MOST_URGENT_FIRST.index(talks[place]))
    answer = await _handle(event.events[most], services)
    results = [HandlerResult(outcome="remark") for _ in talks]
    results[most] = replace(answer, messages=(), shows=())
    return replace(results[0], messages=answer.messages, shows=answer.shows, joined=tuple(results[1:]))


def _ended(talk: SmallTalk) -> HandlerResult:
    """How talk beside a message ends."""
    return HandlerResult(outcome="remark" if talk in SILENT else talk.value)


async def _handle_all(event: Burst, services: Services) -> HandlerResult:
    """All texts, all pictures: one answer about them all. Otherwise each is answered by itself, in as few messages."""
    plain = [one for one in event.events if isinstance(one, TextMessage) and _is_plain(one, services)]
    if len(plain) == len(event.events):
        return await _answer_texts(event, plain, services)
    pictures = [one for one in event.events if isinstance(one, MediaMessage) and one.kind == "image"]
    if len(pictures) == len(event.events):
        return await handle_pictures(pictures, services)
    results = [await _handle(one, services) for one in event.events]
    messages = merged([result.messages for result in results])
    shows = tuple(article_id for result in results for article_id in result.shows)
    return replace(results[0], messages=messages, shows=shows, joined=tuple(results[1:]))


def _is_plain(event: TextMessage, services: Services) -> bool:
    """Whether the text is a message to look up, and nothing that is said to the bot."""
    text = without_mentions(event.text, event.mentions)
    commands = services.commands
    return bool(matching_key(text)) and commands.find(text) is None and commands.find_remark(text) is None


def _talk_of(event: Event, services: Services) -> SmallTalk | None:
    """What is said to the bot in it, if nothing else is; a word of the menu asks for something."""
    if not isinstance(event, TextMessage):
        return None
    text = without_mentions(event.text, event.mentions)
    return None if services.commands.find(text) else find_small_talk(text)


async def _handle(event: Event, services: Services) -> HandlerResult:
    if isinstance(event, MediaMessage):
        return await handle_media(event, services)
    assert isinstance(event, TextMessage)  # `bot.bursts.may_join` lets nothing else in
    return await handle_text(event, services)


async def _answer_texts(event: Burst, texts: list[TextMessage], services: Services) -> HandlerResult:
    found = await asyncio.gather(*(look_up_text(one, services) for one in texts))
    view = await find_view(services, event)
    decisions = [to_message_decision(one, services, looked_up) for one, looked_up in zip(texts, found, strict=True)]
    shown = [
        Found(one.event_id, without_mentions(one.text, one.mentions), looked_up.outcome, about(view, decision.id))
        for one, looked_up, decision in zip(texts, found, decisions, strict=True)
    ]
    results = [
        HandlerResult(outcome=f"burst_{decision.outcome.value}", keep_payload=True, record=looked_up.record(decision))
        for looked_up, decision in zip(found, decisions, strict=True)
    ]
    return replace(results[0], messages=burst_messages(view, shown), joined=tuple(results[1:]))
