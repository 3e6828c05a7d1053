"""The feed of newly checked articles."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from storage.database import Database
from storage.tables import Article, ArticleReply, Reply, ReplyState, Status, Verdict
from tests.bot.data_pages.conftest import PUBLIC_URL, Client

ATOM = "{http://www.w3.org/2005/Atom}"
NOW = datetime(2026, 3, 20, 4, tzinfo=UTC)


async def publish(database: Database, article_id: str, hours_ago: int, **article: object) -> None:
    at = NOW - timedelta(hours=hours_ago)
    async with database.transaction() as session:
        if await session.get(Article, article_id) is None:
            session.add(Article(**{"id": article_id, "text": f"{article_id} <b>\x0b&", "created_at": at} | article))
        session.add(Reply(id=f"{article_id}{hours_ago}", verdict=Verdict.RUMOR, text="假的 <i>", created_at=at))
        await session.flush()
        session.add(
            ArticleReply(
                article_id=article_id, reply_id=f"{article_id}{hours_ago}", state=ReplyState.VERIFIED, published_at=at
            )
        )


async def test_it_tells_each_article_once_newest_first(client: Client, sqlite_database: Database) -> None:
    for article_id, hours_ago in (("one", 5), ("two", 3), ("one", 1), ("three/ü", 9)):
        await publish(sqlite_database, article_id, hours_ago)
    await publish(sqlite_database, "blocked", 0, status=Status.BLOCKED)
    response = await client.get("/articles.atom", headers={"Accept-Language": "en"})
    feed = ElementTree.fromstring(await response.read())
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [
        f"{PUBLIC_URL}/articles/one",
        f"{PUBLIC_URL}/articles/two",
        f"{PUBLIC_URL}/articles/three%2F%C3%BC",
    ]
    assert entries[0].findtext(f"{ATOM}title") == "Contains false information: one <b>&"
    assert entries[0].findtext(f"{ATOM}summary") == "假的 <i>"
    assert feed.findtext(f"{ATOM}updated") == "2026-03-20T03:00:00Z"
    again = await client.get(
        "/articles.atom", headers={"If-None-Match": response.headers["ETag"], "Accept-Language": "en"}
    )
    assert again.status == 304


async def test_it_tells_when_something_was_corrected_no_finer_than_releases_do(
    client: Client, sqlite_database: Database
) -> None:
    await publish(sqlite_database, "one", 5)
    async with sqlite_database.transaction() as session:
        (await session.get_one(Reply, "one5")).updated_at = NOW + timedelta(days=1, minutes=7)
    feed = ElementTree.fromstring(await (await client.get("/articles.atom")).read())
    assert feed.findtext(f"{ATOM}updated") == "2026-03-21T00:00:00Z"


async def test_an_empty_feed_is_a_feed(client: Client) -> None:
    feed = ElementTree.fromstring(await (await client.get("/articles.atom")).read())
    assert feed.findall(f"{ATOM}entry") == []
    assert feed.findtext(f"{ATOM}id") == f"{PUBLIC_URL}/articles.atom"
