"""The bot is added to a group or room, or removed from it; people come and go."""

from bot.bubbles.notes import hello_group
from bot.events import Join, Leave, MemberChange
from bot.handlers.looking_up import to_view
from bot.outcome import HandlerResult
from bot.services import Services


async def handle_join(event: Join, services: Services) -> HandlerResult:
    """Say once what the bot does here, and that it keeps nothing."""
    return HandlerResult(hello_group(to_view(services)), "joined")


async def handle_leave(event: Leave, services: Services) -> HandlerResult:
    """Nothing was stored of the group, so there is nothing to erase but what is in memory for a moment."""
    services.group_buffer.forget_chat(event.chat)
    return HandlerResult(outcome="left")


async def handle_member_change(event: MemberChange, services: Services) -> HandlerResult:
    """Say nothing: who comes and goes is the group's own affair, and nobody wants a bot to greet each newcomer."""
    return HandlerResult(outcome="member_joined" if event.has_joined else "member_left")
