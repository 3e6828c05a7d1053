"""Several pictures sent together are one turn: each is looked up, and one answer says what is known of them."""

import asyncio
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from bot.bubbles import media as bubbles
from bot.decide import Answer, NoMatch
from bot.events import MediaMessage
from bot.flex import Part
from bot.handlers.looking_up import about, find_view
from bot.handlers.pictures import (
    REFUSED,
    LookedUpPicture,
    decision_of,
    handle_picture,
    look_up_picture,
    may_still_come,
    picture_messages,
    refuse,
)
from bot.media.content import ContentNotReadyError
from bot.outcome import MAX_MESSAGES, HandlerResult
from bot.services import Services
from storage.match_decisions import record_decision
from storage.tables import MatchDecision

MAX_LOOKED_UP = 12
"""Pictures of one turn; LINE sends up to 20 at once. The others count as those that nothing was found about."""

Found = tuple[int, MediaMessage, LookedUpPicture]
"""Which of the pictures it is, counted from 1, and what was found."""


async def handle_pictures(events: Sequence[MediaMessage], services: Services) -> HandlerResult:
    """Answer pictures that came together, in the order their sender gave them."""
    ordered = in_order(events)
    if len(ordered) == 1:
        return await handle_picture(ordered[0], services)
    looked = await asyncio.gather(*(_look(event, services) for event in ordered[:MAX_LOOKED_UP]))
    for event, error in zip(ordered, looked, strict=False):
        if isinstance(error, ContentNotReadyError) and may_still_come(event):
            raise error
    numbered = enumerate(zip(ordered, looked, strict=False), start=1)
    found = [(number, event, one) for number, (event, one) in numbered if isinstance(one, LookedUpPicture)]
    if not found:
        return await refuse(ordered[0], services, next(one for one in looked if isinstance(one, Exception)))
    known = [one for one in found if not isinstance(one[2].outcome, NoMatch) or one[2].outcome.unanswered]
    decisions = [decision_of(event, services, one) for _, event, one in found]
    return HandlerResult(
        await _messages(services, ordered, found, known),
        "pictures_known" if known else "pictures_unknown",
        keep_payload=True,
        record=_record(decisions),
        shows=tuple(one.outcome.candidate.article.article_id for _, _, one in known if isinstance(one.outcome, Answer)),
    )


def in_order(events: Sequence[MediaMessage]) -> list[MediaMessage]:
    """By the sender's numbering where there is one, else as LINE's clock has them; delivered twice is once."""
    once = {event.message_id: event for event in events}.values()

    def place(event: MediaMessage) -> tuple[int, int]:
        return (event.image_set.index if event.image_set and event.image_set.index else 0), event.timestamp

    return sorted(once, key=place)


async def _look(event: MediaMessage, services: Services) -> LookedUpPicture | Exception:
    try:
        return await look_up_picture(event, services)
    except REFUSED as error:
        return error


async def _messages(
    services: Services, events: Sequence[MediaMessage], found: Sequence[Found], known: Sequence[Found]
) -> tuple[Part, ...]:
    """What is known, as much as fits into one answer; then how many pictures nothing was found about."""
    view = await find_view(services, events[0])
    if not known:
        return (bubbles.which_picture(view, [event.event_id for _, event, _ in found]),)
    messages: list[Part] = []
    shown = 0
    for number, event, one in known:
        decision = decision_of(event, services, one)
        own = picture_messages(about(one.view, decision.id), event, one)
        needed = len(own) + 1
        room = MAX_MESSAGES - len(messages) - (1 if len(events) > shown + 1 else 0)
        if needed > room:
            break
        messages += [bubbles.this_picture(view, number, event.quote_token), *own]
        shown += 1
    left = len(events) - shown
    return (*messages, bubbles.others_unknown(view, left)) if left else tuple(messages)


def _record(decisions: Sequence[MatchDecision]) -> Callable[[Connection], object]:
    def write(connection: Connection) -> None:
        for decision in decisions:
            record_decision(connection, decision)

    return write
