"""Presses on the reply to several messages at once: look at one of them, or at all of them as one."""

from bot.bubbles import notes
from bot.bubbles.burst import apart
from bot.buttons import Action
from bot.events import Postback
from bot.handlers.kept_message import find_kept_text
from bot.handlers.looking_up import find_view
from bot.handlers.text import answer_text
from bot.outcome import HandlerResult
from bot.services import Services
from retrieval.normalise import matching_key


async def look_at_one(event: Postback, action: Action, services: Services) -> HandlerResult:
    return await _look(event, action.event_id, services)


async def look_at_all(event: Postback, action: Action, services: Services) -> HandlerResult:
    if action.kind == "no":
        return HandlerResult(apart(await find_view(services, event)), "burst_apart")
    return await _look(event, action.event_id, services)


async def _look(event: Postback, event_ids: str | None, services: Services) -> HandlerResult:
    """Look the kept text up as if it had come now; it stays where it is kept, for a day from its arrival."""
    text = await find_kept_text(services, event, event_ids) if event_ids else None
    if text is None or event_ids is None or not matching_key(text):
        return HandlerResult(notes.expired(await find_view(services, event)), "expired")
    result = await answer_text(event, services, text, event_ids, event_ids)
    return HandlerResult(result.messages, result.outcome, record=result.record, shows=result.shows)
