"""Rating in a browser: few presses, and only those reasons that go with what one says."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import select

from storage.database import Database
from storage.tables import Rating, Role
from tests.browser.console_desk import PHONE, enter, open_browser, open_local_desk
from tests.moderation.console.desk import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    async with open_local_desk(sqlite_database) as opened:
        yield opened


async def test_three_presses_lead_from_the_queue_to_a_rating(browser: Browser, desk: Desk) -> None:
    await desk.add_answer(await desk.add_task("喝檸檬水"), "somebody")
    context, page = await open_browser(browser, PHONE)
    await enter(desk, page, Role.REVIEWER)
    await page.goto(f"{desk.base}/review/")
    await page.locator("ol.tasks a.button").click()
    await page.locator("[name=level][value=helpful]").check()
    await page.locator("#rating button").click()
    await expect(page.locator("#rated")).to_be_visible()
    await context.close()


async def test_reasons_appear_with_the_rating_they_go_with(browser: Browser, desk: Desk) -> None:
    answer = await desk.add_answer(await desk.add_task("喝檸檬水"), "somebody")
    context, page = await open_browser(browser, PHONE)
    await enter(desk, page, Role.REVIEWER)
    await page.goto(f"{desk.base}{answer}")
    praise, blame = page.locator(".praise"), page.locator(".blame")
    await expect(praise).to_be_hidden()
    await page.locator("[name=level][value=helpful]").check()
    await expect(blame).to_be_hidden()
    await page.locator("[name=reason][value=clear]").check()
    await page.locator("[name=level][value=not_helpful]").check()
    await expect(praise).to_be_hidden()
    await page.locator("[name=reason][value=biased]").check()
    await page.locator("#rating button").click()
    await expect(page.locator("#rated")).to_be_visible()
    async with desk.database.reading() as session:
        assert [rating.reasons for rating in await session.scalars(select(Rating))] == [["biased"]]
    await context.close()
