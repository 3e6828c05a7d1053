"""One task: the message, what is known of it, who is at it, and what can be done with it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.claims import (
    LATER,
    LEASE,
    ClaimError,
    claim,
    hand_over,
    release,
    renew,
    set_aside,
    show_presence,
)
from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.explain import task_words
from moderation.console.labels import REPLY_STATES, VERDICTS
from moderation.console.looking import look
from moderation.console.notices import tell
from moderation.console.permissions import Permission
from moderation.console.rendering import find_words, render
from moderation.console.task_page import find_task_page
from moderation.console.wording import marked
from moderation.queue import rank_for
from moderation.review import reopen
from moderation.task_states import TransitionError
from storage.articles import resolve_article
from storage.tables import (
    ArticleReply,
    ReviewTask,
)

RENEW_EVERY_S = 60
MAX_REASON = 300
SKIP_REASONS = {
    "no_claim": marked("There is nothing in it that can be checked"),
    "no_expertise": marked("I do not know enough about it"),
    "no_sources": marked("I found no sources"),
    "too_close": marked("I am too close to it to be fair"),
    "other": marked("Another reason"),
}
"""Stored as their key."""


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    context, signed_in, words = get_context(request), current_editor(request), find_words(request)
    now, task_id = context.now(), request.match_info["task_id"]
    queued = [each for each in await context.tasks.load() if each.task.task_id == task_id]
    viewer = signed_in.editor.id
    found = await look(context.database, partial(find_task_page, task_id=task_id, viewer=viewer, now=now))
    if found is None:
        raise web.HTTPNotFound
    if not found.is_noted:
        async with context.database.transaction() as session:
            await show_presence(session, task_id, viewer, now)
    ranked = rank_for(queued, signed_in.editor)
    return render(
        request,
        "task.html",
        task=found.task,
        article=found.article,
        is_mine=found.is_held and found.task.claimed_by == viewer,
        is_free=found.is_free,
        claimant=found.claimant,
        present=found.present,
        answers=found.answers,
        variants=found.variants,
        number_of_wordings=found.wordings,
        links=found.links,
        reasons=found.reasons,
        sources=found.sources,
        people=found.people,
        ranked=ranked[0] if ranked else None,
        reply_states=REPLY_STATES,
        verdicts=VERDICTS,
        skip_reasons=SKIP_REASONS,
        every=RENEW_EVERY_S,
        minutes=int(LEASE / timedelta(minutes=1)),
        **task_words(words, now),
    )


@requires(Permission.READ)
async def show_of_article(request: web.Request) -> web.StreamResponse:
    """From a message to its task."""
    async with get_context(request).database.reading() as session:
        article_id = await resolve_article(session, request.match_info["article_id"])
        task_id = await session.scalar(select(col(ReviewTask.id)).where(col(ReviewTask.article_id) == article_id))
    if task_id is None:
        raise web.HTTPNotFound
    raise web.HTTPSeeOther(f"/review/tasks/{task_id}")


async def _act(
    request: web.Request, act: str, do: Callable[[AsyncSession, str], Awaitable[None]], leads_to: str, **details: str
) -> web.StreamResponse:
    """Do something with the task and note it; whoever comes too late is told how it is now."""
    context, task_id = get_context(request), request.match_info["task_id"]
    try:
        async with context.database.transaction() as session:
            await do(session, task_id)
            await audit.record(session, current_editor(request).editor.id, act, f"task:{task_id}", details)
    except (ClaimError, TransitionError):
        return render(request, "error.html", status=409, kind="conflict", back=f"/review/tasks/{task_id}")
    context.tasks.forget()
    raise web.HTTPSeeOther(leads_to)


@requires(Permission.CLAIM)
async def take(request: web.Request) -> web.StreamResponse:
    """Claim; whoever comes second is told by whom the task was claimed."""
    who, now = current_editor(request), get_context(request).now()

    async def do(session: AsyncSession, task_id: str) -> None:
        await claim(session, task_id, who.editor.id, who.role, now)

    return await _act(request, "claim", do, f"/review/tasks/{request.match_info['task_id']}/write")


@requires(Permission.CLAIM)
async def keep(request: web.Request) -> web.StreamResponse:
    """Renew the lease; the page shows the sentence that comes back."""
    context, signed_in, words = get_context(request), current_editor(request), find_words(request)
    async with context.database.transaction() as session:
        kept = await renew(session, request.match_info["task_id"], signed_in.editor.id, context.now())
        if kept:
            await show_presence(session, request.match_info["task_id"], signed_in.editor.id, context.now())
    if not kept:
        return web.Response(status=409, text=words("This task is no longer yours. What you typed is kept."))
    minutes = int(LEASE / timedelta(minutes=1))
    return web.Response(text=words("Yours for another {minutes} minutes, longer while you type.", minutes=minutes))


@requires(Permission.CLAIM)
async def give_back(request: web.Request) -> web.StreamResponse:
    who, now = current_editor(request), get_context(request).now()

    async def do(session: AsyncSession, task_id: str) -> None:
        await release(session, task_id, who.editor.id, who.role, now)

    return await _act(request, "release", do, "/review/")


@requires(Permission.CLAIM)
async def pass_on(request: web.Request) -> web.StreamResponse:
    who, now = current_editor(request), get_context(request).now()
    receiver = str((await request.post()).get("to", ""))

    async def do(session: AsyncSession, task_id: str) -> None:
        await hand_over(session, task_id, who.editor.id, who.role, receiver, now)
        task = await session.get_one(ReviewTask, task_id)
        await tell(session, [receiver], "handed_over", article_id=task.article_id)

    return await _act(request, "hand over", do, "/review/", to=receiver)


@requires(Permission.CLAIM)
async def put_aside(request: web.Request) -> web.StreamResponse:
    """Not now (`later`), or not me (`skip`, with a reason)."""
    context, signed_in, task_id = get_context(request), current_editor(request), request.match_info["task_id"]
    is_skip = request.match_info["how"] == "skip"
    reason = str((await request.post()).get("reason", ""))
    until = None if is_skip else context.now() + LATER
    try:
        async with context.database.transaction() as session:
            kept = reason if reason in SKIP_REASONS else "other"
            who = signed_in.editor.id
            await set_aside(session, task_id, who, context.now(), until=until, reason=kept if is_skip else "")
            await audit.record(session, who, "skip" if is_skip else "later", f"task:{task_id}", {"reason": kept})
    except TransitionError:
        raise web.HTTPNotFound from None
    context.tasks.forget()
    raise web.HTTPSeeOther("/review/")


@requires(Permission.REOPEN)
async def open_again(request: web.Request) -> web.StreamResponse:
    """A moderator opens an answer's case again."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    task_id, reply_id = request.match_info["task_id"], str(form.get("reply", ""))
    async with context.database.transaction() as session:
        task = await session.get(ReviewTask, task_id)
        if task is None or await session.get(ArticleReply, (task.article_id, reply_id)) is None:
            raise web.HTTPNotFound
        subject, now = f"answer:{task.article_id}:{reply_id}", context.now()
        await reopen(session, task.article_id, reply_id, moderator=signed_in.editor.id, role=signed_in.role, now=now)
        await audit.record(session, signed_in.editor.id, "reopen", subject)
    context.tasks.forget()
    raise web.HTTPSeeOther(f"/review/tasks/{task_id}")


routes = [
    web.get("/tasks/{task_id}", show),
    web.get("/articles/{article_id}", show_of_article),
    web.post("/tasks/{task_id}/claim", take),
    web.post("/tasks/{task_id}/keep", keep),
    web.post("/tasks/{task_id}/release", give_back),
    web.post("/tasks/{task_id}/hand-over", pass_on),
    web.post("/tasks/{task_id}/{how:later|skip}", put_aside),
    web.post("/tasks/{task_id}/reopen", open_again),
]
