"""What is no text: stickers, pictures, videos, recordings, places. What cannot be looked up is said to a person."""

from bot.bubbles.notes import cannot_read, sticker
from bot.events import MediaMessage, OtherMessage, Sticker
from bot.handlers.looking_up import find_view
from bot.handlers.pictures import handle_picture, handle_picture_in_group
from bot.handlers.recordings import handle_recording
from bot.outcome import IGNORED, HandlerResult
from bot.services import Services


async def handle_sticker(event: Sticker, services: Services) -> HandlerResult:
    if event.source_kind != "user":
        return IGNORED
    return HandlerResult(sticker(await find_view(services, event)), "sticker")


async def handle_other_message(event: OtherMessage, services: Services) -> HandlerResult:
    if event.source_kind != "user":
        return IGNORED
    return HandlerResult(cannot_read(await find_view(services, event), event.kind), "cannot_read")


async def handle_media(event: MediaMessage, services: Services) -> HandlerResult:
    """Answer a person always, and a group only when the very picture is surely known to be false."""
    if event.source_kind != "user":
        return await handle_picture_in_group(event, services) if event.kind == "image" else IGNORED
    if event.kind == "image":
        return await handle_picture(event, services)
    return await handle_recording(event, services)
