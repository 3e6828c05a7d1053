"""Claiming, leases, handing over, setting aside: two people never do the same work unknowingly."""

import asyncio
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from moderation.claims import LEASE, claim, release_lapsed
from moderation.console.audit import verify
from moderation.console.lists import ON_A_PAGE
from moderation.console.task_page import MAX_WORDINGS
from moderation.console.upkeep import keep_tasks
from storage.database import Database
from storage.tables import (
    Article,
    ArticleType,
    ArticleVariant,
    AuditEntry,
    Editor,
    ReviewTask,
    Role,
    TaskState,
    utc_now,
)
from tests.moderation.console.conftest import SignIn
from tests.moderation.console.desk import Desk, Volunteer


async def test_it_gives_a_task_to_one_of_two_who_claim_it_at_once(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    task_id = await desk.add_task("lemon water cures cancer")
    answers = await asyncio.gather(
        volunteer.post(f"/review/tasks/{task_id}/claim"), second_volunteer.post(f"/review/tasks/{task_id}/claim")
    )
    assert sorted(answer.status for answer in answers) == [303, 409]
    winner = volunteer if answers[0].status == 303 else second_volunteer
    assert (await desk.task(task_id)).claimed_by == winner.editor.id
    loser = second_volunteer if winner is volunteer else volunteer
    assert f"{winner.editor.name} is working on it" in await loser.text(f"/review/tasks/{task_id}")


async def test_it_shows_volunteers_the_picture_a_task_is_about(desk: Desk, volunteer: Volunteer) -> None:
    task_id = await desk.add_task("words that were read in it")
    async with desk.database.transaction() as session:
        task = await session.get_one(ReviewTask, task_id)
        article = await session.get_one(Article, task.article_id)
        article.type = ArticleType.IMAGE
    assert f'src="/articles/{article.id}/media"' in await volunteer.text(f"/review/tasks/{task_id}")


async def test_it_gives_a_task_to_one_of_two_on_both_databases(database: Database) -> None:
    from moderation.intake import add_article

    async with database.transaction() as session:
        article = await add_article(session, text="a", matching_key_hash=None, contributor=None)
        session.add_all([Editor(id="one"), Editor(id="two")])
    async with database.reading() as session:
        task_id = await session.scalar(select(col(ReviewTask.id)).where(col(ReviewTask.article_id) == article.id))
    assert task_id

    async def grab(who: str) -> bool:
        try:
            async with database.transaction() as session:
                await claim(session, task_id, who, Role.NEWCOMER, utc_now())
        except Exception:
            return False
        return True

    assert sorted(await asyncio.gather(grab("one"), grab("two"))) == [False, True]


async def test_it_opens_a_task_again_when_its_lease_has_run_out(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    task_id = await desk.add_task("a message")
    await volunteer.post(f"/review/tasks/{task_id}/claim")
    desk.clock.ahead = LEASE - timedelta(minutes=1)
    assert "Yours" in await (await volunteer.post(f"/review/tasks/{task_id}/keep")).text()
    desk.clock.ahead = LEASE + timedelta(minutes=1)
    assert (await second_volunteer.post(f"/review/tasks/{task_id}/claim")).status == 409, "typing renewed it"
    desk.clock.ahead = 3 * LEASE
    assert (await second_volunteer.post(f"/review/tasks/{task_id}/claim")).status == 303
    kept = await volunteer.post(f"/review/tasks/{task_id}/keep")
    assert (kept.status, "no longer yours" in await kept.text()) == (409, True)


async def test_the_job_opens_what_nobody_works_on(desk: Desk, volunteer: Volunteer) -> None:
    task_id = await desk.add_task("a message")
    await volunteer.post(f"/review/tasks/{task_id}/claim")
    async with desk.database.transaction() as session:
        assert await release_lapsed(session, utc_now()) == 0
    assert "released 1 tasks" in await keep_tasks(desk.database, utc_now() + 2 * LEASE)
    assert (await desk.task(task_id)).state == TaskState.OPEN


async def test_it_hands_over_and_tells_whom_it_was_given_to(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    task_id = await desk.add_task("a message")
    await volunteer.post(f"/review/tasks/{task_id}/claim")
    await volunteer.post(f"/review/tasks/{task_id}/hand-over", to=second_volunteer.editor.id)
    assert (await desk.task(task_id)).claimed_by == second_volunteer.editor.id
    assert "handed a task over to you" in await second_volunteer.text("/review/inbox")
    assert (await volunteer.post(f"/review/tasks/{task_id}/release")).status == 409


async def test_it_sets_aside_for_a_day_or_for_good(desk: Desk, volunteer: Volunteer) -> None:
    later, skipped = await desk.add_task("first of all"), await desk.add_task("second one")
    await volunteer.post(f"/review/tasks/{later}/claim")
    await volunteer.post(f"/review/tasks/{later}/later")
    await volunteer.post(f"/review/tasks/{skipped}/skip", reason="no_sources")
    assert (await desk.task(later)).state == TaskState.OPEN, "what was claimed is given back"
    assert "Nothing is waiting for you" in await volunteer.text("/review/")
    desk.clock.ahead = timedelta(days=1, minutes=1)
    page = await volunteer.text("/review/")
    assert ("first of all" in page, "second one" in page) == (True, False)


async def test_it_shows_who_else_is_looking(desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer) -> None:
    task_id = await desk.add_task("a message")
    await volunteer.get(f"/review/tasks/{task_id}")
    assert "Also looking at it now: Vol" in await second_volunteer.text(f"/review/tasks/{task_id}")
    desk.clock.ahead = timedelta(minutes=5)
    assert "Also looking" not in await second_volunteer.text(f"/review/tasks/{task_id}")


async def test_every_act_is_in_the_audit_log(desk: Desk, volunteer: Volunteer, sign_in: SignIn) -> None:
    task_id = await desk.add_task("a message")
    await volunteer.post(f"/review/tasks/{task_id}/claim")
    await volunteer.post(f"/review/tasks/{task_id}/release")
    async with desk.database.reading() as session:
        acts = list(await session.scalars(select(col(AuditEntry.act)).order_by(col(AuditEntry.seq))))
        assert acts == ["sign in", "claim", "release"]
        assert (await verify(session)).broken_at is None


async def test_a_message_with_many_wordings_shows_some_and_pages_with_the_rest(
    desk: Desk, volunteer: Volunteer
) -> None:
    task_id = await desk.add_task("大蒜能治病")
    article_id = (await desk.task(task_id)).article_id
    async with desk.database.transaction() as session:
        session.add_all(
            ArticleVariant(article_id=article_id, text=f"說法 {number:02}", created_at=utc_now())
            for number in range(ON_A_PAGE + 1)
        )
    page = await volunteer.text(f"/review/tasks/{task_id}")
    assert f"{ON_A_PAGE + 1} other wordings" in page
    assert page.count("說法") == MAX_WORDINGS
    first, second = [await volunteer.text(f"/review/wordings/{article_id}?page={number}") for number in (1, 2)]
    assert (first.count('class="diff"'), second.count('class="diff"')) == (ON_A_PAGE, 1)
