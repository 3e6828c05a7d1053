"""What is published is found within a second, and what is taken away is gone as fast."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.media.library import MediaLibrary
from moderation.media_intake import MediaToPublish, take_in_media
from moderation.taking_back import take_back_request
from storage.database import Database
from storage.index_changes import KEEP_CHANGES, Change, append_changes, latest_seq, trim_changes
from storage.media import find_media_bytes, load_hashed_articles
from storage.notice_log import READER
from storage.tables import Article, ArticleType, ChangeKind, HashKind, LogPosition, ReviewTask, Status, utc_now
from tests.waiting import until

pytestmark = pytest.mark.slow

SHA, PDQ, SOUND = b"\x05" * 32, bytes(range(32)), b"\x07\x00\x01\x02" * 40
PICTURE = MediaToPublish(
    ArticleType.IMAGE, "讀到的字", "image/jpeg", b"jpeg", SHA, [(HashKind.PICTURE, PDQ), (HashKind.SOUND, SOUND)]
)


async def publish(database: Database, contributor: str = "asker") -> str:
    async with database.transaction() as session:
        return (await take_in_media(session, PICTURE, contributor=contributor)).id


async def test_it_loads_what_there_is_and_follows_what_changes(sqlite_database: Database) -> None:
    first = await publish(sqlite_database)
    library = MediaLibrary(sqlite_database)
    running = asyncio.create_task(library.run())
    async with asyncio.timeout(60):
        await library.wait_ready()
    assert library.find_bytes(SHA) == first
    assert [near.article_id for near in library.pictures.find([PDQ])] == [first]
    assert len(library.sounds) == 1
    async with sqlite_database.transaction() as session:
        (await session.get_one(Article, first)).status = Status.BLOCKED
        await append_changes(session, [Change(first, ChangeKind.REMOVED)])
    await until(lambda: library.find_bytes(SHA) is None)
    assert library.pictures.find([PDQ]) == []
    assert len(library.sounds) == 0
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_others_have_their_turn_while_it_looks_for_other_speeds(sqlite_database: Database) -> None:
    library, heard = MediaLibrary(sqlite_database), np.random.default_rng(3).integers(0, 2**32, 60, dtype=np.uint32)
    for article_id in ("one", "two"):
        library.sounds.replace_article(article_id, [heard])
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    near = await library.find_at_other_speeds([heard] * 10)
    beside.cancel()
    assert [one.article_id for one in near] == ["one", "two"]
    assert turns >= 10


async def test_it_goes_on_after_a_database_that_was_away(sqlite_database: Database) -> None:
    library = MediaLibrary(sqlite_database)
    await library.load()
    article_id = await publish(sqlite_database)
    assert await library.catch_up() == 1
    assert library.find_bytes(SHA) == article_id
    assert await library.catch_up() == 0


async def test_the_same_file_twice_is_one_article_with_one_task(database: Database) -> None:
    first, second = await publish(database), await publish(database, "outsider")
    assert first == second
    async with database.reading() as session:
        article = await session.get_one(Article, first)
        assert (article.type, article.text, article.contributor) == (ArticleType.IMAGE, "讀到的字", "asker")
        assert await find_media_bytes(session, first) == ("image/jpeg", b"jpeg")
        tasks = await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == first))
        assert len(tasks.all()) == 1


async def test_two_who_publish_the_same_file_at_the_same_moment_make_one_article(database: Database) -> None:
    async with database.transaction() as session:
        first = (await take_in_media(session, PICTURE, contributor="asker")).id
        second = asyncio.create_task(publish(database, "outsider"))
        await asyncio.sleep(0.2)
    assert await second == first


async def test_taking_it_back_erases_bytes_and_hashes(database: Database) -> None:
    article_id = await publish(database)
    async with database.transaction() as session:
        assert await take_back_request(session, article_id=article_id, asker_id="asker")
    async with database.reading() as session:
        assert await find_media_bytes(session, article_id) is None
        assert await load_hashed_articles(session) == []


async def test_a_hash_that_is_none_keeps_no_other_article_from_being_found(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        broken = replace(PICTURE, sha256=b"\x06" * 32, hashes=[(HashKind.PICTURE, b"short"), (HashKind.SOUND, b"odd")])
        await take_in_media(session, broken, contributor=None)
    whole = await publish(sqlite_database)
    library = MediaLibrary(sqlite_database)
    await library.load()
    assert [near.article_id for near in library.pictures.find([PDQ])] == [whole]


async def test_it_loads_anew_when_the_log_no_longer_goes_back_to_it(sqlite_database: Database) -> None:
    library = MediaLibrary(sqlite_database)
    gone = await publish(sqlite_database)
    await library.load()
    async with sqlite_database.transaction() as session:  # all of it while this process was away from the database
        (await session.get_one(Article, gone)).status = Status.BLOCKED
        await append_changes(session, [Change(gone, ChangeKind.REMOVED), Change("other", ChangeKind.ADDED)])
        session.add(LogPosition(reader=READER, seq=await latest_seq(session)))
    await trim_changes(sqlite_database, utc_now() + KEEP_CHANGES + timedelta(days=1))
    running = asyncio.create_task(library.run())
    await until(lambda: library.find_bytes(SHA) is None)
    async with asyncio.timeout(60):
        await library.wait_ready()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
