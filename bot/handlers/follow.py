"""Someone adds the bot, or comes back to it."""

from bot.bubbles.guide import welcome_messages
from bot.events import Follow
from bot.handlers.looking_up import find_person, to_view
from bot.outcome import HandlerResult
from bot.services import Services
from bot.wording import DEFAULT_LANGUAGE
from storage.askers import ensure_asker, set_follows


async def handle_follow(event: Follow, services: Services) -> HandlerResult:
    """Welcome them in the language they have chosen here, else in the one their LINE is set to."""
    async with services.database.transaction() as session:
        await ensure_asker(session, event.chat, event.user_id)
        await set_follows(session, event.chat, True)
        asker = await find_person(session, event)
    if asker is not None and asker.language is None and event.user_id is not None:
        asker.language = await services.newcomers.learn(event.chat, event.user_id)
    view = to_view(services, asker)
    is_default = view.words.language == DEFAULT_LANGUAGE
    return HandlerResult(welcome_messages(view), "welcomed", menu_language=None if is_default else view.words.language)
