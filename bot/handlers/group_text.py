"""A text in a group or room: the bot speaks only when called, or when it is sure that the message is false.

Nothing is kept of what a group says. Where the bot showed something for it, the scores of that are, about nobody.
"""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from bot.bubbles.group import group_messages
from bot.bubbles.notes import how_to_ask_in_group
from bot.decide import Answer, Candidates, may_speak_unasked
from bot.decisions import to_decision
from bot.events import TextMessage
from bot.handlers.looking_up import LookedUp, look_up, to_view
from bot.mentions import without_mentions
from bot.outcome import IGNORED, HandlerResult
from bot.services import Services
from retrieval.normalise import matching_key
from storage.match_decisions import record_decision


async def handle_group_text(event: TextMessage, services: Services) -> HandlerResult:
    is_called = any(mention.is_self for mention in event.mentions)
    text = without_mentions(event.text, event.mentions)
    if not matching_key(text):
        return HandlerResult(how_to_ask_in_group(to_view(services)), "called_without_text") if is_called else IGNORED
    found = await look_up(services, event, text)
    if not is_called and not may_speak_unasked(found.outcome, text):
        return HandlerResult(outcome="group_silent")
    return HandlerResult(
        group_messages(found.view, found.outcome),
        "group_called" if is_called else "group_warned",
        record=_record(event, services, found),
    )


def _record(event: TextMessage, services: Services, found: LookedUp) -> Callable[[Connection], object] | None:
    """What is remembered: nothing of a message that did not match, and never whose it was or what its words were."""
    if not isinstance(found.outcome, Answer | Candidates):
        return None
    decision_id = services.pseudonyms.of_message(event.chat, event.message_id)
    decision = to_decision(found.outcome, found.matches, decision_id=decision_id, model_id=found.model_id)
    return partial(record_decision, decision=decision)
