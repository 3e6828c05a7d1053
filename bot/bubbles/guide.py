"""What the bot says about itself: the welcome, and how it is used."""

from bot.bubbles.menu import menu_action
from bot.bubbles.view import View
from bot.flex import LINK, PAPER, Part, box, bubble, small, text
from bot.menu import MenuItem

OFFERED = (MenuItem.LANGUAGE, MenuItem.SETTINGS, MenuItem.HELP)
"""What can be pressed below the welcome."""


def welcome_messages(view: View) -> tuple[Part, ...]:
    """One bubble in three steps, for someone who has never used a bot."""
    words = view.words
    header = box(
        "vertical",
        [
            text(words("Hello, I am 查明"), color=PAPER, weight="bold", size="xl"),
            text(words("I look up whether a message has been checked."), color=PAPER),
        ],
        backgroundColor=LINK,
        paddingAll="xl",
        spacing="sm",
    )
    body = [
        _step("1", words("Received a doubtful message? Hold your finger on it and forward it to me.")),
        _step("2", words("I look for what volunteers have found out about it, with sources.")),
        _step("3", words("If nobody has checked it yet, I can ask the volunteers. Only if you say yes.")),
        small(
            words(
                "What you send me stays private unless you agree. Text, links, pictures, videos and recordings will do."
            )
        ),
    ]
    alt_text = words("Hello, I am 查明. Forward a doubtful message to me, and I look up whether it has been checked.")
    message = view.message(alt_text, bubble(body, header=header))
    message["quickReply"] = {"items": [{"type": "action", "action": menu_action(view, item)} for item in OFFERED]}
    return (message,)


def _step(number: str, told: str) -> Part:
    digit = text(number, color=PAPER, weight="bold", align="center", wrap=False, scaling=False)
    circle = box(
        "vertical",
        [digit],
        width="32px",
        height="32px",
        cornerRadius="16px",
        backgroundColor=LINK,
        justifyContent="center",
        flex=0,
    )
    return box("horizontal", [circle, text(told, margin="lg", size="lg")], alignItems="flex-start")
