"""The second step: adding, showing and removing passkeys."""

from json import JSONDecodeError
from typing import Any

from aiohttp import web
from sqlalchemy import delete
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import current_editor, safe_next
from moderation.console.context import get_context
from moderation.console.passkeys import PasskeyError, add_passkey, begin_adding, begin_showing, show_passkey
from moderation.console.rendering import render
from moderation.console.security import SESSION_COOKIE
from storage.tables import EditorSession, Passkey


async def show_confirm(request: web.Request) -> web.StreamResponse:
    """Ask for the passkey; whoever has none signs in anew instead."""
    signed_in = current_editor(request)
    return render(
        request,
        "confirm.html",
        next=safe_next(request.query.get("next")),
        has_passkey=signed_in.has_passkey,
    )


async def begin(request: web.Request) -> web.StreamResponse:
    """The browser's options, for adding or for showing."""
    context, signed_in = get_context(request), current_editor(request)
    async with context.database.reading() as session:
        if request.match_info["what"] == "add":
            options = await begin_adding(session, context, signed_in)
        else:
            options = await begin_showing(session, context, signed_in)
    return web.Response(text=options, content_type="application/json")


async def finish_adding(request: web.Request) -> web.StreamResponse:
    context, signed_in, sent = get_context(request), current_editor(request), await _read(request)
    if signed_in.has_passkey and (signed_in.must_confirm or not signed_in.is_confirmed(context.now())):
        return web.json_response({"go": "/review/confirm?next=/review/account"}, status=403)
    try:
        async with context.database.transaction() as session:
            await add_passkey(session, context, signed_in, sent["credential"], str(sent.get("name", "")))
            await audit.record(session, signed_in.editor.id, "add passkey", f"editor:{signed_in.editor.id}")
    except (PasskeyError, KeyError):
        return web.json_response({}, status=422)
    return web.json_response({"go": "/review/account"})


async def finish_showing(request: web.Request) -> web.StreamResponse:
    context, signed_in, sent = get_context(request), current_editor(request), await _read(request)
    try:
        async with context.database.transaction() as session:
            await show_passkey(session, context, signed_in, sent["credential"], context.now())
            await audit.record(session, signed_in.editor.id, "show passkey", f"editor:{signed_in.editor.id}")
    except (PasskeyError, KeyError):
        return web.json_response({}, status=422)
    return web.json_response({"go": safe_next(str(sent.get("next", "")))})


async def remove(request: web.Request) -> web.StreamResponse:
    """Remove a passkey, with one shown lately."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    if signed_in.must_confirm or not signed_in.is_confirmed(context.now()):
        raise web.HTTPSeeOther("/review/confirm?next=/review/account")
    async with context.database.transaction() as session:
        mine = col(Passkey.editor_id) == signed_in.editor.id
        await session.execute(delete(Passkey).where(col(Passkey.id) == str(form.get("passkey", "")), mine))
        await audit.record(session, signed_in.editor.id, "remove passkey", f"editor:{signed_in.editor.id}")
    raise web.HTTPSeeOther("/review/account")


async def sign_in_anew(request: web.Request) -> web.StreamResponse:
    """For whoever has no passkey: end this session, and begin another one the usual way."""
    signed_in, form = current_editor(request), await request.post()
    async with get_context(request).database.transaction() as session:
        found = await session.get_one(EditorSession, signed_in.session.id)
        await session.delete(found)
    response = web.HTTPSeeOther(f"/review/sign-in?next={safe_next(str(form.get('next', '')))}")
    response.del_cookie(SESSION_COOKIE, path="/review/")
    return response


async def _read(request: web.Request) -> dict[str, Any]:
    try:
        sent = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return sent if isinstance(sent, dict) and isinstance(sent.get("credential"), dict) else {}


routes = [
    web.get("/confirm", show_confirm),
    web.post("/confirm/anew", sign_in_anew),
    web.post("/passkeys/{what:add|show}/begin", begin),
    web.post("/passkeys/add", finish_adding),
    web.post("/passkeys/show", finish_showing),
    web.post("/passkeys/remove", remove),
]
