"""What LINE demands of Flex containers beyond the schema: sizes in bytes, who may stand in whom, formats of values."""

import json
import re
from collections.abc import Iterator

from scripts.simulator.action_rules import (
    LINK_SCHEMES,
    MAX_MEDIA_URL,
    MEDIA_SCHEMES,
    Label,
    action_problems,
    uri_problems,
)
from scripts.simulator.problems import JSON, Problem

MAX_BUBBLE_BYTES = 30_000
MAX_CAROUSEL_BYTES = 50_000
MAX_BUBBLES = 12

_BOX_CHILDREN = {
    "horizontal": {"box", "button", "image", "text", "separator", "filler"},
    "vertical": {"box", "button", "image", "text", "separator", "filler"},
    "baseline": {"icon", "text", "filler"},
}
_HEROES = {"box", "image", "video"}
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?")
_RATIO = re.compile(r"\d+(\.\d+)?:\d+(\.\d+)?")
_LENGTH = re.compile(r"-?\d+(\.\d+)?(px|%)")
_GAPS = frozenset({"none", "xs", "sm", "md", "lg", "xl", "xxl"})
_FONTS = frozenset({"xxs", "xs", "sm", "md", "lg", "xl", "xxl", "3xl", "4xl", "5xl"})
_BORDERS = frozenset({"none", "light", "normal", "medium", "semi-bold", "bold"})
_COLORS = ("color", "backgroundColor", "borderColor", "separatorColor", "startColor", "endColor", "centerColor")
_MEASURES = {
    **dict.fromkeys(("spacing", "margin", "cornerRadius"), _GAPS),
    **dict.fromkeys(("paddingAll", "paddingTop", "paddingBottom", "paddingStart", "paddingEnd"), _GAPS),
    **dict.fromkeys(("offsetTop", "offsetBottom", "offsetStart", "offsetEnd"), _GAPS),
    **dict.fromkeys(("width", "maxWidth", "height", "maxHeight", "lineSpacing"), frozenset[str]()),
    "borderWidth": _BORDERS,
}


def flex_problems(container: JSON) -> Iterator[Problem]:
    """Yield what LINE would refuse in a bubble or a carousel that already satisfies the schema."""
    if container["type"] == "bubble":
        yield from _bubble(container)
        return
    bubbles = container["contents"]
    if not 1 <= len(bubbles) <= MAX_BUBBLES:
        yield Problem(("contents",), f"size must be between 1 and {MAX_BUBBLES}")
    if _bytes(container) > MAX_CAROUSEL_BYTES:
        yield Problem((), f"a carousel may hold {MAX_CAROUSEL_BYTES} bytes of JSON, this one has {_bytes(container)}")
    if len({bubble.get("size", "mega") for bubble in bubbles}) > 1:
        yield Problem(("contents",), "the bubbles of a carousel must have one size")
    for index, bubble in enumerate(bubbles):
        for problem in _bubble(bubble):
            yield problem.under("contents", index)


def _bytes(container: JSON) -> int:
    return len(json.dumps(container, ensure_ascii=False, separators=(",", ":")).encode())


def _bubble(bubble: JSON) -> Iterator[Problem]:
    if _bytes(bubble) > MAX_BUBBLE_BYTES:
        yield Problem((), f"a bubble may hold {MAX_BUBBLE_BYTES} bytes of JSON, this one has {_bytes(bubble)}")
    if not any(block in bubble for block in ("header", "hero", "body", "footer")):
        yield Problem((), "at least one block must be specified")
    for block in ("header", "hero", "body", "footer"):
        if block in bubble:
            if block == "hero" and bubble["hero"]["type"] not in _HEROES:
                yield Problem(("hero",), "invalid property")
            for problem in _component(bubble[block]):
                yield problem.under(block)
    for block, style in bubble.get("styles", {}).items():
        for problem in _values(style):
            yield problem.under("styles", block)
    yield from _action(bubble, Label.OPTIONAL)


def _component(component: JSON) -> Iterator[Problem]:
    yield from _values(component)
    yield from _action(component, Label.REQUIRED if component["type"] == "button" else Label.OPTIONAL)
    check = _CHECKS.get(component["type"])
    if check is not None:
        yield from check(component)


def _action(component: JSON, label: Label) -> Iterator[Problem]:
    if "action" in component:
        for problem in action_problems(component["action"], label):
            yield problem.under("action")


def _box(box: JSON) -> Iterator[Problem]:
    allowed = _BOX_CHILDREN[box["layout"]]
    for index, child in enumerate(box["contents"]):
        if child["type"] not in allowed:
            yield Problem(("contents", index), "invalid property")
        for problem in _component(child):
            yield problem.under("contents", index)
    if "background" in box:
        for problem in _values(box["background"]):
            yield problem.under("background")


def _text(text: JSON) -> Iterator[Problem]:
    spans = text.get("contents", [])
    if not spans and not text.get("text"):
        yield Problem(("text",), "must be non-empty text")
    for index, span in enumerate(spans):
        if not span.get("text"):
            yield Problem(("contents", index, "text"), "must be non-empty text")
        for problem in _values(span):
            yield problem.under("contents", index)
    yield from _font_size(text)


def _image(image: JSON) -> Iterator[Problem]:
    yield from uri_problems(image["url"], "url", MEDIA_SCHEMES, MAX_MEDIA_URL)
    if image.get("size", "md") != "full":
        yield from _font_size(image)


def _icon(icon: JSON) -> Iterator[Problem]:
    yield from uri_problems(icon["url"], "url", MEDIA_SCHEMES, MAX_MEDIA_URL)
    yield from _font_size(icon)


def _video(video: JSON) -> Iterator[Problem]:
    yield from uri_problems(video["url"], "url", MEDIA_SCHEMES, MAX_MEDIA_URL)
    yield from uri_problems(video["previewUrl"], "previewUrl", MEDIA_SCHEMES, MAX_MEDIA_URL)
    if "uri" in video.get("action", {}):
        for problem in uri_problems(video["action"]["uri"], "uri", LINK_SCHEMES, MAX_MEDIA_URL):
            yield problem.under("action")
    if video["altContent"]["type"] not in {"box", "image"}:
        yield Problem(("altContent",), "invalid property")
    for problem in _component(video["altContent"]):
        yield problem.under("altContent")


def _font_size(component: JSON) -> Iterator[Problem]:
    size = component.get("size", "md")
    if size not in _FONTS and not _LENGTH.fullmatch(size):
        yield Problem(("size",), "invalid property")


def _values(component: JSON) -> Iterator[Problem]:
    """Yield the values whose format the schema leaves open: colours, lengths, ratios."""
    for name in _COLORS:
        if name in component and not _COLOR.fullmatch(component[name]):
            yield Problem((name,), "invalid property")
    for name, keywords in _MEASURES.items():
        if name == "height" and component.get("type") == "button":
            continue  # "sm" or "md", which the schema checks
        value = component.get(name)
        if isinstance(value, str) and value not in keywords and not _LENGTH.fullmatch(value):
            yield Problem((name,), "invalid property")
    if "aspectRatio" in component and not _RATIO.fullmatch(component["aspectRatio"]):
        yield Problem(("aspectRatio",), "invalid property")
    for name in ("flex", "maxLines"):
        if component.get(name, 0) < 0:
            yield Problem((name,), "invalid property")


_CHECKS = {"box": _box, "text": _text, "image": _image, "icon": _icon, "video": _video}
