"""The nightly refit, from ratings in the database to standings in the database."""

from collections.abc import Iterable
from datetime import timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from moderation.refit import Given, Snapshot, compute, grant_trust, refit
from moderation.review_jobs import review_open
from storage.bulk import insert_rows
from storage.database import Database
from storage.tables import (
    RaterFit,
    RaterStanding,
    Rating,
    ReplyStanding,
    Role,
    VerificationDecision,
    VerificationOutcome,
    VerificationRule,
)
from storage.verification import FinalOutcome
from tests.moderation.community import NOW, add_answer, add_standing

DAY = timedelta(days=1)


def ratings_of(raters: Iterable[str], answers: int, liked: float, *, camps: bool = False) -> list[Rating]:
    random = np.random.default_rng(0)
    return [
        Rating(
            article_id=f"a{answer}",
            reply_id=f"a{answer}",
            rater=rater,
            score=float(random.random() < (0.08 if camps and answer % 2 == place % 2 else liked)),
            created_at=NOW,
        )
        for place, rater in enumerate(raters)
        for answer in range(answers)
    ]


async def add_community(session: AsyncSession, *, raters: int = 8, answers: int = 24, camps: bool = True) -> None:
    for answer in range(answers):
        await add_answer(session, f"a{answer}", f"a{answer}")
    await insert_rows(session, ratings_of([f"u{number}" for number in range(raters)], answers, 0.92, camps=camps))


async def standings(session: AsyncSession) -> dict[str, RaterStanding]:
    return {row.rater: row for row in await session.scalars(select(RaterStanding))}


async def test_it_finds_the_sides_and_stores_where_everything_stands(database: Database) -> None:
    async with database.transaction() as session:
        await add_community(session)
    await refit(database, NOW)
    async with database.reading() as session:
        known = await standings(session)
        sides = [np.sign(known[f"u{number}"].factor) for number in range(8)]
        assert sides == [sides[0], -sides[0]] * 4
        assert all(row.ratings == 24 for row in known.values())
        assert len((await session.scalars(select(ReplyStanding))).all()) == 24
        fit = (await session.scalars(select(RaterFit))).one()
        assert (fit.ratings, fit.raters, fit.replies, fit.ratings_per_reply) == (192, 8, 24, 8.0)


async def test_it_keeps_the_first_fits_ratio_for_good(database: Database) -> None:
    async with database.transaction() as session:
        await add_community(session)
    await refit(database, NOW)
    async with database.transaction() as session:
        await insert_rows(session, ratings_of([f"new{number}" for number in range(8)], 24, 0.9))
    await refit(database, NOW + DAY)
    async with database.reading() as session:
        fits = (await session.scalars(select(RaterFit).order_by(RaterFit.id))).all()  # type: ignore[arg-type]
        assert [fit.ratings for fit in fits] == [192, 384]
        assert [fit.ratings_per_reply for fit in fits] == [8.0, 8.0]


async def test_it_does_nothing_bad_where_nobody_has_rated_ten_times(database: Database) -> None:
    await refit(database, NOW)
    async with database.transaction() as session:
        await add_community(session, answers=9)
    await refit(database, NOW)
    async with database.reading() as session:
        assert {row.factor for row in (await standings(session)).values()} == {None}
        assert (await session.scalars(select(RaterFit))).all() == []


async def test_it_keeps_what_was_given_by_hand_and_forgets_what_no_longer_holds(database: Database) -> None:
    async with database.transaction() as session:
        await add_community(session)
        await grant_trust(session, "u0", Role.TRUSTED, NOW)
        await grant_trust(session, "newly_added", Role.TRUSTED, NOW)
        await add_standing(session, "u1", blocked=True)
        await add_standing(session, "gone", factor=0.5, counted_as="u0", ratings=30, level=Role.TRUSTED)
    await refit(database, NOW)
    async with database.reading() as session:
        known = await standings(session)
        assert (known["u0"].level, known["newly_added"].level) == (Role.TRUSTED, Role.TRUSTED)
        assert known["u1"].blocked
        assert known["u1"].factor is None
        gone = known["gone"]
        assert (gone.level, gone.factor, gone.counted_as, gone.ratings) == (Role.NEWCOMER, None, None, 0)


async def test_it_raises_by_record_and_lets_fall_by_record(database: Database) -> None:
    """Trusted by hand, and wrong about everything; never noticed, and always right."""
    async with database.transaction() as session:
        for answer in range(24):
            await add_answer(session, f"a{answer}", f"a{answer}")
            is_good = answer % 4 > 0
            session.add(
                VerificationDecision(
                    article_id=f"a{answer}",
                    reply_id=f"a{answer}",
                    rule=VerificationRule.TWO_SIDED,
                    outcome=VerificationOutcome.VERIFIED if is_good else VerificationOutcome.REJECTED,
                    decided_at=NOW + DAY,
                )
            )
            for rater, score in (("right", is_good), ("wrong", not is_good), ("yes", True)):
                answer_id = f"a{answer}"
                session.add(Rating(article_id=answer_id, reply_id=answer_id, rater=rater, score=score, created_at=NOW))
        await grant_trust(session, "wrong", Role.TRUSTED, NOW)
    await refit(database, NOW + 2 * DAY)
    async with database.reading() as session:
        known = await standings(session)
        levels = {rater: known[rater].level for rater in ("right", "wrong", "yes")}
        assert levels == {"right": Role.TRUSTED, "wrong": Role.NEWCOMER, "yes": Role.NEWCOMER}
        assert known["right"].record["rejected_right"] == 6
        assert known["volunteer"].record == {
            "verified": 0,
            "verified_right": 0,
            "rejected": 0,
            "rejected_right": 0,
            "written_verified": 18,
            "written_rejected": 6,
        }


async def test_it_counts_a_ring_as_one_and_no_longer_lets_it_decide(database: Database) -> None:
    async with database.transaction() as session:
        await add_community(session, raters=12, answers=30, camps=False)
        for answer in range(30, 54):
            await add_answer(session, f"a{answer}", f"a{answer}")
            for number in range(12):
                session.add(
                    Rating(
                        article_id=f"a{answer}",
                        reply_id=f"a{answer}",
                        rater=f"u{number}",
                        score=float((answer + number) % 7 == 0),
                        created_at=NOW,
                    )
                )
            for number in range(5):
                ids = {"article_id": f"a{answer}", "reply_id": f"a{answer}"}
                session.add(Rating(**ids, rater=f"sock{number}", score=1.0, created_at=NOW))
    await refit(database, NOW)
    async with database.reading() as session:
        known = await standings(session)
        socks = {known[f"sock{number}"].counted_as or f"sock{number}" for number in range(5)}
        assert len(socks) == 1
        assert {known[f"u{number}"].counted_as for number in range(12)} == {None}


async def test_it_changes_what_is_shown_when_the_sides_become_known(database: Database) -> None:
    async with database.transaction() as session:
        await add_community(session, camps=True)
        await add_answer(session, "good", "good")
        for number in range(8):
            session.add(Rating(article_id="good", reply_id="good", rater=f"u{number}", score=1.0, created_at=NOW))
    assert await review_open(database, NOW) == 0
    await refit(database, NOW)
    await review_open(database, NOW)
    async with database.reading() as session:
        good = (
            await session.scalars(select(VerificationDecision).where(VerificationDecision.article_id == "good"))
        ).all()
        assert [row.outcome.value for row in good] == ["held", "verified"]


def test_it_computes_the_same_from_the_same() -> None:
    given = [
        Given((row.article_id, row.reply_id), row.rater, row.score, NOW)
        for row in ratings_of([f"u{number}" for number in range(9)], 15, 0.8, camps=True)
    ]
    finals = {("a0", "a0"): FinalOutcome(VerificationOutcome.VERIFIED, NOW + DAY)}
    snapshot = Snapshot(given, finals, {("a0", "a0"): "volunteer", ("a1", "a1"): "volunteer"})
    first, second = compute(snapshot), compute(snapshot)
    assert first.raters == second.raters
    assert first.records["volunteer"].written_verified == 1


def test_whoever_stands_for_a_ring_tells_nobodys_side_unless_they_are_trusted() -> None:
    honest = ratings_of([f"u{number}" for number in range(8)], 60, 0.92, camps=True)
    ring = [
        Rating(article_id=f"a{answer}", reply_id=f"a{answer}", rater=f"puppet{number}", score=float(answer % 5 == 0))
        for number in range(5)
        for answer in range(60)
    ]
    given = [Given((each.article_id, each.reply_id), each.rater, each.score, NOW) for each in (*honest, *ring)]
    standings = compute(Snapshot(given))
    assert len({standings.counted_as[f"puppet{number}"] for number in range(5)}) == 1
    assert standings.raters.keys() == {f"u{number}" for number in range(8)}
    senior = standings.counted_as["puppet0"]
    trusted = compute(Snapshot(given, granted={senior: Role.TRUSTED}))
    assert trusted.raters.keys() == {*(f"u{number}" for number in range(8)), senior}
