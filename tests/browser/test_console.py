"""The console in a real browser: passkeys, keys, the back button, no scripts."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from storage.database import Database
from storage.tables import Role
from tests.browser.console_desk import (
    DESKTOP,
    PHONE,
    add_passkey,
    add_virtual_passkeys,
    enter,
    open_browser,
    open_local_desk,
)
from tests.moderation.console.desk import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    async with open_local_desk(sqlite_database) as opened:
        yield opened


async def test_a_passkey_is_the_second_step_and_is_asked_for_again(browser: Browser, desk: Desk) -> None:
    context, page = await open_browser(browser, DESKTOP)
    await enter(desk, page, Role.MODERATOR)
    await add_virtual_passkeys(page)
    await add_passkey(page, desk.base)
    await context.clear_cookies()
    await enter(desk, page, Role.MODERATOR)
    assert "/review/confirm" in page.url, "the mailed link alone opens nothing"
    await page.click("#show-passkey")
    await page.wait_for_url(f"{desk.base}/review/")
    task_id = await desk.add_task("一則廣告")
    desk.clock.ahead = timedelta(minutes=20)
    form = f"{desk.base}/review/report?article={(await desk.task(task_id)).article_id}"
    await page.goto(form)
    await page.click("text=立即隱藏")
    await page.wait_for_url("**/review/confirm**")
    await page.click("#show-passkey")
    await page.wait_for_url(form)
    await page.fill("#grounds", "廣告")
    await page.click("text=立即隱藏")
    await page.wait_for_url("**/review/cases")
    await expect(page.get_by_text("廣告").first).to_be_visible()
    await context.close()


async def test_an_authenticator_without_the_passkey_does_not_get_in(browser: Browser, desk: Desk) -> None:
    context, page = await open_browser(browser, DESKTOP)
    await enter(desk, page, Role.MODERATOR)
    cdp = await add_virtual_passkeys(page)
    await add_passkey(page, desk.base)
    await context.clear_cookies()
    await cdp.send("WebAuthn.disable")
    await enter(desk, page, Role.MODERATOR)
    await add_virtual_passkeys(page)
    await page.click("#show-passkey")
    await page.get_by_text("通行密鑰未被接受").wait_for()
    await page.goto(f"{desk.base}/review/")
    assert "/review/confirm" in page.url
    await context.close()


async def test_it_is_worked_with_the_keyboard_alone(browser: Browser, desk: Desk) -> None:
    context, page = await open_browser(browser, DESKTOP)
    await enter(desk, page, Role.TRUSTED)
    for text in ("喝檸檬水", "吃大蒜"):
        await desk.add_task(text)
    await page.goto(f"{desk.base}/review/")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("/")
    await expect(page.locator("#search")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(page.locator("li.chosen")).to_have_count(1)
    await page.keyboard.press("?")
    await expect(page.locator("dialog#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("w")
    await page.wait_for_url("**/review/watch")
    await context.close()


async def test_the_back_button_brings_back_a_page_that_works(browser: Browser, desk: Desk) -> None:
    context, page = await open_browser(browser, PHONE)
    await enter(desk, page, Role.TRUSTED)
    task_id = await desk.add_task("喝檸檬水")
    await page.goto(f"{desk.base}/review/tasks/{task_id}")
    later = page.locator("form[action$='/later'] button")
    await later.click()
    await page.wait_for_url(f"{desk.base}/review/")
    await page.go_back()
    await later.click()
    await page.wait_for_url(f"{desk.base}/review/")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await context.close()


async def test_it_works_without_javascript(browser: Browser, desk: Desk) -> None:
    context = await browser.new_context(locale="ja-JP", java_script_enabled=False)
    page = await context.new_page()
    await enter(desk, page, Role.TRUSTED)
    task_id = await desk.add_task("喝檸檬水")
    await page.goto(f"{desk.base}/review/")
    await page.click("[data-act=claim]")
    await page.wait_for_url("**/write")
    assert (await desk.task(task_id)).claimed_by is not None
    await context.close()
