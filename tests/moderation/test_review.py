"""What the rule says happens: shown, held, rejected, taken back, locked and re-opened."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from moderation.publish import set_article_status, withdraw
from moderation.rating import Level, UnknownAnswerError, rate
from moderation.review import Review, assess, draw_delay, reopen, review
from moderation.review_jobs import review_due, review_open
from moderation.task_states import TransitionError
from moderation.thresholds import DEFAULT
from moderation.verification import ReasonKey
from storage.articles import find_article_page, load_article_summaries
from storage.database import Database, open_database
from storage.index_changes import load_changes
from storage.tables import (
    ArticleReply,
    ChangeKind,
    ReplyState,
    Role,
    Status,
    TaskState,
    Verdict,
    VerificationOutcome,
    VerificationRule,
)
from tests.moderation.community import (
    DELAY,
    HELPFUL,
    NOT_HELPFUL,
    NOW,
    ROLES,
    add_answer,
    add_standing,
    add_trusted,
    decisions,
    look,
    say,
    task_state,
)

DAY = timedelta(days=1)


async def add_experienced(session: AsyncSession) -> None:
    """Three people on one side and two on the other, each of whom has rated ten answers before."""
    await add_answer(session)
    for number in range(10):
        await add_answer(session, f"old{number}", f"old{number}")
    for rater, factor in (("p1", 0.4), ("p2", 0.3), ("p3", 0.5), ("m1", -0.4), ("m2", -0.2)):
        await add_standing(session, rater, factor=factor, level=Role.REVIEWER)
        for number in range(10):
            answer = {"article_id": f"old{number}", "reply_id": f"old{number}"}
            await rate(session, **answer, rater=rater, role=Role.REVIEWER, level=HELPFUL, now=NOW)


async def all_say(session: AsyncSession, levels: dict[str, Level]) -> Review:
    reviews = [await say(session, rater, level) for rater, level in levels.items()]
    return reviews[-1]


async def shown(session: AsyncSession, article_id: str = "a") -> list[ReplyState]:
    return [reply.state for reply in (await load_article_summaries(session, [article_id]))[article_id].replies]


async def test_it_shows_an_answer_as_provisional_at_the_third_rating(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2")
        assert (await say(session, "t1", HELPFUL)).finding.reason.key == ReasonKey.TOO_FEW_RATINGS
        await say(session, "t2", HELPFUL)
        assert await shown(session) == []
        assert (await say(session, "n1", HELPFUL)).state == ReplyState.PROVISIONAL
    async with database.reading() as session:
        assert await shown(session) == [ReplyState.PROVISIONAL]
        assert await task_state(session) == TaskState.PROVISIONAL
        assert [change.kind for change in await load_changes(session, 0)] == [ChangeKind.PUBLISHED]
        held, provisional = await decisions(session)
        assert held.outcome == VerificationOutcome.HELD
        assert (provisional.rule, provisional.outcome) == (VerificationRule.YOUNG, VerificationOutcome.PROVISIONAL)
        assert provisional.inputs["figures"]["share"] == 1.0
        assert provisional.inputs["reason"] == {
            "key": "provisional",
            "values": {
                "ratings": 3,
                "trusted": 2,
                "experienced": 0,
                "missing": 0,
                "missing_trusted": 0,
                "helpful_percent": 100,
                "trusted_percent": 100,
            },
        }
        assert "t1" not in str(provisional.inputs), "nobody's name is stored with a decision"


async def test_it_verifies_when_both_sides_agree_and_ratings_before_publication_count(database: Database) -> None:
    async with database.transaction() as session:
        await add_experienced(session)
        await add_trusted(session, "t1", "t2")
        await all_say(session, dict.fromkeys(("t1", "t2", "p1", "p2", "p3"), HELPFUL))
        assert await shown(session) == [ReplyState.PROVISIONAL]
        await say(session, "m1", HELPFUL)
        final = await say(session, "m2", HELPFUL)
        assert (final.state, final.finding.rule) == (ReplyState.VERIFIED, VerificationRule.TWO_SIDED)
        assert await shown(session) == [ReplyState.VERIFIED]
        assert await task_state(session) == TaskState.VERIFIED
        assert [row.outcome.value for row in await decisions(session)] == ["held", "provisional", "verified"]


async def test_it_takes_a_provisional_answer_back_when_the_other_side_objects(database: Database) -> None:
    async with database.transaction() as session:
        await add_experienced(session)
        await add_trusted(session, "t1", "t2")
        await all_say(session, dict.fromkeys(("t1", "t2", "p1", "p2", "p3"), HELPFUL))
        final = await all_say(session, dict.fromkeys(("m1", "m2"), NOT_HELPFUL))
        assert final.state == ReplyState.PROPOSED
        assert await shown(session) == []
        assert await task_state(session) == TaskState.SUBMITTED
        assert [c.kind for c in await load_changes(session, 0)] == [ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN]


async def test_it_lets_a_contested_answer_wait_and_then_shows_it(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2", "t3", "t4")
        await say(session, "n1", NOT_HELPFUL)
        for rater in ("t1", "t2", "t3"):
            await say(session, rater, HELPFUL)
        waiting = await say(session, "t4", HELPFUL)
        assert (waiting.state, waiting.public_at) == (ReplyState.PROPOSED, NOW + DELAY)
        again = await say(session, "n2", HELPFUL, now=NOW + timedelta(minutes=10))
        assert again.public_at == NOW + DELAY, "looking again does not put it off"
        assert await task_state(session) == TaskState.SUBMITTED
    assert await review_due(sqlite_database, NOW + DELAY - timedelta(seconds=1)) == 0
    assert await review_due(sqlite_database, NOW + DELAY) == 1
    assert await review_due(sqlite_database, NOW + DELAY) == 0
    async with sqlite_database.reading() as session:
        assert await shown(session) == [ReplyState.PROVISIONAL]
        assert await task_state(session) == TaskState.PROVISIONAL
        assert len(await decisions(session)) == 2


async def test_it_shows_nothing_when_the_rule_has_changed_its_mind_while_it_waited(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2", "t3", "t4")
        await say(session, "n1", NOT_HELPFUL)
        for rater in ("t1", "t2", "t3", "t4"):
            await say(session, rater, HELPFUL)
        await say(session, "n2", NOT_HELPFUL)
        assert await shown(session) == []
    assert await review_due(database, NOW + DELAY) == 0
    async with database.transaction() as session:
        back = await say(session, "t5", HELPFUL, now=NOW + DELAY)
        assert back.finding.outcome == VerificationOutcome.HELD
        later = await say(session, "n2", HELPFUL, now=NOW + DELAY)
        assert later.public_at == NOW + 2 * DELAY, "it waits anew"


async def test_it_lets_an_answer_wait_that_says_something_else_than_one_that_is_shown(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, state=ReplyState.VERIFIED)
        await add_answer(session, reply_id="other", verdict=Verdict.NOT_RUMOR)
        await add_trusted(session, "t1", "t2", "t3")
        for rater in ("t1", "t2", "t3"):
            last = await say(session, rater, HELPFUL, reply_id="other")
        assert last.public_at == NOW + DELAY


async def test_it_draws_between_thirty_and_ninety_minutes() -> None:
    drawn = [draw_delay(DEFAULT) for _ in range(300)]
    assert timedelta(minutes=30) <= min(drawn) < timedelta(minutes=45)
    assert timedelta(minutes=75) < max(drawn) <= timedelta(minutes=90)


async def test_it_rejects_and_lets_the_better_answer_decide_the_task(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_answer(session, reply_id="better")
        await add_trusted(session, "t1", "t2", "t3")
        for rater in ("t1", "t2", "t3"):
            await say(session, rater, NOT_HELPFUL)
        assert (await session.get_one(ArticleReply, ("a", "r"))).state == ReplyState.REJECTED
        assert await task_state(session) == TaskState.SUBMITTED, "the other answer is still to be rated"
        for rater in ("t1", "t2", "t3"):
            await say(session, rater, HELPFUL, reply_id="better")
        assert await task_state(session) == TaskState.PROVISIONAL
        page = await find_article_page(session, "a")
        assert page is not None
        assert page.withdrawn == (), "what was never shown is not listed as taken back"


async def test_it_changes_nothing_once_locked_until_a_moderator_grants_an_appeal(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2", "t3")
        for rater in ("t1", "t2", "t3"):
            await say(session, rater, NOT_HELPFUL)
        assert await task_state(session) == TaskState.REJECTED
        assert (await session.get_one(ArticleReply, ("a", "r"))).state == ReplyState.REJECTED
        late = NOW + 14 * DAY
        assert (await look(session, now=late)).locked
        for who in ("asker", "outsider", "volunteer", "second_volunteer"):
            with pytest.raises(TransitionError):
                await reopen(session, "a", "r", moderator=who, role=ROLES[who], now=late)
        await reopen(session, "a", "r", moderator="moderator", role=Role.MODERATOR, now=late)
        assert await task_state(session) == TaskState.OPEN
        assert (await session.get_one(ArticleReply, ("a", "r"))).state == ReplyState.PROPOSED
        for rater in ("t1", "t2", "t3"):
            last = await say(session, rater, HELPFUL, now=late)
        assert last.finding.outcome == VerificationOutcome.PROVISIONAL
        appeal = next(row for row in await decisions(session) if row.outcome == VerificationOutcome.REOPENED)
        assert (appeal.rule, appeal.actor) == (VerificationRule.APPEAL, "moderator")


async def test_it_counts_the_lock_from_the_latest_final_outcome_and_never_locks_a_provisional_one(
    database: Database,
) -> None:
    async with database.transaction() as session:
        await add_experienced(session)
        await add_trusted(session, "t1", "t2")
        await all_say(session, dict.fromkeys(("t1", "t2", "p1", "p2", "p3"), HELPFUL))
        assert not (await look(session, now=NOW + 100 * DAY)).locked
        await say(session, "m1", HELPFUL, now=NOW + 100 * DAY)
        await say(session, "m2", HELPFUL, now=NOW + 100 * DAY)
        assert not (await look(session, now=NOW + 113 * DAY)).locked
        assert (await look(session, now=NOW + 114 * DAY)).locked


async def test_it_never_brings_back_what_a_moderator_withdrew(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2")
        for rater in ("t1", "t2", "n1"):
            await say(session, rater, HELPFUL)
        await withdraw(session, "a", "r")
        assert (await look(session)).state == ReplyState.WITHDRAWN
        await reopen(session, "a", "r", moderator="administrator", role=Role.ADMINISTRATOR, now=NOW)
        assert (await look(session)).state == ReplyState.PROVISIONAL


async def test_it_leaves_blocked_messages_alone_and_refuses_unknown_ones(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2", "t3")
        await set_article_status(session, "a", Status.BLOCKED)
        assert (await review(session, "a", "r")).state == ReplyState.PROPOSED
        assert await decisions(session) == []
        for ids in (("a", "nothing"), ("nothing", "r")):
            with pytest.raises(UnknownAnswerError):
                await review(session, *ids)
            with pytest.raises(UnknownAnswerError):
                await assess(session, *ids)
            with pytest.raises(UnknownAnswerError):
                await reopen(session, *ids, moderator="moderator", role=Role.MODERATOR, now=NOW)


async def test_it_counts_a_ring_once_and_a_blocked_account_or_the_authors_other_name_not_at_all(
    database: Database,
) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_standing(session, "alias", counted_as="volunteer", level=Role.TRUSTED)
        await add_standing(session, "copy", counted_as="original", level=Role.TRUSTED)
        await add_trusted(session, "original")
        for rater in ("alias", "copy", "original", "later"):
            await say(session, rater, HELPFUL)
        figures = (await assess(session, "a", "r")).figures
        assert (figures.ratings, figures.trusted) == (2, 1)
        await add_standing(session, "later", blocked=True)
        assert (await assess(session, "a", "r")).figures.ratings == 1


async def test_it_lets_the_original_speak_not_the_copies_that_water_it_down(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "original")
        for number in range(5):
            await add_standing(session, f"copy{number}", counted_as="original")
            await say(session, f"copy{number}", NOT_HELPFUL)
        assert (await assess(session, "a", "r")).figures.share == 0.0
        await say(session, "original", HELPFUL)
        assert (await assess(session, "a", "r")).figures.share == 1.0


async def test_it_reviews_everything_again_after_a_refit(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session)
        for rater in ("x", "y", "z"):
            await say(session, rater, HELPFUL)
        await add_trusted(session, "x", "y")
    assert await review_open(database, NOW) == 1
    assert await review_open(database, NOW) == 0
    async with database.reading() as session:
        assert await shown(session) == [ReplyState.PROVISIONAL]


async def test_it_does_not_touch_a_task_that_somebody_works_on(database: Database) -> None:
    async with database.transaction() as session:
        await add_answer(session, task=TaskState.CLAIMED)
        await add_trusted(session, "t1", "t2", "t3")
        for rater in ("t1", "t2", "t3"):
            await say(session, rater, HELPFUL)
        assert await shown(session) == [ReplyState.PROVISIONAL]
        assert await task_state(session) == TaskState.CLAIMED


@pytest.mark.postgres
async def test_it_publishes_once_though_three_rate_in_the_same_moment(
    postgres_database: Database, postgres_url: str
) -> None:
    async with postgres_database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2", "t3")
    others = [open_database(postgres_url) for _ in range(3)]

    async def rate_at_once(database: Database, rater: str) -> None:
        async with database.transaction() as session:
            await rate(session, article_id="a", reply_id="r", rater=rater, role=Role.TRUSTED, level=HELPFUL, now=NOW)
            await asyncio.sleep(0.05)
            await look(session)

    await asyncio.gather(*(rate_at_once(each, f"t{number}") for number, each in enumerate(others, 1)))
    async with postgres_database.reading() as session:
        assert await shown(session) == [ReplyState.PROVISIONAL]
        assert [row.outcome.value for row in await decisions(session)] == ["held", "provisional"]
        assert [change.kind for change in await load_changes(session, 0)] == [ChangeKind.PUBLISHED]
    for each in others:
        await each.close()
