"""The tasks that everybody who looks within two seconds shares."""

import asyncio

import pytest

from moderation.console.task_cache import TaskCache
from moderation.intake import add_article
from storage.database import Database


async def add_message(database: Database, text: str) -> None:
    async with database.transaction() as session:
        await add_article(session, text=text, matching_key_hash=None, contributor=None)


async def test_it_reads_again_what_was_forgotten_while_it_was_being_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks, read, go_on = TaskCache(database), asyncio.Event(), asyncio.Event()
    to_thread = asyncio.to_thread

    async def pause(*given: object) -> object:
        read.set()
        await go_on.wait()
        return await to_thread(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "to_thread", pause)
    early = asyncio.create_task(tasks.load())
    await read.wait()
    await add_message(database, "喝熱檸檬水可以治癌症")
    tasks.forget()
    go_on.set()
    assert await early == []
    assert len(await tasks.load()) == 1


async def test_it_reads_again_after_a_reading_that_failed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = TaskCache(database)
    await add_message(database, "喝熱檸檬水可以治癌症")

    def fail(*given: object) -> None:
        raise OSError("gone")

    with monkeypatch.context() as broken:
        broken.setattr("moderation.console.task_cache.rank", fail)
        with pytest.raises(OSError, match="gone"):
            await tasks.load()
    assert len(await tasks.load()) == 1


async def test_it_reads_once_for_all_who_look_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.console.task_cache.FRESH_FOR_S", 60.0)
    tasks = TaskCache(database)
    first, *others = await asyncio.gather(*(tasks.load() for _ in range(5)))
    assert all(other is first for other in others)
