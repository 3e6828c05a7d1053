"""A text in a group or room: the bot speaks only when called, or when it is sure that the message is false.

Nothing is kept of what a group says, whatever comes of it.
"""

from bot.bubbles.group import group_messages
from bot.bubbles.notes import how_to_ask_in_group
from bot.decide import may_speak_unasked
from bot.events import TextMessage
from bot.handlers.looking_up import look_up, to_view
from bot.mentions import without_mentions
from bot.outcome import IGNORED, HandlerResult
from bot.services import Services
from retrieval.normalise import matching_key


async def handle_group_text(event: TextMessage, services: Services) -> HandlerResult:
    is_called = any(mention.is_self for mention in event.mentions)
    text = without_mentions(event.text, event.mentions)
    if not matching_key(text):
        return HandlerResult(how_to_ask_in_group(to_view(services)), "called_without_text") if is_called else IGNORED
    view, outcome = await look_up(services, event, text)
    if is_called:
        return HandlerResult(group_messages(view, outcome), "group_called")
    if may_speak_unasked(outcome, text):
        return HandlerResult(group_messages(view, outcome), "group_warned")
    return HandlerResult(outcome="group_silent")
