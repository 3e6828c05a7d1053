"""The asker's own message, kept encrypted in the inbox for a day at most while a consent is open."""

from bot.event_parser import parse_event
from bot.events import Event, TextMessage
from bot.json_text import read_json
from bot.mentions import without_mentions
from bot.services import Services


async def find_kept_text(services: Services, event: Event, event_id: str) -> str | None:
    """The text of the message behind a button; None when it is erased, or when somebody else had sent it."""
    payload = await services.inbox.find_payload(event_id)
    kept = to_text_message(payload, event_id, event.chat) if payload else None
    if kept is None or kept.user_id is None or kept.user_id != event.user_id:
        return None
    return without_mentions(kept.text, kept.mentions)


def to_text_message(payload: bytes, event_id: str, chat: str) -> TextMessage | None:
    raw = read_json(payload)
    kept = parse_event(raw if isinstance(raw, dict) else {}, event_id=event_id, chat=chat, timestamp=0)
    return kept if isinstance(kept, TextMessage) else None
