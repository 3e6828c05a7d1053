"""Pictures are found by their hashes and shown while their article is, and not a moment longer."""

from storage.database import Database
from storage.media import (
    StoredHash,
    delete_media,
    find_article_with_bytes,
    find_media_bytes,
    find_shown_media,
    load_hashed_articles,
    load_media_hashes,
    save_media,
)
from storage.tables import Article, ArticleMedia, ArticleType, HashKind, Status

BYTES, PDQ = b"\x01" * 32, b"\x02" * 32


async def store_picture(
    database: Database, *, status: Status = Status.NORMAL, merged_into: str | None = None, pdq: bytes = PDQ
) -> str:
    async with database.transaction() as session:
        article = Article(type=ArticleType.IMAGE, status=status, merged_into=merged_into)
        session.add(article)
        await session.flush()
        media = ArticleMedia(article_id=article.id, content_type="image/jpeg", data=b"picture", width=4, height=3)
        await save_media(session, media, [(HashKind.BYTES, BYTES), (HashKind.PICTURE, pdq)])
        return article.id


async def test_it_finds_a_picture_by_its_bytes_and_lists_its_hashes(database: Database) -> None:
    article_id = await store_picture(database)
    async with database.reading() as session:
        found = await find_article_with_bytes(session, BYTES)
        assert found is not None
        assert found.id == article_id
        assert await find_article_with_bytes(session, PDQ) is None
        assert await load_hashed_articles(session) == [article_id]
        assert await load_media_hashes(session, [article_id, "unknown"]) == {
            article_id: [
                StoredHash(article_id, HashKind.BYTES, BYTES),
                StoredHash(article_id, HashKind.PICTURE, PDQ),
            ],
            "unknown": [],
        }


async def test_it_shows_no_picture_of_an_article_that_was_taken_down(database: Database) -> None:
    shown, blocked = await store_picture(database), await store_picture(database, status=Status.BLOCKED)
    async with database.reading() as session:
        assert await find_media_bytes(session, shown) == ("image/jpeg", b"picture")
        assert await find_media_bytes(session, blocked) is None
        assert await load_media_hashes(session, [blocked]) == {blocked: []}


async def test_it_leads_from_a_merged_picture_to_the_article_it_was_merged_into(database: Database) -> None:
    kept = await store_picture(database)
    await store_picture(database, status=Status.MERGED, merged_into=kept, pdq=b"\x03" * 32)
    async with database.reading() as session:
        hashes = (await load_media_hashes(session, [kept]))[kept]
        assert {stored.value for stored in hashes} == {BYTES, PDQ, b"\x03" * 32}
        assert {stored.article_id for stored in hashes} == {kept}
    async with database.transaction() as session:
        (await session.get_one(Article, kept)).status = Status.BLOCKED
    async with database.reading() as session:
        assert await load_media_hashes(session, [kept]) == {kept: []}


async def test_it_erases_bytes_and_hashes(database: Database) -> None:
    article_id = await store_picture(database)
    async with database.transaction() as session:
        await delete_media(session, article_id)
    async with database.reading() as session:
        assert await find_shown_media(session, article_id) is None
        assert await find_media_bytes(session, article_id) is None
        assert await load_hashed_articles(session) == []
