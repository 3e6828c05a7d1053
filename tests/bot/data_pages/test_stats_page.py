"""The statistics page: what stands on it, also without JavaScript, and as files."""

import csv
import io
import re

import pytest

from bot.data_pages.site import ASSETS
from storage.database import Database
from tests.bot.data_pages.conftest import HOSTILE, Client, fill
from tests.bot.test_pages import Html

TABLES = ("messages", "articles", "waiting", "verdicts", "categories", "categories-by-week", "most-asked", "people")


async def read(client: Client, path: str) -> tuple[str, Html]:
    response = await client.get(path, headers={"Accept-Language": "en"})
    assert response.status == 200
    html = await response.text()
    return html, Html(html)


async def test_every_chart_has_its_table_its_file_and_its_query(client: Client, sqlite_database: Database) -> None:
    await fill(sqlite_database)
    html, page = await read(client, "/stats")
    ids = [attributes.get("id") for tag, attributes in page.tags if tag == "table"]
    charts = [attributes["data-for"] for tag, attributes in page.tags if tag == "div" and "data-chart" in attributes]
    assert ids == [f"{name}-table" for name in TABLES]
    assert set(charts) <= set(ids)
    assert len(charts) == 5
    for name in TABLES:
        assert (await client.get(f"/stats/{name}.csv")).status == 200
    assert html.count("<pre") >= len(TABLES)
    assert "FROM match_decision WHERE created_at &gt;= &#39;20" in html


async def test_the_figures_are_told_in_words_first(client: Client, sqlite_database: Database) -> None:
    await fill(sqlite_database)
    _, page = await read(client, "/stats?weeks=13")
    text = page.text.replace("\n", "")
    for told in ("messages in this period25", "answered at once96.0%", "answer, all time6 h", "before"):
        assert told in text
    assert "fewer than 20" in text, "one volunteer is too few to be counted aloud"


async def test_a_file_holds_what_the_table_says_and_no_formula(client: Client, sqlite_database: Database) -> None:
    await fill(sqlite_database)
    rows = list(csv.DictReader(io.StringIO(await (await client.get("/stats/most-asked.csv?lang=en")).text())))
    assert rows[0] == {"article": "喝熱水可以殺死病毒", "total": "24", "messages": "24", "requests": "0",
                       "verdicts": "Contains false information"}  # fmt: skip
    assert rows[1]["article"] == "'" + HOSTILE
    assert (await client.get("/stats/nothing.csv")).status == 404


async def test_the_way_of_one_article_is_shown_from_twenty_on(client: Client, sqlite_database: Database) -> None:
    await fill(sqlite_database)
    _, page = await read(client, "/stats/spread/rumour")
    assert "spread-table" in [attributes.get("id") for _, attributes in page.tags]
    html, page = await read(client, "/stats/spread/open")
    assert "fewer than 20 times" in page.text
    assert "<script>alert" not in html
    for path in ("/stats/spread/unknown", "/stats/spread/%00", "/stats/spread/" + "x" * 2000):
        assert (await client.get(path)).status == 404


async def test_an_empty_instance_has_a_page_too(client: Client) -> None:
    html, page = await read(client, "/stats")
    assert page.text.count("Nothing to count in this period yet.") == 8
    assert "<table" not in html


async def test_nothing_foreign_is_loaded_and_nothing_inline_runs(client: Client, sqlite_database: Database) -> None:
    await fill(sqlite_database)
    response = await client.get("/stats")
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    html = await response.text()
    assert not re.search(r"<script(?![^>]* src=)|\son\w+=|\sstyle=|<style", html)
    loaded = re.findall(r'(?:src|href)="(/assets/[^"]+)"', html)
    assert len(loaded) == 4
    for address in loaded:
        asset = await client.get(address)
        assert asset.status == 200
        assert "immutable" in asset.headers["Cache-Control"]
        assert asset.content_type == ASSETS[address.rsplit("/", 1)[1]]


@pytest.mark.parametrize("path", ["/assets/x/..%2Fsite.py", "/assets/x/uPlot.LICENSE.txt", "/assets/x/%00"])
async def test_only_the_listed_assets_are_served(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_a_reader_who_has_the_page_is_not_sent_it_again(client: Client, sqlite_database: Database) -> None:
    await fill(sqlite_database)
    first = await client.get("/stats")
    again = await client.get("/stats", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


async def test_links_keep_the_question_and_change_the_language(client: Client) -> None:
    html, _ = await read(client, "/stats?weeks=13&lang=en")
    assert "?weeks=13&amp;lang=ja" in html
    assert {"lang": "ja"}.items() <= dict(Html(await (await client.get("/stats?lang=ja")).text()).tags[0][1]).items()
