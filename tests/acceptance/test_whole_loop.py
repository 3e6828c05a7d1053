"""From a message nobody has checked to an answer both sides believe, in a real browser, at both widths.

The asker is on the simulated LINE; every volunteer has a browser of their own and starts from the queue.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from sqlmodel import col

from moderation.console.editors import add_editor
from moderation.console.sessions import make_link
from moderation.thresholds import DEFAULT
from scripts.simulator.line import LineSimulator
from storage.database import Database
from storage.tables import ArticleReply, RaterStanding, Rating, Reply, ReplyState, Role, utc_now
from tests.acceptance.library import ask_until, find_articles_with, words
from tests.acceptance.program import Program
from tests.acceptance.test_told_later import CHECKED, YES, press, run_job
from tests.browser.conftest import browser
from tests.browser.looking import faint_texts, pixels_sticking_out

__all__ = ["browser"]
pytestmark = [
    pytest.mark.model,
    pytest.mark.browser,
    pytest.mark.parametrize("program", ["sqlite"], indirect=True),
]

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
MESSAGES = {
    "phone": (
        "社區管委會通知，自來水公司下週起會在水裡加入洋甘菊，想讓住戶晚上睡得比較好，喝了會很想睡覺。",
        "聽說自來水公司下週起會在水裡加入洋甘菊，想讓住戶晚上睡得比較好，喝了會很想睡覺，社區管委會通知的！",
    ),
    "desktop": (
        "捷運站長透露，月台的地磚踩到第三排藍色那塊，閘門就會退還半價車資，只有站務員家屬知道。",
        "捷運站長偷偷透露：月台的地磚踩到第三排藍色那塊，閘門就會退還半價車資喔，只有站務員家屬知道！",
    ),
}
ANSWER = "主管機關說沒有這件事，公告裡也找不到。"
SOURCE = "主管機關的說明\nhttps://facts.example.invalid/statement"
FIRST_CHECK = "初步查核"
PICTURES = os.environ.get("CHAMING_TEST_PICTURES")
"""Where to leave pictures of the pages, for whoever wants to look at them."""


@asynccontextmanager
async def signed_in(
    browser: Browser, program: Program, database: Database, role: Role, size: dict[str, int]
) -> AsyncIterator[tuple[BrowserContext, Page, str]]:
    """A person of this role in a browser of their own, invited as the command line does; and their id."""
    async with database.transaction() as session:
        editor = await add_editor(session, f"{uuid4().hex}@example.org", role, utc_now())
        link = f"{program.url}/review/sign-in/link?token={await make_link(session, editor.id, utc_now())}"
    context = await browser.new_context(viewport=size, locale="zh-TW")  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(link)
    await page.locator("main form button").first.click()
    await page.wait_for_url(lambda url: "/sign-in/" not in url)
    yield context, page, editor.id
    await context.close()


async def look(page: Page, name: str) -> None:
    """The page fits its window, and all of it can be read."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert await pixels_sticking_out(page) == 0
    assert await faint_texts(page) == []


async def open_from_queue(page: Page, program: Program, message: str) -> None:
    await page.goto(f"{program.url}/review/")
    await page.locator("ol.tasks > li", has_text=message[:30]).locator("h3 a").click()


async def rate(page: Page, program: Program, message: str, width: str) -> None:
    await open_from_queue(page, program, message)
    await page.locator(".actions a.button[href*='/review/answers/']").first.click()
    await expect(page.locator("#ratings")).to_have_count(0)
    await look(page, f"{width}-rating")
    await page.locator("input[name=level][value=helpful]").check()
    await page.locator("input[name=reason][value=good_sources]").check()
    await page.locator("#rating button").click()
    await expect(page.locator("#ratings")).to_be_visible()


@pytest.mark.parametrize(("width", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_it_goes_the_whole_way_from_a_message_to_a_verified_answer(
    browser: Browser, program: Program, line: LineSimulator, database: Database, width: str, size: dict[str, int]
) -> None:
    message, paraphrase = MESSAGES[width]
    asker = line.add_user("asker")
    await line.ask(asker, message)
    await press(line, asker, YES)
    [article] = await find_articles_with(database, message)

    async with signed_in(browser, program, database, Role.NEWCOMER, size) as (context, page, _own):
        await open_from_queue(page, program, message)
        await page.locator("[data-act=claim]").first.click()
        await write_and_crash(context, page, width)
        await expect(page.locator("#faults")).to_have_count(0)
        await page.locator(".actions button[form=editor]").first.dblclick()
        await page.wait_for_url("**/review/answers/**")
        answer_url = page.url
        async with database.reading() as session:
            links = list(await session.scalars(select(ArticleReply).where(col(ArticleReply.article_id) == article.id)))
        assert [link.state for link in links] == [ReplyState.PROPOSED]
        reply_id = links[0].reply_id

        for role in (Role.NEWCOMER, Role.TRUSTED, Role.TRUSTED):
            async with signed_in(browser, program, database, role, size) as (_, theirs, _id):
                await rate(theirs, program, message, width)
        await page.goto(answer_url)
        await expect(page.locator("#standing")).to_contain_text("3 位志工評分，其中 2 位長期紀錄良好，100% 認為有幫助")
        await look(page, f"{width}-answer")

        second_asker = line.add_user("second asker")
        await ask_until(line, second_asker, paraphrase, FIRST_CHECK)
        assert ANSWER in words(line.messages(second_asker))
        seen = len(line.messages(asker))
        await run_job(program, push=True)
        told = words((await line.wait_for_messages(asker, seen + 1))[seen:])
        assert CHECKED in told

        await give_sides(database, article.id, reply_id)
        async with signed_in(browser, program, database, Role.TRUSTED, size) as (_, theirs, editor_id):
            await make_experienced(database, editor_id, 0.5)
            await rate(theirs, program, message, width)
            await expect(theirs.locator("#standing")).to_contain_text("兩群人也都這麼認為")

    async with database.reading() as session:
        verified = await session.get_one(ArticleReply, (article.id, reply_id))
        assert (await session.get_one(Reply, reply_id)).text == ANSWER
    assert verified.state == ReplyState.VERIFIED
    public = await browser.new_page(viewport=size, locale="zh-TW")  # type: ignore[arg-type]
    await public.goto(f"{program.url}/articles/{article.id}")
    await expect(public.locator("main")).to_contain_text("兩群人也都這麼認為")
    await look(public, f"{width}-public")
    await public.locator("a", has_text="查核經過").click()
    await expect(public.locator("main")).to_contain_text(ANSWER)
    await look(public, f"{width}-history")


async def write_and_crash(context: BrowserContext, page: Page, width: str) -> None:
    """Write, lose the window while writing, go on; then change the draft in two windows at once."""
    await page.wait_for_url("**/write")
    await page.locator("#text").fill(ANSWER[:10])
    await expect(page.locator("#saved")).to_contain_text("已於")
    editor = page.url
    await page.goto("about:blank")  # the window is gone
    await page.goto(editor)
    await expect(page.locator("#text")).to_have_value(ANSWER[:10])
    await page.locator("input[name=verdict][value=RUMOR]").check()
    await page.locator("#text").fill(ANSWER)
    await page.locator("#reference").fill(SOURCE)
    await expect(page.frame_locator("#preview").locator("body")).to_contain_text(ANSWER)
    await expect(page.locator("#references li")).to_contain_text("facts.example.invalid")
    await expect(page.locator("#similar h2").first).to_be_visible()
    await page.locator("#preview").scroll_into_view_if_needed()
    await look(page, f"{width}-editor")

    other = await context.new_page()
    await other.goto(editor)
    await other.locator("#text").fill(ANSWER + "（另一個視窗）")
    await expect(other.locator("#saved")).to_contain_text("已於")
    await page.locator("#text").fill(ANSWER + "（這個視窗）")
    await expect(page.locator("#stored")).to_contain_text("（另一個視窗）")
    await expect(page.locator("#mine")).to_contain_text("（這個視窗）")
    await look(page, f"{width}-stale")
    await other.close()
    await page.goto(editor)
    await page.locator("#text").fill(ANSWER)
    await expect(page.locator("#saved")).to_contain_text("已於")


async def give_sides(database: Database, article_id: str, reply_id: str) -> None:
    """Let four people of both sides have rated it before, as the nightly refit would find them to be."""
    for number, factor in enumerate((0.6, -0.6, 0.4, -0.5)):
        rater = f"experienced-{number}-{article_id}"
        await make_experienced(database, rater, factor)
        async with database.transaction() as session:
            session.add(Rating(article_id=article_id, reply_id=reply_id, rater=rater, score=1.0))


async def make_experienced(database: Database, rater: str, factor: float) -> None:
    """Let somebody have rated as many answers as it takes for the rule to ask on which side they are."""
    async with database.transaction() as session:
        standing = await session.get(RaterStanding, rater) or RaterStanding(rater=rater, level=Role.REVIEWER)
        standing.factor = factor
        session.add(standing)
        links = await session.scalars(
            select(ArticleReply).where(col(ArticleReply.state) == ReplyState.IMPORTED).limit(DEFAULT.experienced_after)
        )
        session.add_all(
            Rating(article_id=link.article_id, reply_id=link.reply_id, rater=rater, score=1.0) for link in links
        )
