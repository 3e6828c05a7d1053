"""The nightly comparison: quiet while nothing changes, loud when something does, silent on too little."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.metrics import Metrics
from scripts.drift import AGREEMENT, MEAN, describe, measure_drift
from scripts.jobs import JOBS
from storage.database import Database
from storage.tables import Choice, DriftReport, MatchDecision, MatchOutcome

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
OFFER = {"probability": 0.9, "band": "candidate", "signals": {}, "contradicted": False, "short": False}


async def add(
    database: Database, n: int, outcome: MatchOutcome, *, days: float = 0.5, p: float = 0.9, chosen: str | None = None
) -> None:
    """`n` decisions of `days` ago; with `chosen`, for the article shown first when it is `right`."""
    async with database.transaction() as session:
        session.add_all(
            MatchDecision(
                id=f"{outcome}-{days}-{p}-{chosen}-{number}",
                outcome=outcome,
                model_id="m",
                top_probability=p,
                offered=[OFFER | {"article_id": "right"}],
                choice=None if chosen is None else Choice.THIS,
                chosen_article_id=chosen,
                created_at=NOW - timedelta(days=days),
            )
            for number in range(n)
        )


async def test_it_is_quiet_while_nothing_changes(database: Database) -> None:
    for days in (0.5, 10.0):
        await add(database, 60, MatchOutcome.ANSWER, days=days)
        await add(database, 40, MatchOutcome.NO_MATCH, days=days, p=0.1)
    report = await measure_drift(database, Metrics(), NOW)
    assert report.flagged == []
    assert report.figures["answer"]["now"] == 0.6
    assert report.figures[MEAN]["before"] == 0.58


async def test_it_flags_a_share_that_left_its_interval(database: Database) -> None:
    await add(database, 60, MatchOutcome.ANSWER, days=10)
    await add(database, 40, MatchOutcome.NO_MATCH, days=10)
    await add(database, 20, MatchOutcome.ANSWER)
    await add(database, 80, MatchOutcome.NO_MATCH)
    metrics = Metrics()
    report = await measure_drift(database, metrics, NOW)
    assert report.flagged == ["answer", "no_match"]
    assert b'chaming_drift_flagged{measure="answer"} 1.0' in metrics.render()
    assert b'chaming_drift_value{measure="answer"} 0.2' in metrics.render()
    assert describe(report).endswith("flagged: answer, no_match")


async def test_it_flags_a_mean_and_an_agreement_that_fell(database: Database) -> None:
    for p, chosen, days in ((0.90, "right", 9), (0.92, "right", 9), (0.80, "other", 0.5), (0.82, "other", 0.5)):
        await add(database, 40, MatchOutcome.CANDIDATES, days=days, p=p, chosen=chosen)
    report = await measure_drift(database, Metrics(), NOW)
    assert report.flagged == [MEAN, AGREEMENT]


async def test_it_flags_nothing_on_too_little(database: Database) -> None:
    await add(database, 29, MatchOutcome.ANSWER)
    await add(database, 500, MatchOutcome.NO_MATCH, days=5)
    assert (await measure_drift(database, Metrics(), NOW)).flagged == []


async def test_an_empty_database_has_a_report_too(database: Database) -> None:
    report = await measure_drift(database, Metrics(), NOW)
    assert report.flagged == []
    assert describe(report) == "nothing was looked up; flagged: none"


async def test_it_keeps_every_report(database: Database) -> None:
    for day in range(2):
        await measure_drift(database, Metrics(), NOW + timedelta(days=day))
    async with database.reading() as session:
        reports = list(await session.scalars(select(DriftReport).order_by(DriftReport.id)))  # type: ignore[arg-type]
    assert [report.until for report in reports] == [NOW, NOW + timedelta(days=1)]


def test_it_is_a_nightly_job() -> None:
    assert JOBS["drift"].every == timedelta(days=1)
    assert JOBS["drift"].shared
