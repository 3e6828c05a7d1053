"""The console for a browser: served on localhost, entered by a mailed link, with passkeys that always agree."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp.test_utils import unused_port
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, ViewportSize

from moderation.console.editors import add_editor
from moderation.console.sessions import make_link
from storage.database import Database
from storage.tables import Role, utc_now
from tests.moderation.console.desk import Desk, open_desk

PHONE, DESKTOP = ViewportSize(width=360, height=740), ViewportSize(width=1280, height=900)


@asynccontextmanager
async def open_local_desk(database: Database, **given: Any) -> AsyncIterator[Desk]:
    """At `localhost`, which browsers take for a safe place: passkeys and service workers need one."""
    port = unused_port()
    base = f"http://localhost:{port}"
    async with open_desk(database, port=port, public_url=base, **given) as opened:
        opened.base = base
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
    await page.wait_for_url(lambda url: "/sign-in/" not in url)
    return editor.id


async def submit_form(page: Page, action: str, *, csrf: bool = True, **fields: str) -> None:
    """Send a form of this page, as a press on one of its buttons would."""
    async with page.expect_navigation():
        await page.evaluate(
            """([action, fields, csrf]) => {
                const form = document.createElement("form");
                form.method = "post"; form.action = action;
                if (csrf) fields.csrf = document.querySelector("meta[name=csrf]").content;
                for (const [name, value] of Object.entries(fields)) {
                    const field = document.createElement("input");
                    field.name = name; field.value = value; form.append(field);
                }
                document.body.append(form);
                form.submit();
            }""",
            [action, fields, csrf],
        )


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
