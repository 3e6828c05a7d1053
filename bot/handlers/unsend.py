"""Someone takes a message back: what is kept of it goes, and what they asked with it is taken back."""

from bot.events import Unsend
from bot.fit import clean
from bot.handlers.kept_message import to_media_message, to_text_message
from bot.mentions import without_mentions
from bot.outcome import IGNORED, HandlerResult
from bot.services import Services
from moderation.taking_back import take_back_message, take_back_request
from retrieval.normalise import key_hash
from storage.askers import find_asked_article


async def handle_unsend(event: Unsend, services: Services) -> HandlerResult:
    """Erase the kept message and the request made from it, and forget whose it was and what was said about it.

    What was asked is taken back last: a page on which it is being published sees that it is erased, or is done by then.
    """
    if event.source_kind != "user":
        services.group_buffer.forget(event.chat, event.message_id)
        return HandlerResult(outcome="unsent_in_group")  # nothing else is kept of what a group says
    decision_id = services.pseudonyms.of_message(event.chat, event.message_id)
    was_kept = await _erase_kept(event, services)
    async with services.database.transaction() as session:
        was_known = await take_back_message(session, decision_id=decision_id, asker_id=event.chat)
    return HandlerResult(outcome="unsent") if was_kept or was_known else IGNORED


async def _erase_kept(event: Unsend, services: Services) -> bool:
    """Erase the message, where it waits for a consent."""
    for event_id, payload in await services.inbox.load_kept():
        kept = to_text_message(payload, event_id, event.chat)
        if kept is not None and kept.message_id == event.message_id and kept.user_id == event.user_id:
            await _take_back(event, services, clean(without_mentions(kept.text, kept.mentions)))
            return await services.inbox.erase_payload(event_id)
        media = to_media_message(payload, event_id, event.chat)
        if media is not None and media.message_id == event.message_id and media.user_id == event.user_id:
            return await services.inbox.erase_payload(event_id)
    return False


async def _take_back(event: Unsend, services: Services, text: str) -> None:
    hashed = key_hash(text)
    if hashed is None:
        return
    async with services.database.transaction() as session:
        article_id = await find_asked_article(session, event.chat, hashed)
        if article_id is not None:
            await take_back_request(session, article_id=article_id, asker_id=event.chat)
