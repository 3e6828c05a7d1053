"""From a handler's words and facts to a page: what every template is given."""

import aiohttp_jinja2
import jinja2
from aiohttp import web

from moderation.console.assets import asset_url
from moderation.console.context import get_context
from moderation.console.labels import role_label
from moderation.console.permissions import Permission, may
from moderation.console.sessions import SignedIn
from moderation.console.wording import Words, choose_words

ENVIRONMENT: web.AppKey[jinja2.Environment] = web.AppKey("console-templates", jinja2.Environment)
SIGNED_IN: web.RequestKey[SignedIn] = web.RequestKey("signed-in", SignedIn)
NONCE: web.RequestKey[str] = web.RequestKey("nonce", str)
CSRF: web.RequestKey[str] = web.RequestKey("csrf", str)

LANGUAGE_COOKIE = "chaming_language"


def find_words(request: web.Request) -> Words:
    """The reader's language: asked for in the address, chosen before, or the browser's."""
    wanted = request.query.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    if wanted is None and SIGNED_IN in request:
        wanted = request[SIGNED_IN].editor.language
    return choose_words(get_context(request).wordings, wanted, request.headers.get("Accept-Language", ""))


def render(request: web.Request, template: str, *, status: int = 200, **context: object) -> web.Response:
    """A page of the console. Templates have `words`, `signed_in`, `may`, `Permission`, `nonce` and `csrf`."""
    signed_in = request.get(SIGNED_IN)
    words = find_words(request)
    given = {
        "words": words,
        "plural": words.plural,  # a name of its own: the catalogues' extractor sees no methods in templates
        "wordings": get_context(request).wordings,
        "signed_in": signed_in,
        "role": signed_in.role if signed_in else None,
        "may": lambda permission: may(signed_in.role if signed_in else None, permission),
        "Permission": Permission,
        "nonce": request.get(NONCE, ""),
        "csrf": request.get(CSRF, ""),
        "unread": signed_in.unread if signed_in else 0,
        "path": request.path,
        "asset": asset_url,
        "role_label": role_label,
        "htmx": "HX-Request" in request.headers,
    }
    html = aiohttp_jinja2.render_string(template, request, {**given, **context}, app_key=ENVIRONMENT)
    response = web.Response(text=html, content_type="text/html", status=status)
    response.headers["Content-Language"] = words.tag
    return response
