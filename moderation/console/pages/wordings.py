"""The wordings of a message: what differs, and merging, splitting, detaching; and the text read off a picture."""

import asyncio
from collections.abc import Sequence

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.lists import ON_A_PAGE, read_page
from moderation.console.permissions import Permission
from moderation.console.rendering import render
from moderation.merging import merge_articles, unmerge_article
from moderation.variants import Because, VariantError, detach_variant, reattach_variant
from moderation.writing.differences import Side, find_differences
from moderation.writing.recognised_text import NotRecognisedError, mend_text
from storage.tables import Article, ArticleType, ArticleVariant, Status

MAX_REASON = 200


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    """A page of them, compared beside the loop: that takes a moment for two long texts, and nobody else is to wait."""
    article_id, page = request.match_info["article_id"], read_page(request.query)
    async with get_context(request).database.reading() as session:
        article = await session.get(Article, article_id)
        if article is None or article.status != Status.NORMAL:
            raise web.HTTPNotFound
        listed, total = await _load_page(session, article_id, ON_A_PAGE * (page - 1))
    texts = [each.text or "" for each in listed]
    compared = await asyncio.to_thread(lambda: [find_differences(article.text or "", text) for text in texts])
    return render(
        request,
        "wordings.html",
        article=article,
        variants=[
            (each, pieces) for each, pieces in zip(listed, compared, strict=True) if isinstance(each, ArticleVariant)
        ],
        merged=[(each, pieces) for each, pieces in zip(listed, compared, strict=True) if isinstance(each, Article)],
        is_recognised=article.type != ArticleType.TEXT,
        page=page,
        pages=-(-total // ON_A_PAGE),
        Side=Side,
    )


async def _load_page(
    session: AsyncSession, article_id: str, start: int
) -> tuple[Sequence[ArticleVariant | Article], int]:
    """From the one at `start` on: wordings, and after them the messages merged into this one; how many there are."""
    is_merged = col(Article.merged_into) == article_id
    is_wording = (col(ArticleVariant.article_id) == article_id) & col(ArticleVariant.id).not_in(
        select(col(Article.id)).where(is_merged)
    )
    wordings = await session.scalar(select(func.count()).select_from(ArticleVariant).where(is_wording)) or 0
    merged = await session.scalar(select(func.count()).select_from(Article).where(is_merged)) or 0
    variants = await session.scalars(
        select(ArticleVariant)
        .where(is_wording)
        .order_by(col(ArticleVariant.detached_at).is_not(None), col(ArticleVariant.created_at), col(ArticleVariant.id))
        .limit(ON_A_PAGE)
        .offset(start)
    )
    listed: list[ArticleVariant | Article] = [*variants]
    others = await session.scalars(
        select(Article)
        .where(is_merged)
        .order_by(col(Article.created_at), col(Article.id))
        .limit(ON_A_PAGE - len(listed))
        .offset(max(0, start - wordings))
    )
    return [*listed, *others], wordings + merged


@requires(Permission.EDIT_VARIANTS)
async def change(request: web.Request) -> web.StreamResponse:
    """Detach or attach a wording, merge this message into another, or part one again."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    article_id, act = request.match_info["article_id"], request.match_info["act"]
    other = str(form.get("other", "")).strip().rstrip("/").rpartition("/")[2]
    because = Because(signed_in.editor.id, str(form.get("reason", "")).strip()[:MAX_REASON] or "-")
    leads_to = article_id
    try:
        async with context.database.transaction() as session:
            if act in {"detach", "attach"}:
                variant = await session.get(ArticleVariant, other)
                if variant is None or variant.article_id != article_id:
                    raise web.HTTPNotFound
                await (detach_variant if act == "detach" else reattach_variant)(session, other, because)
            elif act == "merge":
                await merge_articles(session, article_id, other, because)
                leads_to = other
            else:
                await unmerge_article(session, other, because)
            await audit.record(session, signed_in.editor.id, act, f"article:{article_id}", {"other": other})
    except VariantError:
        return render(request, "error.html", status=409, kind="conflict", back=f"/review/wordings/{article_id}")
    context.tasks.forget()
    raise web.HTTPSeeOther(f"/review/wordings/{leads_to}")


@requires(Permission.EDIT_VARIANTS)
async def mend(request: web.Request) -> web.StreamResponse:
    """Correct what was read off a picture or heard in a recording."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    article_id = request.match_info["article_id"]
    try:
        async with context.database.transaction() as session:
            if await mend_text(session, article_id, str(form.get("text", ""))):
                await audit.record(session, signed_in.editor.id, "mend text", f"article:{article_id}")
    except NotRecognisedError:
        raise web.HTTPNotFound from None
    context.tasks.forget()
    raise web.HTTPSeeOther(f"/review/wordings/{article_id}")


routes = [
    web.get("/wordings/{article_id}", show),
    web.post("/wordings/{article_id}/{act:detach|attach|merge|unmerge}", change),
    web.post("/wordings/{article_id}/text", mend),
]
