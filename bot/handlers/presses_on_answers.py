"""Presses on answers and candidates: this one, none of these, and the other replies."""

from bot.bubbles import notes
from bot.bubbles.answer import article_messages, more_replies
from bot.bubbles.consent import consent_messages, waiting_messages
from bot.buttons import Action
from bot.decide import best_replies
from bot.drafts import draft_of
from bot.events import Postback
from bot.handlers.kept_message import find_kept_media, find_kept_text
from bot.handlers.looking_up import about, find_person, find_shown, to_view
from bot.handlers.presses_on_media import offer_media
from bot.handlers.remembering import remember_choice
from bot.outcome import HandlerResult
from bot.services import Services
from storage.tables import Choice


async def choose(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Show the candidate's answer, or that it has been withdrawn since."""
    async with services.database.reading() as session:
        view = to_view(services, await find_person(session, event))
        article = await find_shown(session, action.article_id)
    if article is None or not article.replies:
        return HandlerResult(notes.withdrawn(view), "withdrawn")
    record = remember_choice(event, action, Choice.THIS, article.article_id)
    messages = article_messages(view, article, best_replies(article))
    return HandlerResult(messages, "chosen", record=record, shows=(article.article_id,))


async def show_more(event: Postback, action: Action, services: Services) -> HandlerResult:
    async with services.database.reading() as session:
        view = to_view(services, await find_person(session, event))
        article = await find_shown(session, action.article_id)
    replies = best_replies(article) if article else ()
    if article is None or action.offset >= len(replies):
        return HandlerResult(notes.withdrawn(view), "withdrawn")
    return HandlerResult(more_replies(view, article, replies, action.offset), "more_replies")


async def none_of_these(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Offer what is left: to wait for a known message's answer, or to ask the volunteers about this one."""
    async with services.database.reading() as session:
        view = about(to_view(services, await find_person(session, event)), action.decision_id)
        waiting = await find_shown(session, action.article_id)
    record = remember_choice(event, action, Choice.NONE)
    if waiting is not None:
        return HandlerResult(waiting_messages(view, waiting), "waiting", record=record)
    if action.event_id is None:
        return HandlerResult(notes.wrong_match_unknown(view), "wrong_match", record=record)
    if (media := await find_kept_media(services, event, action.event_id)) is not None:
        return await offer_media(event, view, media, services, record)
    text = await find_kept_text(services, event, action.event_id)
    if text is None:
        return HandlerResult(notes.expired(view), "expired", record=record)
    offer = consent_messages(view, draft_of(text), action.event_id)
    return HandlerResult((*notes.wrong_match(view), *offer), "wrong_match", record=record)
