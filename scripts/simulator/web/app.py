"""Serves the chat page and what its script asks for, beside LINE's API and on the same port."""

import asyncio
import contextlib
from importlib.resources import files
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, StrictUndefined

from bot.flex_html import FLEX_CSS
from bot.wording import Words, choose_from_header, load_wordings
from scripts.simulator.line import LineSimulator
from scripts.simulator.problems import JSON
from scripts.simulator.web.deeds import DEEDS, Deed, DeedError
from scripts.simulator.web.samples import Sample, load_samples
from scripts.simulator.web.view import STICKERS, chats_of, state
from scripts.simulator.web.wording import wording_json
from scripts.simulator.world import Chat, User

HEARTBEAT_SECONDS = 15.0
MAX_MEDIA_BYTES = 50 * 1024 * 1024
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' https: data: blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
)
_STATIC = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "drawing.js": "text/javascript",
    "wording.js": "text/javascript",
}


class ChatPage:
    """The page's routes over one simulator."""

    def __init__(self, line: LineSimulator) -> None:
        self._line = line
        self._samples: list[Sample] = load_samples()
        self._wordings = load_wordings(Path(__file__).parent / "locales")
        self._template = Environment(autoescape=True, undefined=StrictUndefined).from_string(_read("page.html"))
        self._closing = False

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/", self._page)
        app.router.add_get("/page/state", self._state)
        app.router.add_get("/page/samples", self._sample_list)
        app.router.add_get("/page/events", self._events)
        app.router.add_post("/page/do/{deed}", self._do)
        app.router.add_post("/page/image", self._image)
        app.router.add_get("/page/media/{message}", self._media)
        app.router.add_get("/page/menu/{menu}", self._rich_menu)
        app.router.add_get("/page/flex.css", self._flex_css)
        for name in _STATIC:
            app.router.add_get(f"/page/{name}", self._static)
        app.on_shutdown.append(self._close)

    async def _close(self, app: web.Application) -> None:
        """End the event streams, which would otherwise hold up the shutdown."""
        self._closing = True
        await self._line.platform.notify()

    async def _page(self, request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": CONTENT_POLICY, "Cache-Control": "no-store"}
        words = self._words(request)
        text = self._template.render(words=words, wording=wording_json(words))
        return web.Response(text=text, content_type="text/html", headers=headers)

    def _words(self, request: web.Request) -> Words:
        """In the language that the address names (`?lang=en`), else the one the browser likes best."""
        wanted = request.query.get("lang", "").replace("-", "_")
        if wanted in self._wordings:
            return self._wordings[wanted]
        return choose_from_header(self._wordings, request.headers.get("Accept-Language", ""))

    async def _static(self, request: web.Request) -> web.Response:
        name = request.path.rsplit("/", 1)[-1]
        headers = {"Cache-Control": "no-store"}
        return web.Response(text=_read(name), content_type=_STATIC[name], headers=headers)

    async def _flex_css(self, request: web.Request) -> web.Response:
        return web.Response(text=FLEX_CSS, content_type="text/css", headers={"Cache-Control": "no-store"})

    async def _state(self, request: web.Request) -> web.Response:
        viewer, chat = self._who(request.query.get("viewer"), request.query.get("chat"))
        return web.json_response(state(self._line, viewer, chat, self._words(request)))

    async def _sample_list(self, request: web.Request) -> web.Response:
        language = self._words(request).language
        samples = [{"title": sample.title_in(language), "text": sample.text} for sample in self._samples]
        return web.json_response({"samples": samples, "stickers": STICKERS})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Tell the page, as server-sent events, that there is something new to fetch."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        seen = -1
        while not self._closing:
            seen = await self._next_version(seen)
            try:
                await response.write(f"data: {seen}\n\n".encode())
            except ConnectionError:
                break
        return response

    async def _next_version(self, seen: int) -> int:
        """Wait until something on somebody's screen has changed, or until it is time to show that one is alive."""
        platform = self._line.platform
        async with platform.changed:
            with contextlib.suppress(TimeoutError):
                waiting = platform.changed.wait_for(lambda: platform.version != seen)
                await asyncio.wait_for(waiting, HEARTBEAT_SECONDS)
            return platform.version

    async def _do(self, request: web.Request) -> web.Response:
        deed = DEEDS.get(request.match_info["deed"])
        if deed is None:
            raise web.HTTPNotFound
        given: JSON = await request.json()
        user, chat = self._who(given.get("viewer"), given.get("chat"))
        try:
            await deed(self._line, Deed(user, chat, given))
        except DeedError as error:
            return web.json_response({"problem": str(error)}, status=400)
        return web.json_response({})

    async def _image(self, request: web.Request) -> web.Response:
        user, chat = self._who(request.query.get("viewer"), request.query.get("chat"))
        kind, data = request.content_type.partition("/")[0], bytearray()
        async for chunk in request.content.iter_chunked(64 * 1024):
            data += chunk
            if len(data) > MAX_MEDIA_BYTES:
                break
        if not data or len(data) > MAX_MEDIA_BYTES or kind not in {"image", "video", "audio"}:
            return web.json_response({"problem": "a picture, video or recording of at most 50 MB"}, status=400)
        if kind == "image":
            await self._line.send_image(user, bytes(data), to=chat, mime_type=request.content_type)
        elif kind == "video":
            await self._line.send_video(user, bytes(data), to=chat)
        else:
            await self._line.send_audio(user, bytes(data), to=chat)
        return web.json_response({})

    async def _media(self, request: web.Request) -> web.Response:
        media = self._line.platform.media.get(request.match_info["message"])
        if media is None:
            raise web.HTTPNotFound
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return web.Response(body=media.data, content_type=media.mime_type, headers=headers)

    async def _rich_menu(self, request: web.Request) -> web.Response:
        menu = self._line.platform.rich_menus.menus.get(request.match_info["menu"])
        if menu is None or menu.picture is None:
            raise web.HTTPNotFound
        kind = "image/png" if menu.picture.startswith(b"\x89PNG") else "image/jpeg"
        return web.Response(body=menu.picture, content_type=kind, headers={"X-Content-Type-Options": "nosniff"})

    def _who(self, viewer_id: object, chat_id: object) -> tuple[User, Chat]:
        """Return whose phone it is and which chat is open there, with sound defaults for a fresh page."""
        users = self._line.platform.users
        viewer = users.get(str(viewer_id)) or next(iter(users.values()))
        chats = {chat.chat_id: chat for chat in chats_of(self._line, viewer)}
        return viewer, chats.get(str(chat_id), viewer)


def _read(name: str) -> str:
    return (files("scripts.simulator.web") / name).read_text(encoding="utf-8")
