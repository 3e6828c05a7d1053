"""The nightly job `drift`: does matching still do what it did? The last day against the four weeks before it.

A share is flagged when the interval of its change (Newcombe, 99 %) leaves zero out, a mean when its own (Welch) does.
With six measures a night, chance alone flags one about every sixteen nights.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.metrics import Metrics
from retrieval.intervals import Z99, difference, wilson
from scripts.feedback import to_chosen
from storage.database import Database
from storage.match_decisions import load_decisions
from storage.tables import DriftReport, MatchDecision, MatchOutcome

PERIOD = timedelta(days=1)
BEFORE = timedelta(days=28)
MIN_N = 30
"""With fewer on either side nothing is flagged."""

MEAN = "mean_top_probability"
AGREEMENT = "choice_agreement"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Counted:
    """One period: outcomes, the best matches' probabilities, and how many choices were for what was shown first."""

    outcomes: Mapping[MatchOutcome, int]
    probabilities: int
    total: float
    squares: float
    choices: int
    agreeing: int

    @property
    def decisions(self) -> int:
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Change:
    """A measure now and before; `low` and `high` are the interval of the change."""

    now: float
    n: int
    now_low: float
    now_high: float
    before: float
    n_before: int
    low: float
    high: float

    @property
    def is_flagged(self) -> bool:
        return min(self.n, self.n_before) >= MIN_N and not self.low <= 0 <= self.high


async def measure_drift(database: Database, metrics: Metrics, now: datetime) -> DriftReport:
    """Compare, store the report, set the metrics, and log what is flagged."""
    since = now - PERIOD
    async with database.reading() as session:
        last = await _count(session, since, now)
        before = await _count(session, since - BEFORE, since)
    changes = compare(last, before)
    report = DriftReport(
        since=since,
        until=now,
        figures={name: asdict(change) for name, change in changes.items()},
        flagged=[name for name, change in changes.items() if change.is_flagged],
    )
    async with database.transaction() as session:
        session.add(report)
    for name, change in changes.items():
        metrics.drift_value.labels(name).set(change.now)
        metrics.drift_flagged.labels(name).set(change.is_flagged)
        if change.is_flagged:
            log.warning("matching_drifted", measure=name, now=round(change.now, 4), before=round(change.before, 4))
    return report


def describe(report: DriftReport) -> str:
    """One line for the job's outcome."""
    measured = [
        f"{name} {figure['now']:.3f} of {figure['n']}" for name, figure in report.figures.items() if figure["n"]
    ]
    return f"{', '.join(measured) or 'nothing was looked up'}; flagged: {', '.join(report.flagged) or 'none'}"


def compare(last: Counted, before: Counted) -> dict[str, Change]:
    """Every measure of both periods."""
    shares = {
        outcome.value: _share(
            last.outcomes.get(outcome, 0), last.decisions, before.outcomes.get(outcome, 0), before.decisions
        )
        for outcome in MatchOutcome
    }
    agreement = _share(last.agreeing, last.choices, before.agreeing, before.choices)
    return {**shares, MEAN: _mean(last, before), AGREEMENT: agreement}


def _share(count: int, of: int, count_before: int, of_before: int) -> Change:
    now_low, now_high = wilson(count, of, Z99)
    low, high = difference(count, of, count_before, of_before, Z99)
    return Change(_ratio(count, of), of, now_low, now_high, _ratio(count_before, of_before), of_before, low, high)


def _mean(last: Counted, before: Counted) -> Change:
    now, error = _mean_and_error(last)
    then, error_before = _mean_and_error(before)
    reach = Z99 * math.hypot(error, error_before)
    return Change(
        now=now,
        n=last.probabilities,
        now_low=now - Z99 * error,
        now_high=now + Z99 * error,
        before=then,
        n_before=before.probabilities,
        low=now - then - reach,
        high=now - then + reach,
    )


def _mean_and_error(counted: Counted) -> tuple[float, float]:
    mean = _ratio(counted.total, counted.probabilities)
    variance = max(0.0, _ratio(counted.squares, counted.probabilities) - mean * mean)
    return mean, math.sqrt(_ratio(variance, counted.probabilities))


def _ratio(count: float, of: int) -> float:
    return count / of if of else 0.0


async def _count(session: AsyncSession, since: datetime, until: datetime) -> Counted:
    within = (col(MatchDecision.created_at) >= since, col(MatchDecision.created_at) < until)
    outcomes = await session.execute(
        select(col(MatchDecision.outcome), func.count()).where(*within).group_by(col(MatchDecision.outcome))
    )
    top = col(MatchDecision.top_probability)
    n, total, squares = (
        await session.execute(select(func.count(top), func.sum(top), func.sum(top * top)).where(*within))
    ).one()
    chosen: Sequence[bool] = [
        to_chosen(decision).agrees
        for decision in await load_decisions(session, since=since, until=until, with_choice=True)
    ]
    return Counted(
        outcomes={row[0]: row[1] for row in outcomes},
        probabilities=n,
        total=total or 0.0,
        squares=squares or 0.0,
        choices=len(chosen),
        agreeing=sum(chosen),
    )
