"""The parts of a Flex message, as JSON, with this project's habits: wrapped text that follows LINE's font-size setting.

`scaling` lets people who chose large letters in LINE get them here too. A text is never empty (LINE refuses those).
"""

from collections.abc import Sequence
from typing import Any

from bot.fit import clean, cut

Part = dict[str, Any]

MAX_ALT_TEXT = 400
"""LINE takes 1,500 UTF-16 units; a chat list and a notification show far less."""
MAX_LABEL = 20
MAX_DISPLAY_TEXT = 300
MAX_URI = 1000
MAX_MESSAGE_TEXT = 5000

INK = "#1A1A1A"
QUIET = "#555555"
LINK = "#1A4F9C"
PAPER = "#FFFFFF"
QUOTE = "#F2F4F7"
BLANK = "—"


def text(value: str, **properties: Any) -> Part:
    """A wrapped text; `properties` are LINE's own."""
    defaults: Part = {"wrap": True, "scaling": True, "color": INK, "size": "md"}
    return {"type": "text", "text": value if value.strip() else BLANK, **defaults, **properties}


def small(value: str, **properties: Any) -> Part:
    return text(value, **{"size": "sm", "color": QUIET, **properties})


def label(value: str, **properties: Any) -> Part:
    """A small heading over what follows."""
    return text(value, **{"size": "sm", "weight": "bold", "color": QUIET, **properties})


def box(layout: str, contents: Sequence[Part], **properties: Any) -> Part:
    return {"type": "box", "layout": layout, "contents": list(contents), **properties}


def quote(value: str, *, lines: int = 0, **properties: Any) -> Part:
    """Somebody else's words, on a grey ground; 0 lines means all of them."""
    limit = {"maxLines": lines} if lines else {}
    inner = [text(value, **limit)]
    return box("vertical", inner, backgroundColor=QUOTE, cornerRadius="md", paddingAll="lg", **properties)


def button(action: Part, style: str = "secondary", **properties: Any) -> Part:
    colour = {"color": LINK} if style in {"primary", "link"} else {}
    defaults: Part = {"style": style, "height": "sm", "adjustMode": "shrink-to-fit", "scaling": True}
    return {"type": "button", "action": action, **defaults, **colour, **properties}


def separator(margin: str = "lg") -> Part:
    return {"type": "separator", "margin": margin, "color": "#D4D6DA"}


def postback(caption: str, data: str) -> Part:
    """Pressed, it says the caption in the chat, so that a person sees what they have chosen."""
    caption = cut(caption, MAX_LABEL)
    return {"type": "postback", "label": caption, "data": data, "displayText": caption}


def fill_in(caption: str, data: str, beginning: str) -> Part:
    """Pressed, it opens the keyboard with a beginning to go on from; older clients only press it."""
    return {
        "type": "postback",
        "label": cut(caption, MAX_LABEL),
        "data": data,
        "inputOption": "openKeyboard",
        "fillInText": cut(beginning, MAX_DISPLAY_TEXT),
    }


def uri(caption: str, address: str) -> Part:
    return {"type": "uri", "label": cut(caption, MAX_LABEL), "uri": address}


def bubble(body: Sequence[Part], *, header: Part | None = None, footer: Sequence[Part] = ()) -> Part:
    """A bubble of the size that fills a phone's width."""
    parts: Part = {"type": "bubble", "size": "mega"}
    if header:
        parts["header"] = header
    parts["body"] = box("vertical", body, spacing="md", paddingAll="xl")
    if footer:
        parts["footer"] = box("vertical", footer, spacing="sm", paddingAll="lg")
    return parts


LARGER = {"xxs": "sm", "xs": "md", "sm": "lg", "md": "xl", "lg": "xl", "xl": "xxl", "xxl": "3xl"}
"""LINE's text sizes, each with the one about half as large again."""


def enlarged(part: Part) -> Part:
    """The same with larger text, and buttons as tall as LINE draws them."""
    bigger = {name: _enlarged(value) for name, value in part.items()}
    if part.get("type") in {"text", "span"} and "size" in part:
        bigger["size"] = LARGER.get(part["size"], part["size"])
    if part.get("type") == "button":
        bigger["height"] = "md"
    return bigger


def _enlarged(value: Any) -> Any:
    if isinstance(value, dict):
        return enlarged(value)
    return [_enlarged(one) for one in value] if isinstance(value, list) else value


def flex_message(alt_text: str, container: Part) -> Part:
    return {"type": "flex", "altText": cut(clean(alt_text) or BLANK, MAX_ALT_TEXT), "contents": container}


def carousel_message(alt_text: str, bubbles: Sequence[Part]) -> Part:
    return flex_message(alt_text, carousel(bubbles))


def carousel(bubbles: Sequence[Part]) -> Part:
    """Several bubbles to swipe through; a single one stands alone."""
    return bubbles[0] if len(bubbles) == 1 else {"type": "carousel", "contents": list(bubbles)}


def text_message(value: str, quick_replies: Sequence[Part] = ()) -> Part:
    message: Part = {"type": "text", "text": cut(value, MAX_MESSAGE_TEXT)}
    if quick_replies:
        message["quickReply"] = {"items": [{"type": "action", "action": action} for action in quick_replies]}
    return message
