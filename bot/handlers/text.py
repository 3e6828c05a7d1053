"""A text message: looked up, decided on, answered."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.bubbles.links import offer_title
from bot.bubbles.notes import asked_before, nothing_to_read
from bot.bubbles.talk import nothing_asked_about, small_talk, too_short
from bot.decide import Answer, NoMatch, Outcome
from bot.decisions import is_new_wording, outcome_of, to_decision
from bot.events import Event, TextMessage
from bot.handlers.group_text import handle_group_text
from bot.handlers.looking_up import LookedUp, about, find_view, has_asked, look_up
from bot.handlers.presses_on_menu import show_item, take_remark
from bot.link_titles import find_only_url
from bot.mentions import without_mentions
from bot.outcome import HandlerResult
from bot.render import render
from bot.services import Services
from bot.small_talk import SmallTalk, find_small_talk, is_too_short
from retrieval.normalise import matching_key
from retrieval.types import EntryKind
from storage.match_decisions import record_decision
from storage.questions import find_question
from storage.tables import MatchDecision


async def handle_text(event: TextMessage, services: Services) -> HandlerResult:
    """Answer a person always, and a group only when called or sure."""
    if event.source_kind != "user":
        return await handle_group_text(event, services)
    text = without_mentions(event.text, event.mentions)
    if item := services.commands.find(text):
        return await show_item(event, item, services)
    if remark := services.commands.find_remark(text):
        return await take_remark(event, *remark, services)
    if not matching_key(text):
        return HandlerResult(nothing_to_read(await find_view(services, event)), "nothing_to_read")
    talk = find_small_talk(text)
    if talk == SmallTalk.VAGUE:
        return await answer_vague(event, services, text)
    if talk:
        return HandlerResult(small_talk(await find_view(services, event), talk), talk.value)
    return await answer_text(event, services, text, event.event_id, event.message_id)


async def answer_vague(event: TextMessage, services: Services, text: str) -> HandlerResult:
    """Whether something is true, without the thing: unless these very words are known, say what would help.

    What is merely alike is alike in asking; it is a press away, as the volunteers are.
    """
    found = await look_up(services, event, text)
    result = await _answer_found(event, services, found, text, event.event_id, event.message_id)
    if _is_known_message(found.outcome):
        return result
    view = about(found.view, services.pseudonyms.of_message(event.chat, event.message_id))
    is_quoting = event.quoted_message_id is not None
    messages = nothing_asked_about(view, event.event_id, quotes=is_quoting, has_similar=found.outcome != NoMatch())
    outcome = "quoted_unknown" if is_quoting else SmallTalk.VAGUE.value
    return replace(result, messages=messages, outcome=outcome, keep_payload=True, shows=())


def _is_known_message(outcome: Outcome) -> bool:
    """Whether an article is the message; that a reply says the same as a question about nothing, says nothing."""
    if isinstance(outcome, Answer):
        return outcome.candidate.match.entry_kind in {EntryKind.ARTICLE, EntryKind.VARIANT}
    return isinstance(outcome, NoMatch) and outcome.unanswered is not None


async def answer_text(event: Event, services: Services, text: str, event_id: str, message_id: str) -> HandlerResult:
    """What is found for a text; `event_id` names the event or events that hold it, `message_id` the message."""
    found = await look_up(services, event, text)
    return await _answer_found(event, services, found, text, event_id, message_id)


async def _answer_found(
    event: Event, services: Services, found: LookedUp, text: str, event_id: str, message_id: str
) -> HandlerResult:
    outcome = found.outcome
    if isinstance(outcome, NoMatch) and outcome.unanswered:
        article_id = outcome.unanswered.article_id
        if await has_asked(services, event, article_id):
            async with services.database.reading() as session:
                question = await find_question(session, event.chat, article_id)
            return HandlerResult(asked_before(found.view, article_id, question), "asked_before")
    is_new = is_new_wording(outcome, found.matches)
    decision_id = services.pseudonyms.of_message(event.chat, message_id)
    view = about(found.view, decision_id)
    with services.metrics.step_seconds.labels("render").time():
        if outcome == NoMatch() and is_too_short(text):
            messages = too_short(view, event_id)
        else:
            messages = render(view, outcome, text, event_id, is_new_wording=is_new)
    url = find_only_url(text) if services.link_titles.is_on and not isinstance(outcome, Answer) else None
    if url is not None:
        services.link_titles.begin(url)
        messages = (*messages[:-1], offer_title(view, messages[-1], event_id))

    def record(connection: Connection) -> None:
        decision = _to_decision(event, services, found, text, message_id)  # here, for the asker need not wait for it
        record_decision(connection, decision, is_variant=is_new)

    return HandlerResult(
        messages,
        outcome_of(outcome).value,
        keep_payload=_may_be_published(outcome, is_new),
        record=record,
        shows=(outcome.candidate.article.article_id,) if isinstance(outcome, Answer) else (),
    )


async def look_up_text(event: TextMessage, services: Services) -> LookedUp:
    return await look_up(services, event, without_mentions(event.text, event.mentions))


def to_message_decision(event: TextMessage, services: Services, found: LookedUp) -> MatchDecision:
    """What is remembered of the decision on one message."""
    return _to_decision(event, services, found, without_mentions(event.text, event.mentions), event.message_id)


def _to_decision(event: Event, services: Services, found: LookedUp, text: str, message_id: str) -> MatchDecision:
    return to_decision(
        found.outcome,
        found.matches,
        decision_id=services.pseudonyms.of_message(event.chat, message_id),
        model_id=found.model_id,
        asker_id=event.chat,
        key_hash=services.pseudonyms.of_words(matching_key(text)),
    )


def _may_be_published(outcome: Outcome, is_new_wording: bool) -> bool:
    """Whether a button was sent that can lead to publishing the text: only then is it kept, for a day at most.

    Words that are an article's own are public already.
    """
    is_known = isinstance(outcome, Answer) or (isinstance(outcome, NoMatch) and outcome.unanswered is not None)
    return is_new_wording or not is_known
