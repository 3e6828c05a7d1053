"""Charts in a browser: numbers under the pointer where scripts run, the server's picture where they do not."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from storage.database import Database
from storage.tables import Role
from tests.browser.console_desk import PHONE, enter, open_browser, open_local_desk
from tests.browser.looking import faint_texts, pixels_sticking_out
from tests.moderation.console.desk import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    async with open_local_desk(sqlite_database) as opened:
        yield opened


async def test_an_outbreaks_chart_tells_its_numbers_and_stands_without_scripts(browser: Browser, desk: Desk) -> None:
    await desk.add_task("喝檸檬水", askers=9)
    context, page = await open_browser(browser, PHONE, dark=True)
    await enter(desk, page, Role.REVIEWER)
    await page.goto(f"{desk.base}/review/watch")
    drawn = page.locator("figure.chart .u-over")
    box = await drawn.bounding_box()
    assert box is not None
    await drawn.hover(position={"x": box["width"] - 8, "y": box["height"] / 2})
    await expect(page.locator("figure.chart .u-legend .u-value").nth(1)).to_have_text("9")
    await expect(page.locator("figure.chart > svg")).to_be_hidden()
    assert await pixels_sticking_out(page) == 0
    assert await faint_texts(page) == []
    plain = await browser.new_context(java_script_enabled=False, storage_state=await context.storage_state())
    without = await plain.new_page()
    await without.goto(f"{desk.base}/review/watch")
    await expect(without.locator("figure.chart > svg")).to_be_visible()
    await plain.close()
    await context.close()
