"""The durable inbox: a webhook's events are on disk before it is answered 200, and each is handled once.

`store` is the hot path and returns what may be handled at once; `claim` finds what is left over: later events of a busy
chat, retries, and rows whose worker has died. Every claim is a lease, and only its holder can finish the row.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from storage import inbox_claims, inbox_statements, inbox_turns
from storage.database import Database
from storage.inbox_postgres import PostgresInboxWriter
from storage.inbox_sqlite import SqliteInboxWriter
from storage.inbox_statements import IncomingEvent, SealedRow
from storage.inbox_turns import JoinedRow
from storage.payloads import PayloadCipher, UnreadablePayloadError
from storage.tables import utc_now

__all__ = ["Inbox", "InboxRow", "IncomingEvent"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One event claimed for this process, its payload readable."""

    id: int
    event_id: str
    chat: str
    timestamp: int
    payload: bytes
    attempts: int
    received_at: datetime


class InboxWriter(Protocol):
    """What differs between the engines: how rows get in durably, and how a statement runs."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def insert(self, batch: Sequence[IncomingEvent], *, may_claim: bool) -> dict[int, int]: ...

    async def run(self, function: Callable[[Connection], T]) -> T: ...

    async def scrub(self) -> bool: ...


class Inbox:
    """The inbox of one process. `owner` names that process in claims; `lease` is how long a claim holds unrenewed."""

    def __init__(self, database: Database, *, encryption_key: bytes, owner: str, lease: timedelta) -> None:
        self._cipher = PayloadCipher(encryption_key)
        self._owner = owner
        self._lease = lease
        self._is_sqlite = database.is_sqlite
        self._writer: InboxWriter = (
            SqliteInboxWriter(database.path, self._cipher.seal, owner, lease)
            if database.path is not None
            else PostgresInboxWriter(database, self._cipher.seal, owner, lease)
        )

    async def start(self) -> None:
        await self._writer.start()

    async def close(self) -> None:
        await self._writer.close()

    async def store(self, events: Sequence[IncomingEvent], *, claim: bool = True) -> list[InboxRow]:
        """Store events durably and return those that are claimed for this process, to be handled now.

        An event stored before is dropped. An event of a chat that has an unfinished one is stored and left to
        `claim`, and so is every event when this process has no room for more (`claim=False`). Raises what the
        database raises, and then nothing of these events is stored.
        """
        if not events:
            return []
        received_at = utc_now()
        claimed = await self._writer.insert(events, may_claim=claim)
        if not claimed:
            return []
        return [
            InboxRow(row_id, e.event_id, e.chat, e.timestamp, e.payload, attempts=1, received_at=received_at)
            for e, row_id in ((events[place], row_id) for place, row_id in sorted(claimed.items()))
        ]

    async def claim(self, limit: int) -> list[InboxRow]:
        """Claim at most `limit` rows, oldest first, one a chat, of chats in which nothing is being handled."""
        sealed = await self._writer.run(
            lambda connection: inbox_claims.claim(connection, self._owner, utc_now(), self._lease, limit)
        )
        rows = [(row, self._open(row)) for row in sealed]
        for row, opened in rows:
            if opened is None:
                await self.fail(row.id, UnreadablePayloadError.__name__, retry_at=None)
        return [opened for _, opened in rows if opened is not None]

    async def renew(self, ids: Collection[int]) -> None:
        """Hold these claims for another lease."""
        await self._writer.run(
            lambda connection: inbox_claims.renew(connection, list(ids), self._owner, utc_now() + self._lease)
        )

    async def claim_following(
        self, row: InboxRow, at_most: int, may_join: Callable[[InboxRow], bool]
    ) -> list[InboxRow]:
        """Claim the chat's next events to be handled together with this one, as far as they may join it."""
        first = SealedRow(row.id, row.event_id, row.chat, row.timestamp, b"", row.attempts, row.received_at)
        opened: dict[int, InboxRow] = {}

        def may(sealed: SealedRow) -> bool:
            found = self._open(sealed)
            if found is None or not may_join(found):
                return False
            opened[sealed.id] = replace(found, attempts=found.attempts + 1)
            return True

        claimed = await self._writer.run(
            lambda connection: inbox_turns.claim_following(
                connection, first, self._owner, utc_now(), self._lease, at_most=at_most, may_join=may
            )
        )
        return [opened[sealed.id] for sealed in claimed]

    async def finish(
        self,
        row_id: int,
        outcome: str,
        *,
        keep_payload_until: datetime | None = None,
        record: Callable[[Connection], object] | None = None,
        joined: Sequence[JoinedRow] = (),
    ) -> bool:
        """Mark the event done and erase its payload and chat, the payload later if so asked.

        `record` writes what is known of the event, in the same transaction and only if it is finished by it.
        `joined` are later events of the chat that were handled with it.
        False: the lease had run out and the row is another's now, or done already.
        """

        def finish(connection: Connection) -> bool:
            is_ours = inbox_statements.finish(connection, row_id, self._owner, outcome, utc_now(), keep_payload_until)
            if is_ours:
                inbox_turns.finish_joined(connection, joined, self._owner, utc_now())
            if is_ours and record is not None:
                record(connection)
            return is_ours

        return await self._writer.run(finish)

    async def fail(self, row_id: int, error: str, *, retry_at: datetime | None) -> bool:
        """Have the event handled again from `retry_at`; None gives it up for good and erases its payload.

        `error` names what went wrong and holds no message text: it is stored as it is.
        """
        return await self._writer.run(
            lambda connection: inbox_statements.fail(connection, row_id, self._owner, error, utc_now(), retry_at)
        )

    async def release_all(self) -> int:
        """Make claimed rows pending again, and say how many.

        On SQLite, where one process works at a time, everything an earlier process had claimed; on PostgreSQL only
        what this owner has claimed: the others may be alive, and their leases run out if they are not.
        """
        owner = None if self._is_sqlite else self._owner
        return await self._writer.run(lambda connection: inbox_claims.release(connection, owner))

    async def find_payload(self, event_id: str) -> bytes | None:
        """The payload of an event that was kept for a consent, or is not done yet; None once it is erased."""
        sealed = await self._writer.run(
            lambda connection: inbox_statements.find_payload(connection, event_id, utc_now())
        )
        try:
            return None if sealed is None else self._cipher.open(event_id, sealed)
        except UnreadablePayloadError:
            return None

    async def load_kept(self) -> list[tuple[str, bytes]]:
        """Event ids and payloads of what waits for a consent: to find the one whose message was unsent."""
        kept = await self._writer.run(lambda connection: inbox_statements.load_kept(connection, utc_now()))
        found = []
        for event_id, sealed in kept:
            with suppress(UnreadablePayloadError):
                found.append((event_id, self._cipher.open(event_id, sealed)))
        return found

    async def erase_payload(self, event_id: str) -> bool:
        """Erase a kept payload before its time: the consent was given or refused, or the message unsent."""
        return await self._writer.run(lambda connection: inbox_statements.erase_payload(connection, event_id))

    async def erase_expired(self, now: datetime) -> int:
        """Erase kept payloads whose time has come, and all erased bytes from the journal."""
        erased = await self._writer.run(lambda connection: inbox_statements.erase_expired(connection, now))
        await self._writer.scrub()
        return erased

    async def delete_old(self, now: datetime) -> int:
        """Delete finished rows older than `inbox_statements.KEEP_FINISHED`, a slice at a time."""
        total = 0
        while deleted := await self._writer.run(lambda connection: inbox_statements.delete_old(connection, now)):
            total += deleted
        return total

    async def depth(self) -> dict[str, int]:
        """Rows by state: `pending`, `claimed` and `failed`."""
        return await self._writer.run(inbox_statements.count_by_state)

    def _open(self, row: SealedRow) -> InboxRow | None:
        try:
            payload = self._cipher.open(row.event_id, row.sealed)
        except UnreadablePayloadError:
            return None
        return InboxRow(row.id, row.event_id, row.chat, row.timestamp, payload, row.attempts, row.received_at)
