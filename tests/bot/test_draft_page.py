"""The page on which a person cuts their message, in a real server without LINE."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from bot import draft_page
from bot.buttons import Press
from bot.draft_page import add_draft_page
from bot.handlers import asking
from bot.my_data_page import add_my_data_page
from bot.outcome import HandlerResult
from bot.pages import add_pages
from moderation.intake import SureMatch
from storage.personal_data import MASK
from storage.tables import ReplyRequest, SeenWhere, Status
from tests.bot.conversation import ASKER, Conversation, said
from tests.bot.fakes import make_event
from tests.bot.test_consent import agree_to, look_at, send_halves
from tests.bot.test_handlers import PSEUDONYMS, articles

MESSAGE = "衛福部公告：健保卡沒有照片的人不能看醫生。請打0912345678找王小明先生！"
CUT = "衛福部公告：健保卡沒有照片的人不能看醫生。"


@asynccontextmanager
async def browsing(chat: Conversation) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    services = chat.services
    app = web.Application()
    add_pages(
        app,
        database=services.database,
        wordings=services.wordings,
        buttons=services.buttons,
        public_url="https://chaming.example.tw",
    )
    add_draft_page(app, services)
    add_my_data_page(app, services)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
async def browser(chat: Conversation) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async with browsing(chat) as client:
        yield client


async def open_draft(chat: Conversation) -> str:
    """Ask about the message; the path of its page."""
    return _path_of(await chat.say(MESSAGE))


def _path_of(offered: HandlerResult) -> str:
    return next(uri for uri in _uris(offered.messages) if "/drafts/" in uri).removeprefix("https://chaming.example.tw")


def _uris(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["uri"]] if "uri" in part else []
        return own + [uri for value in part.values() for uri in _uris(value)]
    return [uri for one in part for uri in _uris(one)] if isinstance(part, list | tuple) else []


async def test_opening_the_page_changes_nothing(chat: Conversation, browser: TestClient) -> None:  # type: ignore[type-arg]
    path = await open_draft(chat)
    page = await browser.get(path)
    html = await page.text()
    assert page.status == 200
    assert MASK in html
    assert page.headers["Cache-Control"] == "no-store"
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert await articles(chat) == []


async def test_it_publishes_exactly_what_was_looked_at_last(chat: Conversation, browser: TestClient) -> None:  # type: ignore[type-arg]
    path = await open_draft(chat)
    form = {"text": CUT, "reason": "沒有來源", "seen": "family"}
    look = await browser.post(path, data={**form, "step": "look"})
    assert CUT in await look.text()
    assert await articles(chat) == []
    done = await browser.post(path, data={**form, "step": "publish"})
    assert "第 1 位" in await done.text()
    (article,) = await articles(chat)
    assert article.text == CUT
    async with chat.services.database.reading() as session:
        (request,) = list(await session.scalars(select(ReplyRequest)))
    assert (request.reason, request.seen_where) == ("沒有來源", SeenWhere.FAMILY)
    assert request.contributor == PSEUDONYMS.of(ASKER)


async def test_it_works_once_and_then_lets_it_be_taken_back(chat: Conversation, browser: TestClient) -> None:  # type: ignore[type-arg]
    path = await open_draft(chat)
    for _ in range(2):
        await browser.post(path, data={"text": CUT, "step": "publish"})
    assert len(await articles(chat)) == 1
    assert "收回我的提問" in await (await browser.get(path)).text()
    assert "已收回" in await (await browser.post(path, data={"step": "take-back"})).text()
    assert [article.status for article in await articles(chat)] == [Status.DELETED]


async def test_what_is_unsent_while_it_is_being_published_is_not_published(
    chat: Conversation,
    browser: TestClient,  # type: ignore[type-arg]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = make_event(MESSAGE, user=ASKER)
    path = _path_of(await chat.send(raw))
    find_same = draft_page.find_same

    async def unsend_and_find(*wanted: Any) -> list[SureMatch]:
        await chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": raw["message"]["id"]}))
        return await find_same(*wanted)

    monkeypatch.setattr(draft_page, "find_same", unsend_and_find)
    late = await browser.post(path, data={"text": CUT, "step": "publish"})
    assert late.status == 410
    assert await articles(chat) == []


async def test_what_is_published_while_it_is_being_unsent_is_taken_back(
    chat: Conversation,
    browser: TestClient,  # type: ignore[type-arg]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = make_event(MESSAGE, user=ASKER)
    path = _path_of(await chat.send(raw))
    inbox = chat.services.inbox
    erase = inbox.erase_payload

    async def publish_and_erase(event_id: str) -> bool:
        await browser.post(path, data={"text": CUT, "step": "publish"})
        return await erase(event_id)

    monkeypatch.setattr(inbox, "erase_payload", publish_and_erase)
    await chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": raw["message"]["id"]}))
    assert [article.status for article in await articles(chat)] == [Status.DELETED]


async def test_what_is_agreed_to_in_the_chat_while_it_is_being_published_is_published_once(
    chat: Conversation,
    browser: TestClient,  # type: ignore[type-arg]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offered = await chat.say(MESSAGE)
    path, yes = _path_of(offered), chat.buttons(offered)[Press.AGREE]
    find_same = draft_page.find_same

    async def agree_and_find(*wanted: Any) -> list[SureMatch]:
        await chat.press(yes)
        return await find_same(*wanted)

    monkeypatch.setattr(draft_page, "find_same", agree_and_find)
    late = await browser.post(path, data={"text": CUT, "step": "publish"})
    assert "您的提問" in await late.text()
    assert [article.text for article in await articles(chat)] != [CUT]
    assert len(await articles(chat)) == 1


async def test_the_yes_in_the_chat_publishes_nothing_more_once_the_page_has(
    chat: Conversation,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    offered = await chat.say(MESSAGE)
    await browser.post(_path_of(offered), data={"text": CUT, "step": "publish"})
    pressed = await chat.press(chat.buttons(offered)[Press.AGREE])
    assert pressed.outcome == "asked_before"
    assert [article.text for article in await articles(chat)] == [CUT]


def meanwhile(monkeypatch: pytest.MonkeyPatch, where: Any, other: Callable[[], Awaitable[Any]]) -> "asyncio.Task[Any]":
    """Have `other` begin once `where` is in the middle of publishing, which goes on when it is done or waits."""
    publish, is_publishing = where.publish_within, asyncio.Event()

    async def begin() -> Any:
        await is_publishing.wait()
        return await other()

    async def publish_slowly(*wanted: Any) -> Any:
        monkeypatch.setattr(where, "publish_within", publish)
        is_publishing.set()
        await asyncio.wait([begun], timeout=0.5)
        return await publish(*wanted)

    monkeypatch.setattr(where, "publish_within", publish_slowly)
    begun = asyncio.create_task(begin())
    return begun


async def test_a_yes_in_the_chat_waits_for_the_page_that_is_publishing(
    anywhere: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = await anywhere.say(MESSAGE)
    yes = anywhere.buttons(offered)[Press.AGREE]
    async with browsing(anywhere) as browser:
        pressed = meanwhile(monkeypatch, draft_page, lambda: anywhere.press(yes))
        await browser.post(_path_of(offered), data={"text": CUT, "step": "publish"})
        assert (await pressed).outcome == "asked_before"
    assert [article.text for article in await articles(anywhere)] == [CUT]


async def test_the_page_waits_for_a_yes_in_the_chat_that_is_publishing(
    anywhere: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = await anywhere.say(MESSAGE)
    form = {"text": CUT, "step": "publish"}
    async with browsing(anywhere) as browser:
        page = meanwhile(monkeypatch, asking, lambda: browser.post(_path_of(offered), data=form))
        assert (await anywhere.press(anywhere.buttons(offered)[Press.AGREE])).outcome == "asked"
        assert "您的提問" in await (await page).text()
    (article,) = await articles(anywhere)
    assert article.text != CUT


async def test_what_was_asked_with_a_part_is_shown_and_taken_back_on_the_page_of_the_whole(
    anywhere: Conversation,
) -> None:
    sent = await send_halves(anywhere)
    path = _path_of(await look_at(anywhere, *sent))
    assert await agree_to(anywhere, sent[0]) == "asked"
    async with browsing(anywhere) as browser:
        published = await browser.post(path, data={"text": "上半則", "step": "publish"})
        assert "您的提問" in await published.text()
        assert len(await articles(anywhere)) == 1
        assert "已收回" in await (await browser.post(path, data={"step": "take-back"})).text()
    assert [article.status for article in await articles(anywhere)] == [Status.DELETED]


async def test_a_part_that_is_asked_about_while_the_page_publishes_the_whole_is_published_once(
    anywhere: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await send_halves(anywhere)
    path = _path_of(await look_at(anywhere, *sent))
    find_same = draft_page.find_same

    async def agree_and_find(*wanted: Any) -> list[SureMatch]:
        await agree_to(anywhere, sent[1])
        return await find_same(*wanted)

    monkeypatch.setattr(draft_page, "find_same", agree_and_find)
    async with browsing(anywhere) as browser:
        late = await browser.post(path, data={"text": "上半則", "step": "publish"})
        assert "您的提問" in await late.text()
    assert len(await articles(anywhere)) == 1


@pytest.mark.parametrize("text", ["", "   ", CUT + "而且會漏水", "請轉發" * 9])
async def test_it_publishes_no_other_text(chat: Conversation, browser: TestClient, text: str) -> None:  # type: ignore[type-arg]
    path = await open_draft(chat)
    for step in ("look", "publish"):
        page = await browser.post(path, data={"text": text, "step": step})
        assert 'role="alert"' in await page.text()
    assert await articles(chat) == []


async def test_what_was_agreed_to_in_the_chat_is_known_on_the_page(chat: Conversation, browser: TestClient) -> None:  # type: ignore[type-arg]
    offered = await chat.say(MESSAGE)
    path = _path_of(offered)
    await chat.press(chat.buttons(offered)[Press.AGREE])
    assert "您的提問" in await (await browser.get(path)).text()
    await browser.post(path, data={"text": CUT, "step": "publish"})
    assert len(await articles(chat)) == 1


async def test_a_link_that_is_not_ours_or_whose_message_is_erased_leads_nowhere(
    chat: Conversation,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    offered = await chat.say(MESSAGE)
    path = _path_of(offered)
    await chat.press(chat.buttons(offered)[Press.DECLINE])
    assert [(await browser.get(one)).status for one in (path, path + "x", "/drafts/nothing")] == [410, 410, 410]
    other = chat.services.buttons.sign_link("data", "some event")
    assert (await browser.get(f"/drafts/{other}")).status == 410


async def test_my_data_comes_as_a_file_and_only_by_its_link(chat: Conversation, browser: TestClient) -> None:  # type: ignore[type-arg]
    await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.AGREE])
    shown = await chat.say("我的資料")
    path = next(uri for uri in _uris(shown.messages) if "/my-data/" in uri).removeprefix("https://chaming.example.tw")
    response = await browser.get(path)
    assert "attachment" in response.headers["Content-Disposition"]
    assert (await response.json())["questions"]
    assert (await browser.get(path[:-2])).status == 410
    assert "刪除全部資料" in str(shown.messages)
    assert said(shown)
