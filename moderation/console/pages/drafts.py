"""Around the editor: what a draft begins with, how LINE will show it, and what was found at the pages it cites."""

from dataclasses import replace

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.editing import join, show_references_of, to_summary
from moderation.console.pages.editor import address_of, find_task, store_form, tell_of
from moderation.console.permissions import Permission
from moderation.console.rendering import find_words, render
from moderation.console.writing_labels import TEMPLATES
from moderation.task_states import TransitionError
from moderation.writing.drafts import UnknownDraftError, Writing, save_draft
from moderation.writing.references import note_references
from moderation.writing.submitting import FaultyAnswerError, reuse
from storage.articles import PUBLISHED, load_article_summaries
from storage.tables import ArticleReply, Draft, Reply, ReviewTask, Status

PREVIEW_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
"""The preview is one page with its own style and nothing else; it is drawn from escaped text."""


@requires(Permission.WRITE)
async def write_on(request: web.Request) -> web.StreamResponse:
    """From a message to the editor of its task."""
    async with get_context(request).database.reading() as session:
        task = await find_task(session, request.match_info["article_id"])
    if task is None:
        raise web.HTTPNotFound
    raise web.HTTPSeeOther(f"/review/tasks/{task.id}/write")


@requires(Permission.WRITE)
async def start(request: web.Request) -> web.StreamResponse:
    """Begin with a template or with another answer's words, after what is written already."""
    draft = await store_form(request)
    if isinstance(draft, web.Response):
        return draft
    words, chosen = find_words(request), str((await request.post()).get("from", ""))
    async with get_context(request).database.transaction() as session:
        writing = Writing.of(draft)
        if chosen in TEMPLATES:
            writing = replace(writing, text=join(writing.text, words(TEMPLATES[chosen].text)))
        elif (reply := await session.get(Reply, chosen)) is not None and await _is_shown(session, chosen):
            writing = Writing(
                reply.verdict, join(writing.text, reply.text), join(writing.reference, reply.reference or "")
            )
        draft = await save_draft(session, draft.id, draft.editor_id, draft.version, writing)
        await note_references(session, draft.reference)
        address = await address_of(session, draft)
    raise web.HTTPSeeOther(address)


@requires(Permission.WRITE)
async def reuse_whole(request: web.Request) -> web.StreamResponse:
    """Answer with a reply that is published for another message."""
    context, signed_in, task_id = get_context(request), current_editor(request), request.match_info["task_id"]
    reply_id = str((await request.post()).get("reply", ""))
    try:
        async with context.database.transaction() as session:
            task = await session.get(ReviewTask, task_id)
            if task is None:
                raise web.HTTPNotFound
            sent = await reuse(
                session,
                task.article_id,
                reply_id,
                editor_id=signed_in.editor.id,
                role=signed_in.role,
                now=context.now(),
            )
            if sent.is_new:
                await tell_of(session, sent, signed_in.editor.id, context.now())
            await audit.record(session, signed_in.editor.id, "reuse", f"answer:{task.article_id}:{reply_id}")
    except (TransitionError, UnknownDraftError, FaultyAnswerError):
        return render(request, "error.html", status=409, kind="conflict", back=f"/review/tasks/{task_id}/write")
    context.tasks.forget()
    raise web.HTTPSeeOther(f"/review/answers/{sent.article_id}/{sent.reply_id}")


@requires(Permission.WRITE)
async def preview(request: web.Request) -> web.StreamResponse:
    """The draft as its LINE bubble will look."""
    context, signed_in, words = get_context(request), current_editor(request), find_words(request)
    async with context.database.reading() as session:
        draft = await session.get(Draft, request.match_info["draft_id"])
        if draft is None or draft.editor_id != signed_in.editor.id:
            raise web.HTTPNotFound
        if draft.verdict is None:
            return _in_frame(render(request, "no_preview.html"))
        article = (await load_article_summaries(session, [draft.article_id]))[draft.article_id]
    drawn = context.preview(
        replace(article, replies=(to_summary(draft, draft.verdict, context.now()),)), words.language
    )
    return _in_frame(web.Response(text=drawn, content_type="text/html"))


@requires(Permission.WRITE)
async def show_references(request: web.Request) -> web.StreamResponse:
    """What was found at the addresses so far."""
    context, signed_in = get_context(request), current_editor(request)
    async with context.database.reading() as session:
        draft = await session.get(Draft, request.match_info["draft_id"])
        if draft is None or draft.editor_id != signed_in.editor.id:
            raise web.HTTPNotFound
        return render(request, "references.html", draft=draft, **await show_references_of(session, draft.reference))


def _in_frame(response: web.Response) -> web.Response:
    response.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return response


async def _is_shown(session: AsyncSession, reply_id: str) -> bool:
    rows = await session.scalars(
        select(ArticleReply).where(
            col(ArticleReply.reply_id) == reply_id,
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
        )
    )
    return rows.first() is not None


routes = [
    web.get("/articles/{article_id}/write", write_on),
    web.post("/tasks/{task_id}/reuse", reuse_whole),
    web.post("/drafts/{draft_id}/start", start),
    web.get("/drafts/{draft_id}/preview", preview),
    web.get("/drafts/{draft_id}/references", show_references),
]
