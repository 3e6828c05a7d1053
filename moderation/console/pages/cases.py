"""For moderators: what waits for a decision, what was done, and doing it; and the log that everybody may read."""

from datetime import timedelta

import structlog
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.abuse.blocking import (
    block_asker,
    block_editor,
    load_heavy_askers,
    review_rated_by,
    unblock_asker,
    unblock_editor,
)
from moderation.abuse.errors import MeasureError, NothingToDoError
from moderation.abuse.hiding import hide, show_again
from moderation.abuse.log import load_measures, load_public_log
from moderation.abuse.reports import MAX_GROUNDS, Decision, decide, load_decisions_for
from moderation.abuse.subjects import Subject, find_person, find_text
from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.editors import EMAIL, display_name
from moderation.console.moderation_labels import (
    CASES,
    DECISIONS,
    DECISIONS_ON_SOURCES,
    MAIL_SUBJECT,
    MEASURES,
    RULES,
    SUBJECTS,
)
from moderation.console.notices import tell
from moderation.console.pages.reporting import choose, offer, read_rule
from moderation.console.permissions import Permission
from moderation.console.rendering import render
from moderation.console.wording import choose_words
from moderation.rating import load_authors
from storage.tables import (
    ArticleReply,
    CaseKind,
    CaseState,
    Editor,
    MeasureKind,
    ModerationCase,
    ModerationMeasure,
    SubjectKind,
)

log = structlog.get_logger()

WAITING = 100
HEAVY_SINCE = timedelta(days=7)
TOO_MUCH = 20
"""Messages asked about in `HEAVY_SINCE`, from which on somebody stands in the list of those who ask for much."""


@requires(Permission.SEE_CASES)
async def show_cases(request: web.Request) -> web.StreamResponse:
    context = get_context(request)
    async with context.database.reading() as session:
        rows = await session.scalars(
            select(ModerationCase)
            .where(col(ModerationCase.state) == CaseState.OPEN)
            .order_by(col(ModerationCase.kind) == CaseKind.SOURCE, col(ModerationCase.created_at))
            .limit(WAITING)
        )
        cases = [
            (case, await find_text(session, Subject.of(case)), await load_decisions_for(session, case)) for case in rows
        ]
        measures = await load_measures(session)
        concerned = {each.editor_id for each in measures} | {case.editor_id for case, _, _ in cases}
        people = await session.scalars(select(Editor).where(col(Editor.id).in_(concerned - {None})))
        return render(
            request,
            "cases.html",
            cases=cases,
            measures=measures,
            names={each.id: display_name(each) for each in people},
            heavy=await load_heavy_askers(session, context.now() - HEAVY_SINCE, at_least=TOO_MUCH),
            kinds=CASES,
            labels=MEASURES,
            rules=RULES,
            decisions={kind: DECISIONS_ON_SOURCES if kind == CaseKind.SOURCE else DECISIONS for kind in CaseKind},
            subjects=SUBJECTS,
            max_answer=MAX_GROUNDS,
        )


@requires(Permission.DECIDE)
async def decide_on(request: web.Request) -> web.StreamResponse:
    """Decide; whoever raised it is told, in their inbox or at the contact they left, which is then erased."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    case_id, answer = request.match_info["case_id"], str(form.get("answer", "")).strip()[:MAX_GROUNDS]
    try:
        if not answer or form.get("decision") not in set(Decision):
            raise NothingToDoError
        decision = Decision(str(form["decision"]))
        async with context.database.transaction() as session:
            raised = await session.get(ModerationCase, case_id)
            contact = raised.contact if raised else None
            case, measure = await decide(
                session,
                case_id,
                decision,
                moderator=signed_in.editor.id,
                role=signed_in.role,
                rule=read_rule(form.get("rule")),
                answer=answer,
                now=context.now(),
            )
            if case.raised_by:
                kind = "case_granted" if case.state == CaseState.GRANTED else "case_refused"
                await tell(session, [case.raised_by], kind, article_id=case.article_id, reply_id=case.reply_id)
            if measure is not None and decision == Decision.HIDE:
                await _tell_author(session, measure)
            details = {"decision": decision.value}
            await audit.record(session, signed_in.editor.id, "decide", f"case:{case_id}", details)
    except MeasureError:
        return _refuse(request)
    await _follow_up(request, measure)
    if contact and not await _write_to(request, contact, case):
        return render(request, "not_written.html", contact=contact, answer=answer)
    raise web.HTTPSeeOther("/review/cases")


@requires(Permission.HIDE)
async def hide_it(request: web.Request) -> web.StreamResponse:
    """At once, without a report."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    try:
        async with context.database.transaction() as session:
            offered = await offer(request, session, str(form.get("article", "")), str(form.get("reply", "")))
            subject = choose(offered, str(form.get("about", "")))
            note = str(form.get("grounds", "")).strip()[:MAX_GROUNDS]
            rule, who = read_rule(form.get("rule")), signed_in.editor.id
            measure = await hide(session, subject, by=who, rule=rule, note=note, now=context.now())
            await _tell_author(session, measure)
            await audit.record(session, who, "hide", subject.name, {"rule": rule.value, "measure": measure.id})
    except MeasureError:
        return _refuse(request)
    context.tasks.forget()
    raise web.HTTPSeeOther("/review/cases")


@requires(Permission.BLOCK)
async def block_it(request: web.Request) -> web.StreamResponse:
    """Block an account (`editor`), an asker (`asker`), or whoever did what was chosen on the form (`about`)."""
    context, signed_in, form = get_context(request), current_editor(request), await request.post()
    rule, note = read_rule(form.get("rule")), str(form.get("grounds", "")).strip()[:MAX_GROUNDS]
    try:
        async with context.database.transaction() as session:
            person = await _find_person(request, session, {name: str(value) for name, value in form.items()})
            if person.kind == SubjectKind.ASKER:
                measure = await block_asker(session, person.id or "", rule=rule, note=note, now=context.now())
            else:
                measure = await block_editor(
                    session,
                    person.id or "",
                    by=signed_in.editor.id,
                    role=signed_in.role,
                    rule=rule,
                    note=note,
                    now=context.now(),
                )
            await audit.record(session, signed_in.editor.id, "block", person.name, {"rule": rule.value})
    except MeasureError:
        return _refuse(request)
    await _follow_up(request, measure)
    raise web.HTTPSeeOther("/review/cases")


@requires(Permission.UNDO)
async def undo_it(request: web.Request) -> web.StreamResponse:
    context, signed_in = get_context(request), current_editor(request)
    measure_id = int(request.match_info["measure_id"])
    try:
        async with context.database.transaction() as session:
            measure = await session.get(ModerationMeasure, measure_id, with_for_update=True)
            if measure is None or measure.undone_at is not None or measure.kind == MeasureKind.GRANT_APPEAL:
                raise NothingToDoError
            if measure.kind == MeasureKind.BLOCK_EDITOR:
                await unblock_editor(session, measure, context.now())
            elif measure.kind == MeasureKind.BLOCK_ASKER:
                await unblock_asker(session, measure, context.now())
            else:
                await show_again(session, measure, by=signed_in.editor.id, now=context.now())
            await audit.record(session, signed_in.editor.id, "undo", f"measure:{measure_id}")
    except MeasureError:
        return _refuse(request)
    await _follow_up(request, measure)
    raise web.HTTPSeeOther("/review/cases")


async def show_log(request: web.Request) -> web.Response:
    """What moderators did, by which rule and when; nobody's name, no account's, and nobody's words."""
    async with get_context(request).database.reading() as session:
        return render(request, "log.html", entries=await load_public_log(session), labels=MEASURES, rules=RULES)


async def _find_person(request: web.Request, session: AsyncSession, form: dict[str, str]) -> Subject:
    if form.get("editor"):
        return Subject(SubjectKind.EDITOR, id=form["editor"])
    if form.get("asker"):
        return Subject(SubjectKind.ASKER, id=form["asker"])
    offered = await offer(request, session, form.get("article", ""), form.get("reply", ""))
    subject = choose(offered, form.get("about", ""))
    if subject.kind == SubjectKind.EDITOR:
        subject = Subject(SubjectKind.ANSWER, subject.article_id, subject.reply_id)
    person = await find_person(session, subject)
    if person is None:
        raise NothingToDoError
    return person


async def _tell_author(session: AsyncSession, measure: ModerationMeasure) -> None:
    """Whose answer was hidden can appeal, and is told so."""
    if measure.kind == MeasureKind.HIDE_ANSWER:
        link = await session.get_one(ArticleReply, (measure.article_id, measure.reply_id))
        authors = await load_authors(session, link)
        await tell(session, authors, "hidden", article_id=measure.article_id, reply_id=measure.reply_id)


async def _follow_up(request: web.Request, measure: ModerationMeasure | None) -> None:
    """What is done after the transaction: ratings that count no more, or again, are looked at anew."""
    context = get_context(request)
    if measure is not None and measure.kind == MeasureKind.BLOCK_EDITOR and measure.editor_id:
        await review_rated_by(context.database, measure.editor_id, context.now(), context.thresholds)
    context.tasks.forget()


async def _write_to(request: web.Request, contact: str, case: ModerationCase) -> bool:
    """Mail the decision to whoever left an address; False: a moderator has to do it."""
    context = get_context(request)
    if context.mailer is None or not EMAIL.fullmatch(contact):
        return False
    words = choose_words(context.wordings, case.language, "")
    try:
        await context.mailer.send(contact, words(MAIL_SUBJECT), f"{case.answer}\n\n{context.url}/report/{case.id}\n")
    except OSError:
        log.warning("decision_not_mailed")
        return False
    return True


def _refuse(request: web.Request) -> web.Response:
    return render(request, "error.html", status=409, kind="conflict", back="/review/cases")


routes = [
    web.get("/cases", show_cases),
    web.post("/cases/{case_id}", decide_on),
    web.post("/measures/hide", hide_it),
    web.post("/measures/block", block_it),
    web.post(r"/measures/{measure_id:\d{1,15}}/undo", undo_it),
    web.get("/log", show_log),
]
