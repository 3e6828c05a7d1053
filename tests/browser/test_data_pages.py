"""The data pages in a real browser: drawn, readable at every width and in the dark, and complete without scripts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from bot.api.routes import add_api
from bot.data_pages.routes import add_data_pages
from scripts.simulator.line import serve_app
from storage.database import Database
from storage.themes import NewPlace, save_map
from tests.bot.api.test_api import Twin
from tests.bot.data_pages.conftest import PUBLIC_URL, fill
from tests.bot.data_pages.made_release import publish_two
from tests.browser.accessibility import accessibility_problems
from tests.browser.looking import faint_texts, pixels_sticking_out, watch_requests

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)
ADDRESSES = ("/stats", "/stats/spread/rumour", "/stats/map", "/data", "/api/v1/")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
INK = """(canvas) => { const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(data.buffer)).size; }"""
"""How many colours are on a canvas: one when nothing was drawn."""


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two releases, made once."""
    folder = tmp_path_factory.mktemp("published")
    asyncio.run(publish_two(folder, NOW - timedelta(days=8)))
    return folder / "releases"


@pytest.fixture
async def site(sqlite_database: Database, releases: Path) -> AsyncIterator[str]:
    await fill(sqlite_database)
    places = [NewPlace("rumour", 0, 0.2, 0.3), NewPlace("open", None, 0.8, 0.6)]
    await save_map(sqlite_database, "model", {0: ["熱水", "病毒"]}, places, NOW)
    app = web.Application()
    add_api(app, database=sqlite_database, matcher=Twin(), public_url=PUBLIC_URL, releases=releases)
    add_data_pages(app, database=sqlite_database, public_url=PUBLIC_URL, releases=releases)
    async with serve_app(app) as url:
        yield url


async def is_drawn(canvas: Locator) -> None:
    async with asyncio.timeout(60):
        while await canvas.evaluate(INK) <= 3:
            await canvas.page.wait_for_timeout(50)


async def watched(browser: Browser, **options: Any) -> tuple[Page, list[str]]:
    """A page, and a list that fills with whatever its console says."""
    page = await (await browser.new_context(locale="zh-TW", **options)).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said


async def test_every_page_can_be_read_by_everybody(browser: Browser, site: str) -> None:
    page, said = await watched(browser)
    asked = watch_requests(page)
    for address in ADDRESSES:
        await page.set_viewport_size(ViewportSize(width=1024, height=800))
        await page.goto(site + address)
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            assert await accessibility_problems(page) == [], (address, scheme)
            assert await faint_texts(page) == [], (address, scheme)
        await page.set_viewport_size(ViewportSize(width=320, height=800))
        assert await pixels_sticking_out(page) == 0, address
    assert said == []
    assert all(url.startswith((site, "data:")) for url in asked)


async def test_columns_and_first_rows_can_be_read_on_a_phone(browser: Browser, site: str) -> None:
    page, _ = await watched(browser, viewport=ViewportSize(width=360, height=800))
    await page.goto(f"{site}/data")
    await page.locator("#articles details").evaluate_all("all => all.forEach((one) => { one.open = true })")
    meaning = await page.locator("#articles .columns dd").first.bounding_box()
    heading = await page.locator("#articles .preview th", has_text="reply_count").bounding_box()
    assert meaning
    assert heading
    assert meaning["width"] > 300, "as wide as the page, below the column's name"
    assert heading["height"] < 50, "in one line, not letter by letter"
    assert await pixels_sticking_out(page) == 0


async def test_the_charts_are_drawn_from_the_tables(browser: Browser, site: str) -> None:
    page, said = await watched(browser)
    await page.goto(f"{site}/stats")
    canvases = page.locator(".chart canvas")
    await expect(canvases).to_have_count(5)
    for index in range(5):
        await is_drawn(canvases.nth(index))
    assert not await page.locator("#messages-table").is_visible(), "folded away below its chart"
    await page.locator("#messages summary").first.click()
    await expect(page.locator("#messages-table")).to_be_visible()
    legend = await page.locator("#messages .u-legend").inner_text()
    assert "當下就有回覆" in legend
    await page.set_viewport_size(ViewportSize(width=340, height=700))
    assert await pixels_sticking_out(page) == 0
    assert said == []


async def test_without_scripts_every_figure_is_in_a_table(browser: Browser, site: str) -> None:
    page, _ = await watched(browser, java_script_enabled=False)
    await page.goto(f"{site}/stats")
    for name in ("messages", "articles", "waiting", "verdicts", "categories", "most-asked", "people"):
        assert await page.locator(f"#{name}-table").is_visible(), name
    assert await page.locator(".chart").first.is_hidden()
    assert await page.locator("figure.static svg[role=img]").first.is_visible()
    await page.goto(f"{site}/stats/map")
    assert await page.locator("#themes-table").get_by_text("熱水 · 病毒").is_visible()
    assert await page.locator("figure.static").get_by_text("熱水 · 病毒").is_visible()
    await page.set_viewport_size(ViewportSize(width=320, height=800))
    assert await pixels_sticking_out(page) == 0
    assert await page.locator("#map").is_hidden()
    await page.goto(f"{site}/data")
    assert await page.get_by_role("link", name="parquet/articles.parquet").is_visible()


async def test_the_map_goes_through_time_and_tells_what_is_under_the_pointer(browser: Browser, site: str) -> None:
    page, said = await watched(browser)
    await page.goto(f"{site}/stats/map")
    canvas = page.locator("#map-canvas")
    await canvas.wait_for()
    await is_drawn(canvas)
    await expect(page.locator("#month-shown")).to_contain_text("2 則訊息")
    await expect(page.locator("#map-labels")).to_have_text("熱水 · 病毒")
    box = await canvas.bounding_box()
    assert box
    await canvas.hover(position={"x": 16 + 0.2 * (box["width"] - 32), "y": 16 + 0.3 * (box["height"] - 32)})
    await expect(page.locator("#map-told")).to_contain_text("喝熱水")
    await expect(page.locator("#map-told a")).to_have_attribute("href", "/articles/rumour")
    await page.locator("#open-only").check()
    await expect(page.locator("#month-shown")).to_contain_text("1 則訊息")
    await expect(page.locator("#map-labels")).to_have_text("", use_inner_text=True)
    await page.locator("#open-only").uncheck()
    await page.locator("#month").focus()
    await page.keyboard.press("End")
    await expect(page.locator("#month-shown")).to_contain_text(f"{NOW.year}年")
    assert said == []


async def test_a_person_can_follow_one_rumour_from_the_list(browser: Browser, site: str) -> None:
    page, _ = await watched(browser)
    await page.goto(f"{site}/stats")
    await page.get_by_role("link", name="喝熱水可以殺死病毒").click()
    await page.locator(".chart canvas").wait_for()
    assert "/stats/spread/rumour" in page.url
    await page.get_by_role("link", name="English").click()
    await expect(page.get_by_role("heading", name="How one message spread")).to_be_visible()
