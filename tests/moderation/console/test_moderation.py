"""Reports, appeals, hiding, blocking, and taking it back; and what the public reads of it."""

import re

import pytest
from sqlalchemy import select
from sqlmodel import col

from moderation.console.limits import REPORTS, Limit
from moderation.console.pages.cases import TOO_MUCH
from moderation.console.sessions import CONFIRMED_FOR
from moderation.review import review
from storage.articles import find_article_page
from storage.tables import (
    Article,
    ArticleReply,
    ArticleReplyFeedback,
    AuditEntry,
    CaseState,
    Editor,
    ModerationCase,
    ModerationMeasure,
    RaterStanding,
    Rating,
    Reply,
    ReplyRequest,
    ReplyState,
    ReviewTask,
    Role,
    Status,
    TaskState,
    Verdict,
)
from tests.moderation.console.conftest import SignIn
from tests.moderation.console.desk import CSRF, Desk, Volunteer


async def add_answer(desk: Desk, author: str, state: ReplyState = ReplyState.PROVISIONAL) -> tuple[str, str]:
    """A message with an answer; returns its task's id and its own."""
    task_id = await desk.add_task("a rumour about eggs")
    article_id = (await desk.task(task_id)).article_id
    async with desk.database.transaction() as session:
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text="It is false.", contributor=author))
        await session.flush()
        session.add(ArticleReply(article_id=article_id, reply_id="r", state=state, contributor=author))
        task = await session.get_one(ReviewTask, task_id)
        task.state = TaskState.REJECTED if state == ReplyState.REJECTED else TaskState.PROVISIONAL
        session.add(task)
    desk.context.tasks.forget()
    return task_id, article_id


async def shown_answers(desk: Desk, article_id: str) -> int:
    async with desk.database.reading() as session:
        page = await find_article_page(session, article_id)
        assert page is not None
        return len(page.summary.replies)


async def only_case(desk: Desk) -> ModerationCase:
    async with desk.database.reading() as session:
        return (await session.scalars(select(ModerationCase))).one()


async def newest_measure(desk: Desk) -> ModerationMeasure:
    async with desk.database.reading() as session:
        rows = await session.scalars(select(ModerationMeasure).order_by(col(ModerationMeasure.id).desc()).limit(1))
        return rows.one()


async def raise_from_outside(desk: Desk, query: str, **fields: str) -> tuple[int, str, str]:
    """Fill in the public form; returns the status, the address of the page that it leads to, and the form's text."""
    async with desk.browser() as browser:
        form = await (await browser.get(f"{desk.base}/review/report{query}")).text()
        found = CSRF.search(form)
        assert found
        answer = await browser.post(
            f"{desk.base}/review/report", data={"csrf": found.group(1), **fields}, allow_redirects=False
        )
        return answer.status, answer.headers.get("Location", ""), form


async def test_it_hides_an_answer_and_shows_it_again(desk: Desk, moderator: Volunteer, volunteer: Volunteer) -> None:
    task_id, article_id = await add_answer(desk, volunteer.editor.id)
    answer = await moderator.post(
        "/review/measures/hide", article=article_id, reply="r", rule="personal_data", grounds="names Vol's aunt"
    )
    assert answer.headers["Location"] == "/review/cases"
    assert await shown_answers(desk, article_id) == 0
    assert (await desk.task(task_id)).state == TaskState.OPEN, "somebody is to write another one"
    assert "has hidden an answer of yours" in await volunteer.text("/review/inbox")
    log = await volunteer.text("/review/log")
    assert "It exposes personal data" in log
    assert "aunt" not in log, "what moderators note is theirs"
    assert moderator.editor.name not in log
    measure = await newest_measure(desk)
    await moderator.post(f"/review/measures/{measure.id}/undo")
    assert await shown_answers(desk, article_id) == 1
    assert (await desk.task(task_id)).state == TaskState.PROVISIONAL
    assert "undone" in await volunteer.text("/review/log")
    assert (await moderator.post(f"/review/measures/{measure.id}/undo")).status == 409, "undone once"
    async with desk.database.reading() as session:
        acts = list(await session.scalars(select(col(AuditEntry.act)).order_by(col(AuditEntry.seq))))
    assert acts[-2:] == ["hide", "undo"]


async def test_a_hidden_message_is_nowhere_to_be_seen(desk: Desk, moderator: Volunteer, volunteer: Volunteer) -> None:
    task_id = await desk.add_task("an advertisement")
    article_id = (await desk.task(task_id)).article_id
    await moderator.post("/review/measures/hide", article=article_id, rule="advertising")
    assert "an advertisement" not in await volunteer.text("/review/")
    assert (await volunteer.get(f"/review/tasks/{task_id}")).status == 404
    assert (await volunteer.get(f"/review/report?article={article_id}")).status == 404
    assert article_id not in await volunteer.text("/review/log")


async def test_a_blocked_account_is_signed_out_and_its_ratings_count_no_more(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer, sign_in: SignIn
) -> None:
    author = await sign_in(Role.REVIEWER)
    _, article_id = await add_answer(desk, author.editor.id, ReplyState.PROPOSED)
    raters = [volunteer.editor.id, "t1", "t2"]
    async with desk.database.transaction() as session:
        session.add_all([RaterStanding(rater=each, level=Role.TRUSTED, granted=Role.TRUSTED) for each in ("t1", "t2")])
        session.add_all([Rating(article_id=article_id, reply_id="r", rater=each, score=1.0) for each in raters])
        await session.flush()
        assert (await review(session, article_id, "r")).state == ReplyState.PROVISIONAL
    held = await desk.add_task("another")
    await volunteer.post(f"/review/tasks/{held}/claim")
    await moderator.post("/review/measures/block", editor=volunteer.editor.id, rule="manipulation", grounds="paid")
    assert (await volunteer.get("/review/", allow_redirects=False)).status == 303
    assert (await desk.task(held)).state == TaskState.OPEN
    async with desk.database.reading() as session:
        link = await session.get_one(ArticleReply, (article_id, "r"))
        assert link.state == ReplyState.PROPOSED, "two ratings are too few"
    await moderator.post(f"/review/measures/{(await newest_measure(desk)).id}/undo")
    async with desk.database.reading() as session:
        assert (await session.get_one(ArticleReply, (article_id, "r"))).state == ReplyState.PROVISIONAL
        assert (await session.get_one(Editor, volunteer.editor.id)).blocked_at is None


async def test_nobody_blocks_themselves_nor_an_administrator(moderator: Volunteer, sign_in: SignIn) -> None:
    administrator = await sign_in(Role.ADMINISTRATOR)
    for person in (moderator, administrator):
        answer = await moderator.post("/review/measures/block", editor=person.editor.id, rule="hate")
        assert answer.status == 409


async def test_a_report_is_decided_on_and_its_reporter_reads_why(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    form = await second_volunteer.text(f"/review/report?article={article_id}&reply=r")
    assert "Whoever wrote the answer" in form
    assert volunteer.editor.id not in form, "a report gives no author away"
    sent = await second_volunteer.post(
        "/review/report",
        article=article_id,
        reply="r",
        about=f"editor:{article_id}:r",
        rule="harassment",
        grounds="They call me names.",
    )
    assert sent.headers["Location"].startswith("/review/report/")
    case = await only_case(desk)
    assert (case.editor_id, case.raised_by) == (volunteer.editor.id, second_volunteer.editor.id)
    assert (await moderator.get(f"/review/report/{case.id}")).status == 404, "a receipt is the reporter's"
    page = await moderator.text("/review/cases")
    assert "They call me names." in page
    assert "Block whoever did it" in page
    answer = await moderator.post(
        f"/review/cases/{case.id}", decision="block", rule="harassment", answer="You are right."
    )
    assert answer.status == 303
    async with desk.database.reading() as session:
        assert (await session.get_one(Editor, volunteer.editor.id)).blocked_at is not None
    assert "was accepted" in await second_volunteer.text("/review/inbox")
    assert "You are right." in await second_volunteer.text("/review/reports")
    assert "You are right." not in await second_volunteer.text("/review/log")


async def test_a_second_report_of_the_same_is_the_first(desk: Desk, volunteer: Volunteer, sign_in: SignIn) -> None:
    author = await sign_in(Role.REVIEWER)
    _, article_id = await add_answer(desk, author.editor.id)
    fields = {"article": article_id, "reply": "r", "kind": "abuse", "rule": "hate", "grounds": "Look."}
    first, second = [await volunteer.post("/review/report", **fields) for _ in range(2)]
    assert first.headers["Location"] == second.headers["Location"]
    assert (await volunteer.post("/review/report", **{**fields, "grounds": " "})).status == 422


async def test_an_appeal_opens_again_and_its_author_is_told(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer
) -> None:
    task_id, article_id = await add_answer(desk, volunteer.editor.id, ReplyState.REJECTED)
    await volunteer.post("/review/report", article=article_id, reply="r", kind="appeal", grounds="The source is new.")
    case = await only_case(desk)
    assert "The source is new." in await moderator.text("/review/cases")
    await moderator.post(f"/review/cases/{case.id}", decision="reopen", rule="other", answer="A source was overlooked")
    assert (await desk.task(task_id)).state == TaskState.OPEN
    assert "was accepted" in await volunteer.text("/review/inbox")
    assert "judged anew" in await volunteer.text("/review/log")
    again = await moderator.post(f"/review/cases/{case.id}", decision="nothing", rule="other", answer="x")
    assert again.status == 409


async def test_the_author_of_a_hidden_answer_appeals_and_it_is_shown_again(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    await moderator.post("/review/measures/hide", article=article_id, reply="r", rule="hate")
    address = f"/review/report?article={article_id}&reply=r"
    assert "It is false." in await volunteer.text(address), "its author sees what the appeal is about"
    assert "It is false." not in await second_volunteer.text(address)
    await volunteer.post("/review/report", article=article_id, reply="r", kind="appeal", grounds="It is a quotation.")
    await moderator.post(
        f"/review/cases/{(await only_case(desk)).id}", decision="restore", rule="hate", answer="It is a quotation."
    )
    assert await shown_answers(desk, article_id) == 1


async def test_nobody_decides_on_their_own_case(desk: Desk, moderator: Volunteer) -> None:
    _, article_id = await add_answer(desk, moderator.editor.id, ReplyState.REJECTED)
    await moderator.post("/review/report", article=article_id, reply="r", kind="appeal", grounds="I am right.")
    case = await only_case(desk)
    assert "somebody else decides" in await moderator.text("/review/cases")
    answer = await moderator.post(f"/review/cases/{case.id}", decision="reopen", rule="other", answer="x")
    assert answer.status == 409


async def test_somebody_named_appeals_without_an_account_and_is_forgotten_when_it_is_decided(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer
) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    status, receipt, form = await raise_from_outside(
        desk,
        f"?article={article_id}&reply=r",
        article=article_id,
        reply="r",
        kind="appeal",
        grounds="That is not me.",
        contact="named@example.org",
    )
    assert (status, "Whoever wrote the answer" in form) == (303, False)
    case = await only_case(desk)
    assert (case.raised_by, case.contact) == (None, "named@example.org")
    assert "named@example.org" in await moderator.text("/review/cases")
    await moderator.post(f"/review/cases/{case.id}", decision="hide", rule="personal_data", answer="We have hidden it.")
    assert await shown_answers(desk, article_id) == 0
    to, _, text = desk.mail.sent[-1]
    assert (to, "We have hidden it." in text, receipt in text) == ("named@example.org", True, True)
    decided = await only_case(desk)
    assert (decided.state, decided.grounds, decided.contact) == (CaseState.GRANTED, "", None)
    async with desk.browser() as browser:
        assert "We have hidden it." in await (await browser.get(desk.base + receipt)).text()


async def test_a_source_from_outside_stands_with_the_task_for_whoever_answers(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer
) -> None:
    task_id = await desk.add_task("a rumour about eggs")
    article_id = (await desk.task(task_id)).article_id
    told = "https://fda.example/eggs says how they are boxed"
    fields = {"article": article_id, "kind": "source", "grounds": told, "contact": "reader@example.org"}
    _, _, form = await raise_from_outside(desk, f"?article={article_id}&kind=source", **fields)
    assert 'value="source" required checked' in form
    assert "a source was sent in" in await volunteer.text("/review/")
    task = await volunteer.text(f"/review/tasks/{task_id}")
    assert told in task
    assert "reader@example.org" not in task
    case = await only_case(desk)
    await moderator.post(f"/review/cases/{case.id}", decision="keep", rule="other", answer="Thank you!")
    task = await volunteer.text(f"/review/tasks/{task_id}")
    assert told in task
    assert "a moderator has looked at it" in task
    assert (await only_case(desk)).contact is None


async def test_a_source_waits_behind_a_report_and_to_refuse_it_is_to_take_it_off(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer
) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    for kind, told in (("source", "https://fda.example/eggs"), ("abuse", "It names my aunt.")):
        await raise_from_outside(desk, "", article=article_id, kind=kind, grounds=told)
    report, source = (await moderator.text("/review/cases")).split("<h3>Source:")
    assert "It names my aunt." in report
    assert "Leave everything as it is" in report
    assert "https://fda.example/eggs" in source
    assert "It is of no use: take it off the task" in source
    assert "Leave everything as it is" not in source


async def test_a_contact_that_cannot_be_written_to_is_shown_once_more(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer
) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    desk.mail.broken = True
    await raise_from_outside(
        desk, f"?article={article_id}", article=article_id, grounds="Please.", contact="named@example.org"
    )
    case = await only_case(desk)
    fields = {"decision": "nothing", "rule": "other", "answer": "It is true."}
    answer = await moderator.post(f"/review/cases/{case.id}", **fields)
    assert (answer.status, "named@example.org" in await answer.text()) == (200, True)
    assert (await only_case(desk)).contact is None


async def test_strangers_are_offered_nothing_that_is_not_public(desk: Desk, volunteer: Volunteer) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id, ReplyState.PROPOSED)
    _, _, form = await raise_from_outside(desk, f"?article={article_id}", article=article_id, grounds="x")
    assert "It is false." not in form
    assert "a rumour about eggs" in form


async def test_the_public_form_takes_so_many_an_hour(desk: Desk, volunteer: Volunteer) -> None:
    statuses = [(await raise_from_outside(desk, "", grounds=f"No. {each}"))[0] for each in range(REPORTS.number + 1)]
    assert statuses == [303] * REPORTS.number + [429]


async def test_sources_from_outside_keep_no_report_out(
    desk: Desk, volunteer: Volunteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.console.pages.reporting.REPORTS_FROM_OUTSIDE", Limit(1, 3600))
    _, article_id = await add_answer(desk, volunteer.editor.id)
    kinds = ("source", "source", "abuse", "appeal")
    sent = [await raise_from_outside(desk, "", article=article_id, kind=kind, grounds=kind) for kind in kinds]
    assert [status for status, _, _ in sent] == [303, 429, 303, 429]


async def test_a_reader_s_comment_is_hidden_and_its_vote_counts_no_more(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    async with desk.database.transaction() as session:
        vote = ArticleReplyFeedback(
            article_id=article_id, reply_id="r", score=-1, comment="a rude word", app_id="CHAMING_LINE_BOT"
        )
        session.add(vote)
        await session.flush()
        link = await session.get_one(ArticleReply, (article_id, "r"))
        link.negative_feedback_count = 1
        session.add(link)
    form = await second_volunteer.text(f"/review/report?article={article_id}&reply=r")
    found = re.search(rf'value="(comment:{article_id}:r:\d+)"', form)
    assert found
    assert "a rude word" in form
    await moderator.post(
        "/review/measures/hide", article=article_id, reply="r", about=found.group(1), rule="harassment"
    )
    assert "a rude word" not in await second_volunteer.text(f"/review/report?article={article_id}&reply=r")
    async with desk.database.reading() as session:
        assert (await session.get_one(ArticleReply, (article_id, "r"))).negative_feedback_count == 0


async def test_somebody_who_floods_the_queue_is_listed_and_counts_no_more(desk: Desk, moderator: Volunteer) -> None:
    task_id = await desk.add_task("asked about by one person only")
    async with desk.database.transaction() as session:
        articles = [Article(text=f"message {number}") for number in range(TOO_MUCH)]
        session.add_all(articles)
        await session.flush()
        article_id = (await session.get_one(ReviewTask, task_id)).article_id
        ids = [article_id, *(article.id for article in articles)]
        session.add_all([ReplyRequest(article_id=id_, contributor="flooder-pseudonym") for id_ in ids])
    desk.context.tasks.forget()
    assert "2 people have asked" in await moderator.text("/review/")
    page = await moderator.text("/review/cases")
    assert f"{TOO_MUCH + 1} messages asked about" in page
    await moderator.post("/review/measures/block", asker="flooder-pseudonym", rule="flooding")
    assert "one person has asked" in await moderator.text("/review/")
    assert "flooder" not in await moderator.text("/review/log")


async def test_a_sensitive_act_asks_again_when_the_sign_in_is_old(
    desk: Desk, moderator: Volunteer, volunteer: Volunteer
) -> None:
    _, article_id = await add_answer(desk, volunteer.editor.id)
    desk.clock.ahead = 2 * CONFIRMED_FOR
    answer = await moderator.post("/review/measures/hide", article=article_id, rule="hate")
    assert answer.headers["Location"].startswith("/review/confirm")
    async with desk.database.reading() as session:
        assert (await session.get_one(ArticleReply, (article_id, "r"))).status == Status.NORMAL


@pytest.mark.parametrize("path", ["/review/cases", "/review/editors", "/review/audit"])
async def test_volunteers_do_not_see_what_is_moderators_business(volunteer: Volunteer, path: str) -> None:
    assert (await volunteer.get(path)).status == 403
