"""Several messages of one person at once: each looked up, one reply, and the question whether they are one message."""

import asyncio
from dataclasses import replace

from bot.bubbles.burst import Found, burst_messages, merged
from bot.events import Burst, Event, MediaMessage, TextMessage
from bot.handlers.looking_up import about, find_view
from bot.handlers.media import handle_media
from bot.handlers.picture_sets import handle_pictures
from bot.handlers.text import handle_text, look_up_text, to_message_decision
from bot.mentions import without_mentions
from bot.outcome import HandlerResult
from bot.services import Services
from bot.small_talk import find_small_talk
from retrieval.normalise import matching_key


async def handle_burst(event: Burst, services: Services) -> HandlerResult:
    """What was sent to be looked up. "Is this true?" beside a message is no message, and waits for no answer."""
    remarks = [one for one in event.events if _is_remark(one)]
    sent = [one for one in event.events if one not in remarks]
    if not remarks or not sent:
        return await _handle_all(event, services)
    answer = await (
        _handle_all(replace(event, events=tuple(sent)), services) if sent[1:] else _handle(sent[0], services)
    )
    ended = iter([replace(answer, messages=(), shows=(), joined=()), *answer.joined])
    results = [HandlerResult(outcome="remark") if one in remarks else next(ended) for one in event.events]
    return replace(results[0], messages=answer.messages, shows=answer.shows, joined=tuple(results[1:]))


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


def _is_remark(event: Event) -> bool:
    return isinstance(event, TextMessage) and find_small_talk(without_mentions(event.text, event.mentions)) is not None


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
