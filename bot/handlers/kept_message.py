"""The asker's own message, kept encrypted in the inbox for a day at most while a consent is open."""

from bot.event_parser import parse_event
from bot.events import Event, MediaMessage, TextMessage
from bot.json_text import read_json
from bot.mentions import without_mentions
from bot.services import Services


async def find_kept_text(services: Services, event: Event, event_ids: str) -> str | None:
    """The text behind a button; None when it is erased, or when somebody else had sent it.

    Several messages that are one are named by their events' ids, with commas between.
    """
    texts = []
    for event_id in event_ids.split(","):
        kept = await find_kept_message(services, event_id)
        if kept is None or kept.user_id is None or kept.user_id != event.user_id:
            return None
        texts.append(without_mentions(kept.text, kept.mentions))
    return "\n".join(texts)


async def find_parts(services: Services, chat: str, event_ids: str) -> list[str]:
    """The decisions on the messages behind a button, each by itself; several that are one were decided on once more."""
    kept = [await find_kept_message(services, event_id) for event_id in event_ids.split(",")]
    return [services.pseudonyms.of_message(chat, one.message_id) for one in kept if one is not None]


async def find_kept_message(services: Services, event_id: str) -> TextMessage | None:
    """The message of an event, while it is kept."""
    payload = await services.inbox.find_payload(event_id)
    return to_text_message(payload, event_id, "") if payload else None


async def find_kept_media(services: Services, event: Event, event_id: str | None) -> MediaMessage | None:
    """The picture behind a button; None when it is forgotten, or when somebody else had sent it."""
    payload = await services.inbox.find_payload(event_id) if event_id else None
    kept = to_media_message(payload, event_id or "", event.chat) if payload else None
    return kept if kept is not None and kept.user_id is not None and kept.user_id == event.user_id else None


async def is_own(services: Services, event: Event, event_id: str) -> bool:
    """Whether the message of an event is kept, and whoever pressed had sent it."""
    is_text = await find_kept_text(services, event, event_id) is not None
    return is_text or await find_kept_media(services, event, event_id) is not None


def to_media_message(payload: bytes, event_id: str, chat: str) -> MediaMessage | None:
    raw = read_json(payload)
    kept = parse_event(raw if isinstance(raw, dict) else {}, event_id=event_id, chat=chat, timestamp=0)
    return kept if isinstance(kept, MediaMessage) else None


def to_text_message(payload: bytes, event_id: str, chat: str) -> TextMessage | None:
    raw = read_json(payload)
    kept = parse_event(raw if isinstance(raw, dict) else {}, event_id=event_id, chat=chat, timestamp=0)
    return kept if isinstance(kept, TextMessage) else None
