"""Finds the buttons in the bot's messages, as a person looking at the chat would."""

from collections.abc import Iterator, Sequence

from scripts.simulator.problems import JSON
from scripts.simulator.world import Posted

ACTION_TYPES = frozenset(
    {"postback", "message", "uri", "clipboard", "datetimepicker", "camera", "cameraRoll", "location", "richmenuswitch"}
)


class NoSuchButtonError(LookupError):
    """No message of the bot in this chat has a button with that label."""


def iterate_actions(value: object) -> Iterator[JSON]:
    """Yield every action object in a message, in reading order."""
    if isinstance(value, dict):
        if value.get("type") in ACTION_TYPES and ("label" in value or "data" in value or "uri" in value):
            yield value
            return
        for inner in value.values():
            yield from iterate_actions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from iterate_actions(inner)


def visible_actions(timeline: Sequence[Posted]) -> list[JSON]:
    """Return the actions one can press, newest message first. Quick replies go once anything newer is in the chat."""
    found: list[JSON] = []
    for age, posted in enumerate(reversed(timeline)):
        if posted.sender is not None:
            continue
        shown = {key: value for key, value in posted.content.items() if key != "quickReply" or age == 0}
        found += iterate_actions(shown)
    return found


def get_action(timeline: Sequence[Posted], label: str) -> JSON:
    """Return the newest visible action with this label; raise NoSuchButtonError naming those there are."""
    actions = visible_actions(timeline)
    for action in actions:
        if action.get("label") == label:
            return action
    raise NoSuchButtonError(f"no button {label!r}; there are {[action.get('label') for action in actions]}")
