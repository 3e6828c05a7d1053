"""Reporting and appealing, by volunteers and by people without an account; and what came of it."""

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.abuse.errors import NothingToDoError
from moderation.abuse.reports import MAX_CONTACT, MAX_GROUNDS, raise_case
from moderation.abuse.subjects import Shown, Subject, load_subjects
from moderation.console import audit
from moderation.console.access import current_editor, requires
from moderation.console.context import get_context
from moderation.console.limits import REPORTS, REPORTS_FROM_OUTSIDE
from moderation.console.moderation_labels import CASE_STATES, CASES, RULES, SUBJECTS
from moderation.console.permissions import Permission, may
from moderation.console.rendering import SIGNED_IN, find_words, render
from moderation.console.security import find_place
from moderation.rating import load_ratings
from storage.articles import resolve_article
from storage.tables import CaseKind, ModerationCase, Rule, SubjectKind

MINE = 50
APPEALABLE = {SubjectKind.ARTICLE, SubjectKind.ANSWER, SubjectKind.OTHER}


async def show_form(request: web.Request) -> web.StreamResponse:
    """For everybody, also for people who are named in an answer, or were blocked, and have no account."""
    async with get_context(request).database.reading() as session:
        offered = await offer(request, session, request.query.get("article", ""), request.query.get("reply", ""))
    if request.query.get("article") and not offered:
        raise web.HTTPNotFound
    return _show(request, offered, chosen=request.query.get("kind", ""))


async def send(request: web.Request) -> web.StreamResponse:
    """Take it in. From outside: so many a network, and not too many of all."""
    context, form, signed_in = get_context(request), await request.post(), request.get(SIGNED_IN)
    person = signed_in.editor.id if signed_in else find_place(request).network
    if not context.limits.take(REPORTS, person):
        return render(request, "error.html", status=429, kind="too_often")
    what = "sources" if form.get("kind") == CaseKind.SOURCE else "reports"
    if signed_in is None and not context.limits.take(REPORTS_FROM_OUTSIDE, what):
        return render(request, "error.html", status=429, kind="too_often")
    who = signed_in.editor.id if signed_in else None
    async with context.database.transaction() as session:
        offered = await offer(request, session, str(form.get("article", "")), str(form.get("reply", "")))
        subject = choose(offered, str(form.get("about", "")))
        try:
            case = await raise_case(
                session,
                subject,
                kind=read_kind(form.get("kind"), subject),
                grounds=str(form.get("grounds", "")),
                rule=read_rule(form.get("rule")),
                raised_by=who,
                contact=None if who else str(form.get("contact", "")),
                language=find_words(request).language,
                now=context.now(),
            )
        except NothingToDoError:
            return _show(request, offered, chosen=str(form.get("kind", "")), failed=True)
        await audit.record(session, who, f"raise {case.kind.value}", f"case:{case.id}", {"about": subject.kind.value})
    raise web.HTTPSeeOther(f"/review/report/{case.id}")


async def show_case(request: web.Request) -> web.StreamResponse:
    """What came of it: for whoever raised it, and from outside for whoever has the address."""
    signed_in = request.get(SIGNED_IN)
    async with get_context(request).database.reading() as session:
        case = await session.get(ModerationCase, request.match_info["case_id"])
    if case is None or (case.raised_by is not None and (not signed_in or signed_in.editor.id != case.raised_by)):
        raise web.HTTPNotFound
    return render(request, "report_sent.html", case=case, states=CASE_STATES, address=f"/review/report/{case.id}")


@requires(Permission.REPORT)
async def show_mine(request: web.Request) -> web.StreamResponse:
    """What one has reported and appealed, and the answers to it."""
    async with get_context(request).database.reading() as session:
        rows = await session.scalars(
            select(ModerationCase)
            .where(col(ModerationCase.raised_by) == current_editor(request).editor.id)
            .order_by(col(ModerationCase.created_at).desc())
            .limit(MINE)
        )
        return render(
            request, "reports.html", cases=list(rows), states=CASE_STATES, kinds=CASES, subjects=SUBJECTS, rules=RULES
        )


async def offer(request: web.Request, session: AsyncSession, article_id: str, reply_id: str) -> list[Shown]:
    """What this reader may report here. Ratings: who has rated the answer as well, and moderators."""
    signed_in = request.get(SIGNED_IN)
    if not article_id or not (article_id + reply_id).isprintable():
        return []
    article_id = await resolve_article(session, article_id)
    viewer = signed_in.editor.id if signed_in else None
    sees_ratings = signed_in is not None and may(signed_in.role, Permission.SEE_CASES)
    if viewer and reply_id and not sees_ratings:
        sees_ratings = await load_ratings(session, article_id, reply_id, viewer) is not None
    return await load_subjects(session, article_id, reply_id or None, viewer=viewer, sees_ratings=sees_ratings)


def choose(offered: list[Shown], name: str) -> Subject:
    """The subject with this name; the first of those offered where none was chosen; with none offered, their words."""
    subjects = [shown.subject for shown in offered]
    found = next((subject for subject in subjects if subject.name == name), None)
    return found or (subjects[0] if subjects else Subject(SubjectKind.OTHER))


def read_kind(given: object, subject: Subject) -> CaseKind:
    """What it is; a report where it cannot be what was chosen of this subject."""
    allowed = {
        CaseKind.APPEAL: subject.kind in APPEALABLE,
        CaseKind.SOURCE: subject.kind in {SubjectKind.ARTICLE, SubjectKind.ANSWER},
    }
    return (
        CaseKind(given) if isinstance(given, str) and given in allowed and allowed[CaseKind(given)] else CaseKind.ABUSE
    )


def read_rule(given: object) -> Rule:
    return Rule(given) if isinstance(given, str) and given in set(Rule) else Rule.OTHER


def _show(request: web.Request, offered: list[Shown], *, chosen: str = "", failed: bool = False) -> web.Response:
    first = offered[0].subject if offered else None
    return render(
        request,
        "report.html",
        status=422 if failed else 200,
        failed=failed,
        chosen=chosen,
        offered=offered,
        article_id=first.article_id if first else "",
        reply_id=first.reply_id or "" if first else "",
        subjects=SUBJECTS,
        rules=RULES,
        max_grounds=MAX_GROUNDS,
        max_contact=MAX_CONTACT,
    )


routes = [
    web.get("/report", show_form),
    web.post("/report", send),
    web.get("/report/{case_id}", show_case),
    web.get("/reports", show_mine),
]
