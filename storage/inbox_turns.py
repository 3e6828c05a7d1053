"""Several events of one chat handled as one turn: the later ones are claimed beside the first, and finished with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from storage.inbox_claims import is_ready
from storage.inbox_statements import NOW, SealedRow, events, finish, unfinished
from storage.tables import InboxState


@dataclass(frozen=True, slots=True)
class JoinedRow:
    """How an event ended that was handled together with an earlier one of its chat."""

    id: int
    outcome: str
    keep_payload_until: datetime | None = None


def claim_following(
    connection: Connection,
    first: SealedRow,
    owner: str,
    now: datetime,
    lease: timedelta,
    *,
    at_most: int,
    may_join: Callable[[SealedRow], bool],
) -> list[SealedRow]:
    """Claim the events that come right after one of ours, as far as they may join it, in LINE's order.

    Tried again, a turn is made of what it was made of before: an answer that LINE has taken already was to just that.
    """
    columns = (events.c[name] for name in ("id", "event_id", "chat", "timestamp", "payload", "attempts", "received_at"))
    ready = is_ready(events, NOW)
    after = (events.c.timestamp > first.timestamp) | (
        (events.c.timestamp == first.timestamp) & (events.c.id > first.id)
    )
    statement = (
        select(*columns)
        .where(events.c.chat == first.chat, unfinished(events), after, ready)
        .order_by(events.c.timestamp, events.c.id)
        .limit(at_most)
    )
    if first.attempts > 1:
        statement = statement.where(events.c.attempts > 0)
    found = [SealedRow(*row) for row in connection.execute(statement, {"now": now})]
    joining = found[: next((place for place, row in enumerate(found) if not may_join(row)), len(found))]
    return [row for row in joining if _claim(connection, row.id, owner, now, lease)]


def finish_joined(connection: Connection, rows: Sequence[JoinedRow], owner: str, now: datetime) -> None:
    for row in rows:
        finish(connection, row.id, owner, row.outcome, now, row.keep_payload_until)


def _claim(connection: Connection, row_id: int, owner: str, now: datetime, lease: timedelta) -> bool:
    claimed = connection.execute(
        update(events)
        .where(events.c.id == row_id, unfinished(events), is_ready(events, NOW))
        .values(state=InboxState.CLAIMED, owner=owner, lease_until=now + lease, attempts=events.c.attempts + 1),
        {"now": now},
    )
    return bool(claimed.rowcount)
