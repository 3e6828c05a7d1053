"""Stickers, pictures, videos, sounds, files, places: what cannot be looked up today is said so, in one-to-one chats."""

from bot.bubbles.notes import cannot_read, sticker
from bot.events import MediaMessage, OtherMessage, Sticker
from bot.handlers.looking_up import find_view
from bot.outcome import IGNORED, HandlerResult
from bot.services import Services


async def handle_sticker(event: Sticker, services: Services) -> HandlerResult:
    if event.source_kind != "user":
        return IGNORED
    return HandlerResult(sticker(await find_view(services, event)), "sticker")


async def handle_media(event: MediaMessage, services: Services) -> HandlerResult:
    if event.source_kind != "user":
        return IGNORED
    return HandlerResult(cannot_read(await find_view(services, event), event.kind), "cannot_read")


async def handle_other_message(event: OtherMessage, services: Services) -> HandlerResult:
    if event.source_kind != "user":
        return IGNORED
    return HandlerResult(cannot_read(await find_view(services, event), event.kind), "cannot_read")
