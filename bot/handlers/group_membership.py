"""The bot is added to a group or room, or removed from it."""

from bot.bubbles.notes import hello_group
from bot.events import Join, Leave
from bot.handlers.looking_up import to_view
from bot.outcome import HandlerResult
from bot.services import Services


async def handle_join(event: Join, services: Services) -> HandlerResult:
    """Say once what the bot does here, and that it keeps nothing."""
    return HandlerResult(hello_group(to_view(services)), "joined")


async def handle_leave(event: Leave, services: Services) -> HandlerResult:
    """Nothing was kept of the group, so there is nothing to erase."""
    return HandlerResult(outcome="left")
