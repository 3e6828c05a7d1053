"""The job that makes one task of unanswered articles that came in side by side."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.matching import Matching
from bot.metrics import Metrics
from moderation.intake import add_article
from retrieval.types import Band, Match
from scripts.duplicates import LOOK_BACK, join_duplicates
from storage.database import Database
from storage.tables import Article, Status
from tests.bot.fakes import FakeMatcher
from tests.bot.makers import make_match

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FIRST = "喝熱水可以殺死病毒，請轉發給家人"
SECOND = "聽說喝熱水就可以殺死病毒喔，請轉發給家人朋友"


class LoadedIndex:
    async def load(self) -> None:
        return None


def services_finding(database: Database, *matches: Match) -> SimpleNamespace:
    matching = Matching(Metrics())
    matching.use(FakeMatcher(*matches), "e5@1")
    return SimpleNamespace(database=database, matching=matching, follower=LoadedIndex())


async def add(database: Database, article_id: str, text: str, *, minutes_ago: float) -> None:
    async with database.transaction() as session:
        article = await add_article(session, text=text, matching_key_hash=article_id, contributor=None)
        await session.flush()
        article.created_at = NOW - timedelta(minutes=minutes_ago)
        session.add(article)


async def statuses(database: Database) -> list[Status]:
    async with database.reading() as session:
        return list(await session.scalars(select(Article.status).order_by(col(Article.created_at))))


async def ids(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(Article.id).order_by(col(Article.created_at))))


async def run(database: Database, *matches: Match) -> tuple[int, int]:
    return await join_duplicates(services_finding(database, *matches), NOW)  # type: ignore[arg-type]


async def test_the_newer_is_merged_into_the_older(database: Database) -> None:
    await add(database, "one", FIRST, minutes_ago=9)
    await add(database, "two", SECOND, minutes_ago=8)
    older, newer = await ids(database)
    assert await run(database, make_match(newer), make_match(older)) == (1, 2)
    assert await statuses(database) == [Status.NORMAL, Status.MERGED]
    assert await run(database, make_match(newer), make_match(older)) == (0, 1)


async def test_what_came_in_before_is_a_target_but_not_looked_at(database: Database) -> None:
    await add(database, "one", FIRST, minutes_ago=LOOK_BACK.total_seconds() / 60 + 1000)
    await add(database, "two", SECOND, minutes_ago=1)
    older, _ = await ids(database)
    assert await run(database, make_match(older)) == (1, 1)


@pytest.mark.parametrize(
    "fields", [{"band": Band.CANDIDATE}, {"contradictions": (("可以", "不可以"),)}], ids=["unsure", "contradicted"]
)
async def test_only_a_sure_match_is_merged(database: Database, fields: dict[str, object]) -> None:
    await add(database, "one", FIRST, minutes_ago=9)
    await add(database, "two", SECOND, minutes_ago=8)
    older, newer = await ids(database)
    assert await run(database, make_match(newer), make_match(older, **fields)) == (0, 2)  # type: ignore[arg-type]


async def test_texts_that_say_different_things_stay_apart_whatever_the_matcher_says(database: Database) -> None:
    await add(database, "one", FIRST, minutes_ago=9)
    await add(database, "two", "喝熱水不可以殺死病毒，請轉發給家人", minutes_ago=8)
    older, _ = await ids(database)
    assert await run(database, make_match(older)) == (0, 2)
    assert await statuses(database) == [Status.NORMAL, Status.NORMAL]
