"""What LINE's reference pages demand of a message object beyond the schema. Runs on messages the schema accepts."""

from collections.abc import Callable, Iterator

from scripts.simulator.action_rules import (
    MAX_MEDIA_URL,
    MEDIA_SCHEMES,
    Label,
    action_problems,
    length_problems,
    uri_problems,
)
from scripts.simulator.flex_rules import flex_problems
from scripts.simulator.problems import JSON, Problem
from scripts.simulator.spec_schema import utf16_length

MAX_TEXT = 5_000
MAX_ALT_TEXT = 1_500
MAX_EMOJIS = 20
MAX_TITLE = 40
MAX_CAROUSEL_COLUMNS = 10

Rule = Callable[[JSON], Iterator[Problem]]


def message_rules(message: JSON) -> Iterator[Problem]:
    """Yield what LINE would refuse in one message object that already satisfies the schema."""
    yield from _quick_reply(message)
    yield from _sender(message)
    rule = RULES.get(message["type"])
    if rule is not None:
        yield from rule(message)


def _quick_reply(message: JSON) -> Iterator[Problem]:
    if "quickReply" not in message:
        return
    items = message["quickReply"].get("items", [])
    if not items:
        yield Problem(("quickReply", "items"), "May not be empty")
    for index, item in enumerate(items):
        for problem in _quick_reply_item(item):
            yield problem.under("quickReply", "items", index)


def _quick_reply_item(item: JSON) -> Iterator[Problem]:
    if item.get("type") != "action":
        yield Problem(("type",), "Must be one of the following values: [action]")
    if "imageUrl" in item:
        yield from uri_problems(item["imageUrl"], "imageUrl", MEDIA_SCHEMES, MAX_MEDIA_URL)
    if "action" not in item:
        yield Problem(("action",), "must be specified")
        return
    if item["action"]["type"] == "richmenuswitch":
        yield Problem(("action", "type"), "invalid property")
    for problem in action_problems(item["action"], Label.REQUIRED):
        yield problem.under("action")


def _sender(message: JSON) -> Iterator[Problem]:
    sender = message.get("sender", {})
    if "line" in sender.get("name", "").lower():
        yield Problem(("sender", "name"), "may not contain LINE")
    if "iconUrl" in sender:
        for problem in uri_problems(sender["iconUrl"], "iconUrl", MEDIA_SCHEMES, MAX_MEDIA_URL):
            yield problem.under("sender")


def _text(message: JSON) -> Iterator[Problem]:
    yield from length_problems(message["text"], "text", MAX_TEXT)
    if message["text"] and not message["text"].strip():
        yield Problem(("text",), "May not be empty")
    emojis = message.get("emojis", [])
    if len(emojis) > MAX_EMOJIS:
        yield Problem(("emojis",), f"Size must be between 0 and {MAX_EMOJIS}")
    units = message["text"].encode("utf-16-le", "surrogatepass")
    for index, emoji in enumerate(emojis):
        at = emoji.get("index", -1)
        if at < 0 or units[2 * at : 2 * at + 2] != "$".encode("utf-16-le"):
            yield Problem(("emojis", index, "index"), "must point at a $ in the text")


def _media(message: JSON) -> Iterator[Problem]:
    for name in ("originalContentUrl", "previewImageUrl"):
        if name in message:
            yield from uri_problems(message[name], name, MEDIA_SCHEMES, MAX_MEDIA_URL)


def _audio(message: JSON) -> Iterator[Problem]:
    yield from _media(message)
    if message.get("duration", 0) <= 0:
        yield Problem(("duration",), "must be greater than 0")


def _location(message: JSON) -> Iterator[Problem]:
    yield from length_problems(message["title"], "title", 100)
    yield from length_problems(message["address"], "address", 100)


def _imagemap(message: JSON) -> Iterator[Problem]:
    yield from length_problems(message["altText"], "altText", MAX_ALT_TEXT)
    yield from uri_problems(message["baseUrl"], "baseUrl", MEDIA_SCHEMES, MAX_MEDIA_URL)
    if len(message["actions"]) > 50:
        yield Problem(("actions",), "Size must be between 0 and 50")


def _flex(message: JSON) -> Iterator[Problem]:
    yield from length_problems(message["altText"], "altText", MAX_ALT_TEXT)
    for problem in flex_problems(message["contents"]):
        yield problem.under("contents")


def _template(message: JSON) -> Iterator[Problem]:
    yield from length_problems(message["altText"], "altText", MAX_ALT_TEXT)
    template = message["template"]
    for problem in _TEMPLATES[template["type"]](template):
        yield problem.under("template")


def _buttons(template: JSON) -> Iterator[Problem]:
    shorter = "thumbnailImageUrl" in template or "title" in template
    yield from _card(template, text_limit=60 if shorter else 160, most_actions=4)


def _confirm(template: JSON) -> Iterator[Problem]:
    yield from length_problems(template["text"], "text", 240)
    if len(template["actions"]) != 2:
        yield Problem(("actions",), "Size must be between 2 and 2")
    yield from _actions(template, Label.REQUIRED)


def _carousel(template: JSON) -> Iterator[Problem]:
    columns = template["columns"]
    if not 1 <= len(columns) <= MAX_CAROUSEL_COLUMNS:
        yield Problem(("columns",), f"Size must be between 1 and {MAX_CAROUSEL_COLUMNS}")
    if len({len(column["actions"]) for column in columns}) > 1:
        yield Problem(("columns",), "all columns must have the same number of actions")
    for index, column in enumerate(columns):
        shorter = "thumbnailImageUrl" in column or "title" in column
        for problem in _card(column, text_limit=60 if shorter else 120, most_actions=3):
            yield problem.under("columns", index)


def _image_carousel(template: JSON) -> Iterator[Problem]:
    columns = template["columns"]
    if not 1 <= len(columns) <= MAX_CAROUSEL_COLUMNS:
        yield Problem(("columns",), f"Size must be between 1 and {MAX_CAROUSEL_COLUMNS}")
    for index, column in enumerate(columns):
        if utf16_length(column["action"].get("label", "")) > 12:
            yield Problem(("columns", index, "action", "label"), "Length must be between 0 and 12")
        for problem in action_problems(column["action"], Label.OPTIONAL):
            yield problem.under("columns", index, "action")


def _card(card: JSON, *, text_limit: int, most_actions: int) -> Iterator[Problem]:
    yield from length_problems(card.get("title"), "title", MAX_TITLE)
    yield from length_problems(card["text"], "text", text_limit)
    if "thumbnailImageUrl" in card:
        yield from uri_problems(card["thumbnailImageUrl"], "thumbnailImageUrl", MEDIA_SCHEMES, MAX_MEDIA_URL)
    if not 1 <= len(card["actions"]) <= most_actions:
        yield Problem(("actions",), f"Size must be between 1 and {most_actions}")
    yield from _actions(card, Label.REQUIRED)


def _actions(card: JSON, label: Label) -> Iterator[Problem]:
    for index, action in enumerate(card["actions"]):
        for problem in action_problems(action, label):
            yield problem.under("actions", index)


_TEMPLATES: dict[str, Rule] = {
    "buttons": _buttons,
    "confirm": _confirm,
    "carousel": _carousel,
    "image_carousel": _image_carousel,
}
RULES: dict[str, Rule] = {
    "text": _text,
    "textV2": _text,
    "image": _media,
    "video": _media,
    "audio": _audio,
    "location": _location,
    "imagemap": _imagemap,
    "template": _template,
    "flex": _flex,
}
