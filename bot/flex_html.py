"""Draws a LINE message as HTML, the way LINE draws it: for the simulator, the gallery and the console's preview.

Pure: LINE's message JSON in, HTML out. Whatever the message says stays text: everything is escaped, styles are checked
value by value (`bot.flex_css`), and only http, https and line addresses are let through. Each thing that can be pressed
carries its action as JSON in `data-action`, so that a page's script can do what LINE would do.
"""

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import urlsplit

from bot.flex_css import (
    FLEX_CSS,
    FONT,
    GRAVITY,
    IMAGE,
    TEXT_ALIGN,
    Json,
    box_properties,
    chosen,
    text_properties,
    to_colour,
    to_flex,
    to_length,
    to_style,
)

__all__ = ["FLEX_CSS", "message_html"]

SCHEMES = {"http", "https", "line"}
BUBBLE_SIZES = {"nano", "micro", "deca", "hecto", "kilo", "mega", "giga"}
LAYOUTS = {"vertical", "horizontal", "baseline"}
BUTTON_STYLES = {"primary", "secondary", "link"}

_URL = re.compile(r"https?://[!-~]+")


def message_html(message: Json) -> str:
    """Return the HTML of one message, its quick replies below; a kind not drawn here is named in brackets."""
    return f'<div class="lm">{_content(message)}{_quick_replies(message.get("quickReply"))}</div>'


def may_open(uri: object) -> bool:
    """Whether an address may become something to press."""
    try:
        return isinstance(uri, str) and urlsplit(uri).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _content(message: Json) -> str:
    if message.get("type") in {"text", "textV2"}:
        return f'<div class="lm-text">{_linked(str(message.get("text", "")))}</div>'
    if message.get("type") == "flex":
        label = escape(str(message.get("altText", "")))
        return f'<div class="lm-flex" role="group" aria-label="{label}">{_container(_json(message, "contents"))}</div>'
    return f'<div class="lm-text">[{escape(str(message.get("type", "?")))}]</div>'


def _linked(text: str) -> str:
    """Escape a text and make its web addresses pressable, as LINE does in a plain message."""
    parts, end = [], 0
    for found in _URL.finditer(text):
        url = found.group()
        parts.append(escape(text[end : found.start()]))
        parts.append(f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{escape(url)}</a>')
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _container(container: Json) -> str:
    if container.get("type") == "carousel":
        return f'<div class="lm-carousel">{"".join(map(_bubble, _items(container)))}</div>'
    return _bubble(container)


def _bubble(bubble: Json) -> str:
    size = chosen(bubble.get("size"), BUBBLE_SIZES) or "mega"
    styles = _json(bubble, "styles")
    blocks = [_block(name, _json(bubble, name), _json(styles, name)) for name in ("header", "hero", "body", "footer")]
    direction = "rtl" if bubble.get("direction") == "rtl" else "ltr"
    return f'<div class="lm-bubble lm-{size}" dir="{direction}"{_pressable(bubble)}>{"".join(blocks)}</div>'


def _block(name: str, component: Json, style: Json) -> str:
    """One of a bubble's four blocks; all but the hero are boxes, whose padding replaces the block's own."""
    if not component:
        return ""
    rule_style = to_style({"background": to_colour(style.get("separatorColor"))})
    rule = f'<div class="lm-rule"{rule_style}></div>' if style.get("separator") is True else ""
    background = to_colour(style.get("backgroundColor"))
    if component.get("type") == "box":
        return rule + _box(component, f"lm-{name}", {"background": background})
    inner = _component(component, "vertical")
    return f'{rule}<div class="lm-{name} lm-vertical"{to_style({"background": background})}>{inner}</div>'


def _component(component: Json, layout: str) -> str:
    draw = _DRAWN.get(str(component.get("type")))
    return draw(component, layout) if draw else ""


def _place(component: Json, layout: str, default_flex: int | None = None) -> dict[str, str | None]:
    """Where a component stands in its parent: its share of the room, its margin, its height in a row."""
    across = layout != "vertical"
    flex = to_flex(component.get("flex"), default=(1 if across else 0) if default_flex is None else default_flex)
    return {
        "flex": flex,
        "margin-inline-start" if across else "margin-top": to_length(component.get("margin")),
        "align-self": GRAVITY.get(str(component.get("gravity"))) if layout == "horizontal" else None,
    }


def _box(box: Json, extra_class: str = "", place: Mapping[str, str | None] | None = None) -> str:
    layout = chosen(box.get("layout"), LAYOUTS) or "vertical"
    style = dict(place or {})
    style.update({name: value for name, value in box_properties(box).items() if value is not None})
    inner = "".join(_component(child, layout) for child in _items(box))
    classes = f"lm-box lm-{layout} {extra_class}".strip()
    return f'<div class="{classes}"{to_style(style)}{_pressable(box)}>{inner}</div>'


def _nested_box(box: Json, layout: str) -> str:
    fixed = to_length(box.get("width" if layout != "vertical" else "height")) is not None
    return _box(box, place=_place(box, layout, 0 if fixed else None))


def _text(text: Json, layout: str) -> str:
    wrap, lines = text.get("wrap") is True, text.get("maxLines")
    clamp = str(lines) if wrap and isinstance(lines, int) and lines > 0 else None
    style = {
        **_place(text, layout),
        **text_properties(text),
        "text-align": chosen(text.get("align"), TEXT_ALIGN),
        "-webkit-line-clamp": clamp,
    }
    classes = f"{'lm-wrap' if wrap else 'lm-nowrap'}{' lm-clamp' if clamp else ''}"
    spans = [_span(span) for span in _items(text) if span.get("type") == "span"]
    inner = "".join(spans) or escape(str(text.get("text", "")))
    return f'<div class="{classes}"{to_style(style)}{_pressable(text)}>{inner}</div>'


def _span(span: Json) -> str:
    return f"<span{to_style(text_properties(span))}>{escape(str(span.get('text', '')))}</span>"


def _button(button: Json, layout: str) -> str:
    kind = chosen(button.get("style"), BUTTON_STYLES) or "link"
    colour = to_colour(button.get("color"))
    style = to_style({"color" if kind == "link" else "background": colour})
    short = " lm-short" if button.get("height") == "sm" else ""
    inner = _press_button(_json(button, "action"), style)
    return f'<div class="lm-button lm-{kind}{short}"{to_style(_place(button, layout))}>{inner}</div>'


def _image(image: Json, layout: str) -> str:
    url = image.get("url")
    if not isinstance(url, str) or not url.startswith("https://"):
        return ""
    size = "100%" if image.get("size") == "full" else to_length(image.get("size", "md"), IMAGE)
    return f"<div{to_style(_place(image, layout))}{_pressable(image)}>{_picture(url, size)}</div>"


def _icon(icon: Json, layout: str) -> str:
    url = icon.get("url")
    if not isinstance(url, str) or not url.startswith("https://"):
        return ""
    size = to_length(icon.get("size", "md"), FONT)
    return f"<div{to_style(_place(icon, layout, 0))}>{_picture(url, size)}</div>"


def _picture(url: str, width: str | None) -> str:
    style = to_style({"width": width})
    return f'<img class="lm-image" src="{escape(url)}" alt="" referrerpolicy="no-referrer"{style}>'


def _separator(separator: Json, layout: str) -> str:
    place = {**_place(separator, layout), "flex": None, "background": to_colour(separator.get("color"))}
    return f'<div class="lm-separator"{to_style(place)}></div>'


def _filler(filler: Json, layout: str) -> str:
    return f"<div{to_style(_place(filler, layout, 1))}></div>"


_DRAWN = {
    "box": _nested_box,
    "text": _text,
    "button": _button,
    "image": _image,
    "icon": _icon,
    "separator": _separator,
    "filler": _filler,
}


def _quick_replies(quick_reply: object) -> str:
    if not isinstance(quick_reply, Mapping):
        return ""
    buttons = [_press_button(_json(item, "action")) for item in _items(quick_reply, "items")]
    return f'<div class="lm-quick">{"".join(buttons)}</div>' if buttons else ""


def _press_button(action: Json, style: str = "") -> str:
    label = escape(str(action.get("label", "")))
    return f'<button type="button"{style}{_action(action) or " disabled"}>{label}</button>'


def _pressable(component: Json) -> str:
    """The attributes of a box, text or picture that can be pressed; it may hold buttons, so it is none itself."""
    action = _action(_json(component, "action"))
    return f' role="button" tabindex="0"{action}' if action else ""


def _action(action: Json) -> str:
    """The `data-action` attribute, or nothing where there is no action or its address may not be opened."""
    if not action or (action.get("type") == "uri" and not may_open(action.get("uri"))):
        return ""
    return f' data-action="{escape(json.dumps(dict(action), ensure_ascii=False))}"'


def _json(parent: Json, name: str) -> Json:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}


def _items(parent: Json, name: str = "contents") -> Iterable[Mapping[str, Any]]:
    value = parent.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []
