"""Drafts: kept, versioned, never overwritten unseen, never anybody else's."""

import asyncio

import pytest

from moderation.writing.drafts import (
    StaleDraftError,
    UnknownDraftError,
    Writing,
    find_draft,
    get_draft,
    open_draft,
    save_draft,
)
from storage.database import Database
from storage.tables import Verdict
from tests.moderation.writing.desk import TEXT, WRITTEN, add_task, write


async def test_it_is_there_after_a_crash(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session)
    await write(database)

    async with database.reading() as session:
        draft = await find_draft(session, "a", "volunteer")

    assert draft is not None
    assert (Writing.of(draft), draft.version) == (WRITTEN, 2)


async def test_it_is_begun_once_however_many_windows_open_it(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session)

    async def begin() -> str:
        async with database.transaction() as session:
            return (await open_draft(session, "a", "volunteer")).id

    ids = await asyncio.gather(*(begin() for _ in range(5)))

    assert len(set(ids)) == 1


async def test_it_overwrites_nothing_unseen(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database)

    async with database.transaction() as session:
        with pytest.raises(StaleDraftError) as caught:
            await save_draft(session, draft.id, "volunteer", 1, Writing(Verdict.RUMOR, "另一個視窗", ""))

    assert caught.value.stored.text == TEXT
    async with database.reading() as session:
        stored = await find_draft(session, "a", "volunteer")
    assert stored is not None
    assert stored.text == TEXT


async def test_it_takes_the_same_text_again_from_any_version(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database)

    async with database.transaction() as session:
        again = await save_draft(session, draft.id, "volunteer", 1, WRITTEN)

    assert again.version == draft.version


async def test_it_opens_to_nobody_else(database: Database) -> None:
    async with database.transaction() as session:
        await add_task(session)
    draft = await write(database)

    async with database.transaction() as session:
        with pytest.raises(UnknownDraftError):
            await get_draft(session, draft.id, "second_volunteer")
