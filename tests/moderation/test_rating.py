"""Who may rate what, how often, and until when."""

from datetime import timedelta

import pytest
from sqlmodel import select

from moderation.publish import correct, set_article_status, withdraw
from moderation.rating import (
    REASONS,
    Level,
    LockedError,
    NotAVolunteerError,
    NotRateableError,
    OwnAnswerError,
    RatingError,
    ReasonTag,
    UnknownAnswerError,
    WrongReasonError,
    load_ratings,
    rate,
)
from storage.database import Database
from storage.tables import Rating, ReplyState, Role, Status, Verdict
from tests.moderation.community import (
    HELPFUL,
    NOT_HELPFUL,
    NOW,
    ROLES,
    SOMEWHAT,
    add_answer,
    add_standing,
    add_trusted,
    say,
)

ANSWER = {"article_id": "a", "reply_id": "r"}


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("asker", NotAVolunteerError),
        ("outsider", NotAVolunteerError),
        ("volunteer", OwnAnswerError),
        ("second_volunteer", None),
        ("moderator", None),
        ("administrator", None),
    ],
)
async def test_it_lets_everyone_rate_who_is_a_volunteer_and_not_the_author(
    database: Database, who: str, refusal: type[RatingError] | None
) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        if refusal is None:
            assert await rate(session, **ANSWER, rater=who, role=ROLES[who], level=HELPFUL)
        else:
            with pytest.raises(refusal):
                await rate(session, **ANSWER, rater=who, role=ROLES[who], level=HELPFUL)
        stored = (await session.scalars(select(Rating))).all()
        assert [rating.rater for rating in stored] == ([] if refusal else [who])


async def test_it_refuses_whoever_corrected_the_answer_and_whoever_is_blocked(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        new = {"verdict": Verdict.RUMOR, "text": "更正", "reference": None}
        await correct(session, "r", editor="second_volunteer", **new)  # type: ignore[arg-type]
        for author in ("second_volunteer", "volunteer"):
            with pytest.raises(OwnAnswerError):
                await rate(session, **ANSWER, rater=author, role=Role.TRUSTED, level=HELPFUL)
        await add_standing(session, "troll", blocked=True)
        with pytest.raises(NotAVolunteerError):
            await rate(session, **ANSWER, rater="troll", role=Role.NEWCOMER, level=NOT_HELPFUL)


async def test_it_keeps_one_rating_a_person_and_lets_them_change_it(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        who = {**ANSWER, "rater": "second_volunteer", "role": Role.REVIEWER}
        assert await rate(session, **who, level=HELPFUL, reasons=[ReasonTag.CLEAR], now=NOW)
        assert not await rate(session, **who, level=HELPFUL, reasons=[ReasonTag.CLEAR], now=NOW)
        assert await rate(session, **who, level=HELPFUL, reasons=[ReasonTag.FAIR], now=NOW + timedelta(hours=1))
        assert (await session.scalars(select(Rating))).one().updated_at is None, "what was said did not change"
        assert await rate(session, **who, level=SOMEWHAT, now=NOW + timedelta(hours=2))
    async with database.reading() as session:
        rating = (await session.scalars(select(Rating))).one()
        assert (rating.score, rating.reasons) == (0.5, [])
        assert (rating.created_at, rating.updated_at) == (NOW, NOW + timedelta(hours=2))


async def test_it_takes_only_reasons_that_go_with_the_rating(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        who = {**ANSWER, "rater": "second_volunteer", "role": Role.REVIEWER}
        for level, reasons in (
            (HELPFUL, [ReasonTag.INCORRECT]),
            (NOT_HELPFUL, [ReasonTag.CLEAR]),
            (SOMEWHAT, [ReasonTag.CLEAR, ReasonTag.CLEAR]),
        ):
            with pytest.raises(WrongReasonError):
                await rate(session, **who, level=level, reasons=reasons)
        assert await rate(session, **who, level=SOMEWHAT, reasons=[ReasonTag.OUTDATED, ReasonTag.CLEAR])
        assert (await session.scalars(select(Rating))).one().reasons == ["clear", "outdated"]
    assert REASONS.keys() == set(Level)


@pytest.mark.parametrize(("article_id", "reply_id"), [("a", "nothing"), ("nothing", "r"), ("", "")])
async def test_it_refuses_what_does_not_exist(database: Database, article_id: str, reply_id: str) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        with pytest.raises(UnknownAnswerError):
            await rate(session, article_id=article_id, reply_id=reply_id, rater="x", role=Role.TRUSTED, level=HELPFUL)


async def test_it_refuses_what_was_withdrawn_or_blocked(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED)
        await add_answer(session, "b", "s")
        await withdraw(session, "a", "r")
        await set_article_status(session, "b", Status.BLOCKED)
        for answer in (ANSWER, {"article_id": "b", "reply_id": "s"}):
            with pytest.raises(NotRateableError):
                await rate(session, **answer, rater="x", role=Role.TRUSTED, level=HELPFUL)


async def test_it_takes_no_rating_after_fourteen_days(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2")
        for rater in ("t1", "t2", "n1"):
            await say(session, rater, NOT_HELPFUL)
        late = {**ANSWER, "role": Role.REVIEWER, "level": HELPFUL}
        last_moment = NOW + timedelta(days=14) - timedelta(seconds=1)
        assert await rate(session, **late, rater="n2", now=last_moment)
        for rater in ("n3", "n1"):
            with pytest.raises(LockedError):
                await rate(session, **late, rater=rater, now=NOW + timedelta(days=14))


async def test_it_hides_ratings_from_whoever_has_not_rated(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await say(session, "second_volunteer", HELPFUL)
        for viewer in ("volunteer", "outsider", "moderator"):
            assert await load_ratings(session, "a", "r", viewer) is None
        seen = await load_ratings(session, "a", "r", "second_volunteer")
        assert seen is not None
        assert [rating.score for rating in seen] == [1.0]
