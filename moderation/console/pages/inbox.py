"""What one is told, and the week's thanks."""

from datetime import timedelta

from aiohttp import web
from sqlalchemy import func, select, update
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.explain import since
from moderation.console.invitations import answer_invitation, load_invitations
from moderation.console.notices import KINDS
from moderation.console.permissions import Permission
from moderation.console.rendering import find_words, render
from storage.articles import PUBLISHED
from storage.tables import Article, ArticleReply, DailyCount, EditorNotice, Measure, Reply, ReplyRequest, Status

SHOWN = 100


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    context, editor, words = get_context(request), current_editor(request).editor, find_words(request)
    now = context.now()
    async with context.database.reading() as session:
        notices = await session.execute(
            select(EditorNotice, col(Article.text))
            .outerjoin(Article, col(Article.id) == col(EditorNotice.article_id))
            .where(col(EditorNotice.editor_id) == editor.id)
            .order_by(col(EditorNotice.id).desc())
            .limit(SHOWN)
        )
        mine = (
            select(col(ArticleReply.article_id))
            .join(Reply, col(Reply.id) == col(ArticleReply.reply_id))
            .where(
                (col(ArticleReply.contributor) == editor.id) | (col(Reply.contributor) == editor.id),
                col(ArticleReply.state).in_(PUBLISHED),
                col(ArticleReply.status) == Status.NORMAL,
            )
        )
        week_ago = now - timedelta(days=7)
        messages = await session.scalar(
            select(func.sum(col(DailyCount.count))).where(
                col(DailyCount.measure) == Measure.ARTICLE_MESSAGES,
                col(DailyCount.key).in_(mine),
                col(DailyCount.day) >= week_ago.date(),
            )
        )
        waiting = await session.scalar(
            select(func.count()).select_from(ReplyRequest).where(col(ReplyRequest.article_id).in_(mine))
        )
        invitations = await load_invitations(session, editor.id)
        return render(
            request,
            "inbox.html",
            invitations=invitations,
            notices=[(notice, text) for notice, text in notices],
            kinds=KINDS,
            reached=int(messages or 0),
            waiting=int(waiting or 0),
            since=lambda moment: since(words, moment, now),
        )


@requires(Permission.READ)
async def mark_read(request: web.Request) -> web.StreamResponse:
    context = get_context(request)
    async with context.database.transaction() as session:
        await session.execute(
            update(EditorNotice)
            .where(
                col(EditorNotice.editor_id) == current_editor(request).editor.id, col(EditorNotice.read_at).is_(None)
            )
            .values(read_at=context.now())
        )
    raise web.HTTPSeeOther("/review/inbox")


@requires(Permission.RATE)
async def answer(request: web.Request) -> web.StreamResponse:
    """Say whether one will rate what one was drawn for: a yes leads there, a no lets somebody else be drawn."""
    context, editor_id, form = get_context(request), current_editor(request).editor.id, await request.post()
    article_id, reply_id = str(form.get("article", "")), str(form.get("reply", ""))
    accept = form.get("answer") == "yes"
    async with context.database.transaction() as session:
        found = await answer_invitation(session, editor_id, article_id, reply_id, accept=accept, now=context.now())
        if found is None:
            raise web.HTTPNotFound
        await audit.record(session, editor_id, "accept" if accept else "decline", f"answer:{article_id}:{reply_id}")
    raise web.HTTPSeeOther(f"/review/answers/{article_id}/{reply_id}" if accept else "/review/inbox")


routes = [web.get("/inbox", show), web.post("/inbox", mark_read), web.post("/inbox/invitation", answer)]
