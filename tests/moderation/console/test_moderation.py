"""Reports, appeals, hiding, blocking, and taking it back; and what the public reads of it."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from moderation.console.sessions import CONFIRMED_FOR
from storage.articles import find_article_page
from storage.tables import (
    ArticleReply,
    Editor,
    ModerationCase,
    ModerationMeasure,
    RaterStanding,
    Rating,
    Reply,
    ReplyState,
    ReviewTask,
    Role,
    Status,
    TaskState,
    Verdict,
)
from tests.moderation.console.conftest import SignIn
from tests.moderation.console.desk import Desk, Volunteer


async def add_answer(desk: Desk, author: str, state: ReplyState = ReplyState.PROVISIONAL) -> tuple[str, str]:
    """A message with an answer; returns its task's id and its own."""
    task_id = await desk.add_task("a rumour about eggs")
    article_id = (await desk.task(task_id)).article_id
    async with desk.database.transaction() as session:
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text="It is false.", contributor=author))
        await session.flush()
        session.add(ArticleReply(article_id=article_id, reply_id="r", state=state, contributor=author))
        task = await session.get_one(ReviewTask, task_id)
        task.state = TaskState.PROVISIONAL
        session.add(task)
    desk.context.tasks.forget()
    return task_id, article_id


async def test_it_hides_an_answer_and_shows_it_again(desk: Desk, moderator: Volunteer, volunteer: Volunteer) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    answer = await moderator.post("/review/measures/hide", article=article_id, reply="r", reason="names a person")
    assert answer.headers["Location"] == "/review/cases"
    async with desk.database.reading() as session:
        page = await find_article_page(session, article_id)
        assert page is not None
        assert page.summary.replies == ()
        (measure,) = await session.scalars(select(ModerationMeasure))
    log = await volunteer.text("/review/log")
    assert "names a person" in log
    assert moderator.editor.name not in log
    await moderator.post(f"/review/measures/{measure.id}/undo")
    async with desk.database.reading() as session:
        page = await find_article_page(session, article_id)
        assert page is not None
        assert len(page.summary.replies) == 1
    assert (await moderator.post(f"/review/measures/{measure.id}/undo")).status == 409, "undone once"


async def test_a_hidden_message_is_nowhere_to_be_seen(desk: Desk, moderator: Volunteer, volunteer: Volunteer) -> None:
    task_id = await desk.add_task("an advertisement")
    article_id = (await desk.task(task_id)).article_id
    await moderator.post("/review/measures/hide", article=article_id, reason="an advertisement")
    assert "an advertisement" not in await volunteer.text("/review/")
    assert (await volunteer.get(f"/review/tasks/{task_id}")).status == 404


async def test_a_blocked_account_is_signed_out_and_its_ratings_count_no_more(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer, sign_in: SignIn
) -> None:
    author = await sign_in(Role.REVIEWER)
    _, article_id = await add_answer(desk, author.editor.id, ReplyState.PROPOSED)
    raters = [volunteer.editor.id, "t1", "t2"]
    async with desk.database.transaction() as session:
        session.add_all([RaterStanding(rater=each, level=Role.TRUSTED, granted=Role.TRUSTED) for each in ("t1", "t2")])
        session.add_all([Rating(article_id=article_id, reply_id="r", rater=each, score=1.0) for each in raters])
        from moderation.review import review

        await session.flush()
        assert (await review(session, article_id, "r")).state == ReplyState.PROVISIONAL
    held = await desk.add_task("another")
    await volunteer.post(f"/review/tasks/{held}/claim")
    await moderator.post("/review/measures/block", editor=volunteer.editor.id, reason="votes for money")
    assert (await volunteer.get("/review/", allow_redirects=False)).status == 303
    assert (await desk.task(held)).state == TaskState.OPEN
    async with desk.database.reading() as session:
        link = await session.get_one(ArticleReply, (article_id, "r"))
        assert link.state == ReplyState.PROPOSED, "two ratings are too few"
        (measure,) = await session.scalars(select(ModerationMeasure))
    await moderator.post(f"/review/measures/{measure.id}/undo")
    async with desk.database.reading() as session:
        assert (await session.get_one(ArticleReply, (article_id, "r"))).state == ReplyState.PROVISIONAL
        assert (await session.get_one(Editor, volunteer.editor.id)).blocked_at is None


async def test_nobody_blocks_themselves(moderator: Volunteer) -> None:
    answer = await moderator.post("/review/measures/block", editor=moderator.editor.id, reason="x")
    assert answer.status == 409


async def test_an_appeal_re_opens_and_its_author_is_told(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer
) -> None:
    task_id, article_id = await add_answer(desk, volunteer.editor.id, ReplyState.REJECTED)
    await volunteer.post("/review/report", article=article_id, reply="r", kind="appeal", grounds="The source is new.")
    async with desk.database.reading() as session:
        (case,) = await session.scalars(select(ModerationCase))
    assert "The source is new." in await moderator.text("/review/cases")
    await moderator.post(f"/review/cases/{case.id}", decision="grant", answer="A source was overlooked")
    assert (await desk.task(task_id)).state == TaskState.OPEN
    assert "was granted" in await volunteer.text("/review/inbox")
    assert "A source was overlooked" in await volunteer.text("/review/log")
    assert (await moderator.post(f"/review/cases/{case.id}", decision="refuse", answer="x")).status == 409


async def test_nobody_decides_on_their_own_case(desk: Desk, moderator: Volunteer) -> None:
    _, article_id = await add_answer(desk, moderator.editor.id, ReplyState.REJECTED)
    await moderator.post("/review/report", article=article_id, reply="r", kind="appeal", grounds="I am right.")
    async with desk.database.reading() as session:
        (case,) = await session.scalars(select(ModerationCase))
    assert (await moderator.post(f"/review/cases/{case.id}", decision="grant", answer="x")).status == 409


async def test_people_named_in_an_answer_need_no_account_to_appeal(desk: Desk, volunteer: Volunteer) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    from tests.moderation.console.desk import CSRF

    async with desk.browser() as browser:
        page = await (await browser.get(f"{desk.base}/review/report?article={article_id}&reply=r")).text()
        found = CSRF.search(page)
        assert found
        fields = {"csrf": found.group(1), "article": article_id, "reply": "r", "kind": "appeal", "grounds": "Not me."}
        answer = await browser.post(f"{desk.base}/review/report", data=fields)
        assert "will look at it" in await answer.text()
    async with desk.database.reading() as session:
        assert (await session.scalar(select(col(ModerationCase.grounds)))) == "Not me."


async def test_a_sensitive_act_asks_again_when_the_sign_in_is_old(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer
) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    desk.clock.ahead = 2 * CONFIRMED_FOR
    answer = await moderator.post("/review/measures/hide", article=article_id, reason="x")
    assert answer.headers["Location"].startswith("/review/confirm")
    async with desk.database.reading() as session:
        assert (await session.get_one(ArticleReply, (article_id, "r"))).status == Status.NORMAL


@pytest.mark.parametrize("path", ["/review/cases", "/review/editors", "/review/audit"])
async def test_volunteers_do_not_see_what_is_moderators_business(volunteer: Volunteer, path: str) -> None:
    assert (await volunteer.get(path)).status == 403
