"""The rich menu: four pictures below the chat that open help, "my questions", settings and "my data".

The picture holds signs and no words, so it is the same in every language; each area carries its words as a label, which
screen readers speak. Made anew, it takes the place of the one before, which is deleted.
"""

from io import BytesIO
from typing import Any

import aiohttp
from PIL import Image, ImageDraw

from bot.buttons import Buttons, Press
from bot.line_client import choose_tokens, read_object, send
from bot.line_errors import to_line_error
from bot.menu import LABELS, MENU, MenuItem
from bot.settings import Settings
from bot.wording import DEFAULT_LANGUAGE, load_wordings

WIDTH, HEIGHT = 2500, 843
NAME = "chaming"
ITEMS = (MenuItem.TUTORIAL, MenuItem.QUESTIONS, MenuItem.SETTINGS, MenuItem.DATA)
GROUND, INK, LINE_COLOUR = "#FFFFFF", "#1A4F9C", "#D4D6DA"
STROKE = 34


async def set_rich_menu(settings: Settings) -> int:
    """Make the menu, show it to everybody, delete older ones of ours; returns how many those were. Raises LineError."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        headers = {"Authorization": f"Bearer {await choose_tokens(settings, session).get()}"}
        api, data_api = settings.line_api_url, settings.line_data_url
        found = await send(session, "GET", f"{api}/v2/bot/richmenu/list", headers=headers)
        older = [menu["richMenuId"] for menu in found.get("richmenus", []) if menu.get("name") == NAME]
        made = await _post(session, f"{api}/v2/bot/richmenu", headers, build_menu(settings.secret_key))
        menu_id = made["richMenuId"]
        picture_headers = {**headers, "Content-Type": "image/png"}
        await send(
            session, "POST", f"{data_api}/v2/bot/richmenu/{menu_id}/content", data=draw(), headers=picture_headers
        )
        await send(session, "POST", f"{api}/v2/bot/user/all/richmenu/{menu_id}", headers=headers)
        for old_id in older:
            await send(session, "DELETE", f"{api}/v2/bot/richmenu/{old_id}", headers=headers)
    return len(older)


async def _post(session: aiohttp.ClientSession, url: str, headers: dict[str, str], body: object) -> Any:
    async with session.post(url, json=body, headers=headers) as response:
        if response.status >= 300:
            raise to_line_error(response.status, read_object(await response.read()), response.headers)
        return read_object(await response.read())


def build_menu(secret_key: str) -> dict[str, Any]:
    """The menu as LINE takes it; its buttons are signed like all others, so they work for as long as the key does."""
    words, buttons = load_wordings()[DEFAULT_LANGUAGE], Buttons(secret_key)
    width = WIDTH // len(ITEMS)
    areas = [
        {
            "bounds": {"x": place * width, "y": 0, "width": width, "height": HEIGHT},
            "action": {
                "type": "postback",
                "label": words(LABELS[item]),
                "data": buttons.encode(Press.MENU, kind=item.value),
                "displayText": words(LABELS[item]),
            },
        }
        for place, item in enumerate(ITEMS)
    ]
    size = {"width": WIDTH, "height": HEIGHT}
    return {"size": size, "selected": False, "name": NAME, "chatBarText": words(MENU), "areas": areas}


def draw() -> bytes:
    """The picture as PNG: a lamp to say how it works, a list, sliders, a person."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    pen = ImageDraw.Draw(picture)
    width = WIDTH // len(ITEMS)
    for place, sign in enumerate((_lamp, _list, _sliders, _person)):
        sign(pen, place * width + width // 2, HEIGHT // 2)
        if place:
            pen.line((place * width, 120, place * width, HEIGHT - 120), fill=LINE_COLOUR, width=6)
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _lamp(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    pen.ellipse((x - 150, y - 210, x + 150, y + 90), outline=INK, width=STROKE)
    for down in (140, 200):
        pen.rounded_rectangle((x - 80, y + down, x + 80, y + down + STROKE), STROKE // 2, fill=INK)


def _list(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    for down in (-160, 0, 160):
        pen.ellipse((x - 200, y + down - 30, x - 140, y + down + 30), fill=INK)
        pen.rounded_rectangle((x - 90, y + down - 17, x + 200, y + down + 17), 17, fill=INK)


def _sliders(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    for down, knob in ((-150, 70), (0, -80), (150, 20)):
        pen.rounded_rectangle((x - 200, y + down - 15, x + 200, y + down + 15), 15, fill=INK)
        pen.ellipse(
            (x + knob - 55, y + down - 55, x + knob + 55, y + down + 55), fill=GROUND, outline=INK, width=STROKE
        )


def _person(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    pen.ellipse((x - 95, y - 210, x + 95, y - 20), outline=INK, width=STROKE)
    pen.arc((x - 200, y + 30, x + 200, y + 430), 180, 360, fill=INK, width=STROKE)
    pen.line((x - 200, y + 225, x + 200, y + 225), fill=INK, width=STROKE)
