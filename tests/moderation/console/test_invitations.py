"""Invitations to rate: drawn at random, answered in the inbox, drawn again for those who do not come."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.console.invitations import (
    INVITED,
    MAX_INVITED,
    MAX_OPEN,
    TO_ANSWER,
    TO_RATE,
    answer_invitation,
    count_invited,
    invite_raters,
    replace_lapsed,
)
from moderation.console.notices import tell
from moderation.publish import publish, set_article_status, set_link_status
from storage.database import Database
from storage.tables import (
    Article,
    ArticleReply,
    DailyCount,
    Editor,
    EditorNotice,
    Measure,
    Rating,
    RatingInvitation,
    Reply,
    ReplyState,
    Role,
    Rsvp,
    Status,
    Verdict,
    utc_now,
)
from tests.moderation.console.conftest import SignIn
from tests.moderation.console.desk import Desk, Volunteer
from tests.moderation.console.test_writing import answer, rate


async def furnish(database: Database, people: int = 30, answers: int = 1) -> None:
    async with database.transaction() as session:
        session.add_all([Editor(id="author"), *(Editor(id=f"rater{number:02}") for number in range(people))])
        session.add(Article(id="a", text="謠言"))
        await session.flush()
        for number in range(answers):
            session.add(Reply(id=f"r{number}", verdict=Verdict.RUMOR, text="不對。", contributor="author"))
            await session.flush()
            session.add(ArticleReply(article_id="a", reply_id=f"r{number}", contributor="author"))


async def invited(database: Database, rsvp: Rsvp | None = None) -> set[str]:
    async with database.reading() as session:
        rows = await session.scalars(select(RatingInvitation))
        return {each.editor_id for each in rows if rsvp is None or each.rsvp == rsvp}


async def test_it_draws_others_than_the_author_and_tells_them(database: Database) -> None:
    await furnish(database)
    async with database.transaction() as session:
        session.add(Rating(article_id="a", reply_id="r0", rater="rater00", score=1.0))
        drawn = await invite_raters(session, "a", "r0", utc_now())
    assert len(drawn) == INVITED
    assert not {"author", "rater00"} & set(drawn)
    async with database.reading() as session:
        assert set(await session.scalars(select(col(EditorNotice.editor_id)))) == set(drawn)
        assert await count_invited(session, "a", "r0") == {Rsvp.WAITING: INVITED}


async def test_a_no_draws_somebody_else_and_a_second_no_nobody(database: Database) -> None:
    await furnish(database)
    async with database.transaction() as session:
        first, *_ = await invite_raters(session, "a", "r0", utc_now())
    for _ in range(2):
        async with database.transaction() as session:
            await answer_invitation(session, first, "a", "r0", accept=False, now=utc_now())
    assert await invited(database, Rsvp.DECLINED) == {first}
    assert len(await invited(database, Rsvp.WAITING)) == INVITED
    async with database.transaction() as session:
        await answer_invitation(session, first, "a", "r0", accept=True, now=utc_now())
        assert await answer_invitation(session, "author", "a", "r0", accept=True, now=utc_now()) is None
    assert await invited(database, Rsvp.ACCEPTED) == {first}, "one may change one's mind"


async def test_it_draws_others_for_those_who_do_not_come_and_not_for_ever(database: Database) -> None:
    await furnish(database)
    now = utc_now()
    async with database.transaction() as session:
        yes, rated, *_ = await invite_raters(session, "a", "r0", now)
        await answer_invitation(session, yes, "a", "r0", accept=True, now=now)
        session.add(Rating(article_id="a", reply_id="r0", rater=rated, score=0.0))
    assert await replace_lapsed(database, now + TO_ANSWER) == INVITED - 2
    assert await invited(database, Rsvp.ACCEPTED) == {yes}
    assert await replace_lapsed(database, now + TO_RATE) == 1, "who said yes and did not rate"
    for days in range(3, 60, 3):
        await replace_lapsed(database, now + TO_RATE + timedelta(days=days))
    assert len(await invited(database)) == MAX_INVITED
    assert await replace_lapsed(database, now + timedelta(days=99)) == 0


async def test_what_is_decided_needs_nobody_else(database: Database) -> None:
    await furnish(database)
    now = utc_now()
    async with database.transaction() as session:
        await invite_raters(session, "a", "r0", now)
        await publish(session, "a", "r0", ReplyState.VERIFIED)
    assert await replace_lapsed(database, now + TO_ANSWER) == 0


async def test_nobody_is_asked_for_more_than_a_handful_at_once(database: Database) -> None:
    await furnish(database, people=2, answers=MAX_OPEN + 2)
    async with database.transaction() as session:
        for number in range(MAX_OPEN + 2):
            await invite_raters(session, "a", f"r{number}", utc_now())
    async with database.reading() as session:
        rows = await session.execute(
            select(col(RatingInvitation.editor_id), func.count()).group_by(col(RatingInvitation.editor_id))
        )
        assert dict(rows.tuples().all()) == {"rater00": MAX_OPEN, "rater01": MAX_OPEN}


async def test_whoever_rates_without_a_word_is_asked_again(database: Database) -> None:
    await furnish(database, people=1, answers=MAX_OPEN + 1)
    for number in range(MAX_OPEN + 1):
        async with database.transaction() as session:
            assert await invite_raters(session, "a", f"r{number}", utc_now()) == ("rater00",), number
            session.add(Rating(article_id="a", reply_id=f"r{number}", rater="rater00", score=1.0))


@pytest.mark.parametrize("end", ["decided", "hidden", "message hidden"])
async def test_an_invitation_to_what_needs_no_rating_any_more_keeps_nobody_busy(database: Database, end: str) -> None:
    await furnish(database, people=1, answers=MAX_OPEN + 1)
    async with database.transaction() as session:
        session.add(Article(id="b", text="另一則"))
        await session.flush()
        session.add(ArticleReply(article_id="b", reply_id="r0", contributor="author"))
        for number in range(MAX_OPEN):
            await invite_raters(session, "a", f"r{number}", utc_now())
        assert await invite_raters(session, "b", "r0", utc_now()) == ()
        await put_an_end(session, end, [f"r{number}" for number in range(MAX_OPEN)])
        assert await invite_raters(session, "b", "r0", utc_now()) == ("rater00",)


async def put_an_end(session: AsyncSession, end: str, replies: list[str]) -> None:
    """No more ratings are needed for these answers."""
    if end == "message hidden":
        await set_article_status(session, "a", Status.BLOCKED)
        return
    for reply_id in replies:
        if end == "hidden":
            await set_link_status(session, "a", reply_id, Status.BLOCKED)
        else:
            await publish(session, "a", reply_id, ReplyState.VERIFIED)


async def test_saying_yes_and_no_again_and_again_draws_nobody_more(database: Database) -> None:
    await furnish(database)
    async with database.transaction() as session:
        first, *_ = await invite_raters(session, "a", "r0", utc_now())
    for accept in (False, True, False, True, False):
        async with database.transaction() as session:
            await answer_invitation(session, first, "a", "r0", accept=accept, now=utc_now())
    assert len(await invited(database)) == INVITED + 1


async def test_those_who_have_rated_need_nobody_in_their_place(database: Database) -> None:
    await furnish(database)
    async with database.transaction() as session:
        first, *_ = await invite_raters(session, "a", "r0", utc_now())
        session.add(Rating(article_id="a", reply_id="r0", rater=first, score=1.0))
    async with database.transaction() as session:
        await answer_invitation(session, first, "a", "r0", accept=False, now=utc_now())
    assert len(await invited(database)) == INVITED


@pytest.mark.parametrize("end", ["decided", "hidden", "message hidden"])
async def test_a_no_to_what_needs_no_rating_any_more_draws_nobody(database: Database, end: str) -> None:
    await furnish(database)
    async with database.transaction() as session:
        first, *_ = await invite_raters(session, "a", "r0", utc_now())
        await put_an_end(session, end, ["r0"])
    async with database.transaction() as session:
        declined = await answer_invitation(session, first, "a", "r0", accept=False, now=utc_now())
        assert declined is not None
    assert len(await invited(database)) == INVITED


async def test_each_who_lapses_is_replaced_by_itself_and_people_are_read_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else who writes waits for all of them."""
    await furnish(database)
    async with database.transaction() as session:
        await invite_raters(session, "a", "r0", utc_now())
    stored: list[int] = []
    asked: list[str] = []

    async def look_and_tell(session: AsyncSession, *given: Any, **more: Any) -> None:
        stored.append(len(await invited(database, Rsvp.LAPSED)))
        await tell(session, *given, **more)

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "rater_standing" in statement:
            asked.append(statement)

    monkeypatch.setattr("moderation.console.invitations.tell", look_and_tell)
    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    assert await replace_lapsed(database, utc_now() + TO_ANSWER) == INVITED
    assert stored == list(range(INVITED)), "each was stored before the next was drawn"
    assert len(asked) == 1


async def test_a_volunteer_says_yes_in_the_inbox_rates_and_is_thanked(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    path = await answer(desk, volunteer)
    article_id, reply_id = path.split("/")[-2:]
    page = await second_volunteer.text("/review/inbox")
    assert "I will rate it" in page
    said = await second_volunteer.post("/review/inbox/invitation", article=article_id, reply=reply_id, answer="yes")
    assert said.headers["Location"] == path
    assert "one said yes" in await volunteer.text(path)
    assert "Rate it now" in await second_volunteer.text("/review/inbox")
    await rate(second_volunteer, path)
    assert "You have rated it. Thank you!" in await second_volunteer.text("/review/inbox")


async def test_after_a_no_the_next_one_is_asked(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer, sign_in: SignIn
) -> None:
    path = await answer(desk, volunteer)
    article_id, reply_id = path.split("/")[-2:]
    third = await sign_in(Role.NEWCOMER)
    assert "I will rate it" not in await third.text("/review/inbox")
    fields = {"article": article_id, "reply": reply_id, "answer": "no"}
    assert (await second_volunteer.post("/review/inbox/invitation", **fields)).status == 303
    assert "somebody else is asked" in await second_volunteer.text("/review/inbox")
    assert "I will rate it" in await third.text("/review/inbox")
    assert (await volunteer.post("/review/inbox/invitation", **fields)).status == 404, "nobody has asked the author"


async def test_it_thanks_for_the_week_by_how_many_people_were_reached(desk: Desk, volunteer: Volunteer) -> None:
    path = await answer(desk, volunteer, ReplyState.VERIFIED)
    article_id = path.split("/")[-2]
    today = utc_now().date()
    async with desk.database.transaction() as session:
        for day, number in ((today, 40), (today - timedelta(days=3), 2), (date(2020, 1, 1), 1000)):
            session.add(DailyCount(measure=Measure.ARTICLE_MESSAGES, key=article_id, day=day, count=number))
    assert "This week 42 messages were answered with what you wrote" in await volunteer.text("/review/inbox")
