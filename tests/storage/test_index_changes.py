"""The change log: read in order, trimmed behind everybody, and never read across a gap."""

from datetime import timedelta

import pytest

from storage.database import Database
from storage.exports.snapshot import fingerprint, snapshot
from storage.index_changes import (
    KEEP_CHANGES,
    NOTICES,
    Change,
    LogTrimmedError,
    append_changes,
    latest_seq,
    load_changes,
    trim_changes,
    trimmed_seq,
)
from storage.tables import ChangeKind, LogPosition, utc_now

LATER = KEEP_CHANGES + timedelta(days=1)


async def append(database: Database, *article_ids: str) -> None:
    async with database.transaction() as session:
        await append_changes(session, [Change(id_, ChangeKind.ADDED) for id_ in article_ids])


async def set_position(database: Database, reader: str, seq: int) -> None:
    async with database.transaction() as session:
        await session.merge(LogPosition(reader=reader, seq=seq))


async def read(database: Database, after_seq: int) -> list[str]:
    async with database.reading() as session:
        return [change.article_id for change in await load_changes(session, after_seq)]


@pytest.fixture
async def five(database: Database) -> Database:
    """Five changes, numbered from 1."""
    await append(database, "a", "b", "c", "d", "e")
    return database


async def test_it_deletes_old_changes_that_every_reader_has_read(
    five: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.index_changes.FOLLOWERS", (NOTICES, "another"))
    await set_position(five, NOTICES, 4)
    await set_position(five, "another", 3)
    assert await trim_changes(five, utc_now() + LATER) == 3
    assert await read(five, 3) == ["d", "e"]
    assert await trim_changes(five, utc_now() + LATER) == 0, "what is gone counts as nobody's place"


async def test_a_reader_of_another_log_holds_nothing_back(five: Database) -> None:
    await set_position(five, NOTICES, 4)
    await set_position(five, "editor-notices", 0)  # a place among the decisions, of which there are none
    assert await trim_changes(five, utc_now() + LATER) == 4


async def test_it_keeps_what_is_young(five: Database) -> None:
    await set_position(five, NOTICES, 5)
    assert await trim_changes(five, utc_now()) == 0
    assert await read(five, 0) == ["a", "b", "c", "d", "e"]


async def test_it_keeps_everything_before_the_first_reader_has_begun(five: Database) -> None:
    assert await trim_changes(five, utc_now() + LATER) == 0


async def test_it_always_keeps_the_newest_so_that_numbers_go_on(five: Database) -> None:
    await set_position(five, NOTICES, 5)
    assert await trim_changes(five, utc_now() + LATER) == 4
    async with five.reading() as session:
        assert (await latest_seq(session), await trimmed_seq(session)) == (5, 4)
    await append(five, "f")
    assert await read(five, 5) == ["f"]


async def test_it_tells_whoever_comes_from_before_that_something_is_gone(five: Database) -> None:
    await set_position(five, NOTICES, 5)
    await trim_changes(five, utc_now() + LATER)
    with pytest.raises(LogTrimmedError):
        await read(five, 3)
    assert await read(five, 4) == ["e"]
    assert await read(five, 5) == []


async def test_it_deletes_a_long_log_in_slices(five: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.index_changes.DELETE_AT_ONCE", 2)
    await set_position(five, NOTICES, 5)
    assert await trim_changes(five, utc_now() + LATER) == 4
    assert await read(five, 4) == ["e"]


async def test_what_a_release_shows_is_the_same_after_trimming(five: Database) -> None:
    await set_position(five, NOTICES, 5)
    async with snapshot(five) as connection:
        before = await fingerprint(connection)
    await trim_changes(five, utc_now() + LATER)
    async with snapshot(five) as connection:
        assert await fingerprint(connection) == before
