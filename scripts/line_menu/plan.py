"""What the menu of each language looks like, as LINE takes it.

LINE draws nothing in a rich menu but a picture. So the words in it are also each field's label, which screen readers
speak, and typing a word does what its field does: nothing is said by the picture alone. The pictures lie beside this
module, so that every installation shows the same ones whatever fonts it has; `pictures.py` draws them anew.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from bot.buttons import Buttons, Press
from bot.menu import LABELS, MENU, MenuItem, label_of
from bot.wording import LANGUAGES, Words, load_wordings

WIDTH, HEIGHT, COLUMNS, ROWS = 2500, 1686, 3, 2
ITEMS = (
    MenuItem.TUTORIAL, MenuItem.QUESTIONS, MenuItem.HELP,
    MenuItem.LANGUAGE, MenuItem.SETTINGS, MenuItem.DATA,
)  # fmt: skip
"""Row by row."""
NAME = "chaming"
"""What the names of our menus begin with: `chaming en 0f3a…`, by which one that is there already is known."""


@dataclass(frozen=True, slots=True)
class PlannedMenu:
    """One language's menu: LINE's JSON, and the picture as PNG."""

    language: str
    body: dict[str, Any]
    picture: bytes

    @property
    def name(self) -> str:
        return str(self.body["name"])


def plan_menus(secret_key: str) -> list[PlannedMenu]:
    """A menu for each language; its buttons are signed like all others, so they work for as long as the key does."""
    buttons = Buttons(secret_key)
    return [_plan(words, buttons) for words in load_wordings().values()]


def language_of(menu_name: str) -> str | None:
    """Whose menu of ours has this name; None: not ours, or of a time when one served all languages."""
    name, _, rest = menu_name.partition(" ")
    language = rest.partition(" ")[0]
    return language if name == NAME and language in LANGUAGES else None


def is_ours(menu_name: str) -> bool:
    return menu_name.partition(" ")[0] == NAME


def read_picture(language: str) -> bytes:
    return (files("scripts.line_menu") / f"{language}.png").read_bytes()


def _plan(words: Words, buttons: Buttons) -> PlannedMenu:
    picture = read_picture(words.language)
    body: dict[str, Any] = {
        "size": {"width": WIDTH, "height": HEIGHT},
        "selected": False,
        "chatBarText": words(MENU),
        "areas": [_area(words, buttons, place, item) for place, item in enumerate(ITEMS)],
    }
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode() + picture).hexdigest()[:16]
    return PlannedMenu(words.language, {**body, "name": f"{NAME} {words.language} {digest}"}, picture)


def _area(words: Words, buttons: Buttons, place: int, item: MenuItem) -> dict[str, Any]:
    width, height = WIDTH // COLUMNS, HEIGHT // ROWS
    row, column = divmod(place, COLUMNS)
    return {
        "bounds": {"x": column * width, "y": row * height, "width": width, "height": height},
        "action": {
            "type": "postback",
            "label": label_of(words, item),
            "data": buttons.encode(Press.MENU, kind=item.value),
            "displayText": words(LABELS[item]),
        },
    }
