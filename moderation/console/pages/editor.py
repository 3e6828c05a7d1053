"""The editor: writing an answer to a claimed task, or correcting one that is published."""

from datetime import datetime, timedelta

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.claims import LEASE, renew
from moderation.console import audit
from moderation.console.access import ForbiddenError, ask_passkey, current_editor, requires
from moderation.console.background import BACKGROUND
from moderation.console.context import get_context
from moderation.console.editing import measure, read_form, read_version, show_references_of, to_day
from moderation.console.invitations import invite_raters
from moderation.console.labels import VERDICTS
from moderation.console.notices import replaced, tell
from moderation.console.pages.tasks import RENEW_EVERY_S
from moderation.console.permissions import Permission, may
from moderation.console.rendering import find_words, render
from moderation.console.verdict_words import to_clock
from moderation.console.writing_labels import ADVICE, FAULTS, TEMPLATES, describe_outcome
from moderation.rating import load_authors, load_writers
from moderation.task_states import TransitionError
from moderation.writing.correcting import foresee, send_correction
from moderation.writing.drafts import (
    StaleDraftError,
    UnknownDraftError,
    find_draft,
    get_draft,
    open_draft,
    save_draft,
)
from moderation.writing.references import note_references
from moderation.writing.submitting import FaultyAnswerError, FoundFault, Submitted, submit
from storage.tables import (
    Article,
    ArticleReply,
    Draft,
    Rating,
    Reply,
    ReplyState,
    ReviewTask,
    Status,
    TaskState,
)


@requires(Permission.WRITE)
async def write(request: web.Request) -> web.StreamResponse:
    """The editor for a task one has claimed; whoever has not sees the task."""
    context, signed_in, task_id = get_context(request), current_editor(request), request.match_info["task_id"]
    async with context.database.transaction() as session:
        task = await session.get(ReviewTask, task_id)
        if task is None:
            raise web.HTTPNotFound
        if task.state != TaskState.CLAIMED or task.claimed_by != signed_in.editor.id:
            raise web.HTTPSeeOther(f"/review/tasks/{task_id}")
        await renew(session, task_id, signed_in.editor.id, context.now())
        draft = await open_draft(session, task.article_id, signed_in.editor.id)
        return await _show(request, session, draft, task=task)


@requires(Permission.WRITE)
async def begin_correction(request: web.Request) -> web.StreamResponse:
    """The editor for an answer that is there already; for one that is gone, what was typed about it."""
    context, editor_id = get_context(request), current_editor(request).editor.id
    article_id, reply_id = request.match_info["article_id"], request.match_info["reply_id"]
    async with context.database.transaction() as session:
        link, article = await session.get(ArticleReply, (article_id, reply_id)), await session.get(Article, article_id)
        if link is None or article is None or article.status != Status.NORMAL:
            raise web.HTTPNotFound
        if link.status == Status.NORMAL and link.state != ReplyState.WITHDRAWN:
            await _refuse_correction(request, session, link)
            return await _show(request, session, await open_draft(session, article_id, editor_id, reply_id))
        begun = await find_draft(session, article_id, editor_id, reply_id)
        if begun is None:
            raise web.HTTPNotFound
        return await _show(request, session, begun, lost=True)


@requires(Permission.WRITE)
async def save(request: web.Request) -> web.StreamResponse:
    """Keep what was typed: by itself with every pause, or by the button."""
    draft = await store_form(request)
    if isinstance(draft, web.Response):
        return draft
    async with get_context(request).database.reading() as session:
        if "HX-Request" in request.headers:
            return await _show_saved(request, session, draft)
        address = await address_of(session, draft)
    raise web.HTTPSeeOther(address)


@requires(Permission.WRITE)
async def send(request: web.Request) -> web.StreamResponse:
    """Send the answer or the correction in. Sent twice, it is there once."""
    context, signed_in, draft_id = get_context(request), current_editor(request), request.match_info["draft_id"]
    try:
        saved = await _save(request)
    except UnknownDraftError:
        saved = None  # sent in before: what became of it is found below
    if isinstance(saved, web.Response):
        return saved
    editor_id, now = signed_in.editor.id, context.now()
    try:
        async with context.database.transaction() as session:
            if saved is not None and saved.corrects:
                sent, act = await _correct(request, session, saved, now), "correct"
            else:
                sent = await submit(session, draft_id, editor_id=editor_id, role=signed_in.role, now=now)
                act = "submit"
            if sent.is_new:
                await tell_of(session, sent, editor_id, now, corrects=saved.corrects if saved else "")
                await audit.record(session, editor_id, act, f"answer:{sent.article_id}:{sent.reply_id}")
    except FaultyAnswerError as error:
        return await _show_again(request, draft_id, faults=error.faults)
    except UnknownDraftError:
        raise web.HTTPNotFound from None
    except TransitionError:
        return await _show_again(request, draft_id, lost=True)
    context.tasks.forget()
    raise web.HTTPSeeOther(f"/review/answers/{sent.article_id}/{sent.reply_id}")


async def tell_of(session: AsyncSession, sent: Submitted, editor_id: str, now: datetime, corrects: str = "") -> None:
    """Invite people to rate what is new; tell those who wrote or rated what it corrects."""
    for article_id in sent.articles or (sent.article_id,):
        if sent.reply_id != corrects:
            await invite_raters(session, article_id, sent.reply_id, now)
        if corrects:
            link = await session.get_one(ArticleReply, (article_id, corrects))
            if sent.reply_id != corrects and link.state != ReplyState.WITHDRAWN:
                continue  # it stands as it was
            rated = await session.scalars(
                select(col(Rating.rater)).where(col(Rating.article_id) == article_id, col(Rating.reply_id) == corrects)
            )
            concerned = {*rated, *await load_authors(session, link)} - {editor_id}
            kind = "corrected" if sent.reply_id == corrects else await _to_replaced(session, corrects, sent.reply_id)
            await tell(session, concerned, kind, article_id=article_id, reply_id=sent.reply_id)


async def _to_replaced(session: AsyncSession, old: str, new: str) -> str:
    """The kind of the notice that says that one answer was withdrawn for another."""
    verdicts = [(await session.get_one(Reply, reply_id)).verdict for reply_id in (old, new)]
    return replaced(*verdicts)


async def store_form(request: web.Request) -> Draft | web.Response:
    """Store what the editor's form holds; an answer instead when it was changed in another window."""
    try:
        return await _save(request)
    except UnknownDraftError:
        raise web.HTTPNotFound from None


async def _save(request: web.Request) -> Draft | web.Response:
    """Store the form; both texts instead when the draft was changed in another window."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    writing = read_form(form)
    try:
        async with context.database.transaction() as session:
            draft_id = request.match_info["draft_id"]
            draft = await save_draft(session, draft_id, signed_in.editor.id, read_version(form), writing)
            new = await note_references(session, draft.reference)
    except StaleDraftError as error:
        return render(
            request,
            "stale.html",
            status=409,
            stored=error.stored,
            mine=writing,
            verdicts=VERDICTS,
            draft_id=request.match_info["draft_id"],
            until=to_day(writing.expires_at),
        )
    request.config_dict[BACKGROUND].check(request, new)
    return draft


async def _show(
    request: web.Request,
    session: AsyncSession,
    draft: Draft,
    *,
    task: ReviewTask | None = None,
    faults: list[FoundFault] | None = None,
    lost: bool = False,
) -> web.Response:
    article = await session.get_one(Article, draft.article_id)
    context = get_context(request)
    return render(
        request,
        "editor.html",
        status=422 if faults else 409 if lost else 200,
        draft=draft,
        article=article,
        task=task,
        faults=faults or [],
        fault_words=FAULTS,
        lost=lost,
        verdicts=VERDICTS,
        advice=ADVICE,
        templates=TEMPLATES,
        until=to_day(draft.expires_at),
        helper=context.helper,
        tomorrow=to_day(context.now() + timedelta(days=1)),
        every=RENEW_EVERY_S,
        minutes=int(LEASE / timedelta(minutes=1)),
        effect=[] if lost else await _foresee(request, session, draft),
        **measure(draft),
        **await show_references_of(session, draft.reference),
    )


async def _show_again(
    request: web.Request, draft_id: str, *, faults: list[FoundFault] | None = None, lost: bool = False
) -> web.Response:
    """The editor with what is wrong, nothing lost."""
    context, signed_in = get_context(request), current_editor(request)
    async with context.database.transaction() as session:
        draft = await get_draft(session, draft_id, signed_in.editor.id)
        task = None if draft.corrects else await find_task(session, draft.article_id)
        return await _show(request, session, draft, task=task, faults=faults, lost=lost)


async def _show_saved(request: web.Request, session: AsyncSession, draft: Draft) -> web.Response:
    return render(
        request,
        "saved.html",
        draft=draft,
        at=to_clock(draft.updated_at),
        effect=await _foresee(request, session, draft),
        **measure(draft),
        **await show_references_of(session, draft.reference),
    )


async def _correct(request: web.Request, session: AsyncSession, draft: Draft, now: datetime) -> Submitted:
    """Send a correction in; one that withdraws what others gave only after a passkey was shown, as withdrawing does."""
    signed_in = current_editor(request)
    link = await session.get(ArticleReply, (draft.article_id, draft.corrects))
    if link is None:
        raise web.HTTPNotFound
    await _refuse_correction(request, session, link)
    withdraws_any = may(signed_in.role, Permission.WITHDRAW_ANY)
    if withdraws_any and (await foresee(session, draft, withdraws_any=True)).is_of_others:
        ask_passkey(request, await address_of(session, draft))
    return await send_correction(session, draft.id, editor_id=signed_in.editor.id, withdraws_any=withdraws_any, now=now)


async def _foresee(request: web.Request, session: AsyncSession, draft: Draft) -> list[str]:
    """In words what sending the correction in would do; empty: it is none, or it cannot be sent in."""
    if not draft.corrects:
        return []
    withdraws_any = may(current_editor(request).role, Permission.WITHDRAW_ANY)
    try:
        return describe_outcome(find_words(request), await foresee(session, draft, withdraws_any=withdraws_any))
    except TransitionError:
        return []


async def _refuse_correction(request: web.Request, session: AsyncSession, link: ArticleReply) -> None:
    signed_in = current_editor(request)
    is_writer = signed_in.editor.id in await load_writers(session, link.reply_id)
    permission = Permission.CORRECT_OWN if is_writer else Permission.CORRECT_ANY
    if not may(signed_in.role, permission):
        raise ForbiddenError


async def find_task(session: AsyncSession, article_id: str) -> ReviewTask | None:
    """The message's task."""
    rows = await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == article_id))
    return rows.first()


async def address_of(session: AsyncSession, draft: Draft) -> str:
    """Where the draft is written."""
    if draft.corrects:
        return f"/review/answers/{draft.article_id}/{draft.corrects}/correct"
    task = await find_task(session, draft.article_id)
    return f"/review/tasks/{task.id}/write" if task else "/review/"


routes = [
    web.get("/tasks/{task_id}/write", write),
    web.get("/answers/{article_id}/{reply_id}/correct", begin_correction),
    web.post("/drafts/{draft_id}", save),
    web.post("/drafts/{draft_id}/send", send),
]
