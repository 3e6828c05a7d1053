"""One's own account: name, language, what one is told, topics, sessions."""

from aiohttp import web
from sqlalchemy import select
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import current_editor
from moderation.console.context import get_context
from moderation.console.editors import end_sessions
from moderation.console.push import forget_session
from moderation.console.rendering import render
from storage.tables import Category, Editor, EditorSession, Passkey

MAX_NAME = 40


async def show(request: web.Request) -> web.Response:
    signed_in = current_editor(request)
    async with get_context(request).database.reading() as session:
        own = col(EditorSession.editor_id) == signed_in.editor.id
        sessions = await session.scalars(select(EditorSession).where(own).order_by(col(EditorSession.seen_at).desc()))
        passkeys = await session.scalars(
            select(Passkey).where(col(Passkey.editor_id) == signed_in.editor.id).order_by(col(Passkey.created_at))
        )
        categories = await session.scalars(select(Category).order_by(col(Category.title)))
        return render(
            request,
            "account.html",
            sessions=list(sessions),
            passkeys=list(passkeys),
            categories=list(categories),
            can_mail=get_context(request).mailer is not None and signed_in.editor.email is not None,
        )


async def change(request: web.Request) -> web.StreamResponse:
    signed_in, form = current_editor(request), await request.post()
    context = get_context(request)
    async with context.database.transaction() as session:
        editor = await session.get_one(Editor, signed_in.editor.id)
        known = set(await session.scalars(select(col(Category.id))))
        editor.name = " ".join(str(form.get("name", "")).split())[:MAX_NAME]
        language = str(form.get("language", ""))
        editor.language = language if language in context.wordings else None
        editor.wants_digest = "wants_digest" in form
        editor.topics = [str(topic) for topic in form.getall("topics", []) if topic in known]
        session.add(editor)
        await audit.record(session, editor.id, "change account", f"editor:{editor.id}")
    raise web.HTTPSeeOther("/review/account")


async def end_session(request: web.Request) -> web.StreamResponse:
    """End one other session, or all others."""
    signed_in, form = current_editor(request), await request.post()
    wanted = str(form.get("session", ""))
    async with get_context(request).database.transaction() as session:
        found = await session.get(EditorSession, wanted) if wanted else None
        if found is not None and found.editor_id == signed_in.editor.id:
            await session.delete(found)
            await forget_session(session, found.id)
        elif not wanted:
            await end_sessions(session, signed_in.editor.id, but=signed_in.session.id)
        await audit.record(session, signed_in.editor.id, "end sessions", f"editor:{signed_in.editor.id}")
    raise web.HTTPSeeOther("/review/account")


routes = [
    web.get("/account", show),
    web.post("/account", change),
    web.post("/account/sessions", end_session),
]
