"""One module a kind of event; each returns an outcome, and one place sends it. `HANDLERS` is the whole list.

An event of a kind that is not listed is ignored: LINE adds kinds unannounced.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.events import (
    Burst,
    Event,
    Follow,
    Join,
    Leave,
    MediaMessage,
    MemberChange,
    OtherMessage,
    Postback,
    Sticker,
    TextMessage,
    Unfollow,
    Unsend,
)
from bot.handlers.burst import handle_burst
from bot.handlers.follow import handle_follow
from bot.handlers.group_membership import handle_join, handle_leave, handle_member_change
from bot.handlers.media import handle_media, handle_other_message, handle_sticker
from bot.handlers.postback import handle_postback
from bot.handlers.text import handle_text
from bot.handlers.unfollow import handle_unfollow
from bot.handlers.unsend import handle_unsend
from bot.outcome import HandlerResult
from bot.services import Services

Handler = Callable[[Any, Services], Awaitable[HandlerResult]]
"""Takes the event of its own type: the table pairs them."""

HANDLERS: dict[type[Event], Handler] = {
    TextMessage: handle_text,
    Burst: handle_burst,
    MediaMessage: handle_media,
    Sticker: handle_sticker,
    OtherMessage: handle_other_message,
    Postback: handle_postback,
    Follow: handle_follow,
    Unfollow: handle_unfollow,
    Join: handle_join,
    Leave: handle_leave,
    MemberChange: handle_member_change,
    Unsend: handle_unsend,
}
