"""The simulator's page: what is typed arrives, what is answered is drawn, what can be pressed works."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from bot.settings import Settings
from scripts.line_menu.setting_up import set_rich_menus
from scripts.simulator.line import LineSimulator, build_app, serve_app
from scripts.simulator.web.app import ChatPage
from tests.browser.looking import faint_texts, pixels_sticking_out, watch_requests

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 860}


def bubble(title: str) -> dict[str, Any]:
    open_page = {"type": "uri", "label": "看完整說明", "uri": "https://example.org/articles/1"}
    why = {"type": "postback", "label": "為什麼？", "data": "why", "displayText": "為什麼是這則？"}
    return {
        "type": "bubble",
        "body": {"type": "box", "layout": "vertical", "contents": [{"type": "text", "text": title, "wrap": True}]},
        "footer": {
            "type": "box",
            "layout": "vertical",
            "contents": [{"type": "button", "action": open_page}, {"type": "button", "action": why}],
        },
    }


ANSWER = [
    {
        "type": "flex",
        "altText": "查證",
        "contents": {"type": "carousel", "contents": [bubble("不實"), bubble("個人意見")]},
    },
    {
        "type": "text",
        "text": "這樣清楚嗎？",
        "quickReply": {"items": [{"type": "action", "action": {"type": "message", "label": "清楚", "text": "清楚了"}}]},
    },
]


@dataclass
class Talking:
    """A bot that answers everything, and says why when asked."""

    line: LineSimulator
    session: aiohttp.ClientSession

    async def callback(self, request: web.Request) -> web.Response:
        for event in (await request.json())["events"]:
            if "replyToken" in event:
                await self._answer(event)
        return web.Response()

    async def _answer(self, event: dict[str, Any]) -> None:
        kinds = {"follow": [{"type": "text", "text": "您好"}], "postback": [{"type": "text", "text": "文字一樣"}]}
        messages = kinds.get(event["type"], ANSWER)
        if event.get("message", {}).get("text") == "壞掉":
            messages = [{"type": "text", "text": ""}]
        headers = {"Authorization": f"Bearer {self.line.channel.access_token}"}
        body = {"replyToken": event["replyToken"], "messages": messages}
        await self.session.post(self.line.api_url + "/v2/bot/message/reply", json=body, headers=headers)


@pytest.fixture
async def line() -> AsyncIterator[LineSimulator]:
    simulator = LineSimulator()
    people = [simulator.add_user("阿明", follows=False), simulator.add_user("美玲", follows=False)]
    simulator.add_group("幸福一家人", *people)
    app = build_app(simulator)
    ChatPage(simulator).add_routes(app)
    async with aiohttp.ClientSession() as session:
        bot = web.Application()
        bot.router.add_post("/callback", Talking(simulator, session).callback)
        async with serve_app(app) as url, serve_app(bot) as bot_url:
            simulator.api_url, simulator.channel.webhook_url = url, bot_url + "/callback"
            yield simulator
        await simulator.delivery.close()


async def open_page(browser: Browser, line: LineSimulator, size: dict[str, int], locale: str = "zh-TW") -> Page:
    """Open the page and fail the test on any error its script makes."""
    context = await browser.new_context(viewport=size, locale=locale)  # type: ignore[arg-type]
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    await page.goto(line.api_url + "/")
    await expect(page.locator(".entry.bot")).to_contain_text("您好")
    return page


async def test_it_sends_what_is_typed_and_draws_the_answer(browser: Browser, line: LineSimulator) -> None:
    page = await open_page(browser, line, PHONE)
    await page.get_by_label("訊息", exact=True).last.fill("第一行\n第二行")
    await page.get_by_role("button", name="傳送", exact=True).click()
    await expect(page.locator(".entry.mine .lm-text")).to_have_text("第一行\n第二行")
    await expect(page.locator(".lm-carousel .lm-bubble")).to_have_count(2)
    asker = next(iter(line.platform.users.values()))
    assert line.timeline(asker)[1].content["text"] == "第一行\n第二行"
    assert line.refusals == []


@pytest.mark.parametrize(
    ("locale", "send", "unsend", "gone"),
    [("en-US", "Send", "Unsend", "Message unsent"), ("ja", "送信", "送信取消", "送信を取り消しました")],
)
async def test_it_speaks_the_browsers_language_and_fits_a_narrow_phone(
    browser: Browser, line: LineSimulator, locale: str, send: str, unsend: str, gone: str
) -> None:
    page = await open_page(browser, line, {"width": 360, "height": 740}, locale)
    await page.locator("#text").fill("哈囉")
    await page.get_by_role("button", name=send, exact=True).click()
    await page.get_by_role("button", name=unsend, exact=True).click()
    await expect(page.locator(".gone")).to_have_text(gone)
    for tab in await page.locator(".tabs button").all():
        await tab.click()
        assert await pixels_sticking_out(page) == 0


async def test_it_presses_buttons_and_quick_replies_as_line_does(browser: Browser, line: LineSimulator) -> None:
    page = await open_page(browser, line, DESKTOP)
    await page.locator("#samples button").first.click()
    await page.locator(".lm-quick button", has_text="清楚").click()
    await expect(page.locator(".entry.mine").last).to_contain_text("清楚了")
    await expect(page.locator(".lm-quick button:visible")).to_have_count(1)
    await page.locator(".lm-bubble button", has_text="為什麼？").first.click()
    await expect(page.locator(".entry.mine").last).to_contain_text("為什麼是這則？")
    await expect(page.locator(".entry.bot").last).to_contain_text("文字一樣")
    await expect(page.locator(".lm-quick button:visible")).to_have_count(0)


async def test_it_draws_the_rich_menu_and_its_fields_can_be_pressed(browser: Browser, line: LineSimulator) -> None:
    await set_rich_menus(Settings(**line.settings(), SECRET_KEY="a key for tests, long enough"))  # type: ignore[arg-type]
    page = await open_page(browser, line, PHONE)
    await page.get_by_role("button", name="選單", exact=True).click()
    picture = page.locator("#menu img")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("naturalWidth", 2500)
    fields = page.locator("#menu button")
    labels = [await field.get_attribute("aria-label") for field in await fields.all()]
    assert labels == ["使用教學", "我的提問", "說明", "語言 Language", "設定", "我的資料"]
    sizes = [await field.bounding_box() for field in await fields.all()]
    assert all(size and min(size["width"], size["height"]) > 100 for size in sizes)
    assert await pixels_sticking_out(page) == 0
    await page.get_by_role("button", name="我的提問").click()
    await expect(page.locator(".entry.mine").last).to_contain_text("我的提問")
    await expect(picture).to_be_hidden()


async def test_it_opens_links_in_a_page_of_their_own(browser: Browser, line: LineSimulator) -> None:
    page = await open_page(browser, line, DESKTOP)
    await page.context.route("https://example.org/**", lambda route: route.fulfill(body="ok"))
    await page.locator("#samples button").first.click()
    async with page.context.expect_page() as opened:
        await page.locator(".lm-bubble button", has_text="看完整說明").first.click()
    await expect(await opened.value).to_have_url("https://example.org/articles/1")
    assert page.url.startswith(line.api_url)


async def test_it_shows_why_line_refused_an_answer(browser: Browser, line: LineSimulator) -> None:
    page = await open_page(browser, line, DESKTOP)
    await page.locator("#text").fill("壞掉")
    await page.locator("#text").press("Enter")
    refused = page.locator("#log li.bad")
    await expect(refused).to_contain_text("messages[0].text: May not be empty")


async def test_it_changes_phones_and_chats_and_takes_messages_back(browser: Browser, line: LineSimulator) -> None:
    page = await open_page(browser, line, DESKTOP)
    await page.get_by_role("button", name="幸福一家人").click()
    await page.locator("#mention").click()
    await page.locator("#text").press_sequentially("真的嗎")
    await page.locator("#text").press("Enter")
    await expect(page.locator(".entry.bot")).to_have_count(2)
    await page.get_by_role("button", name="美玲").click()
    await page.get_by_role("button", name="幸福一家人").click()
    await expect(page.locator(".entry.other")).to_contain_text("@查明 真的嗎")
    await page.get_by_role("button", name="阿明").click()
    await page.get_by_role("button", name="幸福一家人").click()
    await page.get_by_role("button", name="收回").click()
    await expect(page.locator(".entry.mine")).to_contain_text("已收回訊息")


async def test_it_sends_stickers_and_pictures(browser: Browser, line: LineSimulator) -> None:
    page = await open_page(browser, line, PHONE)
    await page.locator("#pick-sticker").click()
    await page.locator("#stickers button").first.click()
    await expect(page.locator(".entry.mine .sticker")).to_be_visible()
    picture = {"name": "a.png", "mimeType": "image/png", "buffer": await page.screenshot()}
    await page.locator("#image").set_input_files(picture)  # type: ignore[arg-type]
    await expect(page.locator(".entry.mine img.photo")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, DESKTOP, {"width": 320, "height": 640}], ids=["phone", "desktop", "small"])
async def test_it_never_scrolls_sideways(browser: Browser, line: LineSimulator, size: dict[str, int]) -> None:
    page = await open_page(browser, line, size)
    await page.locator("#text").fill("https://example.org/" + "a" * 300)
    await page.locator("#send").click()
    await expect(page.locator(".lm-carousel")).to_be_visible()
    assert await pixels_sticking_out(page) == 0
    assert await page.evaluate(
        "document.getElementById('screen').scrollWidth <= document.getElementById('screen').clientWidth"
    )


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_it_can_be_read(browser: Browser, line: LineSimulator, size: dict[str, int]) -> None:
    page = await open_page(browser, line, size)
    await page.locator("#text").fill("真的嗎")
    await page.locator("#send").click()
    await expect(page.locator(".lm-carousel")).to_be_visible()
    assert await faint_texts(page) == []
    asked = watch_requests(page)
    for pane in ("try", "wire"):
        await page.evaluate("(name) => { document.body.dataset.pane = name; }", pane)
        assert await faint_texts(page) == []
    await page.reload()
    assert asked
    assert all(url.startswith((line.api_url, "data:")) for url in asked), "nothing from other servers"
