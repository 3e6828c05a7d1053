"""Several pictures sent together are one turn: each is looked up, and one answer says what is known of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.bubbles import media as bubbles
from bot.decide import Answer
from bot.events import MediaMessage
from bot.flex import Part
from bot.handlers.looking_at_media import LookedUpMedia, in_time
from bot.handlers.looking_up import about, find_view
from bot.handlers.media_answers import decision_of, look_up_and_answer, media_messages
from bot.handlers.media_refusals import REFUSED, may_still_come, refuse
from bot.handlers.pictures import look_up_picture
from bot.line_errors import LineError
from bot.outcome import MAX_MESSAGES, HandlerResult, Message
from bot.services import Services
from storage.match_decisions import record_decision


@dataclass(frozen=True, slots=True)
class _Looked:
    """One of the pictures, and what came of looking at it."""

    event: MediaMessage
    found: LookedUpMedia | Exception

    @property
    def is_known(self) -> bool:
        return not isinstance(self.found, Exception) and not self.found.is_unknown


async def handle_pictures(events: Sequence[MediaMessage], services: Services) -> HandlerResult:
    """Answer pictures that came together, by the sender's numbering; `joined` is about `events[1:]`, in their order."""
    if len(events) == 1:
        return await look_up_and_answer(look_up_picture, events[0], services)
    looked = await asyncio.gather(*(_look(event, services) for event in events))
    for one in looked:
        if isinstance(one.found, LineError) and one.found.may_retry and may_still_come(one.event):
            raise one.found
    first, *others = [_to_result(one, services) for one in looked]
    messages = await _messages(services, sorted(looked, key=_place))
    return replace(first, messages=messages, joined=tuple(others))


def _place(one: _Looked) -> tuple[int, int]:
    """By the sender's numbering where there is one, else as LINE's clock has them."""
    image_set = one.event.image_set
    return (image_set.index if image_set and image_set.index else 0), one.event.timestamp


async def _look(event: MediaMessage, services: Services) -> _Looked:
    try:
        return _Looked(event, await in_time(look_up_picture, event, services))
    except REFUSED as error:
        return _Looked(event, error)


def _to_result(one: _Looked, services: Services) -> HandlerResult:
    """How this picture's event ends; what is said of it is in the messages of all."""
    if isinstance(one.found, Exception):
        return HandlerResult(outcome="picture_not_seen")
    outcome = one.found.outcome
    return HandlerResult(
        outcome="picture_known" if one.is_known else "picture_unknown",
        keep_payload=True,
        record=partial(record_decision, decision=decision_of(one.event, services, one.found)),
        shows=(outcome.candidate.article.article_id,) if isinstance(outcome, Answer) else (),
    )


async def _messages(services: Services, looked: Sequence[_Looked]) -> tuple[Message, ...]:
    """What is known, as much as fits into one answer, and of how many pictures nothing is said."""
    view = await find_view(services, looked[0].event)
    seen = [one for one in looked if isinstance(one.found, LookedUpMedia)]
    if not seen:
        first = looked[0]
        assert isinstance(first.found, Exception)  # none was seen
        return (await refuse(first.event, services, first.found)).messages
    if not any(one.is_known for one in looked):
        return (bubbles.which_picture(view, [one.event.event_id for one in seen]),)
    messages: list[Part] = []
    shown = 0
    for number, one in enumerate(looked, start=1):
        if not one.is_known or isinstance(one.found, Exception):
            continue
        decision_id = services.pseudonyms.of_message(one.event.chat, one.event.message_id)
        own = media_messages(about(one.found.view, decision_id), one.event, one.found)
        is_last = shown + 1 == len(looked)
        if len(messages) + len(own) + 1 > MAX_MESSAGES - (0 if is_last else 1):
            break
        messages += [bubbles.this_picture(view, number, one.event.quote_token), *own]
        shown += 1
    left = len(looked) - shown
    return (*messages, bubbles.others_unknown(view, left)) if left else tuple(messages)
