"""What LINE's reference pages demand of actions and of URIs, and its schemas do not say."""

from collections.abc import Iterator
from enum import Enum
from urllib.parse import urlsplit

from scripts.simulator.problems import JSON, Problem
from scripts.simulator.spec_schema import utf16_length

MAX_LABEL = 20
MAX_URI = 1_000
MAX_MEDIA_URL = 2_000
MAX_POSTBACK_DATA = 300
MAX_ACTION_TEXT = 300
LINK_SCHEMES = frozenset({"http", "https", "line", "tel"})
MEDIA_SCHEMES = frozenset({"https"})
FORBIDDEN_IN_URI = frozenset(' "<>\\^`{|}')


class Label(Enum):
    """Whether the place an action stands in draws its label."""

    REQUIRED = "required"
    OPTIONAL = "optional"


def length_problems(value: str | None, name: str, most: int, *, least: int = 1) -> Iterator[Problem]:
    """Yield a problem when a present string is outside the limits, counted in UTF-16 code units."""
    if value is None:
        return
    length = utf16_length(value)
    if length == 0 and least:
        yield Problem((name,), "May not be empty")
    elif not least <= length <= most:
        yield Problem((name,), f"Length must be between {least} and {most}")


def uri_problems(uri: str, name: str, schemes: frozenset[str], most: int) -> Iterator[Problem]:
    """Yield what is wrong with a link or a medium's address. It must be percent-encoded already."""
    if not 1 <= utf16_length(uri) <= most:
        yield Problem((name,), f"size must be between 0 and {most}")
        return
    if any(ord(char) <= 0x20 or ord(char) >= 0x7F or char in FORBIDDEN_IN_URI for char in uri):
        yield Problem((name,), "invalid uri")
        return
    try:
        parts = urlsplit(uri)
        named = bool(parts.hostname)
    except ValueError:
        yield Problem((name,), "invalid uri")
        return
    if parts.scheme.lower() not in schemes:
        yield Problem((name,), "invalid uri scheme")
    elif parts.scheme.lower() in {"http", "https"} and not named:
        yield Problem((name,), "invalid uri")


def action_problems(action: JSON, label: Label) -> Iterator[Problem]:
    """Yield what is wrong with one action object that already satisfies the schema."""
    if label is Label.REQUIRED and "label" not in action:
        yield Problem(("label",), "must be specified")
    yield from length_problems(action.get("label"), "label", MAX_LABEL)
    check = _CHECKS.get(action["type"])
    if check is not None:
        yield from check(action)


def _postback(action: JSON) -> Iterator[Problem]:
    yield from _present(action, "data")
    yield from length_problems(action.get("data"), "data", MAX_POSTBACK_DATA)
    yield from length_problems(action.get("displayText"), "displayText", MAX_ACTION_TEXT)
    yield from length_problems(action.get("text"), "text", MAX_ACTION_TEXT)
    yield from length_problems(action.get("fillInText"), "fillInText", MAX_ACTION_TEXT)
    if "displayText" in action and "text" in action:
        yield Problem(("text",), "may not be specified together with displayText")
    if "fillInText" in action and action.get("inputOption") != "openKeyboard":
        yield Problem(("fillInText",), "needs inputOption openKeyboard")


def _message(action: JSON) -> Iterator[Problem]:
    yield from _present(action, "text")
    yield from length_problems(action.get("text"), "text", MAX_ACTION_TEXT)


def _uri(action: JSON) -> Iterator[Problem]:
    yield from _present(action, "uri")
    if "uri" in action:
        yield from uri_problems(action["uri"], "uri", LINK_SCHEMES, MAX_URI)
    desktop = action.get("altUri", {}).get("desktop")
    if desktop is not None:
        for problem in uri_problems(desktop, "desktop", LINK_SCHEMES, MAX_URI):
            yield problem.under("altUri")


def _datetimepicker(action: JSON) -> Iterator[Problem]:
    yield from _present(action, "data")
    yield from _present(action, "mode")
    yield from length_problems(action.get("data"), "data", MAX_POSTBACK_DATA)


def _present(action: JSON, name: str) -> Iterator[Problem]:
    if name not in action:
        yield Problem((name,), "must be specified")


_CHECKS = {"postback": _postback, "message": _message, "uri": _uri, "datetimepicker": _datetimepicker}
