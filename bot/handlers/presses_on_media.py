"""Presses on the consent step of a picture, video or recording: publish it as it was shown, or show the step again.

Nothing of it was kept: it is fetched from LINE and read once more. Should it be read otherwise than it was shown, or
something that was to be covered not be found again, the person is asked anew.
"""

from dataclasses import replace

from bot.bubbles import notes
from bot.bubbles.media import ABOUT_THIS, quoting, told
from bot.bubbles.view import View
from bot.buttons import Action
from bot.events import MediaMessage, Postback
from bot.flex import Part
from bot.handlers.asking import Person
from bot.handlers.kept_message import find_kept_media
from bot.handlers.looking_at_media import decide_on
from bot.handlers.looking_up import about, find_view
from bot.handlers.media_answers import answer, consent_messages
from bot.handlers.media_refusals import REFUSED, refuse
from bot.handlers.preparing_media import Prepared, prepare_media, publish_media
from bot.handlers.presses_on_consent import to_result
from bot.handlers.remembering import Record, remember_asked
from bot.media.merging import LookedAt
from bot.outcome import HandlerResult
from bot.services import Services


async def agree_to_media(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Publish it with the words that were read in it, and let the person wait for an answer."""
    kept = await find_kept_media(services, event, action.event_id)
    if kept is None:
        return HandlerResult(notes.expired(await find_view(services, event)), "expired")
    try:
        prepared = await prepare_media(kept, services)
    except REFUSED as error:
        return await refuse(kept, services, error, asked_by=event)
    view = about(await find_view(services, event), action.decision_id)
    if action.mark != prepared.mark:
        return await _show_anew(view, kept, prepared, services)
    asked = await publish_media(services, Person(event.chat, event.user_id), prepared.media)
    result = to_result(view, asked)
    if asked.receipt is None:
        return result
    return replace(result, record=remember_asked(event, action, asked.receipt.article_id, prepared.media.text))


async def _show_anew(view: View, kept: MediaMessage, prepared: Prepared, services: Services) -> HandlerResult:
    """It reads otherwise than it did: what is known of these words, or else the consent to them."""
    if prepared.read.text:
        found = await decide_on(services, kept, LookedAt(read=prepared.read), prepared.media.sha256)
        if not found.is_unknown:
            return replace(await answer(kept, services, found), keep_payload=False, record=None)
    return HandlerResult(consent_messages(view, kept, prepared.read, prepared.parts), "draft_shown")


async def offer_media(
    event: Postback, view: View, kept: MediaMessage, services: Services, record: Record | None
) -> HandlerResult:
    """None of what was found is this picture: offer to publish it. It is fetched and read once more."""
    offered = await _offer(event, view, kept, services)
    if isinstance(offered, HandlerResult):
        return replace(offered, record=record)
    [said] = notes.wrong_match(view)
    return HandlerResult((quoting(said, kept.quote_token), offered), "wrong_match", record=record)


async def pick_media(event: Postback, action: Action, services: Services) -> HandlerResult:
    """Of several pictures, this one is to be asked about."""
    view = about(await find_view(services, event), action.decision_id)
    kept = await find_kept_media(services, event, action.event_id)
    if kept is None:
        return HandlerResult(notes.expired(view), "expired")
    view = about(view, services.pseudonyms.of_message(kept.chat, kept.message_id))
    offered = await _offer(event, view, kept, services)
    if isinstance(offered, HandlerResult):
        return offered
    return HandlerResult((*told(view, ABOUT_THIS, kept.quote_token), offered), "draft_shown")


async def _offer(event: Postback, view: View, kept: MediaMessage, services: Services) -> Part | HandlerResult:
    """The consent step for it, or why it cannot be shown."""
    try:
        prepared = await prepare_media(kept, services)
    except REFUSED as error:
        return await refuse(kept, services, error, asked_by=event)
    return consent_messages(view, kept, prepared.read, prepared.parts)[1]
