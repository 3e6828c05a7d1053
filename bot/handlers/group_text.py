"""A text in a group or room: the bot speaks only when called, or when it is sure that the message is false.

Nothing is stored of what a group says. Where the bot showed something for it, the scores of that are, about nobody.
"""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from bot.bubbles import notes
from bot.bubbles.group import group_messages
from bot.bubbles.talk import small_talk
from bot.decide import MIN_GROUP_CHARACTERS, Answer, Candidates, may_speak_unasked
from bot.decisions import to_decision
from bot.events import TextMessage
from bot.group_buffer import SentMedia
from bot.handlers.looking_up import LookedUp, look_up, to_view
from bot.handlers.media import answer_quoted
from bot.mentions import without_mentions
from bot.outcome import IGNORED, HandlerResult
from bot.services import Services
from bot.small_talk import SmallTalk, find_small_talk
from retrieval.normalise import matching_key
from storage.match_decisions import record_decision

BYE = frozenset({"bye", "byebye", "bye bye", "goodbye", "再見", "掰掰", "拜拜", "さようなら", "バイバイ"})
"""What makes the bot leave when it is said to it."""
ANSWERED = {SmallTalk.COURTESY, SmallTalk.DEFRAUDED, SmallTalk.VOLUNTEERING}
"""What is said to a group as to one person; the rest is about buttons, which a group has none of."""
TRAILING = " 　!！.。~～"


async def handle_group_text(event: TextMessage, services: Services) -> HandlerResult:
    is_called = any(mention.is_self for mention in event.mentions)
    text = without_mentions(event.text, event.mentions)
    if not is_called:
        services.group_buffer.remember(event.chat, event.message_id, text)
    elif text.strip(TRAILING).lower() in BYE:
        return HandlerResult(notes.goodbye(to_view(services)), "left_on_request", leaves=True)
    elif event.quoted_message_id is not None:
        quoted = services.group_buffer.find(event.chat, event.quoted_message_id)
        if quoted is None and (_is_no_message(text, services) or len(matching_key(text)) <= MIN_GROUP_CHARACTERS):
            return HandlerResult(notes.cannot_see_quoted(to_view(services)), "quoted_unknown")
        if isinstance(quoted, SentMedia):
            return await answer_quoted(event, event.quoted_message_id, quoted, services)
        text = quoted or text
    if _is_no_message(text, services):
        return _answer_remark(text, services) if is_called else IGNORED
    found = await look_up(services, event, text)
    if not is_called and not may_speak_unasked(found.outcome, text):
        return HandlerResult(outcome="group_silent")
    messages = group_messages(found.view, found.outcome)
    outcome = "group_called" if is_called else "group_warned"
    return HandlerResult(messages, outcome, record=_record(event, services, found))


def _answer_remark(text: str, services: Services) -> HandlerResult:
    """The group called the bot, and put nothing beside it that could be looked up."""
    view, talk = to_view(services), find_small_talk(text)
    if talk in ANSWERED:
        return HandlerResult(small_talk(view, talk), talk.value)
    return HandlerResult(notes.how_to_ask_in_group(view), "called_without_text")


def _is_no_message(text: str, services: Services) -> bool:
    """Whether there is nothing in it to look up: no words, or only what people say to a bot."""
    return not matching_key(text) or services.commands.find(text) is not None or find_small_talk(text) is not None


def _record(event: TextMessage, services: Services, found: LookedUp) -> Callable[[Connection], object] | None:
    """What is remembered: nothing of a message that did not match, and never whose it was or what its words were."""
    if not isinstance(found.outcome, Answer | Candidates):
        return None
    decision_id = services.pseudonyms.of_message(event.chat, event.message_id)
    decision = to_decision(found.outcome, found.matches, decision_id=decision_id, model_id=found.model_id)
    return partial(record_decision, decision=decision)
