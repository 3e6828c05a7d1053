"""A text message: looked up, decided on, answered."""

from bot.bubbles.consent import MAX_PUBLISHED
from bot.bubbles.notes import asked_before, nothing_to_read
from bot.decide import Answer, Candidates, NoMatch, Outcome, has_same_words
from bot.events import TextMessage
from bot.fit import clean, units
from bot.handlers.group_text import handle_group_text
from bot.handlers.looking_up import find_view, has_asked, look_up
from bot.mentions import without_mentions
from bot.outcome import HandlerResult
from bot.render import render
from bot.services import Services
from retrieval.normalise import matching_key


async def handle_text(event: TextMessage, services: Services) -> HandlerResult:
    """Answer a person always, and a group only when called or sure."""
    if event.source_kind != "user":
        return await handle_group_text(event, services)
    text = without_mentions(event.text, event.mentions)
    if not matching_key(text):
        return HandlerResult(nothing_to_read(await find_view(services, event)), "nothing_to_read")
    view, outcome = await look_up(services, event, text)
    if isinstance(outcome, NoMatch) and outcome.unanswered:
        article_id = outcome.unanswered.article_id
        if await has_asked(services, event, article_id):
            return HandlerResult(asked_before(view, article_id), "asked_before")
    shown = clean(text)
    messages = render(view, outcome, shown, event.event_id)
    return HandlerResult(messages, outcome_word(outcome), keep_payload=_may_be_published(outcome, shown))


def outcome_word(outcome: Outcome) -> str:
    """The stable word for the inbox and the metrics."""
    if isinstance(outcome, Answer):
        return "answer"
    if isinstance(outcome, Candidates):
        return "candidates"
    return "waiting" if outcome.unanswered else "no_match"


def _may_be_published(outcome: Outcome, shown: str) -> bool:
    """Whether a button was sent that can lead to publishing the text: only then is it kept, for a day at most.

    Words that are an article's own are public already; and a message that waits for its answer is known.
    """
    if isinstance(outcome, Answer) and has_same_words(outcome.candidate.match):
        return False
    is_waiting = isinstance(outcome, NoMatch) and outcome.unanswered is not None
    return not is_waiting and units(shown) <= MAX_PUBLISHED
