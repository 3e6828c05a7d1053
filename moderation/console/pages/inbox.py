"""What one is told, and the week's thanks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from aiohttp import web
from sqlalchemy import Select, func, select, union, update
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.explain import since
from moderation.console.invitations import answer_invitation, read_invitations
from moderation.console.looking import look
from moderation.console.notices import describe
from moderation.console.permissions import Permission
from moderation.console.rendering import find_words, render
from storage.articles import PUBLISHED
from storage.tables import Article, ArticleReply, DailyCount, EditorNotice, Measure, Reply, ReplyRequest, Rsvp, Status

SHOWN = 100


@dataclass(frozen=True, slots=True)
class _Inbox:
    notices: Sequence[tuple[EditorNotice, str | None]]
    """Each with the text of the message that it is about."""
    invitations: Mapping[tuple[str, str], tuple[Rsvp, bool]]


def _read_inbox(session: Session, editor_id: str) -> _Inbox:
    notices = session.execute(
        select(EditorNotice, col(Article.text))
        .outerjoin(Article, col(Article.id) == col(EditorNotice.article_id))
        .where(col(EditorNotice.editor_id) == editor_id)
        .order_by(col(EditorNotice.id).desc())
        .limit(SHOWN)
    )
    return _Inbox(notices=notices.tuples().all(), invitations=read_invitations(session, editor_id))


def select_thanks(editor_id: str, now: datetime) -> Select[int | None, int]:
    """This week's messages that one's answers were the answer to, and the people who had asked for those answers.

    One's answers are those one wrote or linked, each found by its own index: no index serves an OR of two tables.
    """
    links = select(col(ArticleReply.article_id)).where(
        col(ArticleReply.state).in_(PUBLISHED), col(ArticleReply.status) == Status.NORMAL
    )
    linked = links.where(col(ArticleReply.contributor) == editor_id)
    written = links.join(Reply, col(Reply.id) == col(ArticleReply.reply_id)).where(col(Reply.contributor) == editor_id)
    mine = union(linked, written).cte("mine")
    reached = select(func.sum(col(DailyCount.count))).where(
        col(DailyCount.measure) == Measure.ARTICLE_MESSAGES,
        col(DailyCount.key).in_(select(mine.c.article_id)),
        col(DailyCount.day) >= (now - timedelta(days=7)).date(),
    )
    waiting = (
        select(func.count())
        .select_from(ReplyRequest)
        .where(col(ReplyRequest.article_id).in_(select(mine.c.article_id)))
    )
    return select(reached.scalar_subquery(), waiting.scalar_subquery())


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    context, editor, words = get_context(request), current_editor(request).editor, find_words(request)
    now = context.now()
    found = await look(context.database, partial(_read_inbox, editor_id=editor.id))
    # Whoever has answered much takes long to thank, so this is no `look`.
    async with context.database.reading() as session:
        reached, waiting = (await session.execute(select_thanks(editor.id, now))).one()
    return render(
        request,
        "inbox.html",
        invitations=found.invitations,
        notices=found.notices,
        describe=partial(describe, words),
        reached=int(reached or 0),
        waiting=waiting,
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
