"""Published answers to messages like this one, and the categories it may be in."""

from aiohttp import web
from sqlalchemy import select
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.labels import VERDICTS
from moderation.console.permissions import Permission
from moderation.console.rendering import render
from moderation.writing.similar import load_similar, set_categories, suggest_categories
from storage.tables import Article, ArticleCategory, Category, Draft, ReviewTask, Status

NEIGHBOURS = 20


@requires(Permission.WRITE)
async def show(request: web.Request) -> web.StreamResponse:
    """Beside the editor: what is published already, nearest first. No transaction is open while it is looked for."""
    context, signed_in = get_context(request), current_editor(request)
    async with context.database.reading() as session:
        draft = await session.get(Draft, request.match_info["draft_id"])
        if draft is None or draft.editor_id != signed_in.editor.id:
            raise web.HTTPNotFound
        article = await session.get_one(Article, draft.article_id)
        tasks = await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == article.id))
        task = tasks.first()
    matches = await context.matcher.match(article.text or "", limit=NEIGHBOURS) if context.matcher.ready else []
    async with context.database.reading() as session:
        given = await session.scalars(
            select(col(ArticleCategory.category_id)).where(
                col(ArticleCategory.article_id) == article.id, col(ArticleCategory.status) == Status.NORMAL
            )
        )
        categories = await session.scalars(select(Category).order_by(col(Category.title)))
        return render(
            request,
            "similar.html",
            draft=draft,
            task=None if draft.corrects else task,
            ready=context.matcher.ready,
            similar=await load_similar(session, article.id, matches),
            suggested={category.id for category in await suggest_categories(session, article.id, matches)},
            given=set(given),
            categories=list(categories),
            verdicts=VERDICTS,
        )


@requires(Permission.CATEGORISE)
async def categorise(request: web.Request) -> web.StreamResponse:
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    article_id = request.match_info["article_id"]
    async with context.database.transaction() as session:
        article = await session.get(Article, article_id)
        if article is None or article.status != Status.NORMAL:
            raise web.HTTPNotFound
        wanted = [str(each) for each in form.getall("category", [])]
        await set_categories(session, article_id, wanted, signed_in.editor.id)
        await audit.record(session, signed_in.editor.id, "categorise", f"article:{article_id}")
    context.tasks.forget()
    raise web.HTTPSeeOther(f"/review/articles/{article_id}")


routes = [
    web.get("/drafts/{draft_id}/similar", show),
    web.post("/articles/{article_id}/categories", categorise),
]
