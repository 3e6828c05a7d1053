"""When several events of a chat are one turn.

A message that is alone is answered at once: nobody waits half a second for a friend that does not come. Only when
another event of the chat is in before the answer is ready is the reply held, until half a second after the first came,
and everything that has come by then is answered together. People who forward several messages at once send them within
a few milliseconds, mostly in one webhook, so the second is in by then; one that comes after the answer gets its own.
"""

from datetime import timedelta

from bot.events import ACTIVE, Event, MediaMessage, TextMessage

BURST = timedelta(milliseconds=500)
IMAGE_SET = timedelta(seconds=2)
"""How long pictures that were sent together wait for each other: LINE says how many they are, mostly."""
LOOK_AGAIN_S = 0.1
MAX_TURN = 5
"""Events of one turn. The ids of five fit into a button."""
MAX_PICTURES = 20


def may_join(event: Event) -> bool:
    """Whether the event may be part of a turn: something sent to be looked up, in a one-to-one chat."""
    is_sent = isinstance(event, TextMessage | MediaMessage)
    return is_sent and event.source_kind == "user" and event.mode == ACTIVE


def pictures_expected(event: Event) -> int:
    """How many pictures were sent together with this one, itself included, if LINE says so."""
    image_set = event.image_set if isinstance(event, MediaMessage) else None
    return min(image_set.total or 0, MAX_PICTURES) if image_set else 0


def most_of(event: Event) -> int:
    """How many events the turn that begins with this one may have."""
    return max(MAX_TURN, pictures_expected(event))
