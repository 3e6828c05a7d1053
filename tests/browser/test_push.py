"""Being told in the browser, in a real one: allowed, subscribed, sent by the job, decrypted, shown.

Headless Chromium has no push service to subscribe to, so `subscribe` is answered here with keys and an address of the
server on this machine; the worker, the permission, the page and what is shown are Chromium's own.
"""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from moderation.console.notices import tell
from moderation.console.push_service import PushService, make_private_key
from moderation.console.upkeep import push_news
from storage.database import Database
from storage.tables import Role, utc_now
from tests.browser.console_desk import PHONE, enter, open_local_desk
from tests.moderation.console.desk import Desk
from tests.moderation.console.push_receiver import PushServer, open_push_server

pytestmark = pytest.mark.browser

SUBSCRIBE = """(given) => {
  PushManager.prototype.getSubscription = async () => null;
  PushManager.prototype.subscribe = async (options) => {
    if (options.applicationServerKey.length !== 65 || !options.userVisibleOnly) throw new Error("no key");
    return { toJSON: () => given };
  };
}"""


@pytest.fixture
async def server() -> AsyncIterator[PushServer]:
    async with open_push_server() as opened:
        yield opened


@pytest.fixture
async def desk(sqlite_database: Database, server: PushServer) -> AsyncIterator[Desk]:
    service = PushService(make_private_key(), "mailto:a@example.org", loopback_ports=frozenset({server.port}))
    async with open_local_desk(sqlite_database, push=service) as opened:
        yield opened


SHOWN = """navigator.serviceWorker.ready.then((found) => found.getNotifications())
    .then((all) => all.map((each) => [each.title, each.body, each.data.url]))"""


async def deliver(page: Page, desk: Desk, message: dict[str, str]) -> list[list[str]]:
    """Hand a decrypted message to the worker, as a push service would, and return what is shown then.

    The protocol does not confirm a delivery and now and then loses one, where a push service keeps and repeats it: so
    it is repeated here too. The message's tag keeps a second one from being shown beside the first.
    """
    cdp = await page.context.new_cdp_session(page)
    registered: asyncio.Queue[str] = asyncio.Queue()
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: [registered.put_nowait(each["registrationId"]) for each in event["registrations"]],
    )
    async with asyncio.timeout(120):
        await cdp.send("ServiceWorker.enable")
        to_worker = {"origin": desk.base, "registrationId": await registered.get(), "data": json.dumps(message)}
        while True:
            await cdp.send("ServiceWorker.deliverPushMessage", to_worker)
            for _ in range(25):
                await page.wait_for_timeout(20)
                if told := await page.evaluate(SHOWN):
                    return list(told)


async def test_a_volunteer_is_told_in_the_browser(browser: Browser, desk: Desk, server: PushServer) -> None:
    context = await browser.new_context(locale="zh-TW", viewport=PHONE, permissions=["notifications"])
    page = await context.new_page()
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    editor_id = await enter(desk, page, Role.REVIEWER)
    theirs = server.subscribe()
    keys = {"p256dh": theirs.keys.p256dh, "auth": theirs.keys.auth}
    await page.add_init_script(f"({SUBSCRIBE})({json.dumps({'endpoint': theirs.endpoint, 'keys': keys})})")
    await page.goto(f"{desk.base}/review/push")
    await page.uncheck("#push-topics input[value=cases]")
    await page.click("#push-on")
    await expect(page.locator("ol.tasks > li")).to_have_count(1)
    await expect(page.locator("ol.tasks input[value=cases]")).not_to_be_checked()
    assert await page.evaluate("navigator.serviceWorker.ready.then((found) => found.scope)") == f"{desk.base}/review/"

    async with desk.database.transaction() as session:
        await tell(session, [editor_id], "invited")
    assert "sent 1" in await push_news(desk.context, utc_now())
    (message,) = theirs.shown
    told = await deliver(page, desk, message)
    assert told == [["查明：志工工作台", "想請您為一則回應評分。", f"{desk.base}/review/inbox"]]
    assert errors == [], "the page's policy lets the worker in"
    await context.close()


PRESS = """async () => {
  const done = [];
  WindowClient.prototype.focus = async function () { return this; };
  WindowClient.prototype.navigate = async function (url) { done.push(`${new URL(this.url).pathname} to ${url}`); };
  Clients.prototype.openWindow = async (url) => done.push(`new to ${url}`);
  await self.registration.showNotification("x", { data: { url: "/review/inbox" } });
  const [notification] = await self.registration.getNotifications();
  const waited = [];
  const event = new NotificationEvent("notificationclick", { notification });
  event.waitUntil = (promise) => waited.push(promise);
  self.dispatchEvent(event);
  await Promise.all(waited);
  return done;
}"""
"""Presses a notification. A script may neither focus nor open a window, so what the worker would do is noted."""


@pytest.mark.parametrize(
    ("path", "done"),
    [
        ("/review/push", "/review/push to"),
        ("/review/inbox", "/review/inbox to"),
        ("/review/report?article=a&reply=r", "new to"),
        ("/review/account", "new to"),
    ],
)
async def test_a_page_that_may_have_something_half_written_is_left_alone(
    browser: Browser, desk: Desk, path: str, done: str
) -> None:
    context = await browser.new_context(locale="zh-TW", viewport=PHONE, permissions=["notifications"])
    page = await context.new_page()
    await enter(desk, page, Role.REVIEWER)
    await page.goto(f"{desk.base}/review/push")
    await page.evaluate("navigator.serviceWorker.register('/review/worker.js', { scope: '/review/' })")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.goto(f"{desk.base}{path}")
    async with asyncio.timeout(60):
        (worker,) = context.service_workers or [await context.wait_for_event("serviceworker")]
        pressed = await worker.evaluate(PRESS)
    assert pressed == [f"{done} {desk.base}/review/inbox"]
    await context.close()


async def test_a_no_to_the_browser_is_explained(browser: Browser, desk: Desk) -> None:
    context = await browser.new_context(locale="zh-TW", viewport=PHONE)
    page = await context.new_page()
    await enter(desk, page, Role.REVIEWER)
    await page.goto(f"{desk.base}/review/push")
    await page.click("#push-on")
    await expect(page.locator("#push-status")).to_contain_text("不顯示這裡的通知")
    await context.close()
