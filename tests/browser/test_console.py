"""The console in a real browser: every page by axe and by eye-less looks, passkeys, keys, the back button."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import unused_port
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, ViewportSize

from moderation.abuse.hiding import hide
from moderation.abuse.subjects import Subject
from moderation.console.editors import add_editor
from moderation.console.sessions import make_link
from storage.database import Database
from storage.tables import (
    ArticleReply,
    CaseKind,
    Category,
    EditorNotice,
    ModerationCase,
    Reply,
    ReplyRequest,
    ReplyState,
    Role,
    Rule,
    SubjectKind,
    Verdict,
    utc_now,
)
from tests.browser.looking import faint_texts, pixels_sticking_out, watch_requests
from tests.moderation.console.desk import Desk, open_desk

pytestmark = pytest.mark.browser

PHONE, DESKTOP = ViewportSize(width=360, height=740), ViewportSize(width=1280, height=900)
SERIOUS = {"serious", "critical"}
PAGES = (
    "/review/",
    "/review/?search=lemon&asked=1&unanswered=1",
    "/review/?asked=99",
    "/review/watch",
    "/review/inbox",
    "/review/statistics",
    "/review/cases",
    "/review/editors",
    "/review/audit",
    "/review/account",
    "/review/log",
    "/review/report",
    "/review/reports",
    "/review/nothing-here",
)
SIGNED_OUT_PAGES = (
    "/review/sign-in",
    "/review/sign-in/link?token=x",
    "/review/sign-in/link",
    "/review/log",
    "/review/report",
)


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    port = unused_port()
    async with open_desk(sqlite_database, port=port, public_url=f"http://localhost:{port}") as opened:
        opened.base = f"http://localhost:{port}"
        yield opened


async def open_browser(browser: Browser, size: ViewportSize, *, dark: bool = False) -> tuple[BrowserContext, Page]:
    context = await browser.new_context(locale="zh-TW", viewport=size, color_scheme="dark" if dark else "light")
    return context, await context.new_page()


async def enter(desk: Desk, page: Page, role: Role, email: str = "somebody@example.org") -> str:
    """Sign in by a link, with the mouse; returns the editor's id."""
    async with desk.database.transaction() as session:
        editor = await add_editor(session, email, role, utc_now())
        editor.name = "小查"
        session.add(editor)
        token = await make_link(session, editor.id, utc_now())
    await page.goto(f"{desk.base}/review/sign-in/link?token={token}")
    await page.click("main button")
    await page.wait_for_url("**/review/**")
    return editor.id


async def furnish(desk: Desk, editor_id: str) -> str:
    """Something on every page; returns a task's id."""
    async with desk.database.transaction() as session:
        session.add_all([Category(id="c1", title="疾病、醫藥"), Category(id="c2", title="免費訊息詐騙")])
    first = await desk.add_task("喝熱檸檬水可以治癌症，請轉發給所有人！lemon https://example.org/" + "long-" * 40, 9)
    await desk.add_task("明天起搭捷運要戴口罩，否則罰三萬元", 2)
    article_id = (await desk.task(first)).article_id
    async with desk.database.transaction() as session:
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text="假的。", reference="https://example.org/ source"))
        await session.flush()
        session.add(ArticleReply(article_id=article_id, reply_id="r", state=ReplyState.PROPOSED, contributor="x"))
        session.add(EditorNotice(editor_id=editor_id, kind="verified", article_id=article_id))
        session.add(
            ModerationCase(
                kind=CaseKind.APPEAL, about=SubjectKind.ANSWER, article_id=article_id, reply_id="r", grounds="來源過期"
            )
        )
        for days in range(1, 9):
            at = utc_now() - timedelta(days=days)
            session.add(ReplyRequest(article_id=article_id, contributor=f"old{days}", source="chaming", created_at=at))
    hidden = await desk.add_task("廣告")
    async with desk.database.transaction() as session:
        task = await desk.task(hidden)
        subject = Subject(SubjectKind.ARTICLE, task.article_id)
        await hide(session, subject, by=editor_id, rule=Rule.ADVERTISING, note="廣告", now=utc_now())
    desk.context.tasks.forget()
    return first


async def look_at(page: Page, url: str) -> None:
    """Nothing serious for axe, nothing faint, nothing that sticks out."""
    await page.goto(url)
    assert await pixels_sticking_out(page) == 0, url
    assert await faint_texts(page) == [], url
    found: dict[str, Any] = (await Axe().run(page)).response
    serious = [each for each in found["violations"] if each["impact"] in SERIOUS]
    assert [(url, each["id"], [node["html"][:160] for node in each["nodes"]]) for each in serious] == []


async def add_virtual_passkeys(page: Page) -> CDPSession:
    """A virtual authenticator that always agrees."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    more = {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, **more}})
    return cdp


async def add_passkey(page: Page, base: str) -> None:
    await page.goto(f"{base}/review/account")
    await page.fill("#passkey-name", "手機")
    await page.click("#add-passkey")
    await page.get_by_role("heading", name="手機").wait_for()


@pytest.mark.parametrize(("size", "dark"), [(PHONE, False), (DESKTOP, True)], ids=["phone", "dark desktop"])
async def test_every_page_can_be_used_by_everybody(
    browser: Browser, desk: Desk, size: ViewportSize, dark: bool, tmp_path: Path
) -> None:
    context, page = await open_browser(browser, size, dark=dark)
    for path in SIGNED_OUT_PAGES:
        await look_at(page, desk.base + path)
    editor_id = await enter(desk, page, Role.ADMINISTRATOR)
    await add_virtual_passkeys(page)
    await add_passkey(page, desk.base)
    task_id = await furnish(desk, editor_id)
    article_id = (await desk.task(task_id)).article_id
    asked = watch_requests(page)
    more = (f"/review/tasks/{task_id}", f"/review/report?article={article_id}&reply=r", "/review/confirm")
    for path in (*PAGES, *more):
        await look_at(page, desk.base + path)
        await page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-')[:30]}.png", full_page=True)
    assert {url for url in asked if not url.startswith((desk.base, "data:"))} == set(), "nothing from elsewhere"
    await context.close()


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
    assert await page.get_by_text("廣告").first.is_visible()
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
    editor_id = await enter(desk, page, Role.TRUSTED)
    await furnish(desk, editor_id)
    await page.goto(f"{desk.base}/review/")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.id") == "search"
    await page.keyboard.press("Escape")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    assert await page.locator("li.chosen").count() == 1
    await page.keyboard.press("?")
    assert await page.locator("dialog#keys").is_visible()
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
    assert await page.get_by_role("heading", level=1).is_visible()
    await context.close()


async def test_it_works_without_javascript(browser: Browser, desk: Desk) -> None:
    context = await browser.new_context(locale="ja-JP", java_script_enabled=False)
    page = await context.new_page()
    await enter(desk, page, Role.TRUSTED)
    task_id = await desk.add_task("喝檸檬水")
    await page.goto(f"{desk.base}/review/")
    await page.click("[data-act=claim]")
    assert (await desk.task(task_id)).claimed_by is not None
    await context.close()
