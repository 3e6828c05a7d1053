"""What a handler asks first: who is this, may they, and have they just shown that it is them."""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from aiohttp import web

from moderation.console.context import get_context
from moderation.console.permissions import SENSITIVE, Permission, may
from moderation.console.rendering import SIGNED_IN
from moderation.console.sessions import SignedIn

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SIGN_IN_PATH = "/review/sign-in"
CONFIRM_PATH = "/review/confirm"
ADD_PASSKEY_PATH = "/review/account"


class SignedOutError(Exception):
    """Nobody is signed in here, or no longer."""


class ForbiddenError(Exception):
    """This person's role is not for that."""


def current_editor(request: web.Request) -> SignedIn:
    """Who is asking. Raises `SignedOutError`."""
    signed_in: SignedIn | None = request.get(SIGNED_IN)
    if signed_in is None:
        raise SignedOutError
    return signed_in


def requires(permission: Permission) -> Callable[[Handler], Handler]:
    """Let only those in who may; a sensitive act asks for the passkey again."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            signed_in = current_editor(request)
            if not may(signed_in.role, permission):
                raise ForbiddenError
            if signed_in.must_add_passkey:
                raise web.HTTPSeeOther(ADD_PASSKEY_PATH)
            is_act = request.method not in {"GET", "HEAD"}
            if signed_in.must_confirm:
                raise _to_passkey(_way_back(request))
            if is_act and permission in SENSITIVE:
                ask_passkey(request, _way_back(request))
            return await handler(request)

        return guarded

    return decorate


def ask_passkey(request: web.Request, way_back: str) -> None:
    """Lead to where a passkey is shown, and from there to `way_back`, unless one was shown lately."""
    if not current_editor(request).is_confirmed(get_context(request).now()):
        raise _to_passkey(way_back)


def _to_passkey(way_back: str) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"{CONFIRM_PATH}?next={quote(way_back, safe='')}")


def _way_back(request: web.Request) -> str:
    """Where to go on afterwards: the page itself, or the one an act was pressed on."""
    if request.method in {"GET", "HEAD"}:
        return request.path_qs
    referer = request.headers.get("Referer", "")
    base = get_context(request).public_url
    return referer.removeprefix(base) if referer.startswith(f"{base}/review/") else "/review/"


def safe_next(wanted: str | None) -> str:
    """An address inside the console, whatever was asked for."""
    if wanted and wanted.startswith("/review/") and "\\" not in wanted and wanted.isprintable():
        return wanted
    return "/review/"
