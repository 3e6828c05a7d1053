"""The theme map's page, file and picture."""

import csv
import io
from datetime import UTC, datetime

from storage.database import Database
from storage.tables import Article, Status, ThemeMap
from storage.themes import NewPlace, find_map, save_map
from tests.bot.data_pages.conftest import HOSTILE, Client, fill
from tests.bot.test_pages import Html

NOW = datetime(2026, 3, 20, tzinfo=UTC)
PLACES = [NewPlace("rumour", 0, 0.1, 0.2), NewPlace("open", 0, 0.3, 0.4), NewPlace("alone", None, 1.0, 0.0)]


async def draw(database: Database) -> None:
    await fill(database)
    async with database.transaction() as session:
        session.add(Article(id="alone", text="請打 0912-345-678", created_at=NOW))
        session.add(Article(id="blocked", text="秘密", status=Status.BLOCKED, created_at=NOW))
    await save_map(database, "model", {0: ["熱水", "病毒"]}, [*PLACES, NewPlace("blocked", 0, 0, 0)], NOW)


async def test_the_table_says_what_the_picture_shows(client: Client, sqlite_database: Database) -> None:
    await draw(sqlite_database)
    page = Html(await (await client.get("/stats/map", headers={"Accept-Language": "en"})).text())
    for told in ("熱水 · 病毒", "50.0%", "Drawn", "Table"):
        assert told in page.text
    rows = list(csv.DictReader(io.StringIO(await (await client.get("/stats/map.csv?lang=en")).text())))
    assert [(row["theme"], row["articles"], row["answered"]) for row in rows] == [("熱水 · 病毒", "2", "0.5")]


async def test_the_picture_holds_public_articles_only_and_no_number(client: Client, sqlite_database: Database) -> None:
    await draw(sqlite_database)
    response = await client.get("/stats/map.json")
    picture = await response.json()
    assert picture["themes"] == {"0": ["熱水", "病毒"]}
    by_id = dict(zip(picture["id"], zip(picture["theme"], picture["answered"], picture["x"], strict=True), strict=True))
    assert by_id == {"rumour": (0, 1, 0.1), "open": (0, 0, 0.3), "alone": (None, 0, 1.0)}
    assert "345" not in "".join(picture["title"])
    assert HOSTILE in picture["title"], "text, which the picture sets as text"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    again = await client.get("/stats/map.json", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status == 304


async def test_before_the_first_map_the_page_says_so(client: Client) -> None:
    assert "還沒有主題地圖" in await (await client.get("/stats/map")).text()
    assert (await client.get("/stats/map.json")).status == 404
    assert (await client.get("/stats/map.csv")).status == 404


async def test_a_map_is_shown_when_it_is_complete_and_the_one_before_goes(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all([Article(id=place.article_id, text="x") for place in PLACES])
    await save_map(database, "model", {0: ["old"]}, PLACES, NOW)
    async with database.transaction() as session:
        session.add(ThemeMap(model_id="model", articles=9, made_at=NOW))
    async with database.reading() as session:
        found = await find_map(session, 100)
        assert found
        assert (found.words, len(found.places)) == ({0: ["old"]}, 3), "the half-made one is not shown"
    await save_map(database, "model", {}, PLACES[:1], NOW)
    async with database.reading() as session:
        found = await find_map(session, 100)
        assert found
        assert (found.words, [place.article_id for place in found.places]) == ({}, ["rumour"])
