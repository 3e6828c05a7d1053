"""Reports and appeals: raised by anybody, decided on by moderators; measures, their undoing, and the public log."""

from aiohttp import web
from sqlalchemy import select
from sqlmodel import col

from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.editors import display_name
from moderation.console.limits import Limit
from moderation.console.notices import tell
from moderation.console.permissions import Permission
from moderation.console.rendering import SIGNED_IN, render
from moderation.console.security import find_place
from moderation.console.wording import marked
from moderation.measures import MeasureError, block, decide_case, hide, load_log, raise_case, undo
from storage.tables import (
    Article,
    CaseKind,
    CaseState,
    Editor,
    MeasureKind,
    ModerationCase,
    ModerationMeasure,
    Reply,
)

MAX_TEXT = 2_000
RAISED = Limit(5, 3600)
"""Reports and appeals of one person or network."""

MEASURES = {
    MeasureKind.HIDE_ARTICLE: marked("A message was hidden"),
    MeasureKind.HIDE_ANSWER: marked("An answer was hidden"),
    MeasureKind.BLOCK_EDITOR: marked("An account was blocked; its ratings no longer count"),
    MeasureKind.GRANT_APPEAL: marked("An appeal was granted: the answer is judged anew"),
}
CASES = {CaseKind.ABUSE: marked("Report"), CaseKind.APPEAL: marked("Appeal")}


async def show_form(request: web.Request) -> web.Response:
    """For everybody, also for people who are named in an answer and have no account."""
    article_id, reply_id = request.query.get("article", ""), request.query.get("reply", "")
    async with get_context(request).database.reading() as session:
        article = await session.get(Article, article_id)
        reply = await session.get(Reply, reply_id) if reply_id else None
    if article is None:
        raise web.HTTPNotFound
    return render(request, "report.html", article=article, reply=reply, sent=False, failed=False)


async def send(request: web.Request) -> web.Response:
    context, form = get_context(request), await request.post()
    signed_in = request.get(SIGNED_IN)
    if not context.limits.take(RAISED, signed_in.editor.id if signed_in else find_place(request).network):
        return render(request, "error.html", status=429, kind="too_often")
    kind = CaseKind.APPEAL if form.get("kind") == CaseKind.APPEAL else CaseKind.ABUSE
    case = ModerationCase(
        kind=kind,
        article_id=str(form.get("article", "")) or None,
        reply_id=str(form.get("reply", "")) or None,
        raised_by=signed_in.editor.id if signed_in else None,
        grounds=str(form.get("grounds", "")).strip()[:MAX_TEXT],
        contact=str(form.get("contact", "")).strip()[:200] or None,
        created_at=context.now(),
    )
    try:
        if not case.grounds:
            raise MeasureError
        async with context.database.transaction() as session:
            await raise_case(session, case)
            await audit.record(session, case.raised_by, f"raise {kind.value}", f"case:{case.id}")
    except MeasureError:
        return render(request, "report.html", status=422, article=None, reply=None, sent=False, failed=True)
    return render(request, "report.html", article=None, reply=None, sent=True, failed=False)


@requires(Permission.SEE_CASES)
async def show_cases(request: web.Request) -> web.StreamResponse:
    async with get_context(request).database.reading() as session:
        rows = await session.execute(
            select(ModerationCase, col(Article.text), col(Reply.text))
            .outerjoin(Article, col(Article.id) == col(ModerationCase.article_id))
            .outerjoin(Reply, col(Reply.id) == col(ModerationCase.reply_id))
            .where(col(ModerationCase.state) == CaseState.OPEN)
            .order_by(col(ModerationCase.created_at))
            .limit(100)
        )
        open_cases = [(case, text, answer) for case, text, answer in rows]
        measures = await load_log(session, 50)
        blocked = {measure.editor_id for measure in measures} - {None}
        people = {each.id: each for each in await session.scalars(select(Editor).where(col(Editor.id).in_(blocked)))}
        names = {id_: display_name(each) for id_, each in people.items()}
        return render(
            request, "cases.html", cases=open_cases, measures=measures, names=names, kinds=CASES, labels=MEASURES
        )


@requires(Permission.DECIDE)
async def decide(request: web.Request) -> web.StreamResponse:
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    granted, answer = form.get("decision") == "grant", str(form.get("answer", "")).strip()[:MAX_TEXT]
    case_id = request.match_info["case_id"]
    try:
        async with context.database.transaction() as session:
            case = await decide_case(
                session,
                case_id,
                granted=granted,
                answer=answer,
                moderator=signed_in.editor.id,
                role=signed_in.role,
                now=context.now(),
            )
            kind = "case_granted" if granted else "case_refused"
            told = [case.raised_by] if case.raised_by else []
            await tell(session, told, kind, article_id=case.article_id, reply_id=case.reply_id)
            await audit.record(session, signed_in.editor.id, "decide", f"case:{case_id}", {"granted": granted})
    except MeasureError:
        return render(request, "error.html", status=409, kind="conflict", back="/review/cases")
    context.tasks.forget()
    raise web.HTTPSeeOther("/review/cases")


@requires(Permission.HIDE)
async def hide_it(request: web.Request) -> web.StreamResponse:
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    article_id, reply_id = str(form.get("article", "")), str(form.get("reply", "")) or None
    reason = str(form.get("reason", "")).strip()[:MAX_TEXT]
    try:
        async with context.database.transaction() as session:
            await hide(session, article_id=article_id, reply_id=reply_id, reason=reason, now=context.now())
            subject = f"answer:{article_id}:{reply_id}" if reply_id else f"article:{article_id}"
            await audit.record(session, signed_in.editor.id, "hide", subject)
    except MeasureError:
        return render(request, "error.html", status=409, kind="conflict", back="/review/cases")
    context.tasks.forget()
    raise web.HTTPSeeOther("/review/cases")


@requires(Permission.BLOCK)
async def block_account(request: web.Request) -> web.StreamResponse:
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    editor_id, reason = str(form.get("editor", "")), str(form.get("reason", "")).strip()[:MAX_TEXT]
    try:
        async with context.database.transaction() as session:
            await block(session, editor_id, by=signed_in.editor.id, reason=reason, now=context.now())
            await audit.record(session, signed_in.editor.id, "block", f"editor:{editor_id}")
    except MeasureError:
        return render(request, "error.html", status=409, kind="conflict", back="/review/cases")
    context.tasks.forget()
    raise web.HTTPSeeOther("/review/cases")


@requires(Permission.UNDO)
async def undo_measure(request: web.Request) -> web.StreamResponse:
    context, signed_in = get_context(request), current_editor(request)
    measure_id = int(request.match_info["measure_id"])
    try:
        async with context.database.transaction() as session:
            await undo(session, measure_id, context.now())
            await audit.record(session, signed_in.editor.id, "undo", f"measure:{measure_id}")
    except MeasureError:
        return render(request, "error.html", status=409, kind="conflict", back="/review/cases")
    context.tasks.forget()
    raise web.HTTPSeeOther("/review/cases")


async def show_log(request: web.Request) -> web.Response:
    """What moderators did and why; nobody's name, and no account's."""
    async with get_context(request).database.reading() as session:
        measures: list[ModerationMeasure] = list(await load_log(session))
    return render(request, "log.html", measures=measures, labels=MEASURES, MeasureKind=MeasureKind)


routes = [
    web.get("/report", show_form),
    web.post("/report", send),
    web.get("/cases", show_cases),
    web.post("/cases/{case_id}", decide),
    web.post("/measures/hide", hide_it),
    web.post("/measures/block", block_account),
    web.post(r"/measures/{measure_id:\d{1,15}}/undo", undo_measure),
    web.get("/log", show_log),
]
