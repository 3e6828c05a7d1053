"""The page on which a person covers parts of their picture, opened from the consent bubble on a phone."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.media.covering import read_areas
from scripts.simulator.line import serve_app
from storage.database import Database
from tests.bot.media.album import Album, open_album
from tests.bot.media.notes_with_numbers import NUMBER, PLACES, SIZE, WORDS, read_numbered_note
from tests.bot.test_picture_draft_page import BLACK, ask, build_site, colours, decode, published
from tests.browser.accessibility import accessibility_problems
from tests.browser.looking import faint_texts, pixels_sticking_out, watch_requests

pytestmark = pytest.mark.browser

PHONE = ViewportSize(width=360, height=740)
DRAW, FIELDS, UNDO = "用手指塗黑", "改用格子選", "取消上一個"
LOOK, PUBLISH, CHANGE = "先看一遍再決定", "好，請志工查證", "我要再改"


@dataclass
class Site:
    """The pages on this machine, and the chat whose links lead to them."""

    album: Album
    url: str

    async def open(self, browser: Browser, **options: object) -> Page:
        page = await browser.new_page(viewport=PHONE, locale="zh-TW", **options)  # type: ignore[arg-type]
        await page.goto(self.url + await ask(self.album))
        return page


@pytest.fixture
async def site(sqlite_database: Database) -> AsyncIterator[Site]:
    async with open_album(sqlite_database) as album:
        album.reader.text = read_numbered_note()
        async with serve_app(build_site(album)) as url:
            yield Site(album, url)


async def drag(page: Page, left: float, top: float, right: float, bottom: float) -> None:
    """Draw with a finger from corner to corner, in shares of the picture."""
    canvas = page.locator(".canvas")
    await canvas.scroll_into_view_if_needed()
    box = await canvas.bounding_box()
    assert box
    await page.mouse.move(box["x"] + left * box["width"], box["y"] + top * box["height"])
    await page.mouse.down()
    await page.mouse.move(box["x"] + right * box["width"], box["y"] + bottom * box["height"], steps=4)
    await page.mouse.up()


async def keep_screenshot(page: Page, name: str) -> None:
    """For people to look at, where a folder for it is named."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def test_what_is_drawn_on_a_phone_is_gone_from_what_becomes_public(browser: Browser, site: Site) -> None:
    page = await site.open(browser)
    asked = watch_requests(page)
    await page.get_by_role("button", name=DRAW).click()
    await drag(page, 0.02, 0.04, 0.97, 0.13)
    await drag(page, 0.1, 0.6, 0.9, 0.7)
    await page.get_by_role("button", name=UNDO).click()
    (drawn,) = read_areas(await page.locator("input[name=drawn]").input_value())
    assert drawn.left < 400 < 9000 < drawn.right
    await keep_screenshot(page, "cover")
    await page.get_by_role("button", name=LOOK).click()
    await keep_screenshot(page, "look")
    assert await page.get_by_text(WORDS[0]).count() == 0
    await page.get_by_role("button", name=PUBLISH).click()
    await expect(page.get_by_text("第 1 位")).to_be_visible()
    _, data = await published(site.album)
    picture = decode(data)
    assert picture.size == SIZE
    assert colours(picture, PLACES[0]) == BLACK
    assert colours(picture, NUMBER) == BLACK
    assert {url.partition("/drafts/")[0] for url in asked if not url.startswith("data:")} == {site.url}


async def test_a_proposed_cover_is_taken_off_by_touching_it(browser: Browser, site: Site) -> None:
    page = await site.open(browser)
    part = page.locator("g.part").first
    await expect(page.get_by_label("0912345678")).to_be_checked()
    await part.locator("rect").click()
    await expect(page.get_by_label("0912345678")).not_to_be_checked()
    await expect(part).to_have_class("part off")
    await page.get_by_label("0912345678").check()
    await expect(part).to_have_class("part")


async def test_changing_something_brings_back_what_was_drawn(browser: Browser, site: Site) -> None:
    page = await site.open(browser)
    await page.get_by_role("button", name=DRAW).click()
    await drag(page, 0.2, 0.4, 0.8, 0.5)
    await page.get_by_label("王小明").uncheck()
    drawn = await page.locator("input[name=drawn]").input_value()
    await page.get_by_role("button", name=LOOK).click()
    await page.get_by_role("button", name=CHANGE).click()
    await expect(page.locator("input[name=drawn]")).to_have_value(drawn)
    await expect(page.locator("svg > rect")).to_have_count(1)
    await expect(page.get_by_label("王小明")).not_to_be_checked()


async def test_it_works_without_scripts_by_choosing_fields(browser: Browser, site: Site) -> None:
    page = await site.open(browser, java_script_enabled=False)
    await expect(page.get_by_role("button", name=DRAW)).not_to_be_visible()
    await page.get_by_label("第 1 列第 2 欄").check()
    await keep_screenshot(page, "fields")
    await page.get_by_role("button", name=LOOK).click()
    await page.get_by_role("button", name=PUBLISH).click()
    await expect(page.get_by_text("第 1 位")).to_be_visible()
    _, data = await published(site.album)
    assert colours(decode(data), (100, 10, 60, 60)) == BLACK


async def test_fields_can_be_chosen_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    page = await site.open(browser)
    await page.get_by_role("button", name=FIELDS).press("Enter")
    await page.get_by_label("第 2 列第 1 欄").press("Space")
    await expect(page.get_by_label("第 2 列第 1 欄")).to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_and_use_it(browser: Browser, site: Site, scheme: str) -> None:
    page = await site.open(browser, color_scheme=scheme)
    for step in ("cover", "look"):
        assert await pixels_sticking_out(page) == 0
        assert await faint_texts(page) == []
        assert await accessibility_problems(page) == []
        await keep_screenshot(page, f"{step}-{scheme}")
        if step == "cover":
            await page.get_by_role("button", name=LOOK).click()
