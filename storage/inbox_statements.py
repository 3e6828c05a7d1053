"""The inbox's rules as statements, written once for both engines; each runs inside the caller's transaction.

Unfinished conditions are spelled with literals, word for word as in the partial indexes of `InboxEvent`: only then
does SQLite use them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    bindparam,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)

from storage.tables import InboxEvent, InboxState, UtcDateTime

KEEP_FINISHED = timedelta(days=30)
"""How long id and outcome of a finished event stay, to know it when it is delivered again."""

DELETE_AT_ONCE = 5_000

events: Table = InboxEvent.__table__  # type: ignore[attr-defined]


class IncomingEvent(NamedTuple):
    """One webhook event as it arrived. `chat` is the chat's keyed pseudonym, `timestamp` LINE's own, in ms."""

    event_id: str
    chat: str
    timestamp: int
    payload: bytes


class Insert(NamedTuple):
    """A request's events on their way to the disk."""

    batch: Sequence[IncomingEvent]
    may_claim: bool
    """False: store them for whoever claims next, since this process has enough to do."""
    future: asyncio.Future[dict[int, int]]
    """Gets the new ids of those that are claimed, by their place in `batch`."""


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A claimed row, its payload still encrypted."""

    id: int
    event_id: str
    chat: str
    timestamp: int
    sealed: bytes
    attempts: int
    received_at: datetime


def unfinished(event: FromClause) -> ColumnElement[bool]:
    return event.c.state.in_([literal_column("'pending'"), literal_column("'claimed'")])


def is_mine() -> ColumnElement[bool]:
    return and_(events.c.state == InboxState.CLAIMED, events.c.owner == bindparam("me"))


# Built once: putting a statement together takes longer than running it, and these run for every event.
NOW: ColumnElement[datetime] = bindparam("now", type_=UtcDateTime())
_DONE = (
    update(events)
    .where(is_mine(), events.c.id == bindparam("row"))
    .values(state=InboxState.DONE, outcome=bindparam("result"), done_at=NOW)
    .values(chat=None, owner=None, lease_until=None)
)
FINISH = _DONE.values(payload=None)
FINISH_KEEPING = _DONE.values(payload_until=bindparam("until", type_=UtcDateTime()))


def finish(
    connection: Connection, row_id: int, owner: str, outcome: str, now: datetime, payload_until: datetime | None
) -> bool:
    """Mark a row done and erase what was private; False when the claim had lapsed and is another's now."""
    values = {"row": row_id, "me": owner, "result": outcome, "now": now}
    statement = FINISH if payload_until is None else FINISH_KEEPING
    result = connection.execute(statement, values if payload_until is None else {**values, "until": payload_until})
    return bool(result.rowcount)


def fail(connection: Connection, row_id: int, owner: str, error: str, now: datetime, retry_at: datetime | None) -> bool:
    """Put a row back until `retry_at`, or give it up and erase what was private."""
    values: dict[str, Any] = {"owner": None, "last_error": error, "lease_until": retry_at}
    if retry_at is None:
        values |= {"state": InboxState.FAILED, "done_at": now, "chat": None, "payload": None}
    else:
        values["state"] = InboxState.PENDING
    result = connection.execute(update(events).where(is_mine(), events.c.id == row_id).values(**values), {"me": owner})
    return bool(result.rowcount)


def find_payload(connection: Connection, event_id: str, now: datetime) -> bytes | None:
    sealed: bytes | None = connection.scalar(
        select(events.c.payload).where(
            events.c.event_id == event_id,
            or_(events.c.payload_until > now, events.c.state.in_([InboxState.PENDING, InboxState.CLAIMED])),
        )
    )
    return sealed


def hold_payload(connection: Connection, event_id: str, now: datetime) -> bool:
    """Whether the payload is still kept; who erases it waits until the caller's transaction has ended."""
    kept = select(events.c.id).where(
        events.c.event_id == event_id, events.c.payload_until > now, events.c.payload.is_not(None)
    )
    return connection.scalar(kept.with_for_update()) is not None


def load_kept(connection: Connection, now: datetime) -> list[tuple[str, bytes]]:
    """Event ids and sealed payloads of what waits for a consent."""
    rows = connection.execute(
        select(events.c.event_id, events.c.payload).where(events.c.payload_until > now, events.c.payload.is_not(None))
    )
    return [(row.event_id, row.payload) for row in rows]


def erase_payload(connection: Connection, event_id: str) -> bool:
    result = connection.execute(
        update(events)
        .where(events.c.event_id == event_id, events.c.payload_until.is_not(None))
        .values(payload=None, payload_until=None)
    )
    return bool(result.rowcount)


def erase_expired(connection: Connection, now: datetime) -> int:
    result = connection.execute(
        update(events).where(events.c.payload_until <= now).values(payload=None, payload_until=None)
    )
    return result.rowcount


def delete_old(connection: Connection, now: datetime) -> int:
    """Delete a slice of the finished rows older than `KEEP_FINISHED`; called until it returns 0."""
    old = (
        select(events.c.id)
        .where(
            events.c.state.in_([literal_column("'done'"), literal_column("'failed'")]),
            events.c.done_at < now - KEEP_FINISHED,
        )
        .limit(DELETE_AT_ONCE)
    )
    return connection.execute(delete(events).where(events.c.id.in_(old))).rowcount


def count_by_state(connection: Connection) -> dict[str, int]:
    """How many rows are pending, claimed and given up."""
    counted = connection.execute(
        select(events.c.state, func.count()).where(unfinished(events)).group_by(events.c.state)
    )
    counts = {InboxState.PENDING.value: 0, InboxState.CLAIMED.value: 0}
    counts.update((InboxState(state).value, count) for state, count in counted)
    failed = select(func.count()).where(
        events.c.state.in_([literal_column("'done'"), literal_column("'failed'")]),
        events.c.state == literal_column("'failed'"),
    )
    return {**counts, InboxState.FAILED.value: connection.scalar(failed) or 0}
