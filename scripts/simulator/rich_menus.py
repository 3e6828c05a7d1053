"""Rich menus: made, given a picture and an alias, shown to everybody or to one person.

LINE's rules about them that the specification leaves out.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from scripts.simulator.errors import NOT_FOUND, LineError
from scripts.simulator.problems import JSON

MAX_PICTURE_BYTES = 1_000_000
MIN_WIDTH, MAX_WIDTH, MIN_HEIGHT, MIN_RATIO = 800, 2500, 250, 1.45
MAX_AREAS, MAX_BAR_TEXT, MAX_DATA, MAX_LABEL, MAX_NAME = 20, 14, 300, 20, 300


@dataclass(slots=True)
class RichMenu:
    body: JSON
    picture: bytes | None = None


class RichMenus:
    """One channel's."""

    def __init__(self) -> None:
        self.menus: dict[str, RichMenu] = {}
        self.default_id: str | None = None
        self.aliases: dict[str, str] = {}
        self.linked: dict[str, str] = {}
        """Who sees a menu of their own, by user id."""
        self.batches: dict[str, str] = {}
        """How far LINE is with replacing menus, by the request's id."""

    def add(self, body: JSON) -> str:
        _check(body)
        menu_id = f"richmenu-{secrets.token_hex(16)}"
        self.menus[menu_id] = RichMenu(body)
        return menu_id

    def set_picture(self, menu_id: str, data: bytes) -> None:
        menu = self._get(menu_id)
        if menu.picture is not None:
            raise LineError(400, "An image has already been uploaded to the richmenu")
        if len(data) > MAX_PICTURE_BYTES:
            raise LineError(413, "Request Entity Too Large")
        try:
            size = Image.open(BytesIO(data)).size
        except UnidentifiedImageError:
            raise LineError(400, "The image must be a JPEG or PNG file") from None
        if size != (menu.body["size"]["width"], menu.body["size"]["height"]):
            raise LineError(400, "The image size does not match the size of the rich menu")
        menu.picture = data

    def show_to_all(self, menu_id: str) -> None:
        if self._get(menu_id).picture is None:
            raise LineError(400, "must upload richmenu image before applying it to user")
        self.default_id = menu_id

    def delete(self, menu_id: str) -> None:
        """Delete a menu; whoever saw it sees the one for everybody."""
        self._get(menu_id)
        del self.menus[menu_id]
        self.default_id = None if self.default_id == menu_id else self.default_id
        self.linked = {user: linked for user, linked in self.linked.items() if linked != menu_id}

    def seen_by(self, user_id: str) -> str | None:
        """The menu on a person's screen."""
        return self.linked.get(user_id, self.default_id)

    def link(self, user_id: str, menu_id: str) -> None:
        if self._get(menu_id).picture is None:
            raise LineError(400, "must upload richmenu image before applying it to user")
        self.linked[user_id] = menu_id

    def set_alias(self, alias: str, menu_id: str, *, is_new: bool) -> None:
        """Make an alias, or move one; LINE refuses making one that is there, and moving one that is not."""
        if self._get(menu_id).picture is None:
            raise LineError(400, "must upload richmenu image before applying it to alias")
        if is_new and alias in self.aliases:
            raise LineError(400, "conflict richmenu alias id")
        if not is_new:
            self.get_aliased(alias)
        self.aliases[alias] = menu_id

    def get_aliased(self, alias: str) -> str:
        if alias not in self.aliases:
            raise LineError(404, "richmenu alias not found")
        return self.aliases[alias]

    def replace(self, request_id: str, operations: Sequence[JSON]) -> None:
        """Show other menus to whoever is linked to these. LINE does it after it has answered."""
        for operation in operations:
            if operation["type"] == "link":
                self._get(operation["to"])
            for user_id, menu_id in list(self.linked.items()):
                if operation["type"] == "unlinkAll" or menu_id == operation["from"]:
                    del self.linked[user_id]
                    if operation["type"] == "link":
                        self.linked[user_id] = operation["to"]
        self.batches[request_id] = "succeeded"

    def describe_all(self) -> list[JSON]:
        return [{"richMenuId": menu_id, **menu.body} for menu_id, menu in self.menus.items()]

    def _get(self, menu_id: str) -> RichMenu:
        if menu_id not in self.menus:
            raise LineError(404, NOT_FOUND)
        return self.menus[menu_id]


def _check(body: JSON) -> None:
    width, height = body["size"]["width"], body["size"]["height"]
    if not (MIN_WIDTH <= width <= MAX_WIDTH and height >= MIN_HEIGHT and width / height >= MIN_RATIO):
        raise LineError(400, "The rich menu's size is not allowed")
    if len(body["areas"]) > MAX_AREAS or len(body["chatBarText"]) > MAX_BAR_TEXT or len(body["name"]) > MAX_NAME:
        raise LineError(400, "The rich menu has too many areas, or too long a name or text")
    for area in body["areas"]:
        bounds, action = area["bounds"], area["action"]
        if bounds["x"] + bounds["width"] > width or bounds["y"] + bounds["height"] > height:
            raise LineError(400, "An area reaches beyond the rich menu")
        if not 1 <= len(action.get("data", "x")) <= MAX_DATA or len(action.get("label", "")) > MAX_LABEL:
            raise LineError(400, "An action's data or label is missing or too long")
