"""The nightly refit: who is on which side, whose accounts are one person's, and how far each is trusted.

Reads everything, computes in a thread with no transaction open, and writes the standings anew in one transaction.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypeVar

import numpy as np
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.alike import find_alike, keep_seniors
from moderation.rater_model import Fit, Ratings, fit_model
from moderation.thresholds import DEFAULT, Thresholds
from moderation.trust import EARNED, Judgement, Record, choose_level, measure_records
from storage.bulk import insert_rows
from storage.database import Database
from storage.tables import ArticleReply, RaterFit, RaterStanding, Rating, ReplyStanding, Role, VerificationOutcome
from storage.verification import FinalOutcome, load_final_outcomes

T = TypeVar("T")

Answer = tuple[str, str]
"""Article id and reply id."""


@dataclass(frozen=True, slots=True)
class Given:
    """One rating, as the refit reads it."""

    answer: Answer
    rater: str
    score: float
    rated_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All a refit starts from. Ratings of blocked accounts are left out."""

    given: Sequence[Given]
    finals: Mapping[Answer, FinalOutcome] = field(default_factory=dict)
    authors: Mapping[Answer, str] = field(default_factory=dict)
    granted: Mapping[str, Role | None] = field(default_factory=dict)
    """Everyone who has a standing, with the level given to them by hand."""
    ratings_per_reply: float | None = None
    """The first fit's."""


@dataclass(frozen=True, slots=True)
class Standings:
    """What a refit found out."""

    ratings: Mapping[str, int]
    records: Mapping[str, Record]
    counted_as: Mapping[str, str]
    raters: Mapping[str, tuple[float, float]]
    """Intercept and factor of those with enough ratings."""
    answers: Mapping[Answer, tuple[float, float]]
    fit: Fit | None
    fitted: int = 0
    """The number of ratings the model was fitted to."""


async def refit(database: Database, now: datetime, thresholds: Thresholds = DEFAULT) -> Standings:
    """Renew every standing from all ratings and outcomes so far."""
    async with database.reading() as session:
        snapshot = await load_snapshot(session)
    standings = await asyncio.to_thread(compute, snapshot, thresholds)
    async with database.transaction() as session:
        await _store(session, standings, now, thresholds)
    return standings


async def grant_trust(session: AsyncSession, rater: str, level: Role, now: datetime) -> None:
    """Give somebody a level by hand, say to the first trusted reviewers of a new instance."""
    standing = await session.get(RaterStanding, rater) or RaterStanding(rater=rater)
    standing.granted, standing.updated_at = level, now
    standing.level = choose_level(Record(**standing.record), level)
    session.add(standing)


def compute(snapshot: Snapshot, thresholds: Thresholds = DEFAULT) -> Standings:
    """From ratings and outcomes to standings. Accounts that are one person's are fitted as one."""
    totals: dict[str, int] = {}
    for each in snapshot.given:
        totals[each.rater] = totals.get(each.rater, 0) + 1
    records = _measure_records(snapshot)
    counted_as = _find_copies(snapshot, totals, records, thresholds)
    unheard = _find_unheard(snapshot, counted_as, records, thresholds)
    fitted = [
        each
        for each in snapshot.given
        if totals[each.rater] >= thresholds.experienced_after and each.rater not in unheard
    ]
    if not fitted:
        return Standings(totals, records, counted_as, {}, {}, None)
    ratings, raters, answers = to_ratings(fitted)
    fit = fit_model(ratings, ratings_per_reply=snapshot.ratings_per_reply)
    return Standings(
        totals,
        records,
        counted_as,
        _pair_up(raters, fit.rater_intercepts, fit.rater_factors),
        _pair_up(answers, fit.reply_intercepts, fit.reply_factors),
        fit,
        len(fitted),
    )


def to_ratings(given: Sequence[Given]) -> tuple[Ratings, list[str], list[Answer]]:
    """Ratings by index, with the rater and the answer that each index stands for."""
    raters: dict[str, int] = {}
    answers: dict[Answer, int] = {}
    rater = [raters.setdefault(each.rater, len(raters)) for each in given]
    reply = [answers.setdefault(each.answer, len(answers)) for each in given]
    ratings = Ratings(
        np.array(rater, np.int64),
        np.array(reply, np.int64),
        np.array([each.score for each in given], np.float64),
        len(raters),
        len(answers),
    )
    return ratings, list(raters), list(answers)


async def load_snapshot(session: AsyncSession) -> Snapshot:
    """Read what a refit needs, in the order in which it was said, so that the same data gives the same fit."""
    standings = list(await session.scalars(select(RaterStanding)))
    blocked = {standing.rater for standing in standings if standing.blocked}
    rows = await session.execute(
        select(
            col(Rating.article_id),
            col(Rating.reply_id),
            col(Rating.rater),
            col(Rating.score),
            col(Rating.created_at),
            col(Rating.updated_at),
        ).order_by(col(Rating.id))
    )
    links = await session.execute(
        select(col(ArticleReply.article_id), col(ArticleReply.reply_id), col(ArticleReply.contributor)).where(
            col(ArticleReply.contributor).is_not(None)
        )
    )
    finals = await load_final_outcomes(session)
    first = select(col(RaterFit.ratings_per_reply)).order_by(col(RaterFit.id)).limit(1)
    return Snapshot(
        given=[
            Given((row.article_id, row.reply_id), row.rater, row.score, row.updated_at or row.created_at)
            for row in rows
            if row.rater not in blocked
        ],
        finals=finals,
        authors={(row.article_id, row.reply_id): row.contributor for row in links},
        granted={standing.rater: standing.granted for standing in standings},
        ratings_per_reply=await session.scalar(first),
    )


def _measure_records(snapshot: Snapshot) -> dict[str, Record]:
    judgements = [
        Judgement(each.rater, each.score, each.rated_at, final.outcome, final.since)
        for each in snapshot.given
        if (final := snapshot.finals.get(each.answer)) is not None
    ]
    written: list[tuple[str, VerificationOutcome]] = [
        (author, snapshot.finals[answer].outcome)
        for answer, author in snapshot.authors.items()
        if answer in snapshot.finals
    ]
    return measure_records(judgements, written)


def _find_copies(
    snapshot: Snapshot, totals: Mapping[str, int], records: Mapping[str, Record], thresholds: Thresholds
) -> dict[str, str]:
    if not snapshot.given:
        return {}
    ratings, raters, _ = to_ratings(snapshot.given)
    groups = [[raters[index] for index in group] for group in find_alike(ratings, thresholds)]
    levels = {
        rater: choose_level(records.get(rater, Record()), snapshot.granted.get(rater), thresholds)
        for group in groups
        for rater in group
    }
    return keep_seniors(groups, {rater: (EARNED.index(level), totals[rater]) for rater, level in levels.items()})


def _find_unheard(
    snapshot: Snapshot, counted_as: Mapping[str, str], records: Mapping[str, Record], thresholds: Thresholds
) -> set[str]:
    """Whom the model does not hear: copies, and whoever stands for a ring.

    One account that says no to fifty good answers is enough to pull the model's one line, on which everyone's side is
    found, towards itself. A trusted reviewer whom others copy is heard all the same.
    """
    accounts = Counter(counted_as.values())
    return {account for account, senior in counted_as.items() if account != senior} | {
        senior
        for senior, number in accounts.items()
        if number >= thresholds.ring_accounts
        and choose_level(records.get(senior, Record()), snapshot.granted.get(senior), thresholds) != Role.TRUSTED
    }


async def _store(session: AsyncSession, standings: Standings, now: datetime, thresholds: Thresholds) -> None:
    """Write the standings. What was given by hand meanwhile is read again and kept."""
    rows = await session.execute(select(col(RaterStanding.rater), col(RaterStanding.granted)))
    granted: dict[str, Role | None] = {row.rater: row.granted for row in rows}
    people = standings.ratings.keys() | standings.records.keys() | granted.keys()
    await session.execute(update(RaterStanding).values(intercept=None, factor=None, counted_as=None, ratings=0))
    await _upsert(session, [_to_row(rater, granted, standings, now, thresholds) for rater in sorted(people)])
    if standings.fit is None:
        return
    await session.execute(delete(ReplyStanding))
    await insert_rows(
        session,
        [
            ReplyStanding(article_id=article, reply_id=reply, intercept=intercept, factor=factor, updated_at=now)
            for (article, reply), (intercept, factor) in standings.answers.items()
        ],
    )
    session.add(_to_fit_row(standings, standings.fit, now))


def _to_row(
    rater: str, granted: Mapping[str, Role | None], standings: Standings, now: datetime, thresholds: Thresholds
) -> dict[str, object]:
    record = standings.records.get(rater, Record())
    intercept, factor = standings.raters.get(rater, (None, None))
    counted_as = standings.counted_as.get(rater, rater)
    return {
        "rater": rater,
        "level": choose_level(record, granted.get(rater), thresholds),
        "blocked": False,
        "record": asdict(record),
        "ratings": standings.ratings.get(rater, 0),
        "intercept": intercept,
        "factor": factor,
        "counted_as": counted_as if counted_as != rater else None,
        "updated_at": now,
    }


async def _upsert(session: AsyncSession, rows: Sequence[dict[str, object]]) -> None:
    """Insert new people; of those known, change all but what is set by hand."""
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(RaterStanding)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in {"rater", "blocked"}}
    await session.execute(statement.on_conflict_do_update(index_elements=["rater"], set_=changed), list(rows))


def _to_fit_row(standings: Standings, fit: Fit, now: datetime) -> RaterFit:
    return RaterFit(
        ratings=standings.fitted,
        raters=len(standings.raters),
        replies=len(standings.answers),
        ratings_per_reply=fit.ratings_per_reply,
        mean=fit.mean,
        loss=fit.loss,
        sweeps=fit.sweeps,
        fitted_at=now,
    )


def _pair_up(keys: Iterable[T], first: Iterable[float], second: Iterable[float]) -> dict[T, tuple[float, float]]:
    return {key: (float(one), float(other)) for key, one, other in zip(keys, first, second, strict=True)}
