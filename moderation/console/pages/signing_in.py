"""Signing in by an e-mailed link, and out again."""

import structlog
from aiohttp import web

from moderation.console import audit
from moderation.console.access import current_editor, safe_next
from moderation.console.context import ConsoleContext, get_context
from moderation.console.editors import MalformedEmailError, add_editor, find_by_email, normalise_email
from moderation.console.limits import MAIL, SIGN_IN
from moderation.console.push import forget_session
from moderation.console.rendering import SIGNED_IN, find_words, render
from moderation.console.security import SESSION_COOKIE, find_place, set_cookie
from moderation.console.sessions import LASTS, begin_session, make_link, use_link
from moderation.console.wording import Words, marked
from storage.tables import EditorSession, Role

log = structlog.get_logger()

SUBJECT = marked("Your sign-in link for 查明")
BODY = marked(
    "Hello,\n\nwith this link you sign in to the volunteers’ desk. It works once, for half an hour:\n\n{url}\n\n"
    "If you did not ask for it, do nothing: nobody is signed in by it but whoever opens it.\n"
)


async def show_form(request: web.Request) -> web.Response:
    if SIGNED_IN in request:
        raise web.HTTPSeeOther(safe_next(request.query.get("next")))
    return show_sign_in(request)


def show_sign_in(request: web.Request, *, failed: str = "", status: int = 200) -> web.Response:
    """The sign-in page, with what went wrong if something did."""
    context = get_context(request)
    return render(
        request,
        "sign_in.html",
        status=status,
        next=safe_next(request.query.get("next")),
        failed=failed,
        has_line=context.line_login is not None,
        has_mail=context.mailer is not None,
    )


async def send_link(request: web.Request) -> web.Response:
    """Mail a link. Whether somebody has an account cannot be told from the answer."""
    context, words, form = get_context(request), find_words(request), await request.post()
    try:
        email = normalise_email(str(form.get("email", "")))
    except MalformedEmailError:
        return show_sign_in(request, failed=words("This does not look like an e-mail address."), status=422)
    limits = context.limits
    if not limits.take(SIGN_IN, find_place(request).network) or not limits.take(MAIL, email):
        return render(request, "error.html", status=429, kind="too_often")
    if not await _mail_link(context, words, email, safe_next(str(form.get("next", "")))):
        failed = words("The e-mail could not be sent. Please try again later, or tell whoever runs this server.")
        return show_sign_in(request, failed=failed, status=502)
    return render(request, "link_sent.html", email=email)


async def _mail_link(context: ConsoleContext, words: Words, email: str, wanted: str) -> bool:
    if context.mailer is None:
        return False
    async with context.database.transaction() as session:
        editor = await find_by_email(session, email)
        if editor is None and context.open_to_all:
            editor = await add_editor(session, email, Role.NEWCOMER, context.now())
        if editor is None or editor.blocked_at is not None:
            return True
        token = await make_link(session, editor.id, context.now())
    url = f"{context.url}/sign-in/link?token={token}&next={wanted}"
    try:
        await context.mailer.send(email, words(SUBJECT), words(BODY, url=url))
    except OSError as error:
        log.error("sign_in_mail_failed", error=type(error).__name__)
        return False
    return True


async def show_link(request: web.Request) -> web.Response:
    """A page with one button: programs that open links in mails press none."""
    token, wanted = request.query.get("token", ""), safe_next(request.query.get("next"))
    return render(request, "use_link.html", token=token, next=wanted, dead=not token)


async def follow_link(request: web.Request) -> web.StreamResponse:
    context, form = get_context(request), await request.post()
    if not context.limits.take(SIGN_IN, find_place(request).network):
        return render(request, "error.html", status=429, kind="too_often")
    async with context.database.transaction() as session:
        editor = await use_link(session, str(form.get("token", "")), context.now())
    if editor is None:
        return render(request, "use_link.html", status=410, token="", next="/review/", dead=True)
    return await sign_in(request, editor.id, "mail", safe_next(str(form.get("next", ""))))


async def sign_in(request: web.Request, editor_id: str, way: str, wanted: str) -> web.StreamResponse:
    """Begin a session for somebody who has shown who they are, and lead on."""
    context = get_context(request)
    async with context.database.transaction() as session:
        token = await begin_session(session, editor_id, find_place(request), context.now())
        await audit.record(session, editor_id, "sign in", f"editor:{editor_id}", {"way": way})
    response = web.HTTPSeeOther(wanted)
    set_cookie(request, response, SESSION_COOKIE, token, max_age=int(LASTS.total_seconds()))
    return response


async def sign_out(request: web.Request) -> web.StreamResponse:
    signed_in = current_editor(request)
    async with get_context(request).database.transaction() as session:
        found = await session.get(EditorSession, signed_in.session.id)
        if found is not None:
            await session.delete(found)
            await forget_session(session, found.id)
        await audit.record(session, signed_in.editor.id, "sign out", f"editor:{signed_in.editor.id}")
    response = web.HTTPSeeOther("/review/sign-in")
    response.del_cookie(SESSION_COOKIE, path="/review/")
    return response


routes = [
    web.get("/sign-in", show_form),
    web.post("/sign-in", send_link),
    web.get("/sign-in/link", show_link),
    web.post("/sign-in/link", follow_link),
    web.post("/sign-out", sign_out),
]
