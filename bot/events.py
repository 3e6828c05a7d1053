"""LINE's webhook events as small frozen types, read one by one.

LINE adds kinds, fields and values unannounced, so nothing here raises: what cannot be understood becomes an
`UnknownEvent`, and the other events of the same request are none the worse. What identifies a person or repeats what
they wrote is kept out of `repr`, so that no log line or traceback can show it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SourceKind = Literal["user", "group", "room", "none"]

ACTIVE = "active"
STANDBY = "standby"
"""Another module of the channel answers at the moment: say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has, or may have."""

    event_id: str
    """LINE's `webhookEventId`, or `sha256:…` of the event's JSON when it has none."""
    chat: str
    """Keyed pseudonym of the chat (in a one-to-one chat: of the person)."""
    timestamp: int
    """LINE's clock, milliseconds since 1970."""
    source_kind: SourceKind = "none"
    chat_id: str | None = field(default=None, repr=False)
    """LINE's own id of the user, group or room: where a push or a loading animation goes."""
    user_id: str | None = field(default=None, repr=False)
    """LINE's id of the person; may be missing in groups."""
    reply_token: str | None = field(default=None, repr=False)
    is_redelivery: bool = False
    mode: str = ACTIVE


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody named with @ inside a text: `text[index:index + length]`."""

    index: int
    length: int
    is_self: bool
    """The bot itself was called."""
    is_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage(Event):
    message_id: str
    text: str = field(repr=False)
    mentions: tuple[Mention, ...] = ()
    quote_token: str | None = field(default=None, repr=False)
    quoted_message_id: str | None = None
    """Which earlier message it quotes. LINE does not say what that one says."""
    is_edit: bool = False
    """A group message whose words were changed (`messageEdited`): the message id stays, the reply token is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postback(Event):
    data: str = field(repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(Event):
    is_unblocked: bool = False
    """They had blocked the account before and came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfollow(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsend(Event):
    """The sender took a message back."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Event):
    """The bot was added to a group or room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Event):
    """The bot was removed from a group or room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange(Event):
    """People joined a group or room that the bot is in, or left it. Who they are is not read."""

    has_joined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst(Event):
    """Several messages of one person that came at once, in LINE's order; the rest is the first one's."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sticker(Event):
    message_id: str


@dataclass(frozen=True, slots=True)
class ImageSet:
    """Pictures that were sent together: they share `set_id`. They may come in any order."""

    set_id: str
    index: int | None = None
    """Which of them it is, counted from 1; some clients leave it out."""
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaMessage(Event):
    """A picture, a video or a recording. Its bytes are LINE's to give: `bot/media/content.py`."""

    kind: Literal["image", "video", "audio"]
    message_id: str
    quote_token: str | None = field(default=None, repr=False)
    duration_ms: int | None = None
    image_set: ImageSet | None = None
    is_external: bool = False
    """A web app sent it and holds the bytes itself: LINE has none to give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMessage(Event):
    """A message that is none of the kinds above: `file`, `location`, …"""

    kind: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """An event of a kind unknown here, or a known one of unknown shape."""

    kind: str = ""
