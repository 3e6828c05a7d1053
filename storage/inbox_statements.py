"""The inbox's rules as statements, written once for both engines; each runs inside the caller's transaction.

Unfinished conditions are spelled with literals, word for word as in the partial indexes of `InboxEvent`: only then
does SQLite use them.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables import InboxEvent, InboxState, UtcDateTime

Statement = Callable[[Connection], Any]

KEEP_FINISHED = timedelta(days=30)
"""How long id and outcome of a finished event stay, to know it when it is delivered again."""

DELETE_AT_ONCE = 5_000
READ_AT_ONCE = 256

IN_VIEW = 512
"""Unfinished rows that a new event is compared with. Behind so many it is stored for `claim`, whatever its chat."""

events: Table = InboxEvent.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """An event as it is stored: the payload encrypted."""

    event_id: str
    chat: str
    timestamp: int
    sealed: bytes
    may_claim: bool = True
    """False: store it for whoever claims next, since the process that stores it has enough to do."""


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


def _mine() -> ColumnElement[bool]:
    return and_(events.c.state == InboxState.CLAIMED, events.c.owner == bindparam("me"))


def is_ready(event: FromClause, now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Pending and not waiting for a retry, or claimed by someone whose lease has run out."""
    return or_(event.c.lease_until <= now, and_(event.c.state == InboxState.PENDING, event.c.lease_until.is_(None)))


def _is_being_worked_on(event: FromClause, other: FromClause, now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether another event of the chat is claimed by somebody who is alive."""
    return exists(
        select(literal_column("1"))
        .select_from(other)
        .where(other.c.chat == event.c.chat, other.c.id != event.c.id, _is_held(other, now))
    )


def _is_held(event: FromClause, now: ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(event.c.state == literal_column("'claimed'"), event.c.lease_until > now)


# Built once: putting a statement together takes longer than running it, and these run for every event.
NOW: ColumnElement[datetime] = bindparam("now", type_=UtcDateTime())
_LEASE: ColumnElement[datetime] = bindparam("lease", type_=UtcDateTime())
_other = events.alias("o")

WORKED_ON = select(events.c.chat).where(_is_held(events, NOW))
QUEUE = (
    select(events.c.id, events.c.chat, events.c.timestamp, is_ready(events, NOW).label("is_ready"))
    .where(
        unfinished(events),
        tuple_(events.c.timestamp, events.c.id)
        > tuple_(bindparam("timestamp", type_=BigInteger()), bindparam("id", type_=BigInteger())),
    )
    .order_by(events.c.timestamp, events.c.id)
    .limit(READ_AT_ONCE)
)
CLAIM = (
    update(events)
    .where(
        events.c.id.in_(bindparam("ids", expanding=True)),
        unfinished(events),
        is_ready(events, NOW),
        ~_is_being_worked_on(events, _other, NOW),
    )
    .values(state=InboxState.CLAIMED, owner=bindparam("me"), lease_until=_LEASE, attempts=events.c.attempts + 1)
    .returning(
        *(events.c[name] for name in ("id", "event_id", "chat", "timestamp", "payload", "attempts", "received_at"))
    )
)
RENEW = update(events).where(_mine(), events.c.id.in_(bindparam("ids", expanding=True))).values(lease_until=_LEASE)
_DONE = (
    update(events)
    .where(_mine(), events.c.id == bindparam("row"))
    .values(state=InboxState.DONE, outcome=bindparam("result"), done_at=NOW)
    .values(chat=None, owner=None, lease_until=None)
)
FINISH = _DONE.values(payload=None)
FINISH_KEEPING = _DONE.values(payload_until=bindparam("until", type_=UtcDateTime()))


def choose_first_of_chats(batch: Sequence[SealedEvent]) -> list[bool]:
    """For each event: is it the earliest of its chat in the batch, and so the only one that may be claimed now?"""
    first: dict[str, int] = {}
    for index, event in enumerate(batch):
        best = first.setdefault(event.chat, index)
        if event.timestamp < batch[best].timestamp:
            first[event.chat] = index
    chosen = {index for index in first.values() if batch[index].may_claim}
    return [index in chosen for index in range(len(batch))]


def claim(
    connection: Connection,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    among: Collection[int] | None = None,
) -> list[SealedRow]:
    """Claim at most `limit` rows: the oldest of each chat in which nothing is being worked on.

    With `among`, only those rows, and only as far as they are among the `limit` that are next.
    """
    ready = [row for row in find_ready(connection, now, limit) if among is None or row.id in among]
    chats = lock_free_chats(connection, {row.chat for row in ready})
    ids = [row.id for row in ready if row.chat in chats]
    return claim_rows(connection, ids, owner, now, lease) if ids else []


def find_ready(connection: Connection, now: datetime, limit: int) -> list[Row[Any]]:
    """The first `limit` rows that may be claimed: read in order, so that an earlier event holds its chat's later ones.

    A chat has no index of its own: keeping one would cost every event more than all its other writes together.
    """
    passed = set(connection.scalars(WORKED_ON, {"now": now}))
    ready: list[Row[Any]] = []
    place = {"timestamp": -1, "id": -1}
    while len(ready) < limit:
        rows = connection.execute(QUEUE, {"now": now, **place}).all()
        for row in rows:
            if row.chat not in passed and row.is_ready:
                ready.append(row)
            passed.add(row.chat)
        if len(rows) < READ_AT_ONCE:
            break
        place = {"timestamp": rows[-1].timestamp, "id": rows[-1].id}
    return ready[:limit]


def claim_rows(
    connection: Connection, ids: Sequence[int], owner: str, now: datetime, lease: timedelta
) -> list[SealedRow]:
    """Claim those of the rows that are still ready: one that another process took meanwhile is left out."""
    rows = connection.execute(CLAIM, {"ids": list(ids), "me": owner, "now": now, "lease": now + lease})
    return sorted((SealedRow(*row) for row in rows), key=lambda row: (row.timestamp, row.id))


def lock_free_chats(connection: Connection, chats: Collection[str]) -> set[str]:
    """The chats in which no other process is claiming at this moment, locked until the transaction ends."""
    if connection.dialect.name != "postgresql":
        return set(chats)
    by_key = {chat_key(chat): chat for chat in chats}
    keys = bindparam("keys", sorted(by_key), ARRAY(BigInteger))
    locked = connection.execute(
        text("SELECT k FROM unnest(:keys) AS k WHERE pg_try_advisory_xact_lock(k)").bindparams(keys)
    )
    return {by_key[row.k] for row in locked}


def chat_key(chat: str) -> int:
    """The number of a chat's advisory lock: 64 bits, signed."""
    return int.from_bytes(hashlib.blake2b(chat.encode(), digest_size=8).digest(), "big", signed=True)


def renew(connection: Connection, ids: Sequence[int], owner: str, until: datetime) -> None:
    connection.execute(RENEW, {"ids": list(ids), "me": owner, "lease": until})


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
    result = connection.execute(update(events).where(_mine(), events.c.id == row_id).values(**values), {"me": owner})
    return bool(result.rowcount)


def release(connection: Connection, owner: str | None) -> int:
    """Make claimed rows pending again: those of one owner, or (None) of everyone."""
    claimed = [unfinished(events), events.c.state == InboxState.CLAIMED]
    if owner is not None:
        claimed.append(events.c.owner == owner)
    result = connection.execute(
        update(events).where(*claimed).values(state=InboxState.PENDING, owner=None, lease_until=None)
    )
    return result.rowcount


def find_payload(connection: Connection, event_id: str, now: datetime) -> bytes | None:
    sealed: bytes | None = connection.scalar(
        select(events.c.payload).where(
            events.c.event_id == event_id,
            or_(events.c.payload_until > now, events.c.state.in_([InboxState.PENDING, InboxState.CLAIMED])),
        )
    )
    return sealed


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
