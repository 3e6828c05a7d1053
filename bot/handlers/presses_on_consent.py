"""Presses on the consent step: put back or take out, publish and ask, wait with the others, keep a wording, or no.

What is published is the text exactly as it was shown, and only after the yes. Pressed twice, the person has asked once.
"""

from dataclasses import replace

from bot.bubbles import notes
from bot.bubbles.answer import article_messages
from bot.bubbles.consent import consent_messages
from bot.bubbles.view import View
from bot.buttons import Action
from bot.decide import best_replies, is_sure
from bot.drafts import Draft, draft_of
from bot.events import Postback
from bot.handlers.asking import Asked, Person, ask_about, publish_and_ask
from bot.handlers.kept_message import find_kept_text, find_parts, is_own
from bot.handlers.looking_up import about, find_person, find_view, to_view
from bot.handlers.remembering import remember_joined
from bot.outcome import HandlerResult
from bot.services import Services
from moderation.variants import Because, VariantError, attach_variant
from retrieval.normalise import key_hash
from storage.askers import ensure_asker

RESULTS = {
    "not_published": notes.cannot_publish,
    "too_many_questions": notes.too_many_questions,
    "expired": notes.expired,
}


async def show_draft(event: Postback, action: Action, services: Services) -> HandlerResult:
    """The consent step again: something was put back or taken out, or a wording is to be seen before it is kept."""
    view = about(await find_view(services, event), action.decision_id)
    draft = await _find_draft(event, action, services)
    if draft is None or action.event_id is None:
        return HandlerResult(notes.expired(view), "expired")
    return HandlerResult(consent_messages(view, draft, action.event_id, wording_of=action.article_id), "draft_shown")


async def agree(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Publish what was shown; if that would come out otherwise by now, show it again instead."""
    draft = await _find_draft(event, action, services)
    if draft is None:
        return HandlerResult(notes.expired(await find_view(services, event)), "expired")
    if action.mark != draft.mark:
        return await show_draft(event, action, services)
    if action.article_id is not None:
        return await _keep_wording(event, action.article_id, draft.public, services)
    person, event_ids = Person(event.chat, event.user_id), action.event_id or ""
    parts = await find_parts(services, event.chat, event_ids)
    asked = await publish_and_ask(services, person, draft.public, action.decision_id, event_ids.split(","), parts)
    return to_result(await find_view(services, event), asked)


async def join(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Wait for the answer to a message that is public already."""
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        await ensure_asker(session, event.chat, event.user_id)
        asked = await ask_about(session, Person(event.chat, event.user_id), action.article_id)
    result = to_result(view, asked)
    if asked.receipt is None:
        return result
    return replace(result, record=remember_joined(event, action, asked.receipt.article_id))


async def decline(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Erase the message at once instead of at the end of the day; nobody erases another person's."""
    for event_id in (action.event_id or "").split(","):
        if await is_own(services, event, event_id):
            await services.inbox.erase_payload(event_id)
    return HandlerResult(notes.declined(await find_view(services, event)), "declined")


def to_result(view: View, asked: Asked) -> HandlerResult:
    """What the person is told of it."""
    if asked.receipt is not None:
        return HandlerResult(notes.receipt(view, asked.receipt, asked.waiting), asked.outcome)
    if asked.article is not None:
        messages = article_messages(view, asked.article, best_replies(asked.article))
        return HandlerResult(messages, asked.outcome, shows=(asked.article.article_id,))
    return HandlerResult(RESULTS[asked.outcome](view), asked.outcome)


async def _find_draft(event: Postback, action: Action, services: Services) -> Draft | None:
    text = await find_kept_text(services, event, action.event_id) if action.event_id else None
    return None if text is None else draft_of(text, action.kept)


async def _keep_wording(event: Postback, article_id: str, public: str, services: Services) -> HandlerResult:
    """Make the words a variant of the article, if they are still surely the same message."""
    model_id, matches = services.matching.model_id, await services.matching.match(public)
    match = next((match for match in matches if match.article_id == article_id and is_sure(match)), None)
    view = await find_view(services, event)
    if match is None:
        return HandlerResult(notes.wording_not_kept(view), "wording_not_kept")
    try:
        async with services.database.transaction() as session:
            await ensure_asker(session, event.chat, event.user_id)
            await attach_variant(
                session,
                article_id,
                text=public,
                matching_key_hash=key_hash(public),
                contributor=event.chat,
                because=Because.of_match(model_id, match.probability),
            )
    except VariantError:
        return HandlerResult(notes.wording_not_kept(view), "wording_not_kept")
    return HandlerResult(notes.wording_kept(view), "wording_kept")
