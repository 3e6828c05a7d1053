"""Reports and appeals: what can be decided, and that an appeal which confirms closes its task."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from moderation.abuse.errors import NotAllowedError, NothingToDoError, OwnCaseError
from moderation.abuse.hiding import hide
from moderation.abuse.reports import Decision, decide, load_decisions_for, raise_case
from moderation.abuse.subjects import Subject, load_subjects
from moderation.rating import Level
from moderation.reopening import reopen_task
from storage.database import Database
from storage.tables import (
    CaseKind,
    CaseState,
    Editor,
    ModerationCase,
    ReplyState,
    Role,
    Rule,
    Status,
    SubjectKind,
    TaskState,
)
from tests.moderation.community import HELPFUL, NOT_HELPFUL, NOW, add_answer, add_trusted, say, task_state

ANSWER = Subject(SubjectKind.ANSWER, "a", "r")
ARTICLE = Subject(SubjectKind.ARTICLE, "a")


async def raise_it(
    session: AsyncSession,
    subject: Subject = ANSWER,
    kind: CaseKind = CaseKind.APPEAL,
    raised_by: str | None = "volunteer",
    contact: str | None = None,
) -> ModerationCase:
    return await raise_case(
        session, subject, kind=kind, grounds="不公平", raised_by=raised_by, contact=contact, now=NOW
    )


async def decide_it(session: AsyncSession, case: ModerationCase, decision: Decision, moderator: str = "mod") -> None:
    await decide(
        session,
        case.id,
        decision,
        moderator=moderator,
        role=Role.MODERATOR,
        rule=Rule.OTHER,
        answer="因為",
        now=NOW,
    )


@pytest.mark.parametrize(
    ("level", "state", "task"),
    [
        (NOT_HELPFUL, ReplyState.REJECTED, TaskState.REJECTED),
        (HELPFUL, ReplyState.PROPOSED, TaskState.OPEN),
    ],
)
async def test_an_appeal_opens_the_task_and_a_decision_that_confirms_closes_it(
    database: Database, level: Level, state: ReplyState, task: TaskState
) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2")
        for rater in ("t1", "t2", "r3"):
            await say(session, rater, NOT_HELPFUL)
        assert await task_state(session) == TaskState.REJECTED
        await decide_it(session, await raise_it(session), Decision.REOPEN)
        assert await task_state(session) == TaskState.OPEN
    async with database.transaction() as session:
        review = await say(session, "r4", level)
        assert (review.state, await task_state(session)) == (state, task)


async def test_a_task_that_no_appeal_opened_is_left_to_whoever_writes(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2")
        for rater in ("t1", "t2", "r3"):
            await say(session, rater, HELPFUL)
        await reopen_task(session, "a", NOW)
        await say(session, "r4", HELPFUL)
        assert await task_state(session) == TaskState.OPEN, "its reference is dead, say: ratings do not mend that"


async def test_a_refused_appeal_leaves_everything_as_it_is(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.REJECTED, task=TaskState.REJECTED)
        case = await raise_it(session)
        await decide_it(session, case, Decision.NOTHING)
        assert (case.state, case.answer, case.grounds) == (CaseState.REFUSED, "因為", "不公平")
        assert await task_state(session) == TaskState.REJECTED
        with pytest.raises(NothingToDoError):
            await decide_it(session, case, Decision.REOPEN)


async def test_what_somebody_from_outside_wrote_is_erased_when_it_is_decided(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED, task=TaskState.VERIFIED)
        case = await raise_it(session, raised_by=None, contact="named@example.org")
        await decide_it(session, case, Decision.NOTHING)
        assert (case.grounds, case.contact) == ("", None)


async def test_of_two_moderators_who_decide_at_once_one_does(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED, task=TaskState.VERIFIED)
        case = await raise_it(session)

    async def press(moderator: str, decision: Decision) -> bool:
        try:
            async with database.transaction() as session:
                await decide_it(session, case, decision, moderator)
        except NothingToDoError:
            return False
        return True

    pressed = await asyncio.gather(press("mod", Decision.HIDE), press("mod2", Decision.NOTHING))
    assert sorted(pressed) == [False, True]


@pytest.mark.parametrize("moderator", ["volunteer", "reporter"])
async def test_nobody_decides_on_what_they_wrote_or_raised(database: Database, moderator: str) -> None:
    async with database.transaction() as session:
        session.add(Editor(id="volunteer"))
        await add_answer(session)
        case = await raise_it(session, kind=CaseKind.ABUSE, raised_by="reporter")
        with pytest.raises(OwnCaseError):
            await decide_it(session, case, Decision.NOTHING, moderator)


async def test_it_offers_what_can_be_decided_as_things_stand(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Editor(id="volunteer"))
        await add_answer(session, state=ReplyState.VERIFIED, task=TaskState.VERIFIED)
        await add_answer(session, "b", "s", state=ReplyState.REJECTED, task=TaskState.REJECTED)
        report = await raise_it(session, kind=CaseKind.ABUSE, raised_by="reporter")
        appeal = await raise_it(session, Subject(SubjectKind.ANSWER, "b", "s"))
        person = await raise_it(session, ARTICLE, raised_by=None)
        other = await raise_it(session, Subject(SubjectKind.OTHER), raised_by=None)
        assert await load_decisions_for(session, report) == [Decision.NOTHING, Decision.HIDE, Decision.BLOCK]
        assert await load_decisions_for(session, appeal) == [Decision.NOTHING, Decision.HIDE, Decision.REOPEN]
        assert await load_decisions_for(session, person) == [Decision.NOTHING, Decision.HIDE]
        assert await load_decisions_for(session, other) == [Decision.NOTHING]
        await hide(session, ANSWER, by="mod", rule=Rule.HATE, note="", now=NOW)
        assert await load_decisions_for(session, report) == [Decision.NOTHING, Decision.RESTORE, Decision.BLOCK]
        with pytest.raises(NotAllowedError):
            await decide_it(session, person, Decision.REOPEN)


@pytest.mark.parametrize(
    ("viewer", "state", "status", "seen"),
    [
        (None, ReplyState.VERIFIED, Status.NORMAL, True),
        (None, ReplyState.PROPOSED, Status.NORMAL, False),
        ("second_volunteer", ReplyState.PROPOSED, Status.NORMAL, True),
        ("second_volunteer", ReplyState.VERIFIED, Status.BLOCKED, False),
        ("volunteer", ReplyState.VERIFIED, Status.BLOCKED, True),
        ("volunteer", ReplyState.REJECTED, Status.NORMAL, True),
    ],
)
async def test_a_form_offers_nobody_what_they_could_not_see_before(
    sqlite_database: Database, viewer: str | None, state: ReplyState, status: Status, seen: bool
) -> None:
    async with sqlite_database.transaction() as session:
        await add_answer(session, state=state)
        if status == Status.BLOCKED:
            await hide(session, ANSWER, by="mod", rule=Rule.HATE, note="", now=NOW)
        offered = await load_subjects(session, "a", "r", viewer=viewer)
        assert (ANSWER in [shown.subject for shown in offered]) is seen
