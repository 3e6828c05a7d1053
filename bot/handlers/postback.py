"""A pressed button. What it means is in its data; how things stand by now is in the database.

So a press works after a month, and twice: the second time finds what the first has done.
"""

from collections.abc import Awaitable, Callable

from bot.bubbles.notes import expired
from bot.buttons import Action, Press
from bot.events import Postback
from bot.handlers.explaining import explain_match
from bot.handlers.looking_up import find_view
from bot.handlers.presses_on_answers import choose, none_of_these, show_more
from bot.handlers.presses_on_bursts import look_at_all, look_at_one
from bot.handlers.presses_on_consent import agree, decline, join, show_draft
from bot.handlers.presses_on_feedback import say_why, vote
from bot.handlers.presses_on_links import look_at_title
from bot.handlers.presses_on_media import agree_to_media, pick_media
from bot.handlers.presses_on_menu import forget, open_menu, set_something
from bot.handlers.presses_on_notices import mute, unmute
from bot.handlers.presses_on_questions import say_where, take_back
from bot.outcome import IGNORED, HandlerResult
from bot.services import Services

PRESSES: dict[Press, Callable[[Postback, Action, Services], Awaitable[HandlerResult]]] = {
    Press.CHOOSE: choose,
    Press.NONE_OF_THESE: none_of_these,
    Press.WHY: explain_match,
    Press.MORE_REPLIES: show_more,
    Press.AGREE: agree,
    Press.AGREE_MEDIA: agree_to_media,
    Press.OFFER_MEDIA: pick_media,
    Press.JOIN: join,
    Press.DECLINE: decline,
    Press.LOOK: look_at_one,
    Press.TOGETHER: look_at_all,
    Press.LINK_TITLE: look_at_title,
    Press.MENU: open_menu,
    Press.SET: set_something,
    Press.FORGET: forget,
    Press.TOGGLE: show_draft,
    Press.WORDING: show_draft,
    Press.TAKE_BACK: take_back,
    Press.SEEN: say_where,
    Press.MUTE: mute,
    Press.UNMUTE: unmute,
    Press.VOTE: vote,
    Press.VOTE_REASON: say_why,
}


async def handle_postback(event: Postback, services: Services) -> HandlerResult:
    """Do what the button says; a button we did not make, or no longer know, gets a polite word."""
    if event.source_kind != "user":
        return IGNORED  # no button of ours is ever sent to a group
    action = services.buttons.decode(event.data)
    if action is None:
        return HandlerResult(expired(await find_view(services, event)), "button_unknown")
    return await PRESSES[action.press](event, action, services)
