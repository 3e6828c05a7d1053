"""The queue: in which order, filtered how, found by what; saved views and their feeds."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.benefit import Factor, TaskFacts, measure_benefit
from moderation.console.upkeep import reopen_tasks
from moderation.filters import Filters, Work, read_filters
from moderation.reopening import UNHELPFUL_BOUND, is_mutated
from storage.tables import (
    ArticleReply,
    ArticleReplyFeedback,
    ArticleType,
    Reply,
    ReplyState,
    ReviewTask,
    SavedView,
    TaskState,
    Verdict,
    utc_now,
)
from tests.moderation.console.desk import Desk, Volunteer


def facts(today: int = 0, before: int = 0, **given: object) -> TaskFacts:
    base = {"age_days": 0.0, "answers": 0, "ratings": 0}
    return TaskFacts(asks_by_age=(today, 0, 0, 0, 0), asks_before=before, **{**base, **given})  # type: ignore[arg-type]


def test_it_prefers_what_more_people_ask_what_grows_what_harms_and_what_nobody_has_looked_at() -> None:
    usual = measure_benefit(facts(3, 21)).value
    assert measure_benefit(facts(9, 21)).value > usual
    assert measure_benefit(facts(3, 0)).value > usual
    assert measure_benefit(facts(3, 21, categories=("疾病、醫藥",))).value > usual
    assert measure_benefit(facts(3, 21, categories=("無意義",))).value < usual
    assert measure_benefit(facts(3, 21, answers=2)).value < usual
    assert measure_benefit(facts(3, 21, age_days=30.0)).value < usual
    mine = measure_benefit(facts(3, 21, category_ids=("health",)), topics=["health"])
    assert mine.factors[Factor.FIT] > 1


@given(st.integers(0, 9_999), st.integers(0, 9_999), st.floats(0, 1_000), st.integers(0, 50))
def test_the_benefit_is_a_positive_number_whatever_the_facts(today: int, before: int, age: float, answers: int) -> None:
    value = measure_benefit(facts(today, before, age_days=age, answers=answers)).value
    assert 0 < value < 1e6


@given(
    st.builds(
        Filters,
        work=st.sampled_from(Work),
        asked=st.integers(0, 9_999),
        unanswered=st.booleans(),
        unhelpful=st.booleans(),
        my_topics=st.booleans(),
        days=st.integers(0, 9_999),
        type=st.none() | st.sampled_from(ArticleType),
        search=st.text(alphabet="abc 茶", max_size=20).map(lambda text: " ".join(text.split())),
    )
)
def test_filters_survive_the_address_bar(filters: Filters) -> None:
    from urllib.parse import parse_qsl

    assert read_filters(dict(parse_qsl(filters.to_query()))) == filters


@pytest.mark.parametrize("query", [{"asked": "-1"}, {"asked": "١"}, {"work": "all"}, {"type": "x"}, {"days": "9" * 9}])
def test_it_takes_no_nonsense_from_the_address_bar(query: dict[str, str]) -> None:
    assert read_filters(query) == Filters()


async def test_it_shows_what_most_people_ask_first_and_says_why(desk: Desk, volunteer: Volunteer) -> None:
    await desk.add_task("asked once", askers=1)
    await desk.add_task("asked often", askers=6)
    page = await volunteer.text("/review/")
    assert page.index("asked often") < page.index("asked once")
    assert "6 people have asked" in page
    assert "Nobody has worked on it yet" in page
    assert "asked once" not in await volunteer.text("/review/?asked=2")
    assert "No task is like that" in await volunteer.text("/review/?asked=99")


async def test_what_is_done_pushes_nothing_out_that_is_to_be_done(
    desk: Desk, volunteer: Volunteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.known.MAX_TASKS", 2)
    await desk.add_task("waiting for long")
    for text in ("done one", "done two"):
        task_id = await desk.add_task(text, askers=3)
        async with desk.database.transaction() as session:
            (await session.get_one(ReviewTask, task_id)).state = TaskState.VERIFIED
    assert "waiting for long" in await volunteer.text("/review/")
    assert "done two" in await volunteer.text("/review/?work=done")


async def test_what_is_to_be_done_pushes_nothing_out_that_is_done(
    desk: Desk, volunteer: Volunteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.known.MAX_TASKS", 1)
    monkeypatch.setattr("moderation.known.MAX_DONE", 1)
    own = await desk.add_task("answered long ago")
    await desk.add_answer(own, volunteer.editor.id, ReplyState.VERIFIED)
    spreading = await desk.add_task("it goes round", askers=8)
    async with desk.database.transaction() as session:
        for task_id in (own, spreading):
            (await session.get_one(ReviewTask, task_id)).state = TaskState.VERIFIED
    await desk.add_task("waiting", askers=1)

    assert "it goes round" in await volunteer.text("/review/watch")
    assert "it goes round" in await volunteer.text("/review/?work=done")
    desk.context.tasks.forget()
    monkeypatch.setattr("moderation.known.MAX_DONE", 0)
    assert "answered long ago" in await volunteer.text("/review/?work=mine")


async def test_it_searches_with_the_bots_matcher(desk: Desk, volunteer: Volunteer) -> None:
    await desk.add_task("lemon water cures cancer")
    await desk.add_task("eggs are blue")
    page = await volunteer.text("/review/?search=lemon+juice")
    assert ("lemon water" in page, "eggs are blue" in page) == (True, False)
    desk.matcher.ready = False
    assert "still being loaded" in await volunteer.text("/review/?search=lemon")


async def test_a_saved_view_has_an_atom_and_a_json_feed_of_its_own(desk: Desk, volunteer: Volunteer) -> None:
    await desk.add_task("asked <once> & \x0b never", askers=1)
    await desk.add_task("asked often", askers=6)
    answer = await volunteer.post("/review/views", name="Many", asked="3")
    assert answer.headers["Location"] == "/review/?asked=3"
    async with desk.database.reading() as session:
        (view_id,) = await session.scalars(SavedView.__table__.select().with_only_columns(SavedView.id))
    async with desk.browser() as reader:
        atom = await reader.get(f"{desk.base}/review/feeds/{view_id}.atom")
        assert atom.content_type == "application/atom+xml"
        titles = [
            each.text for each in ElementTree.fromstring(await atom.read()).iter("{http://www.w3.org/2005/Atom}title")
        ]
        assert titles[1:] == ["asked often"]
        body = await (await reader.get(f"{desk.base}/review/feeds/{view_id}.json")).json()
        assert [task["text"] for task in body["tasks"]] == ["asked often"]
        assert (await reader.get(f"{desk.base}/review/feeds/nothing.atom")).status == 404
        await volunteer.post(f"/review/views/{view_id}/delete")
        assert (await reader.get(f"{desk.base}/review/feeds/{view_id}.atom")).status == 404


async def test_the_watch_page_shows_what_grows(desk: Desk, volunteer: Volunteer) -> None:
    assert "No message is spreading" in await volunteer.text("/review/watch")
    await desk.add_task("it goes round", askers=8)
    page = await volunteer.text("/review/watch")
    assert "it goes round" in page
    assert "8 asks in a day" in page
    assert "<svg" in page


async def test_readers_who_find_it_unhelpful_open_it_again_once(desk: Desk, volunteer: Volunteer) -> None:
    task_id = await desk.add_task("a rumour")
    article_id = (await desk.task(task_id)).article_id
    async with desk.database.transaction() as session:
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text="No."))
        await session.flush()
        session.add(ArticleReply(article_id=article_id, reply_id="r", state=ReplyState.VERIFIED))
        task = await session.get_one(ReviewTask, task_id)
        task.state, task.updated_at = TaskState.VERIFIED, utc_now() - timedelta(hours=1)
        session.add(task)
        for number in range(UNHELPFUL_BOUND - 1):
            session.add(_vote(article_id, number))
    assert "opened 0" in await reopen_tasks(desk.database, utc_now())
    async with desk.database.transaction() as session:
        session.add(_vote(article_id, 99))
    assert "opened 1" in await reopen_tasks(desk.database, utc_now())
    assert (await desk.task(task_id)).state == TaskState.OPEN
    async with desk.database.transaction() as session:
        task = await session.get_one(ReviewTask, task_id)
        task.state, task.updated_at = TaskState.VERIFIED, utc_now()
        session.add(task)
    assert "opened 0" in await reopen_tasks(desk.database, utc_now()), "the same votes open it once"


def test_a_wording_is_mutated_when_little_is_left_of_the_message() -> None:
    message = "喝檸檬水可以治癌症，請轉發給所有人"
    assert not is_mutated(message, message + "！！")
    assert is_mutated(message, "衛福部說明天起搭捷運要戴口罩，否則罰三萬元，請轉發給所有人")


def _vote(article_id: str, number: int) -> ArticleReplyFeedback:
    return ArticleReplyFeedback(
        article_id=article_id, reply_id="r", score=-1, contributor=f"reader{number}", app_id="CHAMING_LINE_BOT"
    )
