"""What one is told, and the week's thanks."""

from datetime import timedelta

from aiohttp import web
from sqlalchemy import func, select, update
from sqlmodel import col

from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.explain import since
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
        return render(
            request,
            "inbox.html",
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


routes = [web.get("/inbox", show), web.post("/inbox", mark_read)]
