"""`/review/static/…`: what the pages are styled and moved by."""

from aiohttp import web

from moderation.console.assets import asset_names, read_asset

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FOR_A_YEAR = "public, max-age=31536000, immutable"


async def show(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    kind = TYPES.get(name.rpartition(".")[2])
    if kind is None or name not in asset_names():
        raise web.HTTPNotFound
    response = web.Response(body=read_asset(name), content_type=kind, charset="utf-8")
    response.headers["Cache-Control"] = FOR_A_YEAR
    return response


routes = [web.get(r"/static/{version:\w+}/{name:[\w.-]+}", show)]
