"""The two jobs of verification, run as `chaming run-job` runs them."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from moderation.thresholds import DEFAULT, Thresholds
from scripts.jobs import JOBS
from scripts.scheduler import run_job
from storage.articles import load_article_summaries
from storage.database import Database
from storage.tables import Rating, ReplyState, utc_now
from tests.moderation.community import HELPFUL, NOT_HELPFUL, add_answer, add_trusted, say


async def shown(database: Database) -> list[ReplyState]:
    async with database.reading() as session:
        return [reply.state for reply in (await load_article_summaries(session, ["a"]))["a"].replies]


async def test_it_refits_and_shows_what_may_be_shown_now(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2")
        for rater in ("t1", "t2", "n1"):
            session.add(Rating(article_id="a", reply_id="r", rater=rater, score=1.0))
    services: Any = SimpleNamespace(database=sqlite_database, settings=SimpleNamespace(verification=DEFAULT))
    outcome = await run_job(services, JOBS["refit-raters"], owner="me")
    assert outcome == "fitted 0 ratings, 3 raters of whom 0 are copies, 1 answers changed"
    assert await shown(sqlite_database) == [ReplyState.PROVISIONAL]


async def test_it_publishes_what_has_waited_long_enough(sqlite_database: Database) -> None:
    hours_ago = utc_now() - timedelta(hours=2)
    async with sqlite_database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2", "t3", "t4")
        await say(session, "n1", NOT_HELPFUL, now=hours_ago)
        for rater in ("t1", "t2", "t3", "t4"):
            await say(session, rater, HELPFUL, now=hours_ago)
    services: Any = SimpleNamespace(database=sqlite_database, settings=SimpleNamespace(verification=DEFAULT))
    assert await shown(sqlite_database) == []
    outcome = await run_job(services, JOBS["publish-due"], owner="me")
    assert outcome == "published 1 answers that had waited"
    assert await shown(sqlite_database) == [ReplyState.PROVISIONAL]


async def test_it_shows_only_what_is_verified_where_the_setting_says_so(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2")
        for rater in ("t1", "t2", "n1"):
            session.add(Rating(article_id="a", reply_id="r", rater=rater, score=1.0))
    strict = SimpleNamespace(verification=Thresholds(answer_provisional=False))
    services: Any = SimpleNamespace(database=sqlite_database, settings=strict)
    await run_job(services, JOBS["refit-raters"], owner="me")
    assert await shown(sqlite_database) == []
    services.settings = SimpleNamespace(verification=DEFAULT)
    await run_job(services, JOBS["refit-raters"], owner="me")
    assert await shown(sqlite_database) == [ReplyState.PROVISIONAL]
    services.settings = strict
    await run_job(services, JOBS["refit-raters"], owner="me")
    assert await shown(sqlite_database) == []
