"""Who and what there is on the simulated platform: the channel, its users and groups, and what was said."""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from scripts.simulator.problems import JSON

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_line_id(prefix: str) -> str:
    """Return an id as LINE makes them: U (user), C (group) or R (room) and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def new_ulid(milliseconds: int) -> str:
    """Return a ULID, which is what `webhookEventId` is: time first, then 80 random bits."""
    value = (milliseconds << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


@dataclass(slots=True)
class Channel:
    """The bot's channel, and what its owner sets in LINE's consoles."""

    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    access_token: str = field(default_factory=lambda: secrets.token_urlsafe(96))
    channel_id: str = "1234567890"
    bot_user_id: str = field(default_factory=lambda: new_line_id("U"))
    basic_id: str = "@chaming"
    display_name: str = "查明"
    chat_mode: str = "bot"
    """`chat` when the manager's chat (and with it auto-reply by hand) is switched on."""
    webhook_url: str | None = None
    webhook_active: bool = True
    standby: bool = False
    """Another module has the conversation: events come with `mode: standby` and without a reply token."""


@dataclass(slots=True, eq=False)
class User:
    """A person with LINE."""

    name: str
    user_id: str = field(default_factory=lambda: new_line_id("U"))
    language: str = "zh-Hant"
    follows: bool = True
    """A friend of the bot who has not blocked it."""
    shares_id_in_groups: bool = True
    """LINE leaves `userId` out of a group's events for some clients."""

    @property
    def chat_id(self) -> str:
        return self.user_id


class GroupKind(StrEnum):
    """A group chat, or the older multi-person chat that LINE calls a room."""

    GROUP = "group"
    ROOM = "room"


@dataclass(slots=True, eq=False)
class Group:
    """A chat of several people; the bot may be one of them."""

    name: str
    kind: GroupKind = GroupKind.GROUP
    members: list[User] = field(default_factory=list)
    has_bot: bool = True
    chat_id: str = ""

    def __post_init__(self) -> None:
        self.chat_id = self.chat_id or new_line_id("C" if self.kind is GroupKind.GROUP else "R")


Chat = User | Group


class Via(StrEnum):
    """How a message came into its chat."""

    USER = "user"
    REPLY = "reply"
    PUSH = "push"
    MULTICAST = "multicast"
    BROADCAST = "broadcast"


@dataclass(slots=True, eq=False)
class Posted:
    """One message in a chat: a user's content as webhooks carry it, or the bot's message object as it was sent."""

    message_id: str
    chat_id: str
    sender: User | None
    """None: the bot."""
    content: JSON
    at: int
    """Milliseconds."""
    via: Via
    quote_token: str
    unsent: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    """The bytes of an image, a video, a recording or a file."""

    data: bytes
    mime_type: str
    ready_at: float
    """Unix seconds; before that LINE answers 202."""
    preview: bytes | None = None
