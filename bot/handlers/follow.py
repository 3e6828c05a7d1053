"""Someone adds the bot, or comes back to it."""

from bot.bubbles.guide import welcome_messages
from bot.events import Follow
from bot.handlers.looking_up import find_person, to_view
from bot.outcome import HandlerResult
from bot.services import Services
from storage.askers import ensure_asker, set_follows


async def handle_follow(event: Follow, services: Services) -> HandlerResult:
    async with services.database.transaction() as session:
        await ensure_asker(session, event.chat, event.user_id)
        await set_follows(session, event.chat, True)
        asker = await find_person(session, event)
    chosen = asker.language if asker else None
    return HandlerResult(welcome_messages(to_view(services, asker)), "welcomed", menu_language=chosen)
