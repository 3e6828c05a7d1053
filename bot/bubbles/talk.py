"""To what is no message to look up: thanks, a typed yes, "is this true?" alone, or a word or two."""

from bot.bubbles.know_more import desk_url
from bot.bubbles.menu import menu_action
from bot.bubbles.view import View
from bot.buttons import Press
from bot.flex import Part, postback, text_message
from bot.menu import MenuItem
from bot.small_talk import SmallTalk
from bot.wording import marked

TALK = {
    SmallTalk.COURTESY: marked("I am glad to help. Whenever a message makes you wonder, forward it to me."),
    SmallTalk.YES: marked(
        "All right. If this answers a question of mine, please press the button below that question."
    ),
    SmallTalk.NO: marked("All right. Nothing becomes public unless you press “Yes, please ask”."),
    SmallTalk.VAGUE: marked(
        "If you have just sent me a message, my answer to it is above. To ask about another one, hold your finger on "
        "it and forward it to me. A picture or a link will do as well."
    ),
    SmallTalk.DEFRAUDED: marked(
        "If money is at stake, please stop first and call 165, Taiwan's anti-fraud line, day or night; "
        "in an emergency, call 110. You can also forward the message to me, and I look it up."
    ),
    SmallTalk.VOLUNTEERING: marked("Thank you for wanting to help! Here volunteers check messages: {url}"),
}
QUOTED = marked(
    "LINE does not show me what a quoted message says. If you sent it to me yourself, my answer is right below it. "
    "If not, please forward it to me."
)


def small_talk(view: View, talk: SmallTalk) -> tuple[Part, ...]:
    """To what is no message to look up."""
    return (text_message(view.words(TALK[talk], url=desk_url(view))),)


def nothing_asked_about(
    view: View, event_id: str, *, quotes: bool = False, has_similar: bool = False
) -> tuple[Part, ...]:
    """To "is this true?" without the message, which may have been sent just before; should it be one itself after all,
    the volunteers can be asked. Who `quotes` a message has to learn that the bot does not see it."""
    told = view.words(QUOTED if quotes else TALK[SmallTalk.VAGUE])
    look = postback(view.words("See similar ones"), view.buttons.encode(Press.LOOK, event_id=event_id))
    offers = [menu_action(view, MenuItem.TUTORIAL), *([look] if has_similar else []), _ask(view, event_id)]
    return (text_message(told, offers),)


def too_short(view: View, event_id: str) -> tuple[Part, ...]:
    """A word or two that nothing was found for: hardly what somebody was sent, and of no use to volunteers."""
    told = view.words(
        "This is very short, and I found no check of it. If it is from a message you received, please forward me the "
        "whole message."
    )
    return (text_message(told, [_ask(view, event_id)]),)


def _ask(view: View, event_id: str) -> Part:
    """Leads to the consent step."""
    return postback(view.words("Ask the volunteers"), view.buttons.encode(Press.TOGGLE, event_id=event_id))
