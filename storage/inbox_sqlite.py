"""The inbox's writer on SQLite: one thread, one connection, and one durable commit for all that has queued up.

A commit with `synchronous=FULL` costs an fsync however many rows it holds, so whatever arrives during one commit
shares the next, and the thread takes it without asking the event loop. A group is inserted by a single multi-row
statement: Python's sqlite3 gives up the interpreter lock at every step, and a busy event loop takes milliseconds to
give it back.
"""

import asyncio
import json
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL

from storage.database import BUSY_TIMEOUT_MS, prepare_sqlite
from storage.inbox_claims import IN_VIEW, choose_first_of_chats, claim
from storage.inbox_statements import IncomingEvent, Insert
from storage.payloads import Seal
from storage.tables import InboxState, utc_now

T = TypeVar("T")

MAX_GROUP = 256
"""Rows in one insert; 10 parameters each stay far below SQLite's 32,766."""

CHECKPOINT_WAIT_MS = 200
"""How long a sweep may hold up the writer while a reader still needs the journal; the next sweep tries again."""

CHATS_IN_VIEW = f"""
WITH in_view AS (SELECT id FROM inbox_event WHERE state IN ('pending', 'claimed') LIMIT {IN_VIEW})
SELECT CASE WHEN (SELECT count(*) FROM in_view) < {IN_VIEW}
  THEN (SELECT json_group_array(chat) FROM inbox_event WHERE state IN ('pending', 'claimed')) END"""
"""The chats that have an unfinished event; NULL where so many are unfinished that nothing new is claimed."""

INSERT = """
INSERT INTO inbox_event
  (id, event_id, chat, timestamp, payload, state, owner, lease_until, attempts, received_at)
VALUES {} ON CONFLICT (event_id) DO NOTHING"""
ROW = "(?,?,?,?,?,?,?,?,?,?)"
CLAIMED = "SELECT group_concat(id) FROM inbox_event WHERE id BETWEEN ? AND ? AND state = 'claimed' AND owner = ?"


@dataclass(frozen=True, slots=True)
class _Call:
    """Any other statement, to run in the same transaction."""

    function: Callable[[Connection], Any]
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """Truncate the journal, between two transactions."""

    future: asyncio.Future[bool]


_Work = Insert | _Call | _Checkpoint
_Result = tuple[asyncio.Future[Any], Any]


class SqliteInboxWriter:
    """Runs the inbox's statements on SQLite."""

    def __init__(self, path: Path, seal: Seal, owner: str, lease: timedelta) -> None:
        self._engine = create_engine(URL.create("sqlite", database=str(path)), isolation_level="AUTOCOMMIT")
        event.listen(self._engine, "connect", lambda connection, _: prepare_sqlite(connection))
        self._seal = seal
        self._owner = owner
        self._lease = lease
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inbox-writer", daemon=True)
        self._last_id = 0

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def close(self) -> None:
        """Write what is waiting, then stop."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._engine.dispose()

    async def insert(self, batch: Sequence[IncomingEvent], *, may_claim: bool) -> dict[int, int]:
        """Store events durably; the new row's id for each that is claimed, by its place in `batch`."""
        future: asyncio.Future[dict[int, int]] = self._loop.create_future()
        self._queue.put(Insert(batch, may_claim, future))
        return await future

    async def run(self, function: Callable[[Connection], T]) -> T:
        """Run `function` in a transaction of the writer."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Call(function, future))
        return await future

    async def scrub(self) -> bool:
        """Empty the journal, so that erased bytes are in no file; False when a reader still needed it."""
        future: asyncio.Future[bool] = self._loop.create_future()
        self._queue.put(_Checkpoint(future))
        return await future

    def _run(self) -> None:
        running = True
        with self._engine.connect() as connection:
            while running:
                group, running = self._next_group()
                if group:
                    self._report(self._execute(connection, group))

    def _next_group(self) -> tuple[list[_Work], bool]:
        """Wait for work, and take all that is there. False: it was the last."""
        group: list[_Work] = []
        work = self._queue.get()
        while work is not None:
            group.append(work)
            if self._queue.empty():
                return group, True
            work = self._queue.get()
        return group, False

    def _execute(self, connection: Connection, group: Sequence[_Work]) -> list[_Result]:
        """One transaction for the whole group; when it fails, one for each, so that only the guilty one hears of it."""
        results: list[_Result] = [
            (work.future, _checkpoint(connection)) for work in group if isinstance(work, _Checkpoint)
        ]
        work = [item for item in group if not isinstance(item, _Checkpoint)]
        if not work:
            return results
        try:
            return results + self._commit(connection, work)
        except Exception as error:
            if len(work) == 1:
                return [*results, (work[0].future, error)]
            return results + [result for item in work for result in self._execute(connection, [item])]

    def _commit(self, connection: Connection, group: Sequence[Insert | _Call]) -> list[_Result]:
        if inserts := _only_stored(group):
            return self._insert_all(connection, inserts)
        raw = _driver(connection)
        raw.execute("BEGIN IMMEDIATE")
        try:
            results = self._insert_all(connection, [item for item in group if isinstance(item, Insert)])
            results += [(item.future, item.function(connection)) for item in group if isinstance(item, _Call)]
            raw.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                raw.execute("ROLLBACK")
            raise
        return results

    def _insert_all(self, connection: Connection, inserts: Sequence[Insert]) -> list[_Result]:
        rows = [row for insert in inserts for row in insert.batch]
        may_claim = [insert.may_claim for insert in inserts for _ in insert.batch]
        claimed: dict[int, int] = {}
        for start in range(0, len(rows), MAX_GROUP):
            ids = self._insert_rows(connection, rows[start : start + MAX_GROUP], may_claim[start : start + MAX_GROUP])
            claimed.update((start + index, row_id) for index, row_id in ids.items())
        results: list[_Result] = []
        start = 0
        for insert in inserts:
            places = range(len(insert.batch))
            ids = {place: claimed[start + place] for place in places if start + place in claimed}
            results.append((insert.future, ids))
            start += len(places)
        return results

    def _insert_rows(
        self, connection: Connection, rows: Sequence[IncomingEvent], may_claim: Sequence[bool]
    ) -> dict[int, int]:
        raw = _driver(connection)
        now = utc_now()
        first_id = self._last_id = max(self._last_id + 1, time.time_ns())
        claimed = (InboxState.CLAIMED.value, self._owner, _to_sqlite(now + self._lease), 1, _to_sqlite(now))
        pending = (InboxState.PENDING.value, None, None, 0, _to_sqlite(now))
        free = _choose_free(raw, rows, may_claim)
        values: list[Any] = []
        for index, row in enumerate(rows):
            values += (first_id + index, row.event_id, row.chat, row.timestamp, self._seal(row.event_id, row.payload))
            values += claimed if index in free else pending
        self._last_id += len(rows)
        inserted = raw.execute(INSERT.format(",".join([ROW] * len(rows))), values).rowcount
        claimable = {first_id + index for index, may in enumerate(may_claim) if may}
        if inserted == len(rows) or not claimable:
            return {index: first_id + index for index in free}
        # A duplicate was dropped: it may have been claimed, or the one that kept a later event waiting.
        claim(connection, self._owner, now, self._lease, len(rows), claimable)
        found: str | None = raw.execute(CLAIMED, (first_id, self._last_id, self._owner)).fetchone()[0]
        return {int(row_id) - first_id: int(row_id) for row_id in found.split(",")} if found else {}

    def _report(self, results: Sequence[_Result]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody is waiting any more
            self._loop.call_soon_threadsafe(settle, results)


def settle(results: Sequence[_Result]) -> None:
    """Give every future its result or its exception."""
    for future, result in results:
        if future.done():
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)


def _only_stored(group: Sequence[Insert | _Call]) -> list[Insert]:
    """All of the group, if one statement does for it: nothing to claim, nothing to run, and rows for one insert.

    Such a statement is a transaction of its own, begun, committed and synced in a single step: the interpreter lock,
    which a busy event loop gives back late, is waited for once instead of a dozen times.
    """
    inserts = [item for item in group if isinstance(item, Insert) and not item.may_claim]
    is_one = len(inserts) == len(group) and sum(len(insert.batch) for insert in inserts) <= MAX_GROUP
    return inserts if is_one else []


def _checkpoint(connection: Connection) -> bool | sqlite3.Error:
    """False while a reader needs the journal, the error where the disk refuses (it is full): the next sweep tries."""
    raw = _driver(connection)
    raw.execute(f"PRAGMA busy_timeout = {CHECKPOINT_WAIT_MS}")
    try:
        busy: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.Error as error:
        return error
    finally:
        raw.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return not busy


def _choose_free(raw: sqlite3.Connection, rows: Sequence[IncomingEvent], may_claim: Sequence[bool]) -> set[int]:
    """The places of the rows that may be claimed now: the first of each chat that has nothing unfinished."""
    first = choose_first_of_chats(rows, may_claim)
    if not first:
        return first
    in_view: str | None = raw.execute(CHATS_IN_VIEW).fetchone()[0]
    if in_view is None:
        return set()
    chats = set(json.loads(in_view))
    return {index for index in first if rows[index].chat not in chats}


def _driver(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _to_sqlite(moment: datetime) -> str:
    """The text SQLAlchemy stores for a UTC time, so that both sides compare alike."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
