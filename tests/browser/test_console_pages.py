"""Every page of the console, by axe, on a phone and in the dark: the lists come from the code, so none is forgotten."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import aiohttp_jinja2
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, ViewportSize

from moderation.abuse.hiding import hide
from moderation.abuse.subjects import Subject
from moderation.claims import claim
from moderation.console.app import PAGES
from moderation.console.push_service import PushService, make_private_key
from moderation.writing.drafts import Writing, open_draft, save_draft
from moderation.writing.helper import Claim, Proposal
from moderation.writing.references import check_references, note_references
from storage.database import Database
from storage.tables import (
    ArticleReply,
    ArticleVariant,
    CaseKind,
    Category,
    EditorNotice,
    ModerationCase,
    PushSubscription,
    RatingInvitation,
    Reply,
    ReplyRequest,
    ReplyState,
    Role,
    Rule,
    SavedView,
    SubjectKind,
    Verdict,
    utc_now,
)
from tests.browser.console_desk import (
    DESKTOP,
    PHONE,
    add_passkey,
    add_virtual_passkeys,
    enter,
    open_browser,
    open_local_desk,
    submit_form,
)
from tests.browser.looking import faint_texts, pixels_sticking_out, watch_requests
from tests.moderation.console.desk import Desk
from tests.moderation.writing.desk import Internet

PICTURES = os.environ.get("CHAMING_TEST_PICTURES")
"""Where to leave pictures of the pages, for whoever wants to look at them."""
SERIOUS = {"serious", "critical"}
SOURCE = "https://www.mohw.example/garlic-and-a-very-long-address-that-must-break-somewhere/" + "x" * 60
INTERNET = Internet({SOURCE: "衛福部：大蒜"})

SIGNED_OUT = {
    "/sign-in": ("/sign-in",),
    "/sign-in/link": ("/sign-in/link", "/sign-in/link?token=x"),
    "/log": ("/log",),
    "/report": ("/report",),
}
SIGNED_IN = {
    "/": ("/", "/?search=lemon&asked=1&unanswered=1", "/?asked=99"),
    "/tasks/{task_id}": ("/tasks/{task}", "/tasks/nothing-here"),
    "/tasks/{task_id}/write": ("/tasks/{mine}/write",),
    "/answers/{article_id}/{reply_id}": ("/answers/{article}/r",),
    "/answers/{article_id}/{reply_id}/correct": ("/answers/{article}/r/correct",),
    "/drafts/{draft_id}/preview": ("/drafts/{draft}/preview",),
    "/drafts/{draft_id}/references": ("/drafts/{draft}/references",),
    "/drafts/{draft_id}/similar": ("/drafts/{draft}/similar",),
    "/history/{article_id}/{reply_id}": ("/history/{article}/r",),
    "/wordings/{article_id}": ("/wordings/{article}",),
    "/watch": ("/watch",),
    "/inbox": ("/inbox",),
    "/push": ("/push", "/push?said=sent", "/push?said=gone", "/push?said=failed"),
    "/statistics": ("/statistics",),
    "/account": ("/account",),
    "/confirm": ("/confirm",),
    "/cases": ("/cases",),
    "/report": ("/report?article={article}&reply=r",),
    "/report/{case_id}": ("/report/own-case",),
    "/reports": ("/reports",),
    "/editors": ("/editors",),
    "/audit": ("/audit",),
    "/log": ("/log",),
}
"""By route, addresses that show what there is to see."""
NO_PAGES = {
    "/sign-in/line",  # these lead on to another page
    "/sign-in/line/back",
    "/articles/{article_id}",
    "/articles/{article_id}/write",
    "/next",
    "/tasks/{task_id}/rate",
    r"/feeds/{view_id:[\w-]+}.atom",  # for programs
    r"/feeds/{view_id:[\w-]+}.json",
    "/worker.js",
    "/app.webmanifest",
    r"/static/{version:\w+}/{name:[\w.-]+}",
}
NOT_SHOWN_HERE = {
    "saved.html",  # a part of the editor, while somebody types
    "not_written.html",  # after a decision that could not be mailed
}
PARTS = {"base.html", "drawing.html", "fragment.html", "paging.html", "sent_media.html", "writing_macros.html"}
"""Templates that are not shown by themselves."""


class Model:
    """Proposes one claim for the page it is given."""

    model = "stub"

    async def propose(self, message: str, pages: dict[str, str]) -> Proposal:
        return Proposal(["大蒜 衛福部 查核"], [Claim("大蒜是食物，不是藥。", SOURCE, "Garlic is food. " * 6)])


@dataclass
class Furnished:
    """What the addresses name."""

    task: str
    mine: str
    article: str
    draft: str


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    push = PushService(make_private_key(), "mailto:somebody@example.org")
    async with open_local_desk(sqlite_database, helper=Model(), push=push, fetcher=INTERNET) as opened:
        yield opened


async def furnish(desk: Desk, editor_id: str) -> Furnished:
    """Something on every page."""
    task = await desk.add_task("喝熱檸檬水可以治癌症，請轉發給所有人！lemon https://example.org/" + "long-" * 40, 9)
    mine = await desk.add_task("每天吃蒜頭可以治百病", 3)
    await desk.add_task("明天起搭捷運要戴口罩，否則罰三萬元", 2)
    hidden = await desk.add_task("廣告")
    article_id, own_id = (await desk.task(task)).article_id, (await desk.task(mine)).article_id
    now = utc_now()
    async with desk.database.transaction() as session:
        session.add_all([Category(id="c1", title="疾病、醫藥"), Category(id="c2", title="免費訊息詐騙")])
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text="假的。", reference=f"{SOURCE} source"))
        await session.flush()
        session.add(ArticleReply(article_id=article_id, reply_id="r", state=ReplyState.PROPOSED, contributor="x"))
        session.add(ArticleVariant(article_id=article_id, text="喝熱檸檬水能治癌症，請轉給大家！"))
        for kind in ("verified", "invited", "case_refused"):
            session.add(EditorNotice(editor_id=editor_id, kind=kind, article_id=article_id, reply_id="r"))
        session.add(
            RatingInvitation(article_id=article_id, reply_id="r", editor_id=editor_id, until=now + timedelta(days=1))
        )
        session.add(
            PushSubscription(
                editor_id=editor_id, endpoint="https://push.example.org/x", p256dh="", auth="", topics=["tasks"]
            )
        )
        session.add(SavedView(editor_id=editor_id, name="檸檬", query="asked=1&unanswered=1&search=lemon"))
        appeal = {"kind": CaseKind.APPEAL, "about": SubjectKind.ANSWER, "article_id": article_id, "reply_id": "r"}
        session.add(ModerationCase(**appeal, grounds="來源過期"))
        session.add(ModerationCase(id="own-case", **appeal, grounds="判定太重", raised_by=editor_id))
        for days in range(1, 9):
            at = now - timedelta(days=days)
            session.add(ReplyRequest(article_id=article_id, contributor=f"old{days}", source="chaming", created_at=at))
        hidden_id = (await desk.task(hidden)).article_id
        subject = Subject(SubjectKind.ARTICLE, hidden_id)
        await hide(session, subject, by=editor_id, rule=Rule.ADVERTISING, note="廣告", now=now)
        await claim(session, mine, editor_id, Role.ADMINISTRATOR, now)
        draft = await open_draft(session, own_id, editor_id)
        draft = await save_draft(session, draft.id, editor_id, draft.version, Writing(None, "大蒜。", SOURCE))
        await note_references(session, SOURCE)
    await check_references(desk.database, INTERNET, [SOURCE], now)
    desk.context.tasks.forget()
    return Furnished(task, mine, article_id, draft.id)


@dataclass(frozen=True)
class Look:
    """A way to look at a page."""

    size: ViewportSize
    colours: Literal["light", "dark"]
    rules: dict[str, Any]
    """Which of axe's."""


LOOKS = (Look(PHONE, "light", {}), Look(DESKTOP, "dark", {"runOnly": ["color-contrast"]}))
"""On a phone by all of axe's rules, and in the dark by those of colours."""
RUN_AXE = "(options) => axe.run(options).then((found) => found.violations)"


@dataclass
class Looker:
    """Looks at pages, keeps what is wrong with them, and which templates they were made of."""

    page: Page
    looks: tuple[Look, ...] = LOOKS
    """The next page is looked at the other way round: what is set already is not set again."""
    wrong: dict[str, list[str]] = field(default_factory=dict)
    seen: int = 0

    async def look(self, name: str) -> None:
        """Each page is loaded once, and looked at in all ways."""
        for number, look in enumerate(self.looks):
            if number or not self.seen:
                await self.page.set_viewport_size(look.size)
                await self.page.emulate_media(color_scheme=look.colours)
            await self._look(f"{look.colours} {name}", look)
        self.looks = self.looks[::-1]

    async def _look(self, name: str, look: Look) -> None:
        """Nothing serious for axe, nothing faint, nothing that sticks out."""
        page, found = self.page, []
        if wide := await pixels_sticking_out(page):
            found.append(f"{wide} pixels stick out")
        found += await faint_texts(page)
        for each in await page.evaluate(RUN_AXE, {**look.rules, "resultTypes": ["violations"]}):
            if each["impact"] in SERIOUS:
                found.append(f"{each['id']}: {[node['html'][:160] for node in each['nodes']][:3]}")
        if found:
            self.wrong[name] = found
        self.seen += 1
        if PICTURES:
            safe = "".join(letter if letter.isalnum() else "-" for letter in name)[:40]
            await page.screenshot(path=Path(PICTURES) / f"{self.seen:02}{safe}.png", full_page=True)


async def look_at_what_forms_lead_to(looker: Looker, desk: Desk, made: Furnished) -> None:
    """The pages that answer a form: proposals, faults, a stale draft, refusals, an ended session."""
    page, base = looker.page, f"{desk.base}/review"
    draft = f"/review/drafts/{made.draft}"
    writing = {"version": "2", "text": "大蒜是食物。", "reference": SOURCE}
    for name, action, fields in (
        ("proposals", f"{draft}/help", writing),
        ("faults", f"{draft}/send", {**writing, "version": "3", "text": ""}),
        ("stale", draft, {**writing, "version": "1", "text": "另一個版本"}),
        ("wrong rating", f"/review/answers/{made.article}/r/rating", {"level": "helpful", "reason": "biased"}),
        ("empty report", "/review/report", {"article": made.article, "reply": "r"}),
        ("conflict", f"/review/tasks/{made.task}/release", {}),
    ):
        await page.goto(f"{base}/tasks/{made.mine}/write")
        await submit_form(page, action, **fields)
        await looker.look(name)
    await page.goto(f"{base}/account")
    await submit_form(page, "/review/account", csrf=False)
    await looker.look("not meant")
    await page.goto(f"{base}/account")
    await desk.end_sessions()
    await submit_form(page, "/review/account", name="這是我打了半個小時的一長段文字，不可以就這樣不見")
    await looker.look("signed out")
    await page.goto(f"{base}/sign-in")
    await submit_form(page, "/review/sign-in", email="somebody@example.org")
    await looker.look("link sent")


def test_every_route_is_looked_at_or_is_no_page() -> None:
    routes = {route.path for module in PAGES for route in module.routes if route.method == "GET"}  # type: ignore[attr-defined]
    assert routes == SIGNED_OUT.keys() | SIGNED_IN.keys() | NO_PAGES


@pytest.mark.browser
async def test_every_page_can_be_used_by_everybody(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates: set[str] = set()
    draw = aiohttp_jinja2.render_string

    def note(name: str, *given: Any, **more: Any) -> str:
        templates.add(name)
        return draw(name, *given, **more)

    monkeypatch.setattr(aiohttp_jinja2, "render_string", note)
    context, page = await open_browser(browser, PHONE)
    await page.add_init_script(AXE_SCRIPT)
    looker = Looker(page)
    asked = watch_requests(page)
    for path in (path for paths in SIGNED_OUT.values() for path in paths):
        await page.goto(f"{desk.base}/review{path}")
        await looker.look(f"out {path}")
    editor_id = await enter(desk, page, Role.ADMINISTRATOR)
    await add_virtual_passkeys(page)
    await add_passkey(page, desk.base)
    made = await furnish(desk, editor_id)
    for path in (path for paths in SIGNED_IN.values() for path in paths):
        await page.goto(f"{desk.base}/review" + path.format(**vars(made)))
        await looker.look(path)
    await look_at_what_forms_lead_to(looker, desk, made)
    await context.close()
    assert looker.wrong == {}
    assert {url for url in asked if not url.startswith((desk.base, "data:"))} == set(), "nothing from elsewhere"
    known = {file.name for file in (resources.files("moderation.console") / "templates").iterdir()}
    assert known - PARTS - templates == NOT_SHOWN_HERE
