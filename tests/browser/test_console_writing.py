"""Two people and one task, in real browsers: who is faster, whose lease runs out, who was signed out while writing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from playwright.async_api import Browser, Page, Request, expect
from sqlalchemy import select

from moderation.claims import LEASE
from moderation.console.upkeep import keep_tasks
from moderation.writing.helper import Claim, HelperSlowError, Proposal
from moderation.writing.references import check_references
from storage.database import Database
from storage.tables import ArticleReply, Role
from tests.browser.conftest import BUSY_MS
from tests.browser.console_desk import DESKTOP, PHONE, enter, open_browser, open_local_desk
from tests.browser.looking import faint_texts, pixels_sticking_out
from tests.moderation.console.desk import Desk
from tests.moderation.writing.desk import Internet

pytestmark = pytest.mark.browser

SOURCE = "https://www.mohw.example/garlic"
INTERNET = Internet({SOURCE: "衛福部：大蒜"})
TEXT = "大蒜不能治病，衛福部已經說明。"


class Model:
    """Proposes two claims; the next time it is too slow."""

    model = "stub"

    def __init__(self) -> None:
        self.asked = 0

    async def propose(self, message: str, pages: dict[str, str]) -> Proposal:
        self.asked += 1
        if self.asked > 1:
            raise HelperSlowError
        return Proposal(
            ["大蒜 衛福部"],
            [Claim("模型的第一句。", SOURCE, "words"), Claim("模型的第二句。", SOURCE, "words")],
        )


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    async with open_local_desk(sqlite_database, helper=Model(), fetcher=INTERNET) as opened:
        yield opened


async def open_task(desk: Desk, browser: Browser, task_id: str, email: str) -> Page:
    _, page = await open_browser(browser, DESKTOP)
    await enter(desk, page, Role.REVIEWER, email)
    await page.goto(f"{desk.base}/review/tasks/{task_id}")
    return page


async def fill(page: Page) -> None:
    await page.locator("input[name=verdict][value=RUMOR]").check()
    await page.locator("#reference").fill(SOURCE)
    async with page.expect_response(lambda answer: is_saved(answer.request), timeout=BUSY_MS):
        await page.locator("#text").fill(TEXT)
    await expect(page.locator("#saved")).to_contain_text("已於")


def is_saved(request: Request) -> bool:
    """Whether this saves what was written last: what was filled in before may have been saved by itself."""
    return request.method == "POST" and parse_qs(request.post_data or "").get("text") == [TEXT]


async def test_of_two_who_claim_one_writes_and_the_other_is_told(browser: Browser, desk: Desk) -> None:
    task_id = await desk.add_task("每天吃蒜頭可以治百病")
    first = await open_task(desk, browser, task_id, "first@example.org")
    second = await open_task(desk, browser, task_id, "second@example.org")
    await first.click("[data-act=claim]")
    await first.wait_for_url("**/write")
    await second.click("[data-act=claim]")
    await expect(second.get_by_role("heading", level=1)).to_have_text("有人比您快一步")
    await second.goto(f"{desk.base}/review/tasks/{task_id}")
    await expect(second.locator("main")).to_contain_text("小查")


async def test_a_lease_that_ran_out_goes_to_somebody_else_and_nothing_typed_is_lost(
    browser: Browser, desk: Desk
) -> None:
    task_id = await desk.add_task("每天吃蒜頭可以治百病")
    first = await open_task(desk, browser, task_id, "first@example.org")
    await first.click("[data-act=claim]")
    await first.wait_for_url("**/write")
    await fill(first)
    desk.clock.ahead = LEASE + timedelta(minutes=1)
    assert "released 1" in await keep_tasks(desk.database, desk.clock.now())
    desk.context.tasks.forget()
    second = await open_task(desk, browser, task_id, "second@example.org")
    await second.click("[data-act=claim]")
    await second.wait_for_url("**/write")
    await expect(second.locator("#text")).to_have_value("")
    await first.locator(".actions button[form=editor]").first.click()
    await expect(first.locator("[role=alert]").first).to_contain_text("這個任務已經不是您的")
    await expect(first.locator("#text")).to_have_value(TEXT)


async def test_a_session_that_ended_while_writing_costs_a_sign_in_and_no_words(browser: Browser, desk: Desk) -> None:
    task_id = await desk.add_task("每天吃蒜頭可以治百病")
    page = await open_task(desk, browser, task_id, "first@example.org")
    await page.click("[data-act=claim]")
    await page.wait_for_url("**/write")
    await fill(page)
    await desk.end_sessions()
    more = TEXT + "這一句是登出之後才寫的，也不可以不見。"
    await page.locator("#text").fill(more)
    await page.locator(".actions button[form=editor]").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("您已被登出")
    await expect(page.locator("textarea").first).to_have_value(more)
    await enter(desk, page, Role.REVIEWER, "first@example.org")
    await page.goto(f"{desk.base}/review/tasks/{task_id}/write")
    await expect(page.locator("#text")).to_have_value(TEXT)


async def test_back_after_sending_in_sends_nothing_twice(browser: Browser, desk: Desk) -> None:
    task_id = await desk.add_task("每天吃蒜頭可以治百病")
    page = await open_task(desk, browser, task_id, "first@example.org")
    await page.click("[data-act=claim]")
    await page.wait_for_url("**/write")
    await fill(page)
    await page.locator(".actions button[form=editor]").first.dblclick()
    await page.wait_for_url("**/review/answers/**")
    await page.go_back()
    if await page.locator("#editor").count():  # as the browser kept it, or the task as it is now
        await page.locator(".actions button[form=editor]").first.click()
        await page.wait_for_url("**/review/answers/**")
    async with desk.database.reading() as session:
        assert len(list(await session.scalars(select(ArticleReply)))) == 1


async def test_the_models_proposals_are_labelled_and_taken_claim_by_claim(browser: Browser, desk: Desk) -> None:
    task_id = await desk.add_task("每天吃蒜頭可以治百病")
    _, page = await open_browser(browser, PHONE, dark=True)
    await enter(desk, page, Role.REVIEWER)
    await page.goto(f"{desk.base}/review/tasks/{task_id}")
    await page.click("[data-act=claim]")
    await page.wait_for_url("**/write")
    await expect(page.frame_locator("#preview").locator("body")).to_contain_text("請先選擇判定")
    await fill(page)
    await check_references(desk.database, INTERNET, [SOURCE], desk.clock.now())
    await page.get_by_text("請語言模型提供建議").click()
    await page.get_by_role("button", name="stub").click()
    await expect(page.locator("[role=note]")).to_contain_text("語言模型")
    assert await page.locator("input[name=claim]").count() == 2
    assert await page.locator("input[name=claim]:checked").count() == 0
    assert await pixels_sticking_out(page) == 0
    assert await faint_texts(page) == []
    await page.locator("input[name=claim]").nth(1).check()
    await page.get_by_role("button", name="放進草稿").click()
    await page.wait_for_url("**/write")
    await expect(page.locator("#text")).to_have_value(f"{TEXT}\n\n模型的第二句。")
    await page.get_by_text("請語言模型提供建議").click()
    await page.get_by_role("button", name="stub").click()
    await expect(page.locator("[role=alert]")).to_be_visible()
    await page.go_back()
    await expect(page.locator("#text")).to_have_value(f"{TEXT}\n\n模型的第二句。")
