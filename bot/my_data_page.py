"""`/my-data/{token}`: what is kept of one person, as a JSON file. The link is made in the chat, for an hour."""

import orjson
from aiohttp import web

from bot.handlers.presses_on_menu import EXPORT_LINK
from bot.services import Services
from storage.own_data import load_own_data

LINK_LIVES_S = 60 * 60
HEADERS = {
    "Content-Disposition": 'attachment; filename="chaming-my-data.json"',
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def add_my_data_page(app: web.Application, services: Services) -> None:
    async def show(request: web.Request) -> web.Response:
        found = services.buttons.read_link(EXPORT_LINK, request.match_info["token"], max_age_s=LINK_LIVES_S)
        if found is None:
            raise web.HTTPGone(text="This link is too old. Please ask for a new one in LINE.")
        async with services.database.reading() as session:
            data = await load_own_data(session, found[0])
        body = orjson.dumps(data, option=orjson.OPT_INDENT_2)
        return web.Response(body=body, content_type="application/json", charset="utf-8", headers=HEADERS)

    app.router.add_get("/my-data/{token}", show)
