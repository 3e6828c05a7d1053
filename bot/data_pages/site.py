"""What the data pages share: templates, words in three languages, assets, and headers that let nothing foreign in."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import jinja2
from aiohttp import web
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

from bot.wording import TAIPEI, Wordings, Words, choose_from_header, load_wordings
from moderation.console.assets import read_asset as read_shared_asset
from storage.database import Database

MAX_AGE_S = 60
ASSET_MAX_AGE_S = 365 * 24 * 3600
ASSETS = {
    "data.css": "text/css",
    "uPlot.min.css": "text/css",
    "uPlot.iife.min.js": "text/javascript",
    "charts.js": "text/javascript",
    "map.js": "text/javascript",
}
"""All that the pages load, and all that is served: by name, with its type."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Site:
    """The parts every data page needs."""

    database: Database
    public_url: str
    releases: Path
    """The folder that `chaming export` publishes into."""
    wordings: Wordings
    templates: jinja2.Environment
    versions: dict[str, str]
    """By asset: a fingerprint that goes into its address, so that it can be kept for ever."""

    def words(self, request: web.Request) -> Words:
        """The reader's language: the one asked for in the address, else the browser's."""
        chosen = self.wordings.get(request.query.get("lang", ""))
        return chosen or choose_from_header(self.wordings, request.headers.get("Accept-Language", ""))

    def respond(self, request: web.Request, template: str, status: int = 200, **context: object) -> web.Response:
        """A page in the reader's language; 304 when they have it already."""
        words = self.words(request)
        html = self.templates.get_template(template).render(
            words=words,
            wordings=self.wordings,
            asset=self._asset_url,
            public_url=self.public_url,
            path=request.path,
            query=request.query,
            look=Look(words),
            **context,
        )
        response = web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)
        response.headers["Content-Language"] = words.tag
        response.headers["Vary"] = "Accept-Language"
        response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
        return or_not_modified(request, response)

    def article_url(self, article_id: str) -> str:
        """The public page of an article."""
        return f"{self.public_url}/articles/{quote(article_id, safe='')}"

    def absent(self, request: web.Request) -> web.Response:
        return self.respond(request, "absent.html", 404)

    def _asset_url(self, name: str) -> str:
        return f"/assets/{self.versions[name]}/{name}"


@dataclass(frozen=True, slots=True)
class Look:
    """How figures and dates are written in the reader's language."""

    words: Words

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.words.locale))

    def share(self, value: float) -> str:
        return str(format_percent(value, format="#,##0.0%", locale=self.words.locale))

    def day(self, value: object) -> str:
        return format_date(value, "medium", locale=self.words.locale)  # type: ignore[arg-type]

    def moment(self, value: object) -> str:
        return format_datetime(value, "medium", tzinfo=TAIPEI, locale=self.words.locale)  # type: ignore[arg-type]

    def size(self, count: int) -> str:
        """A number of bytes, in the unit that leaves it readable."""
        value, unit = float(count), "B"
        for unit in ("B", "kB", "MB", "GB"):
            if value < 1000 or unit == "GB":
                break
            value /= 1000
        return f"{format_decimal(round(value, 1), locale=self.words.locale)} {unit}"


def open_site(database: Database, public_url: str, releases: Path) -> Site:
    """Read templates, words and assets once."""
    versions = {name: hashlib.sha256(read_asset(name)).hexdigest()[:12] for name in ASSETS}
    wordings = load_wordings(Path(__file__).parent / "locales")
    return Site(database, public_url.rstrip("/"), releases, wordings, _make_templates(), versions)


@cache
def _make_templates() -> jinja2.Environment:
    """The pages' templates. One environment a process, which keeps what it has compiled."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("bot.data_pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def read_asset(name: str) -> bytes:
    """Ours, or the chart library that the volunteers' console has too."""
    if name.startswith("uPlot."):
        return read_shared_asset(name)
    return (resources.files("bot.data_pages") / "assets" / name).read_bytes()


async def show_asset(request: web.Request) -> web.Response:
    """One of `ASSETS`, under an address that changes with its content."""
    name = request.match_info["name"]
    if name not in ASSETS:
        raise web.HTTPNotFound
    headers = {"Cache-Control": f"public, max-age={ASSET_MAX_AGE_S}, immutable", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=read_asset(name), content_type=ASSETS[name], charset="utf-8", headers=headers)


def or_not_modified(request: web.Request, response: web.Response) -> web.Response:
    """304 when the reader's copy is still what there is."""
    body = response.body if isinstance(response.body, bytes) else b""
    fingerprint = hashlib.sha256(body).hexdigest()[:32]
    response.etag = fingerprint
    known = request.if_none_match or ()
    if response.status == 200 and any(etag.value in {fingerprint, "*"} for etag in known):
        return web.Response(status=304, headers=response.headers)
    return response
