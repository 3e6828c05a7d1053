"""The statistics: what the job counts, what stays counted when its source is erased, and what is withheld."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlmodel import SQLModel, col

from storage.database import Database
from storage.statistics import (
    SMALLEST_CROWD,
    Queue,
    find_waiting,
    load_categories,
    load_category_weeks,
    load_most_asked,
    load_spread,
    load_weeks,
    measure_queue,
)
from storage.statistics.prepared import GOOD_FOR, find_prepared_queue, first_day, load_prepared_asked
from storage.statistics.queries import count_query, waiting_query
from storage.statistics.rollup import roll_up
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    Category,
    Choice,
    DailyCount,
    MatchDecision,
    MatchOutcome,
    Measure,
    Reply,
    ReplyRequest,
    ReplyState,
    Status,
    Verdict,
)

NOW = datetime(2026, 3, 20, 4, tzinfo=UTC)
MONDAY = date(2026, 3, 16)
SUNDAY_NIGHT = datetime(2026, 3, 15, 16, 30, tzinfo=UTC)
"""Still Sunday in UTC, already Monday in Taiwan."""


async def add(database: Database, *rows: SQLModel) -> None:
    async with database.transaction() as session:
        for row in rows:
            session.add(row)
            await session.flush()


def decision(number: int, outcome: MatchOutcome, when: datetime = NOW, **fields: object) -> MatchDecision:
    offered = [{"article_id": "a"}, {"article_id": "b"}] if outcome != MatchOutcome.NO_MATCH else []
    asked = {"id": f"d{number}", "asker_id": f"p{number}", "outcome": outcome, "offered": offered, "created_at": when}
    return MatchDecision(model_id="m", **asked | fields)


def answered(article_id: str, after: timedelta, state: ReplyState = ReplyState.VERIFIED) -> list[SQLModel]:
    """An article of Monday's, answered after a while."""
    at = SUNDAY_NIGHT + after
    link = ArticleReply(article_id=article_id, reply_id=f"r-{article_id}", state=state, created_at=at, published_at=at)
    if state == ReplyState.IMPORTED:
        link.published_at = NOW + timedelta(days=300)
    return [
        Article(id=article_id, text=f"訊息 {article_id}", created_at=SUNDAY_NIGHT),
        Reply(id=f"r-{article_id}", verdict=Verdict.RUMOR, text="假的", created_at=at, contributor="v"),
        link,
    ]


async def test_it_counts_messages_by_outcome_in_taiwans_weeks(database: Database) -> None:
    outcomes = (MatchOutcome.ANSWER, MatchOutcome.ANSWER, MatchOutcome.CANDIDATES, MatchOutcome.NO_MATCH)
    await add(database, *(decision(n, outcome, SUNDAY_NIGHT) for n, outcome in enumerate(outcomes)))
    await roll_up(database, NOW)
    async with database.reading() as session:
        before, week = await load_weeks(session, MONDAY - timedelta(days=1), MONDAY)
    assert (before.messages, before.hit_rate) == (0, None)
    assert (week.monday, week.messages, week.hit_rate) == (MONDAY, 4, 0.5)
    assert week.outcomes[MatchOutcome.CANDIDATES] == 1


async def test_the_time_to_the_first_answer_is_that_of_the_nearest_rank(database: Database) -> None:
    for number in range(1, 11):
        await add(database, *answered(f"a{number}", timedelta(hours=number)))
    late = answered("imported", timedelta(hours=99), ReplyState.IMPORTED)
    proposed = answered("proposed", timedelta(0), ReplyState.PROPOSED)
    await add(database, *late, *proposed)
    await roll_up(database, NOW)
    async with database.reading() as session:
        waiting = await find_waiting(session)
        (week,) = await load_weeks(session, MONDAY, MONDAY)
        queue = await measure_queue(session)
    assert waiting
    assert (waiting.answered, waiting.median_s, waiting.p90_s) == (11, 6 * 3600, 10 * 3600)
    assert week.waiting == waiting
    assert (week.answers, week.verdicts) == (11, {Verdict.RUMOR: 11})
    assert queue == Queue(1, SUNDAY_NIGHT, SUNDAY_NIGHT)


async def test_an_article_counts_in_each_of_its_categories(database: Database) -> None:
    await add(database, *answered("a", timedelta(hours=1)), Article(id="gone", status=Status.BLOCKED))
    await add(database, Category(id="health", title="健康"), Category(id="fraud", title="詐騙"))
    for article_id, category_id in (("a", "health"), ("a", "fraud"), ("gone", "fraud")):
        await add(database, ArticleCategory(article_id=article_id, category_id=category_id))
    await add(database, ReplyRequest(article_id="a", contributor="p", created_at=SUNDAY_NIGHT))
    await roll_up(database, NOW)
    async with database.reading() as session:
        found = await load_categories(session, MONDAY, MONDAY)
        weeks = await load_category_weeks(session, Measure.ARTICLES_IN, MONDAY, MONDAY)
        assert await load_categories(session, date(2020, 1, 1), date(2020, 12, 31)) == []
    assert sorted((each.title, each.articles, each.requests, each.answers) for each in found) == [
        ("健康", 1, 1, 1),
        ("詐騙", 1, 1, 1),
    ]
    assert weeks == {"health": {MONDAY: 1}, "fraud": {MONDAY: 1}}


async def test_most_asked_counts_what_a_message_surely_was(database: Database) -> None:
    await add(database, *answered("a", timedelta(hours=1)), Article(id="b", text="乙"), Article(id="c", text="丙"))
    await add(
        database,
        decision(1, MatchOutcome.ANSWER),
        decision(2, MatchOutcome.ANSWER, choice=Choice.NONE),
        decision(3, MatchOutcome.CANDIDATES),
        decision(4, MatchOutcome.CANDIDATES, choice=Choice.THIS, chosen_article_id="b"),
        decision(5, MatchOutcome.WAITING),
        decision(6, MatchOutcome.NO_MATCH),
        ReplyRequest(article_id="c", contributor="p", created_at=NOW),
    )
    await roll_up(database, NOW)
    async with database.reading() as session:
        found = await load_most_asked(session, MONDAY, NOW.date())
        assert len(await load_most_asked(session, MONDAY, NOW.date(), limit=1)) == 1
    assert [(each.article_id, each.messages, each.requests, each.verdicts) for each in found] == [
        ("a", 2, 0, (Verdict.RUMOR,)),
        ("b", 1, 0, ()),
        ("c", 0, 1, ()),
    ]


async def test_the_spread_of_few_peoples_article_is_withheld(database: Database) -> None:
    await add(database, Article(id="a", text="甲"))
    days = [NOW - timedelta(days=7 * (n % 3)) for n in range(SMALLEST_CROWD)]
    await add(database, *(decision(n, MatchOutcome.ANSWER, day) for n, day in enumerate(days[:-1])))
    await roll_up(database, NOW)
    async with database.reading() as session:
        few = await load_spread(session, "a")
    assert (few.total, few.weeks) == (SMALLEST_CROWD - 1, None)
    await add(database, ReplyRequest(article_id="a", contributor="last", created_at=NOW))
    await roll_up(database, NOW)
    async with database.reading() as session:
        many = await load_spread(session, "a")
    assert many.weeks
    assert [(week.monday, week.messages, week.requests) for week in many.weeks] == [
        (MONDAY - timedelta(weeks=2), 6, 0),
        (MONDAY - timedelta(weeks=1), 6, 0),
        (MONDAY, 7, 1),
    ]


async def test_few_people_are_not_counted_aloud(database: Database) -> None:
    await add(database, *(decision(n, MatchOutcome.ANSWER) for n in range(SMALLEST_CROWD - 1)))
    await roll_up(database, NOW)
    async with database.reading() as session:
        (few,) = await load_weeks(session, MONDAY, MONDAY)
    assert (few.askers, few.volunteers) == (None, 0)
    await add(database, Article(id="x"), ReplyRequest(article_id="x", contributor="one more", created_at=NOW))
    await roll_up(database, NOW)
    async with database.reading() as session:
        (enough,) = await load_weeks(session, MONDAY, MONDAY)
    assert enough.askers == SMALLEST_CROWD


async def test_what_was_counted_stays_when_the_decisions_are_deleted(database: Database) -> None:
    old = NOW - timedelta(days=400)
    await add(database, decision(1, MatchOutcome.ANSWER, old), decision(2, MatchOutcome.ANSWER))
    await roll_up(database, NOW)
    async with database.transaction() as session:
        await session.execute(delete(MatchDecision).where(col(MatchDecision.created_at) < NOW))
        await session.execute(delete(MatchDecision).where(col(MatchDecision.id) == "d2"))
    await roll_up(database, NOW)
    async with database.reading() as session:
        weeks = await load_weeks(session, old.date(), NOW.date())
    assert (weeks[0].messages, weeks[-1].messages) == (1, 0)


async def test_counting_twice_changes_nothing(database: Database) -> None:
    await add(database, *answered("a", timedelta(hours=1)), decision(1, MatchOutcome.ANSWER))
    assert (await roll_up(database, NOW))[0] > 0
    async with database.reading() as session:
        first = await load_weeks(session, MONDAY, MONDAY)
    assert await roll_up(database, NOW + timedelta(hours=1)) == (0, False), "nothing is written for nothing"
    async with database.reading() as session:
        assert await load_weeks(session, MONDAY, MONDAY) == first


@pytest.mark.parametrize("measure", Measure)
async def test_the_query_that_is_shown_can_be_run(database: Database, measure: Measure) -> None:
    async with database.reading() as session:
        for query in (
            count_query(measure, session.get_bind().dialect.name),
            waiting_query(session.get_bind().dialect.name),
        ):
            assert "{" not in query
            values = {"since": "2020-01-01" if database.is_sqlite else NOW} if ":since" in query else {}
            assert (await session.execute(text(query), values)).all() == []


async def test_all_is_counted_anew_after_an_import_of_older_articles_and_at_night(database: Database) -> None:
    years_ago = NOW - timedelta(days=1500)
    await add(database, Article(id="new", created_at=NOW))
    assert (await roll_up(database, NOW))[1], "nothing was counted before"
    assert not (await roll_up(database, NOW))[1]
    await add(database, Article(id="old", created_at=years_ago))
    assert (await roll_up(database, NOW))[1], "an article is missing"
    assert (await roll_up(database, NOW.replace(hour=19)))[1], "three in the morning in Taiwan"
    async with database.reading() as session:
        assert (await load_weeks(session, years_ago.date(), years_ago.date()))[0].articles == 1


async def test_prepared_figures_say_what_counting_says_and_what_is_public_now(database: Database) -> None:
    await add(database, *answered("a", timedelta(hours=1)), Article(id="b", text="乙"), Article(id="c", text="丙"))
    await add(database, *(decision(n, MatchOutcome.ANSWER) for n in range(3)))
    await add(database, ReplyRequest(article_id="b", contributor="p", created_at=NOW))
    await add(database, ReplyRequest(article_id="c", contributor="p", created_at=NOW))
    await roll_up(database, NOW)
    today = (NOW + timedelta(hours=8)).date()
    since = first_day(53, today)
    async with database.reading() as session:
        counted = await load_most_asked(session, since, today)
        assert await load_prepared_asked(session, since, today, NOW) == counted
        assert [each.article_id for each in counted] == ["a", "b", "c"]
        assert await find_prepared_queue(session, NOW) == await measure_queue(session)
    async with database.transaction() as session:
        await session.execute(update(Article).where(col(Article.id) == "b").values(status=Status.BLOCKED))
        await session.execute(delete(DailyCount))
    async with database.reading() as session:
        shown = await load_prepared_asked(session, since, today, NOW)
        assert [each.article_id for each in shown] == ["a", "c"], "numbers are kept, what is public is looked up"
        assert await load_prepared_asked(session, since, today, NOW + GOOD_FOR) == [], "too old: counted anew"
        assert await load_prepared_asked(session, since - timedelta(weeks=1), today, NOW) == [], "not prepared"
