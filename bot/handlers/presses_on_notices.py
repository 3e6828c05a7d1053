"""Presses in a notice: tell me nothing more about this message, or about any; and the way back."""

from bot.bubbles.notice import muted, unmuted
from bot.buttons import Action
from bot.events import Postback
from bot.handlers.looking_up import find_person, to_view
from bot.outcome import HandlerResult
from bot.services import Services
from storage.notices import set_wants_notices
from storage.tables import utc_now


async def mute(event: Postback, action: Action, services: Services) -> HandlerResult:
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        await set_wants_notices(session, event.chat, False, utc_now(), action.article_id)
    return HandlerResult(muted(view, action.article_id), "muted" if action.article_id else "muted_all")


async def unmute(event: Postback, action: Action, services: Services) -> HandlerResult:
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        await set_wants_notices(session, event.chat, True, utc_now(), action.article_id)
    return HandlerResult(unmuted(view), "unmuted" if action.article_id else "unmuted_all")
