"""What a person is told about a picture, video or recording, and what is remembered of it."""

from collections.abc import Sequence
from functools import partial

from bot.bubbles import media as bubbles
from bot.bubbles.group import group_messages
from bot.bubbles.notes import asked_before
from bot.bubbles.view import View
from bot.decide import Answer, NoMatch
from bot.decisions import outcome_of, to_decision
from bot.drafts import draft_of
from bot.events import MediaMessage
from bot.flex import Part
from bot.handlers.looking_at_media import LookedUpMedia, LookUp, in_time
from bot.handlers.looking_up import about, has_asked
from bot.handlers.media_refusals import REFUSED, refuse
from bot.media.covering import PrivatePart
from bot.media.reading import ReadText
from bot.outcome import HandlerResult
from bot.render import render
from bot.services import Services
from storage.match_decisions import record_decision
from storage.questions import find_question
from storage.tables import MatchDecision


async def look_up_and_answer(look_up: LookUp, event: MediaMessage, services: Services) -> HandlerResult:
    """The whole way in a one-to-one chat."""
    try:
        found = await in_time(look_up, event, services)
    except REFUSED as error:
        return await refuse(event, services, error)
    return await answer(event, services, found)


async def answer(event: MediaMessage, services: Services, found: LookedUpMedia) -> HandlerResult:
    """What the person is told, and what is remembered of it."""
    outcome = found.outcome
    unanswered = outcome.unanswered if isinstance(outcome, NoMatch) else None
    if unanswered and await has_asked(services, event, unanswered.article_id):
        async with services.database.reading() as session:
            question = await find_question(session, event.chat, unanswered.article_id)
        return HandlerResult(asked_before(found.view, unanswered.article_id, question), "asked_before")
    decision = decision_of(event, services, found)
    return HandlerResult(
        media_messages(about(found.view, decision.id), event, found),
        outcome_of(outcome).value,
        keep_payload=unanswered is None,
        record=partial(record_decision, decision=decision),
        shows=(outcome.candidate.article.article_id,) if isinstance(outcome, Answer) else (),
    )


def decision_of(event: MediaMessage, services: Services, found: LookedUpMedia) -> MatchDecision:
    """What is remembered of it: article ids and scores, never the picture or its words."""
    return to_decision(
        found.outcome,
        found.matches,
        decision_id=services.pseudonyms.of_message(event.chat, event.message_id),
        model_id=services.matching.model_id,
        asker_id=event.chat,
        key_hash=services.pseudonyms.of_words(found.sha256.hex()),
    )


def media_messages(view: View, event: MediaMessage, found: LookedUpMedia) -> tuple[Part, ...]:
    """The answer, the candidates, who else waits, or the consent step."""
    if found.is_unknown and found.may_be_published:
        return consent_messages(view, event, found.read, found.parts)
    if found.is_unknown:
        unknown = bubbles.not_found(view, event.kind, event.quote_token, found.read.reading)
        return (unknown, *bubbles.told(view, bubbles.TOO_LARGE[event.kind]))
    read = (bubbles.what_was_read(view, found.read.text, event.kind),) if found.rests_on_words else ()
    return (*read, *render(view, found.outcome, found.read.text, event.event_id))


def consent_messages(view: View, event: MediaMessage, read: ReadText, parts: Sequence[PrivatePart]) -> tuple[Part, ...]:
    """An honest "not checked yet", and the consent step for exactly this one."""
    draft = draft_of(read.text) if read.text else None
    return (
        bubbles.not_found(view, event.kind, event.quote_token, read.reading),
        bubbles.consent(view, event.kind, draft, event.event_id, parts),
    )


def answer_group(found: LookedUpMedia, outcome: str) -> HandlerResult:
    """One or two lines and a link; nothing is stored of what a group sends."""
    return HandlerResult(group_messages(found.view, found.outcome), outcome)
