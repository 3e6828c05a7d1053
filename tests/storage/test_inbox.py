"""The inbox: nothing lost, nothing handled twice, one at a time in a chat, and nothing private left behind."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text, update
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, open_database, prepare_sqlite
from storage.inbox import Inbox, IncomingEvent
from storage.inbox_claims import IN_VIEW, READ_AT_ONCE
from storage.inbox_statements import KEEP_FINISHED, hold_payload
from storage.migrations import migrate
from storage.payloads import PayloadCipher, UnreadablePayloadError, derive_payload_key
from storage.tables import InboxEvent, utc_now
from tests.conftest import running_postgres

KEY = derive_payload_key("a secret of the tests")
PAYLOAD = '{"text": "喝熱水可以殺死病毒，請轉發給親友"}'.encode()
LEASE = timedelta(seconds=30)
OpenInbox = Callable[..., Any]


def event(event_id: str, chat: str = "chat-1", timestamp: int = 1, payload: bytes = PAYLOAD) -> IncomingEvent:
    return IncomingEvent(event_id, chat, timestamp, payload)


@asynccontextmanager
async def opened(
    database: Database, owner: str = "first", lease: timedelta = LEASE, key: bytes = KEY
) -> AsyncIterator[Inbox]:
    inbox = Inbox(database, encryption_key=key, owner=owner, lease=lease)
    await inbox.start()
    try:
        yield inbox
    finally:
        await inbox.close()


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[Inbox]:
    async with opened(database) as ready:
        yield ready


async def test_it_returns_what_is_new_to_be_handled_at_once(inbox: Inbox) -> None:
    rows = await inbox.store([event("e1", "a"), event("e2", "b")])
    assert [(row.event_id, row.chat, row.payload, row.attempts) for row in rows] == [
        ("e1", "a", PAYLOAD, 1),
        ("e2", "b", PAYLOAD, 1),
    ]
    assert await inbox.claim(10) == []


async def test_it_stores_nothing_for_nothing(inbox: Inbox) -> None:
    assert await inbox.store([]) == []
    assert await inbox.depth() == {"pending": 0, "claimed": 0, "failed": 0}


async def test_it_drops_an_event_delivered_twice(inbox: Inbox) -> None:
    (row,) = await inbox.store([event("e1")])
    assert await inbox.store([event("e1")]) == []
    assert await inbox.finish(row.id, "answered")
    assert await inbox.store([event("e1")]) == []
    assert await inbox.claim(10) == []


async def test_it_drops_an_event_that_is_twice_in_one_request(inbox: Inbox) -> None:
    assert [row.event_id for row in await inbox.store([event("e1"), event("e1")])] == ["e1"]


async def test_it_drops_an_event_delivered_twice_at_the_same_moment(inbox: Inbox) -> None:
    results = await asyncio.gather(*(inbox.store([event("e1")]) for _ in range(20)))
    assert sum(len(rows) for rows in results) == 1


async def test_it_handles_one_event_of_a_chat_after_another_by_their_timestamps(inbox: Inbox) -> None:
    rows = await inbox.store([event("later", timestamp=2), event("earlier", timestamp=1), event("last", timestamp=3)])
    assert [row.event_id for row in rows] == ["earlier"]
    assert await inbox.claim(10) == []
    for expected in ("later", "last"):
        await inbox.finish(rows[0].id, "answered")
        rows = await inbox.claim(10)
        assert [row.event_id for row in rows] == [expected]


async def test_it_keeps_an_event_of_a_busy_chat_waiting(inbox: Inbox) -> None:
    (row,) = await inbox.store([event("e1")])
    assert await inbox.store([event("e2", timestamp=2)]) == []
    await inbox.finish(row.id, "answered")
    assert [row.event_id for row in await inbox.claim(10)] == ["e2"]


async def test_it_returns_the_next_event_when_a_redelivered_request_begins_with_a_finished_one(inbox: Inbox) -> None:
    (row,) = await inbox.store([event("e1")])
    await inbox.finish(row.id, "answered")
    rows = await inbox.store([event("e1", timestamp=1), event("e2", timestamp=2), event("e3", timestamp=3)])
    assert [row.event_id for row in rows] == ["e2"]


async def test_it_claims_no_more_than_asked_for_and_oldest_first(inbox: Inbox) -> None:
    await inbox.store([event(f"e{n}", f"chat-{n}", timestamp=n) for n in range(5)])
    await inbox.release_all()
    assert [row.event_id for row in await inbox.claim(2)] == ["e0", "e1"]
    assert [row.event_id for row in await inbox.claim(9)] == ["e2", "e3", "e4"]


async def test_it_takes_over_what_a_dead_worker_held(database: Database) -> None:
    async with opened(database, "dead", lease=timedelta(0)) as dead, opened(database, "alive") as alive:
        (lost,) = await dead.store([event("e1")])
        (row,) = await alive.claim(10)
        assert (row.event_id, row.payload, row.attempts) == ("e1", PAYLOAD, 2)
        assert not await dead.finish(lost.id, "answered")
        assert await alive.finish(row.id, "answered")


async def test_it_holds_a_claim_that_is_renewed(database: Database) -> None:
    async with opened(database) as slow, opened(database, "other") as other:
        (row,) = await slow.store([event("e1")])
        async with database.transaction() as session:  # what half a minute would do
            past = utc_now() - timedelta(seconds=1)
            await session.execute(update(InboxEvent).values(lease_until=past))
        await slow.renew([row.id])
        assert await other.claim(10) == []


async def test_it_retries_a_failed_event_not_before_its_time(inbox: Inbox) -> None:
    (row,) = await inbox.store([event("e1")])
    await inbox.fail(row.id, "ConnectionError", retry_at=utc_now() + timedelta(hours=1))
    assert await inbox.claim(10) == []
    assert await inbox.store([event("e2", timestamp=2)]) == [], "a later event does not overtake one that is retried"


async def test_it_retries_a_failed_event_when_its_time_has_come(inbox: Inbox) -> None:
    (row,) = await inbox.store([event("e1")])
    await inbox.fail(row.id, "ConnectionError", retry_at=utc_now() - timedelta(seconds=1))
    (again,) = await inbox.claim(10)
    assert (again.event_id, again.attempts) == ("e1", 2)


async def test_it_gives_up_for_good_and_erases(inbox: Inbox, database: Database) -> None:
    (row,) = await inbox.store([event("e1")])
    await inbox.fail(row.id, "BadEvent", retry_at=None)
    assert await inbox.depth() == {"pending": 0, "claimed": 0, "failed": 1}
    assert await inbox.find_payload("e1") is None
    async with database.reading() as session:
        stored = (await session.execute(text("SELECT payload, chat, last_error FROM inbox_event"))).one()
    assert tuple(stored) == (None, None, "BadEvent")


async def test_it_forgets_payload_and_chat_of_a_finished_event(inbox: Inbox, database: Database) -> None:
    (row,) = await inbox.store([event("e1")])
    await inbox.finish(row.id, "answered")
    async with database.reading() as session:
        stored = (await session.execute(text("SELECT payload, chat, outcome, state FROM inbox_event"))).one()
    assert tuple(stored) == (None, None, "answered", "done")


async def test_it_keeps_a_payload_for_a_consent_until_its_time(inbox: Inbox) -> None:
    (row,) = await inbox.store([event("e1")])
    until = utc_now() + timedelta(hours=24)
    await inbox.finish(row.id, "asked_consent", keep_payload_until=until)
    assert await inbox.find_payload("e1") == PAYLOAD
    assert await inbox.erase_expired(until - timedelta(seconds=1)) == 0
    assert await inbox.erase_expired(until) == 1
    assert await inbox.find_payload("e1") is None


async def test_it_erases_a_kept_payload_at_once_when_asked(inbox: Inbox) -> None:
    (row,) = await inbox.store([event("e1")])
    await inbox.finish(row.id, "asked_consent", keep_payload_until=utc_now() + timedelta(hours=24))
    assert await inbox.erase_payload("e1")
    assert not await inbox.erase_payload("e1")
    assert await inbox.find_payload("e1") is None


async def test_what_is_held_is_erased_once_the_transaction_has_ended(inbox: Inbox, database: Database) -> None:
    (row,) = await inbox.store([event("e1")])
    await inbox.finish(row.id, "asked_consent", keep_payload_until=utc_now() + timedelta(hours=24))

    async def hold(session: AsyncSession) -> bool:
        return await session.run_sync(lambda sync: hold_payload(sync.connection(), "e1", utc_now()))

    async with database.transaction() as session:
        assert await hold(session)
        erasing = asyncio.create_task(inbox.erase_payload("e1"))
        await asyncio.sleep(0.2)
        assert not erasing.done()
    assert await erasing
    async with database.transaction() as session:
        assert not await hold(session)


async def test_it_never_shows_a_payload_whose_time_is_over_even_before_the_sweep(inbox: Inbox) -> None:
    (row,) = await inbox.store([event("e1")])
    await inbox.finish(row.id, "asked_consent", keep_payload_until=utc_now() - timedelta(seconds=1))
    assert await inbox.find_payload("e1") is None


async def test_it_deletes_finished_rows_after_thirty_days(inbox: Inbox) -> None:
    (row,) = await inbox.store([event("e1")])
    await inbox.store([event("unfinished", "other")])
    await inbox.finish(row.id, "answered")
    assert await inbox.delete_old(utc_now() + KEEP_FINISHED - timedelta(minutes=1)) == 0
    assert await inbox.delete_old(utc_now() + KEEP_FINISHED + timedelta(minutes=1)) == 1
    assert (await inbox.depth())["claimed"] == 1


async def test_it_gives_up_a_row_it_cannot_read_and_goes_on(database: Database) -> None:
    async with opened(database) as before:
        await before.store([event("e1", "a"), event("e2", "b")])
        await before.release_all()
    async with opened(database, key=derive_payload_key("another secret")) as after:
        assert await after.claim(10) == []
        assert await after.depth() == {"pending": 0, "claimed": 0, "failed": 2}


async def test_it_stores_a_request_larger_than_one_insert(inbox: Inbox) -> None:
    rows = await inbox.store([event(f"e{n}", f"chat-{n % 400}", timestamp=n) for n in range(1_000)])
    assert [row.event_id for row in rows] == [f"e{n}" for n in range(400)]
    assert await inbox.depth() == {"pending": 600, "claimed": 400, "failed": 0}


async def test_it_stores_any_bytes(inbox: Inbox) -> None:
    payload = bytes(range(256)) * 4_000
    (row,) = await inbox.store([event("e1", payload=payload)])
    await inbox.release_all()
    assert (await inbox.claim(1))[0].payload == payload
    assert row.payload == payload


async def test_it_stores_many_requests_at_once_and_each_caller_gets_its_own(inbox: Inbox) -> None:
    async def send(number: int) -> str:
        (row,) = await inbox.store([event(f"e{number}", f"chat-{number}")])
        return row.event_id

    assert await asyncio.gather(*(send(n) for n in range(500))) == [f"e{n}" for n in range(500)]


async def test_it_leaves_new_events_to_claim_behind_a_long_queue_and_keeps_each_chats_order(inbox: Inbox) -> None:
    await inbox.store([event(f"old{n}", f"chat-{n}", timestamp=n) for n in range(IN_VIEW)], claim=False)
    assert (
        await inbox.store([event("next", "chat-3", timestamp=2_000), event("new", "chat-new", timestamp=2_001)]) == []
    )
    first = await inbox.claim(IN_VIEW)
    assert [row.event_id for row in first] == [f"old{n}" for n in range(IN_VIEW)]
    assert [row.event_id for row in await inbox.claim(10)] == ["new"]
    await inbox.finish(first[3].id, "answered")
    assert [row.event_id for row in await inbox.claim(10)] == ["next"]


async def test_it_finds_a_free_chat_behind_a_long_queue_of_a_busy_one(inbox: Inbox) -> None:
    busy = [event(f"busy{n}", "busy", timestamp=n) for n in range(READ_AT_ONCE + 10)]
    await inbox.store([*busy, event("free", "free", timestamp=9_999)], claim=False)
    assert [row.event_id for row in await inbox.claim(5)] == ["busy0", "free"]


async def test_it_tells_only_the_guilty_caller_that_a_request_cannot_be_stored(inbox: Inbox) -> None:
    good, bad = event("good", "a"), event("bad", "b", timestamp=2**80)
    results = await asyncio.gather(inbox.store([good]), inbox.store([bad]), return_exceptions=True)
    assert isinstance(results[1], Exception)
    assert isinstance(results[0], list)
    assert [row.event_id for row in results[0]] == ["good"]
    assert await inbox.store([event("after", "c")]) != []


async def test_it_stores_all_or_nothing_of_a_request_that_nobody_claims(inbox: Inbox) -> None:
    results = await asyncio.gather(
        inbox.store([event("e1", "a")], claim=False),
        inbox.store([event("e2", "b"), event("e3", "c", timestamp=2**80)], claim=False),
        inbox.store([event("e4", "d"), event("e1", "a")], claim=False),
        return_exceptions=True,
    )
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    assert sorted(row.event_id for row in await inbox.claim(10)) == ["e1", "e4"]


@pytest.mark.parametrize("claim", [True, False])
async def test_it_waits_for_another_writer_with_what_is_one_statement(sqlite_database: Database, claim: bool) -> None:
    async with opened(sqlite_database) as inbox:
        async with sqlite_database.transaction() as other:
            await other.execute(text("DELETE FROM inbox_event"))
            storing = asyncio.create_task(inbox.store([event("e1")], claim=claim))
            await asyncio.sleep(0.01)
            assert not storing.done()
        assert len(await storing) == claim
        assert await inbox.depth() == {"pending": not claim, "claimed": claim, "failed": 0}


async def test_it_has_committed_a_lone_event_when_it_says_so(sqlite_database: Database) -> None:
    async with opened(sqlite_database) as inbox:
        for event_id, waits in (("e1", "claimed"), ("e2", "pending"), ("e1", "claimed")):
            await inbox.store([event(event_id)])
            with sqlite3.connect(str(sqlite_database.path)) as reader:
                found = "SELECT state, owner, attempts, lease_until > received_at FROM inbox_event WHERE event_id = ?"
                owned = ("first", 1, 1) if waits == "claimed" else (None, 0, None)
                assert reader.execute(found, (event_id,)).fetchall() == [(waits, *owned)]
                reader.execute("BEGIN IMMEDIATE")  # nobody holds the lock any more


async def test_it_commits_what_has_gathered_though_the_event_loop_is_busy(sqlite_database: Database) -> None:
    assert sqlite_database.path is not None
    async with opened(sqlite_database) as inbox:
        (row,) = await inbox.store([event("e1")])
        writing, may_go = threading.Event(), threading.Event()

        def hold(_: Connection) -> None:
            writing.set()
            may_go.wait(60)

        finishing = asyncio.create_task(inbox.finish(row.id, "answered", record=hold))
        await asyncio.to_thread(writing.wait, 60)
        storing = asyncio.create_task(inbox.store([event("e2")]))
        await asyncio.sleep(0)
        may_go.set()
        with sqlite3.connect(sqlite_database.path) as reader:
            found = "SELECT count(*) FROM inbox_event WHERE event_id = 'e2'"
            end = time.monotonic() + 60
            while reader.execute(found).fetchone() == (0,) and time.monotonic() < end:
                time.sleep(0.001)  # noqa: ASYNC251 the loop is what must not be needed
            assert reader.execute(found).fetchone() == (1,)
        assert await finishing
        assert [row.event_id for row in await storing] == ["e2"]


async def test_it_finds_on_the_next_start_what_was_stored_and_never_handled(
    database_url: str, database: Database
) -> None:
    async with opened(database, "first") as inbox:
        await inbox.store([event("e1", "a"), event("e2", "b")])
    again = open_database(database_url)
    async with opened(again, "first") as restarted:
        assert await restarted.release_all() == 2
        assert {row.event_id for row in await restarted.claim(10)} == {"e1", "e2"}
    await again.close()


@pytest.mark.postgres
async def test_it_never_gives_one_event_to_two_processes(postgres_database: Database, postgres_url: str) -> None:
    """Several processes store and claim the same chats; no chat is ever worked on by two."""
    databases = [open_database(postgres_url) for _ in range(3)]
    inboxes = [Inbox(d, encryption_key=KEY, owner=f"owner-{n}", lease=LEASE) for n, d in enumerate(databases)]
    busy: set[str] = set()
    done: list[str] = []

    async def work(inbox: Inbox, number: int) -> None:
        for turn in range(25):
            rows = await inbox.store([event(f"e{number}-{turn}", f"chat-{turn % 3}", timestamp=turn)])
            for row in rows + await inbox.claim(3):
                assert row.chat not in busy
                busy.add(row.chat)
                await asyncio.sleep(0.001)
                busy.remove(row.chat)
                done.append(row.event_id)
                assert await inbox.finish(row.id, "answered")

    for inbox in inboxes:
        await inbox.start()
    await asyncio.gather(*(work(inbox, number) for number, inbox in enumerate(inboxes)))
    while rows := await inboxes[0].claim(10):
        for row in rows:
            done.append(row.event_id)
            await inboxes[0].finish(row.id, "answered")
    assert len(done) == len(set(done)) == 75
    for inbox, other in zip(inboxes, databases, strict=True):
        await inbox.close()
        await other.close()


@pytest.mark.postgres
async def test_it_stores_again_after_the_connection_was_cut(postgres_database: Database) -> None:
    async with opened(postgres_database) as inbox:
        await inbox.store([event("e1", "a")])
        async with postgres_database.engine.connect() as connection:
            await connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            )
        assert [row.event_id for row in await inbox.store([event("e2", "b")])] == ["e2"]


def _bytes_of(folder: Path) -> bytes:
    """Every byte of every file below the folder, journals included."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def test_it_leaves_neither_plain_nor_encrypted_text_in_any_sqlite_file(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with opened(sqlite_database) as inbox:
        rows = await inbox.store([event(f"e{n}", f"chat-{n}") for n in range(50)])
        with sqlite3.connect(f"file:{sqlite_database.path}?mode=ro", uri=True) as looking:
            sealed = [row[0] for row in looking.execute("SELECT payload FROM inbox_event")]
        looking.close()
        assert all(ciphertext in _bytes_of(tmp_path) for ciphertext in sealed)
        for row in rows:
            await inbox.finish(row.id, "answered")
        await inbox.erase_expired(utc_now())
        remains = _bytes_of(tmp_path)
    for secret in (PAYLOAD, "喝熱水".encode(), "喝熱水".encode("utf-16-le"), b"chat-7", *sealed):
        assert secret not in remains
    assert b"e49" in remains


@pytest.fixture
def own_postgres() -> Iterator[tuple[URL, Path]]:
    """A PostgreSQL in which nothing else was ever written."""
    with running_postgres() as running:
        yield running


@pytest.mark.postgres
async def test_it_leaves_no_text_in_any_postgres_file(own_postgres: tuple[URL, Path]) -> None:
    url, folder = own_postgres
    database = open_database(url)
    await migrate(database)
    async with opened(database) as inbox:
        rows = await inbox.store([event(f"zz-event-{n}", f"chat-{n}") for n in range(50)])
        for row in rows[1:]:
            await inbox.finish(row.id, "answered")
        await inbox.erase_expired(utc_now())
        async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("CHECKPOINT"))
    await database.close()
    remains = _bytes_of(folder)
    assert b"zz-event-49" in remains
    assert PAYLOAD not in remains
    assert "喝熱水".encode() not in remains


def test_it_opens_a_payload_only_for_its_own_event() -> None:
    cipher = PayloadCipher(KEY)
    sealed = cipher.seal("e1", PAYLOAD)
    assert cipher.open("e1", sealed) == PAYLOAD
    for event_id, changed in (("e2", sealed), ("e1", sealed[:-1]), ("e1", b"")):
        with pytest.raises(UnreadablePayloadError):
            cipher.open(event_id, changed)


def test_it_refuses_a_key_of_another_length() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PayloadCipher(b"short")


async def test_it_goes_on_storing_when_the_disk_refuses_to_shorten_the_journal(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []

    def authorize(action: int, first: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_PRAGMA and first == "wal_checkpoint":
            refused.append(first)
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    def prepare(connection: Any) -> None:
        prepare_sqlite(connection)
        connection.set_authorizer(authorize)

    monkeypatch.setattr("storage.inbox_sqlite.prepare_sqlite", prepare)
    async with opened(sqlite_database) as inbox:
        with pytest.raises(sqlite3.DatabaseError):
            await inbox.erase_expired(utc_now())
        assert refused
        async with asyncio.timeout(30):
            assert [row.event_id for row in await inbox.store([event("e1")])] == ["e1"]
