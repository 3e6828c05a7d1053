"""The inbox's writer on PostgreSQL: one connection that stores, in one commit, all that has queued up.

Several processes store and claim at once. Whoever decides what is claimed in a chat holds that chat's advisory lock
until it commits, so two processes never work on one chat at the same time.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.inbox_claims import IN_VIEW, chat_key, choose_first_of_chats, claim
from storage.inbox_statements import IncomingEvent, Insert
from storage.payloads import Seal
from storage.tables import utc_now

T = TypeVar("T")

MAX_GROUP = 256
"""Rows in one insert, and so advisory locks in one transaction: PostgreSQL has room for thousands in all."""

LOCK = "SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k"
INSERT = f"""
WITH in_view AS MATERIALIZED (SELECT chat FROM inbox_event WHERE state IN ('pending', 'claimed') LIMIT {IN_VIEW}),
incoming AS (
  SELECT *, is_first AND (SELECT count(*) FROM in_view) < {IN_VIEW}
    AND chat NOT IN (SELECT chat FROM in_view) AS is_free
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[], $5::boolean[])
    AS i (event_id, chat, timestamp, payload, is_first)
)
INSERT INTO inbox_event
  (event_id, chat, timestamp, payload, state, owner, lease_until, attempts, received_at)
SELECT event_id, chat, timestamp, payload,
  CASE WHEN is_free THEN 'claimed' ELSE 'pending' END,
  CASE WHEN is_free THEN $6 END,
  CASE WHEN is_free THEN $7::timestamptz END,
  is_free::int, $8
FROM incoming ON CONFLICT (event_id) DO NOTHING
RETURNING id, event_id, state = 'claimed' AS is_claimed"""


class PostgresInboxWriter:
    """Runs the inbox's statements on PostgreSQL."""

    def __init__(self, database: Database, seal: Seal, owner: str, lease: timedelta) -> None:
        self._engine = database.engine
        self._seal = seal
        self._owner = owner
        self._lease = lease
        self._queue: asyncio.Queue[Insert | None] = asyncio.Queue()
        self._connection: AsyncConnection | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="inbox-writer")

    async def close(self) -> None:
        """Write what is queued, then stop."""
        self._queue.put_nowait(None)
        await self._task
        await self._disconnect()

    async def insert(self, batch: Sequence[IncomingEvent], *, may_claim: bool) -> dict[int, int]:
        """Store events durably; the new row's id for each that is claimed, by its place in `batch`."""
        future: asyncio.Future[dict[int, int]] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(Insert(batch, may_claim, future))
        return await future

    async def run(self, function: Callable[[Connection], T]) -> T:
        """Run `function` in a transaction of its own."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(function)

    async def scrub(self) -> bool:
        """Let PostgreSQL reuse the space of erased rows."""
        engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text("VACUUM inbox_event"))
        return True

    async def _run(self) -> None:
        running = True
        while running:
            group, running = await self._next_group()
            if not group:
                continue
            try:
                self._settle(group, await self._insert_all(group))
            except Exception:
                # The connection may have died while idle, or one request may be bad: again, one by one. What was
                # stored after all is dropped as a duplicate, and claimed when its lease has run out.
                await self._disconnect()
                await self._insert_each(group)

    async def _next_group(self) -> tuple[list[Insert], bool]:
        group: list[Insert] = []
        rows = 0
        request = await self._queue.get()
        while request is not None:
            group.append(request)
            rows += len(request.batch)
            if rows >= MAX_GROUP or self._queue.empty():
                return group, True
            request = self._queue.get_nowait()
        return group, False

    async def _insert_each(self, group: Sequence[Insert]) -> None:
        for request in group:
            try:
                self._settle([request], await self._insert_all([request]))
            except Exception as error:
                await self._disconnect()
                _refuse(request, error)

    async def _insert_all(self, group: Sequence[Insert]) -> dict[str, int]:
        rows = [event for request in group for event in request.batch]
        may_claim = [request.may_claim for request in group for _ in request.batch]
        claimed: dict[str, int] = {}
        for start in range(0, len(rows), MAX_GROUP):
            end = start + MAX_GROUP
            claimed |= await self._insert_rows(rows[start:end], may_claim[start:end])
        return claimed

    async def _insert_rows(self, rows: Sequence[IncomingEvent], may_claim: Sequence[bool]) -> dict[str, int]:
        raw = await self._raw()
        first = choose_first_of_chats(rows, may_claim)
        if first:
            async with raw.transaction():
                await raw.execute(LOCK, sorted({chat_key(row.chat) for row in rows}))
                found = await self._fetch_inserted(raw, rows, first)
        else:  # what is only stored takes nothing from anybody: one statement, and no lock
            found = await self._fetch_inserted(raw, rows, first)
        claimed = {row["event_id"]: row["id"] for row in found if row["is_claimed"]}
        claimable = {row.event_id for row, may in zip(rows, may_claim, strict=True) if may}
        waiting = [row["id"] for row in found if not row["is_claimed"] and row["event_id"] in claimable]
        if waiting and len(found) < len(rows):  # a dropped duplicate may have been what kept a later event waiting
            claimed |= await self._claim(waiting, len(rows))
        return claimed

    async def _fetch_inserted(self, raw: Any, rows: Sequence[IncomingEvent], first: set[int]) -> list[Any]:
        now = utc_now()
        found: list[Any] = await raw.fetch(
            INSERT,
            [row.event_id for row in rows],
            [row.chat for row in rows],
            [row.timestamp for row in rows],
            [self._seal(row.event_id, row.payload) for row in rows],
            [place in first for place in range(len(rows))],
            self._owner,
            now + self._lease,
            now,
        )
        return found

    async def _claim(self, ids: Collection[int], limit: int) -> dict[str, int]:
        rows = await self.run(lambda connection: claim(connection, self._owner, utc_now(), self._lease, limit, ids))
        return {row.event_id: row.id for row in rows}

    def _settle(self, group: Sequence[Insert], claimed: dict[str, int]) -> None:
        for batch, _, future in group:
            places = {
                place: claimed.pop(event.event_id) for place, event in enumerate(batch) if event.event_id in claimed
            }
            if not future.done():
                future.set_result(places)

    async def _raw(self) -> Any:
        """asyncpg's own connection, kept; a broken one has been dropped by `_disconnect`."""
        if self._connection is None:
            self._connection = await self._engine.connect()
        return (await self._connection.get_raw_connection()).driver_connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.invalidate()
            await connection.close()


def _refuse(request: Insert, error: Exception) -> None:
    if not request.future.done():
        request.future.set_exception(error)
