"""One answer: rated, and where it stands; corrected or taken back by who may."""

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import ForbiddenError, current_editor, requires
from moderation.console.context import get_context
from moderation.console.invitations import count_invited
from moderation.console.labels import REPLY_STATES, VERDICTS
from moderation.console.permissions import Permission, may
from moderation.console.rendering import find_words, render
from moderation.console.verdict_words import describe_standing
from moderation.console.writing_labels import LEVELS, PAGE_STATES, TAGS
from moderation.rating import (
    PRAISE,
    SCORES,
    Level,
    LockedError,
    OwnAnswerError,
    RatingError,
    ReasonTag,
    WrongReasonError,
    load_authors,
    load_ratings,
    load_writers,
    rate,
)
from moderation.review import assess, review
from moderation.writing.references import archived_copy, find_references, load_checks
from moderation.writing.submitting import withdraw_answer
from storage.articles import PUBLISHED
from storage.tables import Article, ArticleReply, Rating, Reply, ReplyExpiry, ReplyState, ReviewTask, Status
from storage.verification import load_decisions


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    async with get_context(request).database.reading() as session:
        return await _show(request, session)


@requires(Permission.RATE)
async def give_rating(request: web.Request) -> web.StreamResponse:
    """Store what somebody says, and let the rule look at the answer again, in one transaction."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    article_id, reply_id = request.match_info["article_id"], request.match_info["reply_id"]
    level = str(form.get("level", ""))
    tags = {str(tag) for tag in form.getall("reason", [])} & set(ReasonTag)
    try:
        async with context.database.transaction() as session:
            if level not in set(Level):
                raise WrongReasonError
            is_new = await rate(
                session,
                article_id=article_id,
                reply_id=reply_id,
                rater=signed_in.editor.id,
                role=signed_in.role,
                level=Level(level),
                reasons=[ReasonTag(tag) for tag in tags],
                now=context.now(),
                thresholds=context.thresholds,
            )
            if is_new:
                await review(session, article_id, reply_id, now=context.now(), thresholds=context.thresholds)
                await audit.record(session, signed_in.editor.id, "rate", f"answer:{article_id}:{reply_id}")
    except RatingError as error:
        async with context.database.reading() as session:
            return await _show(request, session, refused=error, chosen=level, tags=tags)
    context.tasks.forget()
    raise web.HTTPSeeOther(f"/review/answers/{article_id}/{reply_id}")


@requires(Permission.CORRECT_OWN)
async def withdraw_own(request: web.Request) -> web.StreamResponse:
    """Take back an answer that one gave to this message oneself; whoever else has a part in its words may not."""
    signed_in = current_editor(request)
    async with get_context(request).database.reading() as session:
        link = await _get_link(request, session)
        if link.contributor != signed_in.editor.id:
            raise ForbiddenError
    return await _withdraw(request)


@requires(Permission.WITHDRAW_ANY)
async def withdraw_any(request: web.Request) -> web.StreamResponse:
    return await _withdraw(request)


async def _withdraw(request: web.Request) -> web.StreamResponse:
    context, signed_in = get_context(request), current_editor(request)
    article_id, reply_id = request.match_info["article_id"], request.match_info["reply_id"]
    async with context.database.transaction() as session:
        await _get_link(request, session)
        if await withdraw_answer(session, article_id, reply_id, context.now()):
            await audit.record(session, signed_in.editor.id, "withdraw", f"answer:{article_id}:{reply_id}")
    context.tasks.forget()
    raise web.HTTPSeeOther(f"/review/answers/{article_id}/{reply_id}")


async def _show(
    request: web.Request,
    session: AsyncSession,
    *,
    refused: RatingError | None = None,
    chosen: str = "",
    tags: set[str] | None = None,
) -> web.Response:
    """The answer. What others said is told to those only who have rated it themselves."""
    context, signed_in, words = get_context(request), current_editor(request), find_words(request)
    link = await _get_link(request, session)
    reply, article = await session.get_one(Reply, link.reply_id), await session.get_one(Article, link.article_id)
    decisions, now = await load_decisions(session, article.id, reply.id), context.now()
    ratings = await load_ratings(session, article.id, reply.id, signed_in.editor.id)
    own = next((rating for rating in ratings or () if rating.rater == signed_in.editor.id), None)
    is_author = signed_in.editor.id in await load_authors(session, link)
    is_writer = signed_in.editor.id in await load_writers(session, link.reply_id)
    finding = await assess(session, article.id, reply.id, context.thresholds)
    checks = await load_checks(session, find_references(reply.reference or ""))
    tasks = await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == article.id))
    expiry = await session.get(ReplyExpiry, reply.id)
    return render(
        request,
        "answer.html",
        status=_status_of(refused),
        article=article,
        reply=reply,
        link=link,
        task=tasks.first(),
        invited=await count_invited(session, article.id, reply.id),
        standing=describe_standing(words, link.state, decisions, now, finding),
        may_see=own is not None or is_author or link.state in PUBLISHED,
        consensus=finding.figures.consensus,
        ratings=[_to_view(rating) for rating in ratings or ()],
        own=_to_view(own) if own else None,
        chosen=chosen or (_to_view(own)[0] if own else ""),
        tags=tags if tags is not None else set(own.reasons if own else ()),
        is_author=is_author,
        may_correct=may(signed_in.role, Permission.CORRECT_OWN if is_writer else Permission.CORRECT_ANY)
        and link.state != ReplyState.WITHDRAWN,
        is_shown=link.state in PUBLISHED,
        is_given=link.contributor == signed_in.editor.id,
        refused=refused,
        is_own_error=isinstance(refused, OwnAnswerError),
        is_locked_error=isinstance(refused, LockedError),
        levels=LEVELS,
        tag_words=TAGS,
        praise=PRAISE,
        verdicts=VERDICTS,
        states=REPLY_STATES,
        checks=checks,
        page_states=PAGE_STATES,
        archived={check.url: archived_copy(check.url, check.checked_at) for check in checks if check.checked_at},
        expires_at=expiry.expires_at if expiry else None,
    )


async def _get_link(request: web.Request, session: AsyncSession) -> ArticleReply:
    """The answer, unless it or its message is hidden."""
    link = await session.get(ArticleReply, (request.match_info["article_id"], request.match_info["reply_id"]))
    article = await session.get(Article, link.article_id) if link else None
    if link is None or article is None or link.status != Status.NORMAL or article.status != Status.NORMAL:
        raise web.HTTPNotFound
    return link


def _to_view(rating: Rating) -> tuple[str, list[str]]:
    """A rating without its rater: the level, and the reasons."""
    level = next(level for level, score in SCORES.items() if score == rating.score)
    return level.value, rating.reasons


def _status_of(refused: RatingError | None) -> int:
    if refused is None:
        return 200
    return 422 if isinstance(refused, WrongReasonError) else 403


routes = [
    web.get("/answers/{article_id}/{reply_id}", show),
    web.post("/answers/{article_id}/{reply_id}/rating", give_rating),
    web.post("/answers/{article_id}/{reply_id}/withdraw", withdraw_own),
    web.post("/answers/{article_id}/{reply_id}/withdraw-any", withdraw_any),
]
