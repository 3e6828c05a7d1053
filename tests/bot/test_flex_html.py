"""A LINE message drawn as HTML: every part is there, and hostile text stays text."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flex_html import FLEX_CSS, message_html

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;"
KNOWN_TAGS = {"div", "span", "a", "button", "img"}
KNOWN_ATTRIBUTES = {
    "class", "style", "data-action", "role", "tabindex", "type", "disabled", "aria-label", "dir", "href", "target",
    "rel", "src", "alt", "referrerpolicy",
}  # fmt: skip


class Page(HTMLParser):
    """Every element with its attributes, and all text, as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.depth = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.depth += tag != "img"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.text += data

    def actions(self) -> list[dict[str, Any]]:
        found = [attributes.get("data-action") for _, attributes in self.elements]
        return [json.loads(action) for action in found if action]

    def styles(self) -> str:
        return " ".join(attributes.get("style") or "" for _, attributes in self.elements)


def flex(*contents: dict[str, Any], layout: str = "vertical", **bubble: Any) -> dict[str, Any]:
    body = {"type": "box", "layout": layout, "contents": list(contents)}
    return {"type": "flex", "altText": "alt", "contents": {"type": "bubble", "body": body, **bubble}}


def test_it_draws_a_text_and_its_quick_replies() -> None:
    action = {"type": "message", "label": "再查一則", "text": "你好"}
    page = Page(
        message_html(
            {
                "type": "text",
                "text": "第一行\n第二行 https://a.tw/?q=1&r=2",
                "quickReply": {"items": [{"action": action}]},
            }
        )
    )
    assert "第一行\n第二行" in page.text
    assert ("a", "https://a.tw/?q=1&r=2") in [(tag, attributes.get("href")) for tag, attributes in page.elements]
    assert page.actions() == [action]


def test_it_draws_all_blocks_of_a_bubble_and_all_bubbles_of_a_carousel() -> None:
    def box(text: str) -> dict[str, Any]:
        return {"type": "box", "layout": "vertical", "contents": [{"type": "text", "text": text}]}

    bubble = {"type": "bubble", "size": "kilo", "header": box("頭"), "body": box("身"), "footer": box("腳")}
    html = message_html({"type": "flex", "altText": "x", "contents": {"type": "carousel", "contents": [bubble] * 3}})
    assert html.count("lm-bubble lm-kilo") == 3
    assert Page(html).text == "頭身腳" * 3


def test_it_carries_each_action_on_something_to_press() -> None:
    postback = {"type": "postback", "label": "看查證", "data": "1.x", "displayText": "看"}
    uri = {"type": "uri", "label": "網頁", "uri": "https://example.tw/a?b=1&c=2"}
    copied = {"type": "clipboard", "label": "複製", "clipboardText": HOSTILE}
    page = Page(message_html(flex(*({"type": "button", "action": action} for action in (postback, uri, copied)))))
    assert page.actions() == [postback, uri, copied]
    assert [tag for tag, attributes in page.elements if "data-action" in attributes] == ["button"] * 3


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "data:text/html,x", "file:///etc", "//x", " javascript:x", "[", 7]
)
def test_it_disables_addresses_that_are_not_the_webs(uri: object) -> None:
    page = Page(message_html(flex({"type": "button", "action": {"type": "uri", "label": "x", "uri": uri}})))
    assert page.actions() == []
    assert [tag for tag, attributes in page.elements if "disabled" in attributes] == ["button"]


def test_it_lets_a_box_be_pressed() -> None:
    action = {"type": "postback", "label": "選", "data": "1.y"}
    page = Page(message_html(flex({"type": "box", "layout": "horizontal", "contents": [], "action": action})))
    assert [attributes["role"] for _, attributes in page.elements if "data-action" in attributes] == ["button"]


def test_it_knows_lines_sizes_and_colours() -> None:
    text = {"type": "text", "text": "字", "size": "xl", "weight": "bold", "color": "#B00020", "margin": "md", "flex": 2}
    styles = Page(message_html(flex(text))).styles()
    for declaration in ("font-size:22px", "font-weight:700", "color:#B00020", "margin-top:8px", "flex:2 1 0px"):
        assert declaration in styles


def test_it_cuts_lines_where_line_does() -> None:
    clamped = message_html(flex({"type": "text", "text": "長" * 500, "wrap": True, "maxLines": 3}))
    assert "-webkit-line-clamp:3" in clamped
    assert "lm-wrap lm-clamp" in clamped
    assert "lm-nowrap" in message_html(flex({"type": "text", "text": "長" * 500}))


def test_it_draws_spans_in_place_of_the_text() -> None:
    spans = [
        {"type": "span", "text": "3.5", "weight": "bold"},
        {"type": "span", "text": " %", "decoration": "underline"},
    ]
    page = Page(message_html(flex({"type": "text", "text": "not shown", "contents": spans})))
    assert page.text == "3.5 %"
    assert "text-decoration:underline" in page.styles()


def test_it_turns_separators_and_margins_with_the_layout() -> None:
    parts = (
        {"type": "text", "text": "a"},
        {"type": "separator", "margin": "lg", "color": "#cccccc"},
        {"type": "filler"},
    )
    assert "margin-top:12px" in message_html(flex(*parts))
    assert "margin-inline-start:12px" in message_html(flex(*parts, layout="horizontal"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backgroundColor", "red;background:url(//evil)"),
        ("backgroundColor", "#fff"),
        ("paddingAll", "1px;position:fixed"),
        ("cornerRadius", "expression(1)"),
        ("width", "-1px"),
        ("justifyContent", "center;x:y"),
        ("borderWidth", None),
        ("background", {"type": "linearGradient", "angle": "0deg", "startColor": "#000000", "endColor": "x);y:("}),
    ],
)
def test_it_drops_style_values_outside_lines_grammar(name: str, value: object) -> None:
    html = message_html(flex({"type": "box", "layout": "vertical", "contents": [], name: value}))
    assert str(value) not in html
    assert "evil" not in Page(html).styles()


@pytest.mark.parametrize(
    "message",
    [
        {"type": "text", "text": HOSTILE},
        {"type": HOSTILE},
        {"type": "flex", "altText": HOSTILE, "contents": {"type": "bubble", "size": HOSTILE, "direction": HOSTILE}},
        flex({"type": "text", "text": HOSTILE, "size": HOSTILE, "color": HOSTILE, "align": HOSTILE}),
        flex({"type": "text", "contents": [{"type": "span", "text": HOSTILE}]}),
        flex({"type": "button", "style": HOSTILE, "action": {"type": "postback", "label": HOSTILE, "data": HOSTILE}}),
        flex({"type": "image", "url": "https://x/" + HOSTILE, "size": HOSTILE}),
        {"type": "text", "text": "x", "quickReply": {"items": [{"action": {"type": "message", "label": HOSTILE}}]}},
    ],
)
def test_it_never_lets_hostile_text_become_html(message: dict[str, Any]) -> None:
    page = Page(message_html(message))
    assert page.depth == 0
    assert {tag for tag, _ in page.elements} <= KNOWN_TAGS
    assert {name for _, attributes in page.elements for name in attributes} <= KNOWN_ATTRIBUTES
    assert "onerror" not in page.styles()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["box", "text", "vertical", HOSTILE]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "contents", "text", "action", "body", "layout", "flex", "size", "styles"]), inner
        )
    ),
    max_leaves=12,
)


@given(contents=JSON)
def test_it_draws_something_for_any_json(contents: Any) -> None:
    page = Page(
        message_html({"type": "flex", "altText": "x", "contents": contents if isinstance(contents, dict) else {}})
    )
    assert page.depth == 0
    assert {tag for tag, _ in page.elements} <= KNOWN_TAGS


def test_its_style_sheet_stays_inside_the_message() -> None:
    rules = [rule.split("{")[0].strip() for rule in FLEX_CSS.split("}") if rule.strip()]
    assert all(part.strip().startswith(".lm") for rule in rules for part in rule.split(","))
    assert "url(" not in FLEX_CSS
