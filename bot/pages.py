"""The public page of an article: `GET /articles/{id}`.

Made for old phones and for people who were sent the link: one small HTML file, no script, nothing from other servers.
"""

import base64
import hashlib
from importlib import resources

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.article_page import PageView, to_page
from bot.bubbles.view import View
from bot.buttons import Buttons
from bot.media_page import add_media_page, to_media_view
from bot.pseudonyms import Pseudonyms
from bot.wording import Wordings, Words, choose_from_header, load_wordings
from moderation.console.verdict_words import describe_standing
from moderation.console.wording import LOCALES as CONSOLE_LOCALES
from storage.articles import ArticlePage, find_article_page, resolve_article
from storage.database import Database
from storage.media import ShownMedia, find_shown_media
from storage.tables import ArticleType, Status, utc_now
from storage.verification import load_newest_decisions

MAX_AGE_S = 60
"""A correction or a withdrawal is on the page within a minute, wherever it was cached."""

PAGES: web.AppKey[jinja2.Environment] = web.AppKey("PAGES", jinja2.Environment)


def add_pages(
    app: web.Application,
    *,
    database: Database,
    wordings: Wordings,
    buttons: Buttons,
    public_url: str,
    pseudonyms: Pseudonyms | None = None,
) -> None:
    """Add the public pages to the application; without `pseudonyms` they name nobody."""
    loader = jinja2.PackageLoader("bot")
    aiohttp_jinja2.setup(app, app_key=PAGES, loader=loader, trim_blocks=True, lstrip_blocks=True)
    pages = _Pages(database, wordings, buttons, public_url, pseudonyms)
    app.router.add_get("/articles/{article_id}", pages.show_article, name="article")
    add_media_page(app, database)


class _Pages:
    def __init__(
        self,
        database: Database,
        wordings: Wordings,
        buttons: Buttons,
        public_url: str,
        pseudonyms: Pseudonyms | None,
    ) -> None:
        self._database = database
        self._wordings = wordings
        self._buttons = buttons
        self._public_url = public_url
        self._pseudonyms = pseudonyms
        self._verdict_words = load_wordings(CONSOLE_LOCALES)
        self._style = read_style()
        self._headers = security_headers(self._style)

    async def show_article(self, request: web.Request) -> web.Response:
        view = self._view(request)
        page = await self._find(request.match_info["article_id"])
        if page is not None and page.summary.status == Status.MERGED:
            raise await self._elsewhere(request, page.summary.article_id)
        if page is not None and page.summary.status == Status.NORMAL:
            media = to_media_view(view.words, page.summary.article_id, await self._find_media(page))
            return self._respond(request, view, "article.html", 200, page=await self._to_page(view, page), media=media)
        title, told, status = _absence(view.words, page)
        return self._respond(request, view, "absent.html", status, title=title, told=told)

    async def _find(self, article_id: str) -> ArticlePage | None:
        if not article_id.isprintable():
            return None  # no id of ours, and PostgreSQL takes no NUL
        async with self._database.reading() as session:
            return await find_article_page(session, article_id)

    async def _to_page(self, view: View, page: ArticlePage) -> PageView:
        """The page, with the sentences that the console shows for its replies too."""
        async with self._database.reading() as session:
            decisions = await load_newest_decisions(session, page.summary.article_id)
        words, now = self._verdict_words[view.words.language], utc_now()
        reasons = {
            reply.reply_id: describe_standing(words, reply.state, [decisions[reply.reply_id]], now)
            for reply in page.summary.replies
            if reply.reply_id in decisions
        }
        return to_page(view, page, reasons)

    async def _find_media(self, page: ArticlePage) -> ShownMedia | None:
        if page.summary.type == ArticleType.TEXT:
            return None
        async with self._database.reading() as session:
            return await find_shown_media(session, page.summary.article_id)

    async def _elsewhere(self, request: web.Request, article_id: str) -> web.HTTPFound:
        """Where the article's page is since it was merged into another; found, not moved: it may be parted again."""
        async with self._database.reading() as session:
            merged_into = await resolve_article(session, article_id)
        path = request.app.router["article"].url_for(article_id=merged_into).with_query(request.query)
        return web.HTTPFound(path)

    def _view(self, request: web.Request) -> View:
        """The reader's language: the one asked for in the address, else the browser's."""
        chosen = self._wordings.get(request.query.get("lang", ""))
        words = chosen or choose_from_header(self._wordings, request.headers.get("Accept-Language", ""))
        return View(words, self._buttons, self._public_url, pseudonyms=self._pseudonyms)

    def _respond(self, request: web.Request, view: View, template: str, status: int, **context: object) -> web.Response:
        html = aiohttp_jinja2.render_string(
            template,
            request,
            {"words": view.words, "style": self._style, "wordings": self._wordings, **context},
            app_key=PAGES,
        )
        response = web.Response(text=html, content_type="text/html", status=status)
        response.headers.update(self._headers)
        response.headers["Content-Language"] = view.words.tag
        return _or_not_modified(request, response) if status == 200 else response


def read_style() -> str:
    """The pages' one style sheet, which stands inside each of them."""
    return (resources.files("bot") / "templates" / "page.css").read_text("utf-8")


def security_headers(style: str) -> dict[str, str]:
    """Headers that let the page do nothing but be read; the style is allowed by its hash."""
    style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{style_hash}'; img-src 'self' data:; media-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Language",
        "Cache-Control": f"public, max-age={MAX_AGE_S}",
    }


def _or_not_modified(request: web.Request, response: web.Response) -> web.Response:
    """304 when the reader's copy is still the page."""
    body = response.body if isinstance(response.body, bytes) else b""
    fingerprint = hashlib.sha256(body).hexdigest()[:32]
    response.etag = fingerprint
    known = request.if_none_match or ()
    if any(etag.value in {fingerprint, "*"} for etag in known):
        return web.Response(status=304, headers=response.headers)
    return response


def _absence(words: Words, page: ArticlePage | None) -> tuple[str, str, int]:
    """Why there is nothing to show: title, sentence, HTTP status."""
    if page is None:
        told = words("There is no message under this address. Please check whether the link is complete.")
        return words("Not found"), told, 404
    if page.summary.status == Status.BLOCKED:
        return words("Not shown"), words("This message is not shown to the public."), 410
    told = words("This message has been taken back, and nothing of it is kept here.")
    return words("Taken back"), told, 410
