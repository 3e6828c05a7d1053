"""What is no text: stickers, pictures, videos, recordings, places. What cannot be looked up is said to a person."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Literal

from bot.bubbles.notes import cannot_read, sticker
from bot.decide import may_speak_unasked
from bot.events import Event, MediaMessage, OtherMessage, Sticker, TextMessage
from bot.group_buffer import SentMedia
from bot.handlers.looking_at_media import LOOK_UP_WITHIN_S, LookedUpMedia, LookUp, in_time
from bot.handlers.looking_up import find_view
from bot.handlers.media_answers import answer_group, look_up_and_answer
from bot.handlers.media_refusals import REFUSED, refuse
from bot.handlers.pictures import find_known_picture, look_up_picture
from bot.handlers.recordings import find_known_recording, look_up_recording
from bot.outcome import IGNORED, HandlerResult
from bot.services import Services

Kind = Literal["image", "video", "audio"]

LOOK_UPS: dict[Kind, LookUp] = {"image": look_up_picture, "video": look_up_recording, "audio": look_up_recording}
FIND_KNOWN: dict[Kind, Callable[[MediaMessage, Services], Awaitable[LookedUpMedia | None]]] = {
    "image": find_known_picture,
    "video": find_known_recording,
    "audio": find_known_recording,
}

GROUP_TEXT = "圖" * 20
"""A group hears of a picture only when it is surely known, however few words are in it."""

SILENT = HandlerResult(outcome="group_silent")


async def handle_sticker(event: Sticker, services: Services) -> HandlerResult:
    if event.source_kind != "user":
        return IGNORED
    return HandlerResult(sticker(await find_view(services, event)), "sticker")


async def handle_other_message(event: OtherMessage, services: Services) -> HandlerResult:
    if event.source_kind != "user":
        return IGNORED
    return HandlerResult(cannot_read(await find_view(services, event)), "cannot_read")


async def handle_media(event: MediaMessage, services: Services) -> HandlerResult:
    """Answer a person always, and a group only when this very picture or recording is surely known to be false."""
    if event.source_kind == "user":
        return await look_up_and_answer(LOOK_UPS[event.kind], event, services)
    return await _handle_in_group(event, services)


async def answer_quoted(event: TextMessage, message_id: str, sent: SentMedia, services: Services) -> HandlerResult:
    """A group called the bot about a picture or recording: fetched by its id, as long as LINE keeps it."""
    common = {one.name: getattr(event, one.name) for one in fields(Event)}
    quoted = MediaMessage(kind=sent.kind, message_id=message_id, **common)
    try:
        found = await in_time(LOOK_UPS[sent.kind], quoted, services)
    except REFUSED as error:
        return await refuse(quoted, services, error)
    return answer_group(found, "group_called")


async def _handle_in_group(event: MediaMessage, services: Services) -> HandlerResult:
    """Look at what a group sent, and keep nothing of it; what cannot be looked at is passed over."""
    if event.is_external:
        return SILENT
    services.group_buffer.remember(event.chat, event.message_id, SentMedia(event.kind))
    try:
        async with asyncio.timeout(LOOK_UP_WITHIN_S):
            found = await FIND_KNOWN[event.kind](event, services)
    except REFUSED:
        return SILENT
    if found is None or not may_speak_unasked(found.outcome, GROUP_TEXT):
        return SILENT
    return answer_group(found, "group_warned")
