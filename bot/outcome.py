"""What a handler hands back: it never sends anything itself, so that one place decides whether and how to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

Message = Mapping[str, Any]
"""One LINE message object, as JSON."""

MAX_MESSAGES = 5
"""LINE takes at most five message objects a call."""


@dataclass(frozen=True, slots=True)
class HandlerResult:
    """The messages to send, and how the event ended.

    `outcome` is a short stable word that the inbox keeps for 30 days and the metrics count: never text from a message.
    """

    messages: tuple[Message, ...] = ()
    outcome: str = "ignored"
    keep_payload: bool = False
    """Keep the event's payload for up to a day: the asker was offered to publish it and has not decided yet."""

    record: Callable[[Connection], object] | None = None
    """Writes what is to be remembered of the event, in the transaction that finishes it: after the answer was sent."""

    shows: tuple[str, ...] = ()
    """The articles whose answer is in the messages: nobody need be told of those once more."""

    leaves: bool = False
    """Leave the group or room, once the messages are sent."""

    menu_language: str | None = None
    """Show the person the rich menu in this language, once the messages are sent."""

    joined: tuple["HandlerResult", ...] = ()
    """How the later events of a turn ended, in their order; what they say is in this one's messages."""

    told: Callable[[Connection], object] | None = None
    """Writes which notices rode along, in the same transaction, if LINE took the answer."""

    def __post_init__(self) -> None:
        if len(self.messages) > MAX_MESSAGES:
            raise ValueError(f"{len(self.messages)} messages, LINE takes {MAX_MESSAGES} a call")


IGNORED = HandlerResult()
