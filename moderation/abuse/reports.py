"""Reports and appeals: taken in from anybody, decided on by a moderator who has nothing to do with it.

A decision acts at once: what is hidden or blocked, opened again or shown again, is so in the same transaction.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.abuse.blocking import block_asker, block_editor
from moderation.abuse.errors import NotAllowedError, NothingToDoError, OwnCaseError
from moderation.abuse.hiding import HIDES, hide, show_again
from moderation.abuse.subjects import Subject, find_person
from moderation.rating import load_authors
from moderation.review import reopen
from storage.tables import (
    Article,
    ArticleReply,
    CaseKind,
    CaseState,
    MeasureKind,
    ModerationCase,
    ModerationMeasure,
    ReplyState,
    Role,
    Rule,
    Status,
    SubjectKind,
)

MAX_GROUNDS = 2_000
MAX_CONTACT = 200


class Decision(StrEnum):
    """What comes of a case."""

    NOTHING = "nothing"
    """Everything stays as it is: the case is refused."""
    KEEP = "keep"
    """The source stays with the task of its message."""
    HIDE = "hide"
    BLOCK = "block"
    """Block whoever did it."""
    REOPEN = "reopen"
    """The answer is judged anew, and its task is open again."""
    RESTORE = "restore"
    """What was hidden is shown again."""


async def raise_case(
    session: AsyncSession,
    subject: Subject,
    *,
    kind: CaseKind,
    grounds: str,
    now: datetime,
    rule: Rule | None = None,
    raised_by: str | None = None,
    contact: str | None = None,
    language: str | None = None,
) -> ModerationCase:
    """Take in a report, an appeal or a source. Somebody's second about the same, while the first waits, is the first.

    Two sources are the same in the same words only.
    """
    person = await find_person(session, await _resolve(session, subject))
    case = ModerationCase(
        kind=kind,
        article_id=subject.article_id,
        reply_id=subject.reply_id,
        editor_id=person.id if person and person.kind == SubjectKind.EDITOR and kind == CaseKind.ABUSE else None,
        about=subject.kind,
        subject_id=subject.id if subject.kind != SubjectKind.EDITOR else None,
        rule=rule,
        raised_by=raised_by,
        grounds=grounds.strip()[:MAX_GROUNDS],
        contact=(contact or "").strip()[:MAX_CONTACT] or None,
        language=language,
        created_at=now,
    )
    if not case.grounds:
        raise NothingToDoError
    known = await _find_waiting(session, case) if raised_by else None
    if known is not None:
        return known
    session.add(case)
    await session.flush()
    return case


async def load_decisions_for(session: AsyncSession, case: ModerationCase) -> list[Decision]:
    """What a moderator can decide on this case as things stand."""
    subject = Subject.of(case)
    found = [Decision.NOTHING]
    link = await session.get(ArticleReply, (case.article_id, case.reply_id)) if case.reply_id else None
    article = await session.get(Article, case.article_id) if case.article_id else None
    is_public = article is not None and article.status == Status.NORMAL
    is_public = is_public and (link is None or link.status == Status.NORMAL)
    if await _find_hiding(session, subject) is not None:
        found.append(Decision.RESTORE)
    elif is_public and subject.kind in HIDES and case.kind != CaseKind.SOURCE:
        found.append(Decision.HIDE)
    if case.kind == CaseKind.SOURCE and is_public:
        found.append(Decision.KEEP)
    is_decided = link is not None and link.state != ReplyState.PROPOSED
    if case.kind in (CaseKind.APPEAL, CaseKind.SOURCE) and is_public and is_decided:
        found.append(Decision.REOPEN)
    if case.kind == CaseKind.ABUSE and await find_person(session, subject) is not None:
        found.append(Decision.BLOCK)
    return found


async def decide(
    session: AsyncSession,
    case_id: str,
    decision: Decision,
    *,
    moderator: str,
    role: Role,
    rule: Rule,
    answer: str,
    now: datetime,
) -> tuple[ModerationCase, ModerationMeasure | None]:
    """Carry out a decision and close the case. Raises `MeasureError`.

    What somebody from outside wrote, and how to reach them, is erased; the caller has read the contact before. A source
    that is of use stays.
    """
    case = await session.get(ModerationCase, case_id, with_for_update=True)
    if case is None or case.state != CaseState.OPEN:
        raise NothingToDoError
    if moderator in await _load_concerned(session, case):
        raise OwnCaseError
    if decision not in await load_decisions_for(session, case):
        raise NotAllowedError
    measure = await _carry_out(session, case, decision, by=moderator, role=role, rule=rule, note=answer, now=now)
    case.state = CaseState.REFUSED if decision == Decision.NOTHING else CaseState.GRANTED
    case.answer, case.decided_by, case.decided_at = answer, moderator, now
    if case.raised_by is None:
        stays = case.kind == CaseKind.SOURCE and case.state == CaseState.GRANTED
        case.grounds, case.contact = case.grounds if stays else "", None
    session.add(case)
    await session.flush()
    return case, measure


async def _carry_out(
    session: AsyncSession,
    case: ModerationCase,
    decision: Decision,
    *,
    by: str,
    role: Role,
    rule: Rule,
    note: str,
    now: datetime,
) -> ModerationMeasure | None:
    subject = Subject.of(case)
    if decision == Decision.HIDE:
        return await hide(session, subject, by=by, rule=rule, note=note, now=now)
    if decision == Decision.BLOCK:
        person = await find_person(session, subject)
        if person is None or person.id is None:
            raise NothingToDoError
        if person.kind == SubjectKind.ASKER:
            return await block_asker(session, person.id, rule=rule, note=note, now=now)
        return await block_editor(session, person.id, by=by, role=role, rule=rule, note=note, now=now)
    if decision == Decision.RESTORE:
        hiding = await _find_hiding(session, subject)
        if hiding is None:
            raise NothingToDoError
        await show_again(session, hiding, by=by, now=now)
        return hiding
    if decision == Decision.REOPEN:
        article_id, reply_id = case.article_id or "", case.reply_id or ""
        await reopen(session, article_id, reply_id, moderator=by, role=role, now=now)
        granted = ModerationMeasure(
            kind=MeasureKind.GRANT_APPEAL, article_id=article_id, reply_id=reply_id, rule=rule, reason=note, at=now
        )
        session.add(granted)
        return granted
    return None


async def _resolve(session: AsyncSession, subject: Subject) -> Subject:
    """The author that a form names by their answer only: nobody is shown an account's id for it."""
    if subject.kind != SubjectKind.EDITOR or subject.id:
        return subject
    link = await session.get(ArticleReply, (subject.article_id, subject.reply_id))
    return Subject(SubjectKind.EDITOR, subject.article_id, subject.reply_id, link.contributor if link else None)


async def _find_waiting(session: AsyncSession, case: ModerationCase) -> ModerationCase | None:
    same_words = [col(ModerationCase.grounds) == case.grounds] if case.kind == CaseKind.SOURCE else []
    rows = await session.scalars(
        select(ModerationCase).where(
            *same_words,
            col(ModerationCase.raised_by) == case.raised_by,
            col(ModerationCase.state) == CaseState.OPEN,
            col(ModerationCase.kind) == case.kind,
            col(ModerationCase.about) == case.about,
            col(ModerationCase.article_id).is_not_distinct_from(case.article_id),
            col(ModerationCase.reply_id).is_not_distinct_from(case.reply_id),
            col(ModerationCase.subject_id).is_not_distinct_from(case.subject_id),
        )
    )
    return rows.first()


async def _find_hiding(session: AsyncSession, subject: Subject) -> ModerationMeasure | None:
    """The measure that hides it now; an answer is hidden wherever it is shown."""
    if subject.kind not in HIDES:
        return None
    wanted = select(ModerationMeasure).where(
        col(ModerationMeasure.kind) == HIDES[subject.kind], col(ModerationMeasure.undone_at).is_(None)
    )
    if subject.kind == SubjectKind.ARTICLE:
        wanted = wanted.where(col(ModerationMeasure.article_id) == subject.article_id)
    elif subject.kind == SubjectKind.ANSWER:
        wanted = wanted.where(col(ModerationMeasure.reply_id) == subject.reply_id)
    else:
        wanted = wanted.where(col(ModerationMeasure.subject_id) == subject.id)
    return (await session.scalars(wanted.limit(1))).first()


async def _load_concerned(session: AsyncSession, case: ModerationCase) -> set[str]:
    """Who must not decide: who raised it, who is accused, who wrote the answer."""
    concerned = {case.raised_by, case.editor_id}
    if case.article_id and case.reply_id:
        link = await session.get_one(ArticleReply, (case.article_id, case.reply_id))
        concerned |= await load_authors(session, link)
    return {each for each in concerned if each is not None}
