"""Pictures that an older version hashed are hashed anew, each once, and are found by more then."""

import io

import pytest
from PIL import Image
from sqlalchemy import update
from sqlmodel import col, select

from moderation.media_intake import MediaToPublish, take_in_media
from moderation.rehashing import hash_pictures_anew
from retrieval.pictures.hashing import hashes_to_store
from storage.database import Database
from storage.index_changes import latest_seq, load_changes
from storage.media import load_hashed_before, load_media_hashes
from storage.tables import Article, ArticleMedia, ArticleType, ChangeKind, HashKind, MediaHash, Status

OLD = bytes(range(32))
"""Of what was under the covers of the picture, say: it can be made from nothing that is stored."""


def jpeg() -> bytes:
    picture = Image.radial_gradient("L").resize((240, 180)).convert("RGB")
    picture.paste((200, 30, 30), (20, 30, 90, 80))
    picture.paste((20, 60, 180), (150, 100, 220, 160))
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


async def publish(database: Database, name: str, data: bytes, content_type: str = "image/jpeg") -> str:
    """A picture as it was published when one hash was all it got."""
    async with database.transaction() as session:
        hashes = [(HashKind.PICTURE, OLD)]
        media = MediaToPublish(ArticleType.IMAGE, None, content_type, data, name.encode().ljust(32), hashes)
        article = await take_in_media(session, media, contributor=None)
        await session.execute(
            update(ArticleMedia).where(col(ArticleMedia.article_id) == article.id).values(hashed_with=1)
        )
    return article.id


async def found_by(database: Database, article_id: str) -> list[bytes]:
    async with database.reading() as session:
        found = (await load_media_hashes(session, [article_id]))[article_id]
    return [one.value for one in found if one.kind == HashKind.PICTURE]


async def test_older_pictures_are_found_by_more_once_they_are_hashed_anew(database: Database) -> None:
    shown = jpeg()
    picture = await publish(database, "picture", shown)
    async with database.reading() as session:
        seq = await latest_seq(session)

    assert await hash_pictures_anew(database) == (1, 1)

    made = hashes_to_store(Image.open(io.BytesIO(shown)).convert("RGB"))
    assert len(made) > 5
    assert await found_by(database, picture) == [OLD, *made]
    async with database.reading() as session:
        changes = await load_changes(session, seq)
    assert [(change.article_id, change.kind) for change in changes] == [(picture, ChangeKind.REINDEXED)]
    assert await hash_pictures_anew(database) == (0, 0)


async def test_it_goes_on_where_it_was_stopped(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [await publish(database, f"picture {number}", jpeg()) for number in range(3)]
    assert await hash_pictures_anew(database, most=1) == (1, 1)

    def killed(content_type: str, data: bytes) -> list[bytes]:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("moderation.rehashing._hash", killed)
        with pytest.raises(SystemExit):
            await hash_pictures_anew(database)
    assert await hash_pictures_anew(database) == (2, 2)
    hashed = [await found_by(database, picture) for picture in pictures]
    assert hashed[0] == hashed[1] == hashed[2]
    assert len(hashed[0]) == len(set(hashed[0]))


async def test_what_is_no_picture_is_looked_at_once_and_left_as_it_is(database: Database) -> None:
    broken = await publish(database, "broken", b"no picture")
    sound = await publish(database, "sound", b"sound", "audio/mp4")
    assert await hash_pictures_anew(database) == (2, 0)
    assert await found_by(database, broken) == await found_by(database, sound) == [OLD]
    assert await hash_pictures_anew(database) == (0, 0)


async def test_the_hashes_of_a_merged_picture_lead_to_the_other(database: Database) -> None:
    merged = await publish(database, "merged", jpeg())
    other = await publish(database, "other", b"no picture")
    async with database.transaction() as session:
        article = await session.get_one(Article, merged)
        article.status, article.merged_into = Status.MERGED, other
        seq = await latest_seq(session)
    assert await hash_pictures_anew(database) == (2, 1)
    assert len(await found_by(database, other)) > 5
    async with database.reading() as session:
        assert [change.article_id for change in await load_changes(session, seq)] == [other]


async def test_a_picture_published_now_is_not_hashed_twice(database: Database) -> None:
    async with database.transaction() as session:
        media = MediaToPublish(ArticleType.IMAGE, None, "image/jpeg", jpeg(), b"now".ljust(32), [])
        await take_in_media(session, media, contributor=None)
    async with database.reading() as session:
        assert await load_hashed_before(session, 2, 10) == []
        assert len(list(await session.scalars(select(MediaHash)))) == 1
