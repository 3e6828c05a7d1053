"""The demonstration as a person meets it: the chat page, the real server behind it, the page behind a button."""

import pytest
from playwright.async_api import Browser, expect

from scripts.simulator.line import LineSimulator, build_app, serve_app
from scripts.simulator.web.app import ChatPage
from tests.acceptance.library import KNOWN
from tests.acceptance.program import Program
from tests.browser.conftest import browser
from tests.browser.looking import faint_texts, pixels_sticking_out

__all__ = ["browser"]
pytestmark = [pytest.mark.model, pytest.mark.browser]


async def test_it_is_answered_pressed_and_read_on(browser: Browser, program: Program) -> None:
    line = LineSimulator(channel=program.channel())
    line.add_user("阿明", follows=False)
    app = build_app(line)
    ChatPage(line).add_routes(app)
    async with serve_app(app, port=program.line_port) as url:
        line.api_url = url
        page = await browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-TW")
        await page.goto(url)
        await expect(page.locator(".entry.bot")).to_contain_text("我是查明")
        await page.get_by_role("button", name="試試看").click()
        await page.get_by_role("button", name=KNOWN).click()
        await expect(page.locator(".lm-bubble").last).to_contain_text("含有不實訊息")
        assert await pixels_sticking_out(page) == 0
        assert await faint_texts(page) == []
        await page.locator(".lm-bubble button", has_text="為什麼是這則？").last.click()
        await expect(page.locator(".entry.bot").last).to_contain_text("文字和您傳來的訊息一樣")
        async with page.context.expect_page() as opened:
            await page.locator(".lm-bubble button", has_text="看完整查證").last.click()
        article = await opened.value
        await expect(article.locator("main")).to_contain_text("志工")
        assert article.url.startswith(f"{program.url}/articles/")
        assert line.refusals == []
        await line.delivery.close()
