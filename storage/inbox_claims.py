"""Claiming: whose turn it is, taken under a lease, held, and given back.

One event of a chat at a time, in the order of LINE's clock. Unfinished conditions are spelled with literals, as
`storage/inbox_statements.py` says.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from storage.inbox_statements import NOW, IncomingEvent, SealedRow, events, is_mine, unfinished
from storage.tables import InboxState, UtcDateTime

READ_AT_ONCE = 256

IN_VIEW = 512
"""Unfinished rows that a new event is compared with. Behind so many it is stored for `claim`, whatever its chat."""


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
RENEW = update(events).where(is_mine(), events.c.id.in_(bindparam("ids", expanding=True))).values(lease_until=_LEASE)


def choose_first_of_chats(batch: Sequence[IncomingEvent], may_claim: Sequence[bool]) -> set[int]:
    """The places of the events that may be claimed now: the earliest of each chat in the batch."""
    if not any(may_claim):
        return set()
    first: dict[str, int] = {}
    for index, event in enumerate(batch):
        best = first.setdefault(event.chat, index)
        if event.timestamp < batch[best].timestamp:
            first[event.chat] = index
    return {index for index in first.values() if may_claim[index]}


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


def release(connection: Connection, owner: str | None) -> int:
    """Make claimed rows pending again: those of one owner, or (None) of everyone."""
    claimed = [unfinished(events), events.c.state == InboxState.CLAIMED]
    if owner is not None:
        claimed.append(events.c.owner == owner)
    result = connection.execute(
        update(events).where(*claimed).values(state=InboxState.PENDING, owner=None, lease_until=None)
    )
    return result.rowcount
