"""Presses on the consent step: publish and ask, wait with the others, or no.

What is published is the text exactly as it was shown, and only after the yes. Pressed twice, the person has asked once.
"""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.bubbles import notes
from bot.bubbles.answer import article_messages
from bot.bubbles.view import View
from bot.buttons import Action
from bot.decide import best_replies, is_sure
from bot.events import Postback
from bot.fit import clean
from bot.handlers.kept_message import find_kept_text
from bot.handlers.looking_up import find_person, find_shown, find_view, to_view
from bot.handlers.remembering import remember_asked, remember_joined
from bot.outcome import HandlerResult
from bot.services import Services
from moderation.intake import SureMatch, request_reply, take_in_message
from retrieval.normalise import key_hash
from storage.askers import ensure_asker
from storage.match_decisions import find_decision
from storage.tables import Choice


async def agree(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Store the message as an article and the person's request, and tell them their place in the line."""
    text = await find_kept_text(services, event, action.event_id) if action.event_id else None
    if text is None:
        return HandlerResult(notes.expired(await find_view(services, event)), "expired")
    shown = clean(text)
    sure = await _find_same(services, action, shown)
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        await ensure_asker(session, event.chat, event.user_id)
        article = await take_in_message(
            session, text=shown, matching_key_hash=key_hash(shown), contributor=event.chat, sure=sure
        )
        result = await _ask(session, view, event, article.id, key_hash(shown))
    return replace(result, record=remember_asked(event, action, article.id, shown)) if _was_asked(result) else result


async def _find_same(services: Services, action: Action, text: str) -> list[SureMatch]:
    """Articles that came in since the message did and surely say the same; none that the person has refused."""
    async with services.database.reading() as session:
        decision = await find_decision(session, action.decision_id) if action.decision_id else None
    refused = {offer["article_id"] for offer in decision.offered} if decision and decision.choice == Choice.NONE else ()
    model_id = services.matching.model_id
    return [
        SureMatch(match.article_id, model_id, match.probability)
        for match in await services.matching.match(text)
        if is_sure(match) and match.article_id not in refused
    ]


async def join(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Wait for the answer to a message that is public already."""
    async with services.database.transaction() as session:
        view = to_view(services, await find_person(session, event))
        await ensure_asker(session, event.chat, event.user_id)
        result = await _ask(session, view, event, action.article_id)
    if action.article_id is None or not _was_asked(result):
        return result
    return replace(result, record=remember_joined(event, action, action.article_id))


async def decline(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Erase the message at once instead of at the end of the day."""
    if action.event_id:
        await services.inbox.erase_payload(action.event_id)
    return HandlerResult(notes.declined(await find_view(services, event)), "declined")


def _was_asked(result: HandlerResult) -> bool:
    return result.outcome in {"asked", "asked_before"}


async def _ask(
    session: AsyncSession, view: View, event: Postback, article_id: str | None, matching_key_hash: str | None = None
) -> HandlerResult:
    """Record the request; an article answered in the meantime is shown instead, a blocked one is not taken."""
    article = await find_shown(session, article_id)
    if article is None:
        return HandlerResult(notes.cannot_publish(view), "not_published")
    if article.replies:
        messages = article_messages(view, article, best_replies(article))
        return HandlerResult(messages, "answered_meanwhile", shows=(article.article_id,))
    receipt = await request_reply(
        session, article_id=article.article_id, asker_id=event.chat, matching_key_hash=matching_key_hash
    )
    return HandlerResult(notes.receipt(view, receipt), "asked" if receipt.is_new else "asked_before")
