"""How LINE draws a Flex message, as CSS: its size keywords in pixels, its properties, and one style sheet.

Values come from a message, so each is checked against its own small grammar before it reaches a `style` attribute.
A value that does not fit is left out, as LINE leaves out what it does not know.
Pixel values are those of LINE's Flex Message Simulator.
"""

import re
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

SPACE = {"none": 0, "xs": 2, "sm": 4, "md": 8, "lg": 12, "xl": 16, "xxl": 20}
FONT = {"xxs": 11, "xs": 13, "sm": 14, "md": 16, "lg": 19, "xl": 22, "xxl": 29, "3xl": 35, "4xl": 48, "5xl": 74}
IMAGE = {
    "xxs": 40, "xs": 60, "sm": 80, "md": 100, "lg": 120, "xl": 140, "xxl": 160, "3xl": 180, "4xl": 200, "5xl": 220,
}  # fmt: skip
BORDER = {"none": 0, "light": 0.5, "normal": 1, "medium": 2, "semi-bold": 3, "bold": 4}
JUSTIFY = {"center", "flex-start", "flex-end", "space-between", "space-around", "space-evenly"}
ALIGN = {"center", "flex-start", "flex-end"}
TEXT_ALIGN = {"start", "end", "center"}
GRAVITY = {"top": "flex-start", "center": "center", "bottom": "flex-end"}
DECORATION = {"underline", "line-through"}

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?")
_LENGTH = re.compile(r"\d{1,4}(\.\d{1,2})?(px|%)")
_ANGLE = re.compile(r"\d{1,3}(\.\d{1,2})?deg")


def to_colour(value: object) -> str | None:
    """A `#RRGGBB` or `#RRGGBBAA` colour, or None for anything else."""
    return value if isinstance(value, str) and _COLOUR.fullmatch(value) else None


def to_length(value: object, keywords: Mapping[str, float] = SPACE) -> str | None:
    """A CSS length from a keyword, pixels or a percentage, or None for anything else."""
    if not isinstance(value, str):
        return None
    if value in keywords:
        return f"{keywords[value]:g}px"
    return value if _LENGTH.fullmatch(value) else None


def to_flex(value: object, *, default: int) -> str:
    """LINE's `flex`: 0 keeps the content's own size, anything above shares what is left in that ratio."""
    flex = value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default
    return f"{flex} 1 0px" if flex else "0 0 auto"


def to_style(properties: Mapping[str, str | None]) -> str:
    """A `style` attribute (with a leading space) from the properties that have a value."""
    text = ";".join(f"{name}:{value}" for name, value in properties.items() if value is not None)
    return f' style="{text}"' if text else ""


def chosen(value: object, allowed: set[str]) -> str | None:
    """The value when it is one of the allowed words."""
    return value if isinstance(value, str) and value in allowed else None


def text_properties(text: Json) -> dict[str, str | None]:
    """What a text and a span have in common."""
    return {
        "font-size": to_length(text.get("size"), FONT),
        "color": to_colour(text.get("color")),
        "font-weight": "700" if text.get("weight") == "bold" else None,
        "font-style": "italic" if text.get("style") == "italic" else None,
        "text-decoration": chosen(text.get("decoration"), DECORATION),
    }


def box_properties(box: Json) -> dict[str, str | None]:
    """A box seen from inside: its gaps, paddings, border, background and the order of what it holds."""
    border = to_length(box.get("borderWidth"), BORDER)
    padding = to_length(box.get("paddingAll"))
    return {
        "gap": to_length(box.get("spacing")),
        "padding": padding,
        "padding-top": to_length(box.get("paddingTop")),
        "padding-bottom": to_length(box.get("paddingBottom")),
        "padding-inline-start": to_length(box.get("paddingStart")),
        "padding-inline-end": to_length(box.get("paddingEnd")),
        "background": _background(box),
        "border": f"{border} solid {to_colour(box.get('borderColor')) or 'transparent'}" if border else None,
        "border-radius": to_length(box.get("cornerRadius")),
        "width": to_length(box.get("width")),
        "max-width": to_length(box.get("maxWidth")),
        "height": to_length(box.get("height")),
        "max-height": to_length(box.get("maxHeight")),
        "justify-content": chosen(box.get("justifyContent"), JUSTIFY),
        "align-items": chosen(box.get("alignItems"), ALIGN),
    }


def _background(box: Json) -> str | None:
    gradient = box.get("background")
    if isinstance(gradient, Mapping) and gradient.get("type") == "linearGradient":
        angle, colours = gradient.get("angle"), (gradient.get("startColor"), gradient.get("endColor"))
        if isinstance(angle, str) and _ANGLE.fullmatch(angle) and all(map(to_colour, colours)):
            return f"linear-gradient({angle},{colours[0]},{colours[1]})"
    return to_colour(box.get("backgroundColor"))


FLEX_CSS = """
.lm{font:16px/1.4 "Noto Sans TC","Noto Sans CJK TC","PingFang TC","Microsoft JhengHei",sans-serif,"Noto Color Emoji";
  color:#111;text-align:start;overflow-wrap:anywhere;word-break:normal}
.lm *{box-sizing:border-box;min-width:0}
.lm button{font:inherit;color:inherit;border:0;background:none;padding:0;cursor:pointer}
.lm button:disabled{opacity:.5;cursor:default}
.lm :focus-visible{outline:3px solid #1a73e8;outline-offset:2px}
.lm-text{display:inline-block;max-width:min(100%,300px);padding:10px 14px;border-radius:18px;background:#fff;
  white-space:pre-wrap}
.lm-text a{color:#1f5fbf}
.lm-bubble{position:relative;display:flex;flex-direction:column;width:300px;max-width:100%;border-radius:17px;
  overflow:hidden;background:#fff;flex:none}
.lm-bubble.lm-nano{width:120px}.lm-bubble.lm-micro{width:160px}.lm-bubble.lm-deca{width:220px}
.lm-bubble.lm-hecto{width:241px}.lm-bubble.lm-kilo{width:260px}.lm-bubble.lm-giga{width:386px}
.lm-carousel{display:flex;gap:8px;overflow-x:auto;padding-bottom:8px;align-items:stretch;scroll-snap-type:x proximity}
.lm-carousel>.lm-bubble{scroll-snap-align:start;max-width:90%}
.lm-header,.lm-body{padding:20px}.lm-footer{padding:10px}
.lm-body{flex:1 0 auto}.lm-hero{display:flex}
.lm-box{display:flex}
.lm-vertical{flex-direction:column}.lm-horizontal{flex-direction:row}
.lm-baseline{flex-direction:row;align-items:baseline}
.lm-nowrap{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.lm-wrap{white-space:pre-wrap}
.lm-clamp{display:-webkit-box;-webkit-box-orient:vertical;overflow:hidden}
.lm-separator{flex:none;background:#d4d6da}
.lm-vertical>.lm-separator{height:1px;align-self:stretch}.lm-horizontal>.lm-separator{width:1px;align-self:stretch}
.lm-rule{height:1px;background:#d4d6da}
.lm-image{display:block;max-width:100%;margin:0 auto}
.lm-button{display:flex}
.lm .lm-button>button{width:100%;min-height:52px;padding:4px 16px;border-radius:8px;text-align:center;color:#42659a;
  white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.lm .lm-button.lm-short>button{min-height:40px}
.lm .lm-button.lm-link>button{padding:4px 8px}
.lm .lm-button.lm-primary>button{background:#17c950;color:#fff}
.lm .lm-button.lm-secondary>button{background:#dcdfe5;color:#111}
.lm [role=button]{cursor:pointer}
.lm-quick{display:flex;gap:8px;overflow-x:auto;padding:10px 0 4px}
.lm .lm-quick>button{flex:none;padding:9px 14px;border-radius:18px;background:#fff;border:1px solid #b8c0cc;
  color:#1c3f6e;white-space:nowrap}
"""
"""The one style sheet that `bot.flex_html` counts on; every class begins with `lm`."""
