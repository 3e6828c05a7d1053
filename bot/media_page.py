"""The picture, video or recording on an article's page: `GET /articles/{id}/media`.

Served only while the article is shown, and never as anything but what it was stored as: it may not be run, and pages of
others may not frame it.
"""

from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from bot.wording import Words
from storage.database import Database
from storage.media import ShownMedia, find_media_bytes
from storage.tables import Article

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=60",
}
"""A minute, like the page: what is taken back is gone from the caches as fast."""

KINDS = {"image": "image", "video": "video", "audio": "audio"}


@dataclass(frozen=True, slots=True)
class MediaView:
    """How the page shows it."""

    kind: str
    """`image`, `video` or `audio`."""
    path: str
    described: str
    """For those who cannot see it."""
    width: int | None
    height: int | None


def to_media_view(words: Words, article_id: str, media: ShownMedia | None) -> MediaView | None:
    kind = KINDS.get(media.content_type.partition("/")[0]) if media else None
    if media is None or kind is None:
        return None
    described = {
        "image": words("The picture that was sent in; the words in it stand below."),
        "video": words("The video that was sent in"),
        "audio": words("The recording that was sent in"),
    }[kind]
    path = str(URL.build(path=f"/articles/{article_id}/media"))
    return MediaView(kind, path, described, media.width, media.height)


def add_media_page(app: web.Application, database: Database) -> None:
    """Add the address the page's picture has."""

    async def serve(request: web.Request) -> web.StreamResponse:
        article_id = request.match_info["article_id"]
        if not article_id.isprintable():
            raise web.HTTPNotFound
        async with database.reading() as session:
            found = await find_media_bytes(session, article_id)
            known = found is not None or await session.get(Article, article_id) is not None
        if found is None:
            raise web.HTTPGone(headers=HEADERS) if known else web.HTTPNotFound(headers=HEADERS)
        content_type, data = found
        return _part_of(request, data, content_type)

    app.router.add_get("/articles/{article_id}/media", serve, name="media")


def _part_of(request: web.Request, data: bytes, content_type: str) -> web.Response:
    """The whole, or the part of it that was asked for: some phones play no video otherwise."""
    headers = {**HEADERS, "Accept-Ranges": "bytes"}
    try:
        wanted = request.http_range
    except ValueError:
        wanted = slice(None)
    if wanted.start is None and wanted.stop is None:
        return web.Response(body=data, content_type=content_type, headers=headers)
    begin, end, _ = wanted.indices(len(data))
    if begin >= end:
        headers["Content-Range"] = f"bytes */{len(data)}"
        return web.Response(status=416, headers=headers)
    headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(data)}"
    return web.Response(status=206, body=data[begin:end], content_type=content_type, headers=headers)
