"""Signing in with LINE."""

import hmac

import structlog
from aiohttp import web

from moderation.console.access import safe_next
from moderation.console.context import ConsoleContext, get_context
from moderation.console.editors import find_by_line, hash_line_subject
from moderation.console.limits import SIGN_IN
from moderation.console.line_login import (
    LASTS_S,
    LineLoginError,
    LinePerson,
    authorize_url,
    begin_attempt,
    find_person,
    seal,
    unseal,
)
from moderation.console.pages.signing_in import show_sign_in, sign_in
from moderation.console.rendering import find_words, render
from moderation.console.security import find_place, set_cookie
from storage.tables import Editor, Role

COOKIE = "chaming_line_login"

log = structlog.get_logger()


async def leave(request: web.Request) -> web.StreamResponse:
    """Send the person to LINE."""
    context = get_context(request)
    if context.line_login is None:
        raise web.HTTPNotFound
    attempt = begin_attempt(safe_next(request.query.get("next")))
    response = web.HTTPSeeOther(authorize_url(context, context.line_login, attempt))
    set_cookie(request, response, COOKIE, seal(context, attempt), max_age=LASTS_S)
    return response


async def come_back(request: web.Request) -> web.StreamResponse:
    """LINE sends the person back, with a code or with an error."""
    context, words = get_context(request), find_words(request)
    if context.line_login is None:
        raise web.HTTPNotFound
    if not context.limits.take(SIGN_IN, find_place(request).network):
        return render(request, "error.html", status=429, kind="too_often")
    try:
        attempt = unseal(context, request.cookies.get(COOKIE, ""))
        state, code = request.query.get("state", ""), request.query.get("code", "")
        if not code or not hmac.compare_digest(state.encode(), attempt.state.encode()):
            raise LineLoginError
        person = await find_person(context, context.line_login, attempt, code)
    except LineLoginError:
        log.warning("line_login_refused")
        failed = words("LINE has not confirmed who you are. Please try once more.")
        return show_sign_in(request, failed=failed, status=403)
    editor = await _find_or_add(context, person)
    if editor is None or editor.blocked_at is not None:
        failed = words("This server takes only volunteers who were invited.")
        return show_sign_in(request, failed=failed, status=403)
    response = await sign_in(request, editor.id, "line", attempt.next)
    response.del_cookie(COOKIE, path="/review/")
    return response


async def _find_or_add(context: ConsoleContext, person: LinePerson) -> Editor | None:
    subject = hash_line_subject(context.secret_key, person.subject)
    async with context.database.transaction() as session:
        editor = await find_by_line(session, subject)
        if editor is None and context.open_to_all:
            editor = Editor(line_subject=subject, role=Role.NEWCOMER, name=person.name, created_at=context.now())
            session.add(editor)
    return editor


routes = [web.get("/sign-in/line", leave), web.get("/sign-in/line/back", come_back)]
