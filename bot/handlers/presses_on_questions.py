"""Presses on a question that was asked: take it back, and where the message was seen."""

from bot.bubbles import notes
from bot.buttons import Action
from bot.events import Postback
from bot.handlers.asking import take_back_question
from bot.handlers.looking_up import find_person, find_view, to_view
from bot.outcome import HandlerResult
from bot.services import Services
from storage.questions import note_seen_where
from storage.tables import SeenWhere


async def take_back(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Within a day; pressed twice, the second time finds nothing."""
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        outcome = await take_back_question(session, event.chat, action.article_id or "")
    if outcome == "too_late_to_take_back":
        return HandlerResult(notes.too_late_to_take_back(view), outcome)
    return HandlerResult(notes.taken_back(view, outcome == "taken_back"), outcome)


async def say_where(event: Postback, action: Action, services: Services) -> HandlerResult:
    if action.article_id is None or action.kind not in set(SeenWhere):
        return HandlerResult(notes.expired(await find_view(services, event)), "button_unknown")
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        is_kept = await note_seen_where(session, event.chat, action.article_id, SeenWhere(action.kind))
    return HandlerResult(notes.noted(view) if is_kept else notes.nothing_to_note(view), "seen_where")
