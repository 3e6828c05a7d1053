"""The shortest way to an answer that needs one's word: of one task, or of whichever comes first."""

from functools import partial

from aiohttp import web
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.lists import load_list
from moderation.console.looking import look
from moderation.console.permissions import Permission
from moderation.filters import Filters, Work
from storage.tables import ArticleReply, Rating, Reply, ReplyState, ReviewTask, Status

TRIED = 20
"""Tasks are known as they were two seconds ago; so many of them are looked at anew before giving up."""


@requires(Permission.RATE)
async def show_next(request: web.Request) -> web.StreamResponse:
    """To the first answer of the queue that one has not rated; to the list when there is none."""
    context, editor = get_context(request), current_editor(request).editor
    found = await load_list(context, editor, Filters(work=Work.RATE))
    tasks = [each.task.task_id for each in found.tasks[:TRIED]]
    raise web.HTTPSeeOther(await look(context.database, partial(_choose, tasks=tasks, viewer=editor.id)))


@requires(Permission.RATE)
async def show_of_task(request: web.Request) -> web.StreamResponse:
    """To the task's answer that one has not rated; to the task when there is none."""
    viewer, task_id = current_editor(request).editor.id, request.match_info["task_id"]
    found = await look(get_context(request).database, partial(find_unrated, task_id=task_id, viewer=viewer))
    raise web.HTTPSeeOther(found or f"/review/tasks/{task_id}")


def find_unrated(session: Session, task_id: str, viewer: str) -> str | None:
    """The page of the task's oldest answer that is to be rated and that this person has neither written nor rated."""
    rated = exists().where(
        col(Rating.article_id) == col(ArticleReply.article_id),
        col(Rating.reply_id) == col(ArticleReply.reply_id),
        col(Rating.rater) == viewer,
    )
    row = session.execute(
        select(col(ArticleReply.article_id), col(ArticleReply.reply_id))
        .join(ReviewTask, col(ReviewTask.article_id) == col(ArticleReply.article_id))
        .join(Reply, col(Reply.id) == col(ArticleReply.reply_id))
        .where(
            col(ReviewTask.id) == task_id,
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_([ReplyState.PROPOSED, ReplyState.PROVISIONAL]),
            *(or_(col(own).is_(None), col(own) != viewer) for own in (ArticleReply.contributor, Reply.contributor)),
            ~rated,
        )
        .order_by(col(ArticleReply.created_at), col(ArticleReply.reply_id))
        .limit(1)
    ).first()
    return f"/review/answers/{row.article_id}/{row.reply_id}" if row else None


def _choose(session: Session, tasks: list[str], viewer: str) -> str:
    found = (find_unrated(session, task_id, viewer) for task_id in tasks)
    return next(filter(None, found), f"/review/?work={Work.RATE}")


routes = [web.get("/next", show_next), web.get("/tasks/{task_id}/rate", show_of_task)]
