"""People: inviting, giving roles, blocking; and the audit log. For administrators."""

from aiohttp import web
from sqlalchemy import select
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.editors import EditorError, add_editor, give_role
from moderation.console.moderation_labels import RULES
from moderation.console.permissions import Permission
from moderation.console.rendering import render
from moderation.console.sessions import make_link
from storage.tables import AuditEntry, Editor, RaterStanding, Role

LONGEST = 500


@requires(Permission.MANAGE_EDITORS)
async def show(request: web.Request) -> web.StreamResponse:
    return await _show(request)


async def _show(request: web.Request, *, link: str = "", failed: bool = False, status: int = 200) -> web.Response:
    async with get_context(request).database.reading() as session:
        rows = await session.execute(
            select(Editor, RaterStanding)
            .outerjoin(RaterStanding, col(RaterStanding.rater) == col(Editor.id))
            .order_by(col(Editor.created_at))
            .limit(LONGEST)
        )
        people = [(editor, standing) for editor, standing in rows]
    roles = list(Role)
    return render(
        request, "people.html", status=status, people=people, roles=roles, link=link, failed=failed, rules=RULES
    )


@requires(Permission.MANAGE_EDITORS)
async def invite(request: web.Request) -> web.StreamResponse:
    """Make an account and show its one-time link, to be handed on."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    wanted = str(form.get("role", ""))
    role = Role(wanted) if wanted in set(Role) else Role.NEWCOMER
    try:
        async with context.database.transaction() as session:
            editor = await add_editor(session, str(form.get("email", "")), role, context.now())
            token = await make_link(session, editor.id, context.now())
            await audit.record(session, signed_in.editor.id, "invite", f"editor:{editor.id}", {"role": role.value})
    except EditorError:
        return await _show(request, failed=True, status=422)
    return await _show(request, link=f"{context.url}/sign-in/link?token={token}")


@requires(Permission.MANAGE_EDITORS)
async def change_role(request: web.Request) -> web.StreamResponse:
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    editor_id, wanted = request.match_info["editor_id"], str(form.get("role", ""))
    if wanted not in set(Role) or editor_id == signed_in.editor.id:
        return render(request, "error.html", status=409, kind="conflict", back="/review/editors")
    try:
        async with context.database.transaction() as session:
            await give_role(session, editor_id, Role(wanted), context.now())
            await audit.record(session, signed_in.editor.id, "give role", f"editor:{editor_id}", {"role": wanted})
    except EditorError:
        raise web.HTTPNotFound from None
    raise web.HTTPSeeOther("/review/editors")


@requires(Permission.SEE_AUDIT)
async def show_audit(request: web.Request) -> web.StreamResponse:
    async with get_context(request).database.reading() as session:
        rows = await session.scalars(select(AuditEntry).order_by(col(AuditEntry.seq).desc()).limit(LONGEST))
        return render(request, "audit.html", entries=list(rows))


routes = [
    web.get("/editors", show),
    web.post("/editors", invite),
    web.post("/editors/{editor_id}/role", change_role),
    web.get("/audit", show_audit),
]
