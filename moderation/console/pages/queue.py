"""The queue: what to work on next, and why; and the views somebody has saved of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.abuse.sources import read_articles_with_sources
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.explain import task_words
from moderation.console.labels import WORKS
from moderation.console.lists import ON_A_PAGE, load_list, read_page
from moderation.console.looking import look
from moderation.console.permissions import Permission
from moderation.console.rendering import find_words, render
from moderation.filters import Filters, Work, read_filters
from storage.tables import ArticleType, Category, Editor, SavedView

MAX_VIEWS = 30
MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands around the list."""

    views: Sequence[SavedView]
    categories: Sequence[Category]
    names: Mapping[str, Editor]
    """Who has claimed what is shown."""
    with_sources: Collection[str]
    """The messages shown that somebody has told a source of."""


def _read_frame(session: Session, editor_id: str, claimants: Collection[str], articles: Collection[str]) -> _Frame:
    mine = select(SavedView).where(col(SavedView.editor_id) == editor_id).order_by(col(SavedView.created_at))
    people = select(Editor).where(col(Editor.id).in_(claimants))
    return _Frame(
        views=session.scalars(mine).all(),
        categories=session.scalars(select(Category).order_by(col(Category.title))).all(),
        names={each.id: each for each in session.scalars(people)} if claimants else {},
        with_sources=read_articles_with_sources(session, articles) if articles else (),
    )


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    context, editor, words = get_context(request), current_editor(request).editor, find_words(request)
    filters, now = read_filters(request.query), context.now()
    found = await load_list(context, editor, filters)
    page = read_page(request.query)
    shown = found.tasks[ON_A_PAGE * (page - 1) : ON_A_PAGE * page]
    claimants = {each.task.claimed_by for each in shown if each.task.claimed_by}
    articles = [each.task.article_id for each in shown]
    read = partial(_read_frame, editor_id=editor.id, claimants=claimants, articles=articles)
    frame = await look(context.database, read)
    return render(
        request,
        "queue.html",
        found=found,
        shown=shown,
        total=len(found.tasks),
        page=page,
        pages=-(-len(found.tasks) // ON_A_PAGE),
        filters=filters,
        defaults=filters == Filters(),
        narrowed=filters != Filters(work=filters.work, search=filters.search),
        views=frame.views,
        categories=frame.categories,
        names=frame.names,
        with_sources=frame.with_sources,
        works=WORKS,
        Work=Work,
        ArticleType=ArticleType,
        **task_words(words, now),
    )


@requires(Permission.READ)
async def save_view(request: web.Request) -> web.StreamResponse:
    """Keep a set of filters under a name; saved again, it is replaced."""
    context, editor, form = get_context(request), current_editor(request).editor, await request.post()
    name = " ".join(str(form.get("name", "")).split())[:MAX_NAME]
    filters = read_filters({key: value for key, value in form.items() if isinstance(value, str)})
    query = filters.to_query()
    if name:
        async with context.database.transaction() as session:
            mine = col(SavedView.editor_id) == editor.id
            known = (await session.scalars(select(SavedView).where(mine, col(SavedView.name) == name))).first()
            number = await session.scalar(select(func.count()).select_from(SavedView).where(mine)) or 0
            if known is not None or number < MAX_VIEWS:
                view = known or SavedView(editor_id=editor.id, name=name, query=query)
                view.query = query
                session.add(view)
    raise web.HTTPSeeOther(f"/review/?{query}")


@requires(Permission.READ)
async def delete_view(request: web.Request) -> web.StreamResponse:
    async with get_context(request).database.transaction() as session:
        view = await session.get(SavedView, request.match_info["view_id"])
        if view is not None and view.editor_id == current_editor(request).editor.id:
            await session.delete(view)
    raise web.HTTPSeeOther("/review/")


routes = [
    web.get("/", show),
    web.post("/views", save_view),
    web.post("/views/{view_id}/delete", delete_view),
]
