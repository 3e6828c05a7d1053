"""Makes the menus at LINE, or brings them up to date. Run as often as one likes: what is right already stays.

Whoever has chosen a language is linked to that language's menu at LINE. So when a menu is made anew, LINE is asked to
move those people over before the old one is deleted; our own database need not know who they are.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.line_client import choose_tokens, read_object
from bot.line_errors import LineUnreachableError, to_line_error
from bot.rich_menu import alias_of
from bot.settings import Settings
from bot.wording import DEFAULT_LANGUAGE
from scripts.line_menu.plan import PlannedMenu, is_ours, language_of, plan_menus

REQUEST_TIMEOUT_S = 60.0
REQUEST_ID = "x-line-request-id"
LOOK_EVERY_S = 1.0
LOOKS = 60
ONGOING, SUCCEEDED, FAILED = "ongoing", "succeeded", "failed"
"""How far LINE is with moving people from menu to menu."""


@dataclass(frozen=True, slots=True)
class MenusSet:
    """What was done."""

    made: int
    deleted: int
    left: int
    """Menus that are out of date and still there, because LINE has not moved people over."""
    failed: bool = False
    """LINE has given up moving them; otherwise, where menus are left, it was not done yet."""


async def set_rich_menus(settings: Settings, *, look_every_s: float = LOOK_EVERY_S) -> MenusSet:
    """A menu for each language with its alias, the default one for everybody, older ones deleted. Raises LineError."""
    planned = plan_menus(settings.secret_key)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)) as session:
        token = await choose_tokens(settings, session).get()
        line = _Line(session, settings, token)
        there = [
            (menu["name"], str(menu["richMenuId"])) for menu in await line.list_menus() if is_ours(menu.get("name", ""))
        ]
        right = dict(reversed(there))  # of several of one name the first
        ids = {menu.language: right.get(menu.name) or await line.make(menu) for menu in planned}
        made = sum(menu.name not in right for menu in planned)
        await _name(line, ids)
        await line.call("POST", f"/v2/bot/user/all/richmenu/{ids[DEFAULT_LANGUAGE]}")
        older = [(name, menu_id) for name, menu_id in there if menu_id not in ids.values()]
        phase = await _move_people(line, older, ids, look_every_s)
        if phase != SUCCEEDED:
            return MenusSet(made, 0, len(older), failed=phase == FAILED)
        for _, menu_id in older:
            await line.call("DELETE", f"/v2/bot/richmenu/{menu_id}")
    return MenusSet(made, len(older), 0)


class _Line:
    """The few calls that are needed, at the API's and the data host."""

    def __init__(self, session: aiohttp.ClientSession, settings: Settings, token: str) -> None:
        self._session = session
        self._api, self._data_api = settings.line_api_url, settings.line_data_url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def list_menus(self) -> Sequence[Mapping[str, Any]]:
        found, _ = await self.call("GET", "/v2/bot/richmenu/list")
        return found.get("richmenus") or []

    async def make(self, menu: PlannedMenu) -> str:
        """Make a menu and give it its picture; one whose picture LINE does not take is not left behind."""
        made, _ = await self.call("POST", "/v2/bot/richmenu", menu.body)
        menu_id = str(made["richMenuId"])
        try:
            await self._send(
                "POST",
                f"{self._data_api}/v2/bot/richmenu/{menu_id}/content",
                data=menu.picture,
                headers={"Content-Type": "image/png"},
            )
        except BaseException:
            await self.call("DELETE", f"/v2/bot/richmenu/{menu_id}")
            raise
        return menu_id

    async def call(self, method: str, path: str, body: object = None) -> tuple[Mapping[str, Any], str]:
        """LINE's answer, and the request's id."""
        return await self._send(method, self._api + path, json=body)

    async def _send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **content: Any
    ) -> tuple[Mapping[str, Any], str]:
        all_headers = {**self._headers, **(headers or {})}
        try:
            async with self._session.request(method, url, headers=all_headers, **content) as response:
                body = read_object(await response.read())
                if response.status >= 300:
                    raise to_line_error(response.status, body, response.headers)
                return body, response.headers.get(REQUEST_ID, "")
        except (TimeoutError, aiohttp.ClientError) as error:
            raise LineUnreachableError from error


async def _name(line: _Line, ids: Mapping[str, str]) -> None:
    """Give each menu its language's alias, or move the alias to it."""
    found, _ = await line.call("GET", "/v2/bot/richmenu/alias/list")
    aliases = {alias["richMenuAliasId"]: alias["richMenuId"] for alias in found.get("aliases") or []}
    for language, menu_id in ids.items():
        alias = alias_of(language)
        if alias not in aliases:
            await line.call("POST", "/v2/bot/richmenu/alias", {"richMenuAliasId": alias, "richMenuId": menu_id})
        elif aliases[alias] != menu_id:
            await line.call("POST", f"/v2/bot/richmenu/alias/{alias}", {"richMenuId": menu_id})


async def _move_people(
    line: _Line, older: Sequence[tuple[str, str]], ids: Mapping[str, str], look_every_s: float
) -> str:
    """Have LINE show the new menus to whoever sees an older one; returns how far it has come."""
    moves = [
        {"type": "link", "from": menu_id, "to": ids[language]}
        for name, menu_id in older
        if (language := language_of(name)) is not None and language != DEFAULT_LANGUAGE
    ]
    if not moves:
        return SUCCEEDED
    _, request_id = await line.call("POST", "/v2/bot/richmenu/batch", {"operations": moves})
    for _ in range(LOOKS):
        progress, _ = await line.call("GET", f"/v2/bot/richmenu/progress/batch?requestId={request_id}")
        if progress.get("phase") in {SUCCEEDED, FAILED}:
            return str(progress["phase"])
        await asyncio.sleep(look_every_s)
    return ONGOING
