"""What the matcher decided for a message, what the person then said about it, and how long either is kept.

Recording runs inside the transaction that finishes the event, after the answer was sent, so that it costs the asker no
time and SQLite no second commit; those functions take a plain connection. The others take a session, like all queries.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.database import Database
from storage.tables import Choice, MatchDecision, MatchOutcome, utc_now
from storage.variant_sightings import forget_sighting, record_sighting

KEEP_LINK = timedelta(days=90)
"""How long a decision names the person (by pseudonym), the message's keyed hash and, with consent, its text."""

KEEP_DECISION = timedelta(days=400)
"""How long the rest stays: article ids, scores, model, outcome and choice. A year and a month shows every season."""

DELETE_AT_ONCE = 5_000

decisions: Table = MatchDecision.__table__  # type: ignore[attr-defined]


def record_decision(connection: Connection, decision: MatchDecision, *, is_variant: bool = False) -> bool:
    """Store a decision; False when it is there already, because its message was handled before.

    `is_variant`: the message was surely the article shown, in other words than any of its; they are counted.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    inserted = connection.execute(insert(decisions).on_conflict_do_nothing(), decision.model_dump())
    if inserted.rowcount and is_variant and decision.key_hash:
        record_sighting(
            connection,
            article_id=decision.offered[0]["article_id"],
            key_hash=decision.key_hash,
            model_id=decision.model_id,
            probability=decision.offered[0]["probability"],
        )
    return bool(inserted.rowcount)


def sighting_of(decision: MatchDecision) -> tuple[str, str] | None:
    """Article and keyed hash of the wording that was counted when the decision was made; None: none was."""
    is_sure = decision.outcome in {MatchOutcome.ANSWER, MatchOutcome.WAITING}
    if not is_sure or decision.key_hash is None or not decision.offered or decision.choice == Choice.NONE:
        return None
    first = decision.offered[0]
    return None if first["signals"].get("exact") else (first["article_id"], decision.key_hash)


def record_choice(
    connection: Connection, decision_id: str, asker_id: str, choice: Choice, article_id: str | None = None
) -> bool:
    """Store what the person said; the last word counts. False when nothing changes, or the link to them is gone."""
    if choice == Choice.NONE:
        _forget_refused(connection, decision_id, asker_id)
    same = decisions.c.choice.is_not_distinct_from(choice) & decisions.c.chosen_article_id.is_not_distinct_from(
        article_id
    )
    changed = connection.execute(
        update(decisions)
        .where(decisions.c.id == decision_id, decisions.c.asker_id == asker_id, ~same)
        .values(choice=choice, chosen_article_id=article_id, chosen_at=utc_now())
    )
    return bool(changed.rowcount)


def _forget_refused(connection: Connection, decision_id: str, asker_id: str) -> None:
    """What the person says is another message is no wording of the article."""
    stored = connection.execute(
        select(decisions).where(decisions.c.id == decision_id, decisions.c.asker_id == asker_id)
    ).first()
    sighting = sighting_of(MatchDecision(**stored._mapping)) if stored else None
    if sighting is not None:
        forget_sighting(connection, *sighting)


def record_asked(
    connection: Connection, decision_id: str, asker_id: str, article_id: str, text: str | None = None
) -> bool:
    """Store about which article the person asked the volunteers, and the text if they agreed to its publication."""
    changed = connection.execute(
        update(decisions)
        .where(decisions.c.id == decision_id, decisions.c.asker_id == asker_id)
        .values(asked_article_id=article_id, text=text)
    )
    return bool(changed.rowcount)


def record_asked_with(connection: Connection, decision_ids: Sequence[str], asker_id: str, article_id: str) -> None:
    """Store the same of this person's messages that were asked about as parts of one.

    The caller has seen that no question with one of them is open: what was asked before was taken back, which unlinks
    it. It is linked once more, for whoever unsends the message now takes this article back.
    """
    is_free = decisions.c.asker_id.is_(None) | (decisions.c.asker_id == asker_id)
    connection.execute(
        update(decisions)
        .where(decisions.c.id.in_(decision_ids), is_free)
        .values(asker_id=asker_id, asked_article_id=article_id)
    )


async def find_decision(session: AsyncSession, decision_id: str) -> MatchDecision | None:
    return await session.get(MatchDecision, decision_id)


async def load_decisions(
    session: AsyncSession, *, since: datetime | None = None, until: datetime | None = None, with_choice: bool = False
) -> list[MatchDecision]:
    """Decisions made in a period, oldest first; with `with_choice` only those that somebody said something about."""
    statement = select(MatchDecision).order_by(col(MatchDecision.created_at), col(MatchDecision.id))
    if since is not None:
        statement = statement.where(col(MatchDecision.created_at) >= since)
    if until is not None:
        statement = statement.where(col(MatchDecision.created_at) < until)
    if with_choice:
        statement = statement.where(col(MatchDecision.choice).is_not(None))
    return list(await session.scalars(statement))


async def load_model_ids(session: AsyncSession) -> Sequence[tuple[str, int]]:
    """The models that decided, with the number of their decisions, most first."""
    rows = await session.execute(
        select(col(MatchDecision.model_id), func.count())
        .group_by(col(MatchDecision.model_id))
        .order_by(func.count().desc())
    )
    return [(model_id, count) for model_id, count in rows]


async def load_decisions_of(session: AsyncSession, asker_id: str) -> list[MatchDecision]:
    """What is linked to this person."""
    return list(await session.scalars(select(MatchDecision).where(col(MatchDecision.asker_id) == asker_id)))


async def unlink_decision(session: AsyncSession, decision_id: str) -> None:
    """Forget whose message it was and what was in it; the bare figures stay."""
    await session.execute(update(MatchDecision).where(col(MatchDecision.id) == decision_id).values(**_UNLINKED))


async def unlink_decisions_of(session: AsyncSession, asker_id: str) -> None:
    """Do the same for everything this person sent."""
    await session.execute(update(MatchDecision).where(col(MatchDecision.asker_id) == asker_id).values(**_UNLINKED))


async def forget_decisions(database: Database, now: datetime) -> tuple[int, int]:
    """Unlink what is older than `KEEP_LINK`, delete what is older than `KEEP_DECISION`; returns both counts."""
    unlinked = deleted = 0
    while True:
        async with database.transaction() as session:
            some_unlinked, some_deleted = await _forget_some(session, now)
        if not some_unlinked and not some_deleted:
            return unlinked, deleted
        unlinked, deleted = unlinked + some_unlinked, deleted + some_deleted


async def _forget_some(session: AsyncSession, now: datetime) -> tuple[int, int]:
    """At most `DELETE_AT_ONCE` rows of each, so that other writers are held up shortly."""
    linked = select(col(MatchDecision.id)).where(
        col(MatchDecision.asker_id).is_not(None), col(MatchDecision.created_at) < now - KEEP_LINK
    )
    old = select(col(MatchDecision.id)).where(col(MatchDecision.created_at) < now - KEEP_DECISION)
    unlinked = await session.execute(
        update(MatchDecision)
        .where(col(MatchDecision.id).in_(linked.limit(DELETE_AT_ONCE)))
        .values(**_UNLINKED)
        .returning(col(MatchDecision.id))
        .execution_options(synchronize_session=False)
    )
    deleted = await session.execute(
        delete(MatchDecision)
        .where(col(MatchDecision.id).in_(old.limit(DELETE_AT_ONCE)))
        .returning(col(MatchDecision.id))
        .execution_options(synchronize_session=False)
    )
    return len(unlinked.all()), len(deleted.all())


_UNLINKED: dict[str, Any] = {"asker_id": None, "key_hash": None, "text": None, "asked_article_id": None}
