"""Someone blocks the bot: nothing can be said, and nothing is pushed to them from now on."""

from bot.events import Unfollow
from bot.outcome import HandlerResult
from bot.services import Services
from storage.askers import set_follows


async def handle_unfollow(event: Unfollow, services: Services) -> HandlerResult:
    async with services.database.transaction() as session:
        await set_follows(session, event.chat, False)
    return HandlerResult(outcome="unfollowed")
