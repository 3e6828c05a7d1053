"""What happens to every request: who it is from, whether it was meant, how often, and what the page may do."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from functools import partial

import structlog
from aiohttp import web

from moderation.client_address import find_address
from moderation.console.access import SIGN_IN_PATH, ForbiddenError, Handler, SignedOutError
from moderation.console.context import ConsoleContext, get_context
from moderation.console.limits import ACTS, BURST, PAGES, Limit
from moderation.console.looking import look
from moderation.console.rendering import CSRF, LANGUAGE_COOKIE, NONCE, SIGNED_IN, render
from moderation.console.sessions import SEEN_EVERY, Place, find_signed_in, is_unusual, note_use, to_place

log = structlog.get_logger()

SESSION_COOKIE = "chaming_session"
VISITOR_COOKIE = "chaming_visitor"
"""What the token of a form belongs to while nobody is signed in."""
CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"
A_YEAR_S = 31_536_000
SAFE_METHODS = frozenset({"GET", "HEAD"})
BY_ITSELF = re.compile(r"/review/(drafts/[^/]+|tasks/[^/]+/keep)")
"""Saving while somebody types, and renewing the lease."""
STATIC, FEEDS = "/review/static/", "/review/feeds/"


@web.middleware
async def send_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A strict policy for what the page may load, run and send; a handler may set its own before."""
    request[NONCE] = secrets.token_urlsafe(16)
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        answer.headers.update(_headers(request, answer.headers))
        raise
    response.headers.update(_headers(request, response.headers))
    return response


@web.middleware
async def show_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What went wrong, in words, on a page that leads on."""
    try:
        return await handler(request)
    except SignedOutError:
        return await _signed_out(request)
    except ForbiddenError:
        return render(request, "error.html", status=403, kind="forbidden")
    except web.HTTPNotFound:
        return render(request, "error.html", status=404, kind="missing")
    except web.HTTPRequestEntityTooLarge:
        return render(request, "error.html", status=413, kind="too_large")
    except web.HTTPException:
        raise
    except Exception:
        log.exception("console_failed", route=request.match_info.handler.__name__)
        return render(request, "error.html", status=500, kind="broken")


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who is asking; renew their session, and note when it comes from elsewhere."""
    context, token = get_context(request), request.cookies.get(SESSION_COOKIE)
    if not token or request.path.startswith((STATIC, FEEDS)):
        return await handler(request)
    now, place = context.now(), find_place(request)
    signed_in = await look(context.database, partial(find_signed_in, token=token, now=now))
    if signed_in is None:
        return await handler(request)
    request[SIGNED_IN] = signed_in
    unusual = is_unusual(signed_in.session, place) or _is_burst(request, context, signed_in.session.id)
    if unusual or now - signed_in.session.seen_at > SEEN_EVERY:
        async with context.database.transaction() as session:
            await note_use(session, signed_in.session.id, place, now, unusual=unusual)
        signed_in.session.must_confirm = signed_in.session.must_confirm or unusual
    return await handler(request)


@web.middleware
async def limit_rates(request: web.Request, handler: Handler) -> web.StreamResponse:
    """So many pages a network, so many acts a person."""
    limits, signed_in = get_context(request).limits, request.get(SIGNED_IN)
    if not request.path.startswith(STATIC):
        is_act = request.method not in SAFE_METHODS
        person = signed_in.editor.id if signed_in else find_place(request).network
        limit: Limit = ACTS if is_act else PAGES
        if not limits.take(limit, person):
            response = render(request, "error.html", status=429, kind="too_often")
            response.headers["Retry-After"] = "60"
            return response
    return await handler(request)


@web.middleware
async def check_csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let nothing be changed but by a form or script of our own pages."""
    visitor = request.cookies.get(SESSION_COOKIE) if SIGNED_IN in request else request.cookies.get(VISITOR_COOKIE)
    is_new = not visitor
    visitor = visitor or secrets.token_urlsafe(16)
    request[CSRF] = make_csrf(get_context(request).secret_key, visitor)
    if request.method not in SAFE_METHODS and not await _is_meant(request):
        if SIGNED_IN not in request and request.cookies.get(SESSION_COOKIE):
            return await _signed_out(request)
        return render(request, "error.html", status=403, kind="not_meant")
    response = await handler(request)
    if not response.prepared and not request.path.startswith((STATIC, FEEDS)):
        if is_new:
            set_cookie(request, response, VISITOR_COOKIE, visitor)
        if request.query.get("lang") in get_context(request).wordings:
            set_cookie(request, response, LANGUAGE_COOKIE, request.query["lang"], max_age=A_YEAR_S)
    return response


MIDDLEWARES = (send_headers, identify, show_errors, limit_rates, check_csrf)
"""Outermost first."""


def make_csrf(secret_key: str, visitor: str) -> str:
    return hmac.new(secret_key.encode(), b"csrf:" + visitor.encode(), hashlib.sha256).hexdigest()


def set_cookie(
    request: web.Request, response: web.StreamResponse, name: str, value: str, *, max_age: int | None = None
) -> None:
    """A cookie for the console alone, that no script can read and no other site's form sends."""
    response.set_cookie(
        name,
        value,
        path="/review/",
        httponly=True,
        samesite="Lax",
        secure=get_context(request).is_https,
        max_age=max_age,
    )


def find_place(request: web.Request) -> Place:
    """Where a request comes from."""
    context = get_context(request)
    address = find_address(request, context.proxies)
    return to_place(context.secret_key, request.headers.get("User-Agent", ""), address)


def _is_burst(request: web.Request, context: ConsoleContext, session_id: str) -> bool:
    """So much at once that a person hardly pressed it all; what the editor does by itself is no press."""
    is_press = request.method not in SAFE_METHODS and not BY_ITSELF.fullmatch(request.path)
    return is_press and not context.limits.take(BURST, session_id)


async def _is_meant(request: web.Request) -> bool:
    """The page's token is there, and no browser says that another site is behind it."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    given = request.headers.get(CSRF_HEADER)
    if given is None:
        field = (await request.post()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else ""
    return hmac.compare_digest(given.encode(), request[CSRF].encode())


async def _signed_out(request: web.Request) -> web.StreamResponse:
    """Nobody is signed in: to the sign-in page; and what was typed into a form is shown, not lost."""
    if request.method in SAFE_METHODS:
        raise web.HTTPSeeOther(f"{SIGN_IN_PATH}?next={request.rel_url.raw_path_qs}")
    fields = await request.post() if request.content_type != "application/json" else {}
    typed = [
        value for name, value in fields.items() if isinstance(value, str) and name != CSRF_FIELD and len(value) > 20
    ]
    return render(request, "signed_out.html", status=401, typed=typed)


def _headers(request: web.Request, given: Mapping[str, str]) -> dict[str, str]:
    policy = (
        f"default-src 'none'; script-src 'nonce-{request[NONCE]}'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; worker-src 'self'; "
        "manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language, Cookie",
    }
    if get_context(request).is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return {name: value for name, value in headers.items() if name not in given}
