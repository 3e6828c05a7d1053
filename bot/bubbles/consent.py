"""Nobody has checked it: say so, and ask whether the message may be published for volunteers to check.

The person sees exactly what would become public before saying yes; nothing is stored as public before that.
"""

from bot.bubbles.view import View
from bot.buttons import Press
from bot.fit import split, units
from bot.flex import QUIET, Part, bubble, button, flex_message, label, postback, quote, text, text_message
from storage.articles import ArticleSummary

MAX_IN_BUBBLE = 2000
"""UTF-16 units of a message that are shown inside the bubble; a longer one stands in messages of its own before it."""
PART_UNITS = 4800
MAX_PARTS = 3
MAX_PUBLISHED = PART_UNITS * MAX_PARTS
"""The longest message that can be shown whole, and so the longest that can be published from a chat."""


def no_match_messages(view: View, shown: str, event_id: str) -> tuple[Part, ...]:
    """An honest "not checked yet" and the consent step for `shown`, the cleaned text as it would be published."""
    honest = text_message(
        view.words(
            "Nobody has checked this message yet, as far as I can find. "
            "That does not make it true or false: please wait before passing it on."
        )
    )
    return (honest, *consent_messages(view, shown, event_id))


def consent_messages(view: View, shown: str, event_id: str) -> tuple[Part, ...]:
    """Everything that would become public, and the question whether it may."""
    if units(shown) > MAX_PUBLISHED:
        return (text_message(view.words("It is too long to be sent to volunteers from here. A part of it can be.")),)
    alt_text = view.words("Not checked yet. Shall I ask the volunteers?")
    is_short = units(shown) <= MAX_IN_BUBBLE
    parts = [] if is_short else [text_message(part) for part in split(shown, PART_UNITS)]
    asked = bubble(_body(view, shown if is_short else None), footer=_buttons(view, event_id))
    return (*parts, flex_message(alt_text, asked))


def waiting_messages(view: View, article: ArticleSummary) -> tuple[Part, ...]:
    """The message is known and public, and still waits for its first reply: offer to wait with the others."""
    asked = view.words.plural(
        "Someone else has asked about this message. It has not been checked yet.",
        "{number} people have asked about this message. It has not been checked yet.",
        max(article.request_count, 1),
    )
    join = view.buttons.encode(Press.JOIN, article_id=article.article_id)
    return (text_message(asked, [postback(view.words("I want to know too"), join)]),)


def _body(view: View, shown: str | None) -> list[Part]:
    heading = text(view.words("Shall I ask the volunteers to check it?"), weight="bold", size="lg")
    if shown is None:
        what = [label(view.words("This would become public: all of the text just above"))]
    else:
        what = [label(view.words("This would become public")), quote(shown)]
    return [
        heading,
        *what,
        text(
            view.words(
                "Anyone will be able to read and reuse it (CC0). Your name and your LINE account stay private. "
                "If it holds names, phone numbers or addresses, please answer no, take them out and send it again."
            ),
            color=QUIET,
        ),
    ]


def _buttons(view: View, event_id: str) -> list[Part]:
    yes = view.buttons.encode(Press.AGREE, event_id=event_id)
    no = view.buttons.encode(Press.DECLINE, event_id=event_id)
    return [
        button(postback(view.words("Yes, please ask"), yes), "primary"),
        button(postback(view.words("No, thank you"), no)),
    ]
