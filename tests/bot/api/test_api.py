"""The API: its answers against its own description, pages, errors, limits and headers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from jsonschema import Draft202012Validator
from sqlalchemy import update
from sqlmodel import col

from bot.api.limits import RateLimit
from bot.api.operations import OPERATIONS
from bot.api.routes import BURST, PER_SECOND, add_api
from retrieval.types import Band, EntryKind, Match
from storage.database import Database
from storage.tables import Article, ArticleReply, Reply, ReplyState, Status, Verdict
from tests.bot.data_pages.conftest import fill

Client = TestClient[web.Request, web.Application]
PUBLIC_URL = "https://chaming.example.tw"
NOW = datetime(2026, 3, 20, 4, 25, 36, tzinfo=UTC)


class Twin:
    """A matcher that finds what it is told to."""

    ready = True

    def __init__(self) -> None:
        self.found: list[str] = []

    async def match(self, text: str, *, limit: int = 10) -> list[Match]:
        return [
            Match(article_id, 0.97, Band.ANSWER, EntryKind.ARTICLE, text, {"exact": 1.0}, [("3", "30")])
            for article_id in self.found[:limit]
        ]


@pytest.fixture
def twin() -> Twin:
    return Twin()


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "releases.json").write_text(
        '{"format": "chaming-releases/1", "releases": [{"release": "1.0.0_2026-03-20", "version": "1.0.0", "date": '
        '"2026-03-20", "as_of": "2026-03-20T00:00:00Z", "epoch": "2026Q1", "previous": null, "rows": 3, "bytes": 9, '
        '"manifest_sha256": "ab"}]}'
    )
    return tmp_path / "releases"


def build(database: Database, twin: Twin, releases: Path) -> TestServer:
    app = web.Application()
    limit = RateLimit(1_000, 1_000)
    add_api(app, database=database, matcher=twin, public_url=PUBLIC_URL + "/", releases=releases, limit=limit)
    return TestServer(app)


@pytest.fixture
async def client(sqlite_database: Database, twin: Twin, releases: Path) -> AsyncIterator[Client]:
    async with TestClient(build(sqlite_database, twin, releases)) as opened:
        yield opened


@pytest.fixture
async def any_client(database: Database, twin: Twin, releases: Path) -> AsyncIterator[Client]:
    """On each engine in turn, for what queries decide."""
    async with TestClient(build(database, twin, releases)) as opened:
        yield opened


async def read(client: Client, address: str, status: int = 200) -> Any:
    response = await client.get(address.removeprefix(PUBLIC_URL))
    assert response.status == status, await response.text()
    return await response.json(content_type=None)


async def add_articles(database: Database, count: int) -> None:
    """Articles that all came in the same second, one without a date, one taken back."""
    async with database.transaction() as session:
        session.add_all([Article(id=f"a{n:02}", text=f"訊息{n}", created_at=NOW) for n in range(count)])
        session.add_all(
            [Article(id="undated", created_at=NOW), Article(id="gone", created_at=NOW, status=Status.DELETED)]
        )
        await session.flush()
        await session.execute(update(Article).where(col(Article.id) == "undated").values(created_at=None))


ADDRESSES = {
    "/articles": "/api/v1/articles?limit=1",
    "/articles/{article_id}": "/api/v1/articles/rumour",
    "/search": "/api/v1/search?q=喝熱水可以殺死病毒",
    "/replies": "/api/v1/replies",
    "/replies/{reply_id}": "/api/v1/replies/reply",
    "/releases": "/api/v1/releases",
    "/statistics": "/api/v1/statistics?weeks=4",
}


async def test_every_answer_is_what_the_description_says(client: Client, sqlite_database: Database, twin: Twin) -> None:
    await fill(sqlite_database)
    twin.found = ["rumour"]
    document = await read(client, "/api/v1/openapi.json")
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == set(ADDRESSES) == {operation.path for operation in OPERATIONS}
    for path, address in ADDRESSES.items():
        responses = document["paths"][path]["get"]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        answer = await read(client, address)
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer)
        assert set(answer) == set(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]["required"])
        problem = await read(client, f"{address}{'&' if '?' in address else '?'}nonsense=1", 400)
        Draft202012Validator(
            {**responses["400"]["content"]["application/problem+json"]["schema"], "components": document["components"]}
        ).validate(problem)
        assert problem["detail"].startswith("nonsense: ")


async def test_pages_hold_every_public_article_once(any_client: Client, database: Database) -> None:
    await add_articles(database, 11)
    address, found = "/api/v1/articles?limit=4", []
    while address:
        page = await read(any_client, address)
        found.append([article["id"] for article in page["data"]])
        address = page["next"] or ""
    assert [len(ids) for ids in found] == [4, 4, 3]
    assert list(chain(*found)) == [f"a{n:02}" for n in reversed(range(11))]


async def test_the_next_page_keeps_the_filters(client: Client, sqlite_database: Database) -> None:
    await add_articles(sqlite_database, 3)
    page = await read(client, "/api/v1/articles?limit=1&answered=false&since=2026-03-20&until=2026-03-21")
    asked = parse_qs(urlsplit(page["next"]).query)
    days = {"since": ["2026-03-20"], "until": ["2026-03-21"]}
    assert asked == {"limit": ["1"], "answered": ["false"], "cursor": ["a02"]} | days
    assert [article["id"] for article in (await read(client, page["next"]))["data"]] == ["a01"]
    assert (await read(client, "/api/v1/articles?until=2026-03-20"))["data"] == []
    assert (await read(client, "/api/v1/articles?cursor=nothing"))["data"] == []


async def test_filters_choose(any_client: Client, database: Database) -> None:
    await fill(database)
    for query, ids in (
        ("answered=true", ["rumour"]),
        ("answered=false", ["open"]),
        ("category=health", ["rumour"]),
        ("category=none", []),
    ):
        found = await read(any_client, f"/api/v1/articles?{query}")
        assert [article["id"] for article in found["data"]] == ids, query


async def test_what_is_not_public_is_not_there(any_client: Client, database: Database, twin: Twin) -> None:
    await fill(database)
    async with database.transaction() as session:
        session.add(Article(id="blocked", text="秘密", status=Status.BLOCKED, created_at=NOW))
        session.add(Reply(id="proposed", verdict=Verdict.RUMOR, text="草稿", created_at=NOW))
        await session.flush()
        session.add(ArticleReply(article_id="rumour", reply_id="proposed", state=ReplyState.PROPOSED))
    twin.found = ["blocked", "rumour"]
    for address in ("articles/blocked", "articles/unknown", "articles/%00", "replies/proposed", "replies/unknown"):
        expected = 400 if "%00" in address else 404
        assert (await read(any_client, f"/api/v1/{address}", expected))["status"] == expected
    assert [reply["id"] for reply in (await read(any_client, "/api/v1/replies"))["data"]] == ["reply"]
    assert [each["article_id"] for each in (await read(any_client, "/api/v1/search?q=x"))["matches"]] == ["rumour"]
    assert [each["id"] for each in (await read(any_client, "/api/v1/articles/rumour"))["replies"]] == ["reply"]


async def test_texts_are_masked_and_times_are_hours(client: Client, sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        session.add(Article(id="a", text="請打 0912-345-678 或寄 someone@example.com", created_at=NOW))
    article = await read(client, "/api/v1/articles/a")
    assert "345" not in article["text"]
    assert "someone@" not in article["text"]
    assert article["created_at"] == "2026-03-20T04:00:00Z"
    assert "someone" not in await (await client.get("/api/v1/articles")).text()


async def test_search_does_what_the_bot_would(client: Client, sqlite_database: Database, twin: Twin) -> None:
    await fill(sqlite_database)
    assert await read(client, "/api/v1/search?q=x") == {"outcome": "no_match", "matches": []}
    twin.found = ["rumour"]
    found = await read(client, "/api/v1/search?q=x")
    assert found["outcome"] == "candidates", "the words differ: it asks"
    assert found["matches"][0]["contradictions"] == [["3", "30"]]
    twin.ready = False
    response = await client.get("/api/v1/search?q=x")
    assert (response.status, response.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("articles?limit=0", "limit"),
        ("articles?limit=101", "limit"),
        ("articles?limit=many", "limit"),
        ("articles?since=yesterday", "since"),
        ("articles?answered=perhaps", "answered"),
        ("search", "q"),
        ("search?q=" + "x" * 2001, "q"),
        ("statistics?weeks=9999", "weeks"),
    ],
)
async def test_a_wrong_parameter_is_named(client: Client, address: str, named: str) -> None:
    response = await client.get(f"/api/v1/{address}")
    assert response.content_type == "application/problem+json"
    problem = await response.json(content_type=None)
    assert (problem["status"], problem["detail"].split(":")[0]) == (400, named)


async def test_whoever_has_the_answer_is_not_sent_it_again(client: Client, sqlite_database: Database) -> None:
    await fill(sqlite_database)
    first = await client.get("/api/v1/articles/rumour")
    again = await client.get("/api/v1/articles/rumour", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


async def test_pages_of_other_sites_may_read_it(client: Client) -> None:
    asked = await client.options("/api/v1/articles", headers={"Origin": "https://example.org"})
    assert (asked.status, asked.headers["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")
    for address in ("/api/v1/articles", "/api/v1/unknown", "/api/v1/articles?limit=0"):
        assert (await client.get(address)).headers["Access-Control-Allow-Origin"] == "*"
    unknown = await read(client, "/api/v1/unknown", 404)
    assert "/articles/{article_id}" in unknown["detail"]
    assert (await client.post("/api/v1/articles")).status == 405


async def test_one_client_cannot_take_everything(sqlite_database: Database, twin: Twin, releases: Path) -> None:
    now = 0.0
    limit = RateLimit(PER_SECOND, BURST, clock=lambda: now)
    app = web.Application()
    add_api(
        app, database=sqlite_database, matcher=twin, public_url=PUBLIC_URL, releases=releases, proxies=1, limit=limit
    )
    async with TestClient(TestServer(app)) as client:
        searches = [await client.get("/api/v1/search?q=x") for _ in range(BURST // 10 + 1)]
        assert [response.status for response in searches] == [200] * (BURST // 10) + [429]
        assert searches[-1].headers["Retry-After"] == "1"
        assert searches[-1].headers["Cache-Control"] == "no-store"
        other = await client.get("/api/v1/search?q=x", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})
        assert other.status == 200, "behind a proxy, clients are told apart"
        now += 1
        assert (await client.get("/api/v1/search?q=x")).status == 200


async def test_replies_name_the_articles_they_answer(any_client: Client, database: Database) -> None:
    await fill(database)
    async with database.transaction() as session:
        session.add(Article(id="second", text="乙", created_at=NOW))
        await session.flush()
        session.add(ArticleReply(article_id="second", reply_id="reply", state=ReplyState.PROVISIONAL))
    page = await read(any_client, "/api/v1/replies?limit=1")
    assert (page["data"][0]["article_ids"], page["next"]) == (["rumour", "second"], None)


async def test_statistics_are_those_of_the_page(client: Client, sqlite_database: Database) -> None:
    await fill(sqlite_database)
    found = await read(client, "/api/v1/statistics?weeks=3")
    assert [week["week"] for week in found["weeks"]] == sorted(week["week"] for week in found["weeks"])
    assert sum(sum(week["messages"].values()) for week in found["weeks"]) == 25
    assert found["waiting"] == {"answered": 1, "median_s": 6 * 3600, "p90_s": 6 * 3600}
    assert found["queue"]["waiting"] == 1
    assert {week["volunteers"] for week in found["weeks"]} == {0, None}
    assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(found["as_of"]) < timedelta(hours=1)
