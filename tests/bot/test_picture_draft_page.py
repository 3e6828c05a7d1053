"""The page on which parts of a picture are covered: what it shows, what it publishes, and what it refuses."""

import asyncio
import base64
import html
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image
from sqlalchemy import select

from bot import picture_draft_page
from bot.buttons import Press
from bot.draft_page import add_draft_page
from bot.media.content import ContentGoneError
from bot.media.covering import COLOUR
from bot.media.reading import Reading, ReadText, to_read_text
from bot.media.words import Area
from bot.pages import add_pages
from bot.picture_draft_page import add_picture_draft_page
from moderation.token_buckets import Limit
from scripts.simulator.actions import iterate_actions
from storage.database import Database
from storage.media import find_media_bytes, load_media_hashes
from storage.personal_data import MASK
from storage.tables import Article, HashKind, ReplyRequest, Status
from tests.bot.conversation import ASKER, OUTSIDER, said
from tests.bot.fakes import make_event
from tests.bot.media.album import Album, open_album
from tests.bot.media.notes_with_numbers import NUMBER, PLACES, WORDS, draw_numbered_note, read_numbered_note

PUBLIC_URL = "https://chaming.example.tw"
OPENS_IT = "遮住部分畫面、說明理由"
NOTE = draw_numbered_note()


@pytest.fixture
async def album(sqlite_database: Database) -> AsyncIterator[Album]:
    async with open_album(sqlite_database) as opened:
        opened.reader.text = read_numbered_note()
        yield opened


@pytest.fixture
async def browser(album: Album) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    async with TestClient(TestServer(build_site(album))) as client:
        yield client


def build_site(album: Album) -> web.Application:
    services, app = album.chat.services, web.Application()
    add_pages(
        app,
        database=services.database,
        wordings=services.wordings,
        buttons=services.buttons,
        public_url=PUBLIC_URL,
    )
    add_draft_page(app, services)
    add_picture_draft_page(app, services)
    return app


async def ask(album: Album, data: bytes = NOTE, **fields: Any) -> str:
    """Send the picture; where the consent bubble's button leads."""
    offered = await album.send(data, **fields)
    uri = next(one["uri"] for one in iterate_actions(list(offered.messages)) if one.get("label") == OPENS_IT)
    return str(uri).removeprefix(PUBLIC_URL)


async def fields_of(page: ClientResponse) -> dict[str, list[str]]:
    """What the page's first form would send as it stands, its buttons aside."""
    form = re.findall(r"<form.*?</form>", await page.text(), re.DOTALL)[0]
    sent: dict[str, list[str]] = {"reason": [], "seen": []}
    for one in re.findall(r"<input[^>]*>", form):
        values = {name: html.unescape(value) for name, value in re.findall(r'(\w+)="([^"]*)"', one)}
        if values["type"] == "hidden" or re.search(r" checked\b", one):
            sent.setdefault(values["name"], []).append(values["value"])
    return sent


async def ask_and_look(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> tuple[str, ClientResponse]:
    """Send a picture, open its page, and press "look" with all as it stands: the page's path, and what is shown."""
    path = await ask(album)
    return path, await browser.post(path, data={**await fields_of(await browser.get(path)), "step": "look"})


async def shown_picture(page: ClientResponse) -> Image.Image:
    encoded = re.findall(r"data:image/jpeg;base64,([^\"]+)", await page.text())[0]
    return decode(base64.b64decode(encoded))


def decode(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


async def published(album: Album) -> tuple[Article, bytes]:
    async with album.database.reading() as session:
        (article,) = list(await session.scalars(select(Article)))
        found = await find_media_bytes(session, article.id)
    return article, found[1] if found else b""


async def articles(album: Album) -> list[Article]:
    async with album.database.reading() as session:
        return list(await session.scalars(select(Article)))


def colours(picture: Image.Image, place: tuple[int, int, int, int]) -> set[tuple[int, ...]]:
    left, top, width, height = place
    box = np.asarray(picture)[top : top + height, left : left + width].reshape(-1, 3)
    return {tuple(round(value / 16) for value in pixel) for pixel in box.tolist()}


FACE = (30, 720, 60, 60)
BLACK = {tuple(round(value / 16) for value in COLOUR)}


async def test_opening_it_shows_the_whole_picture_with_what_it_proposes(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    page = await browser.get(await ask(album))
    text = await page.text()
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]
    assert (await fields_of(page))["cover"] == ["0", "1"]
    assert "0912345678" in text
    assert len(colours(await shown_picture(page), NUMBER)) > 2
    assert await articles(album) == []


async def test_it_publishes_exactly_the_bytes_that_were_looked_at_last(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    path = await ask(album)
    form = await fields_of(await browser.get(path))
    look = await browser.post(path, data={**form, "step": "look", "reason": "沒有來源", "seen": "family"})
    seen = await shown_picture(look)
    assert colours(seen, NUMBER) == BLACK
    assert MASK in await look.text()
    assert "0912345678" not in await look.text()
    done = await browser.post(path, data={**await fields_of(look), "step": "publish"})
    assert "第 1 位" in await done.text()
    article, data = await published(album)
    assert article.text == f"{WORDS[0]}{WORDS[1]}{MASK}\n{MASK}"
    assert np.array_equal(np.asarray(decode(data)), np.asarray(seen))
    served = await browser.get(f"/articles/{article.id}/media")
    assert await served.read() == data
    async with album.database.reading() as session:
        (request,) = list(await session.scalars(select(ReplyRequest)))
    assert (request.reason, request.seen_where) == ("沒有來源", "family")


async def test_the_picture_as_it_was_sent_is_known_again_and_is_stored_nowhere(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    path = await ask(album)
    form = await fields_of(await browser.get(path))
    look = await browser.post(path, data={**form, "step": "look", "drawn": "0,5000,10000,9900"})
    await browser.post(path, data={**await fields_of(look), "step": "publish"})
    article, data = await published(album)
    assert data not in (NOTE, b"")
    async with album.database.reading() as session:
        kinds = [one.kind for one in (await load_media_hashes(session, [article.id]))[article.id]]
    assert kinds.count(HashKind.BYTES) == 1
    await album.library.catch_up()
    assert (await album.send(NOTE, user="Uc" + "0" * 31)).outcome == "waiting"


async def test_what_is_uncovered_stays_and_what_is_drawn_or_chosen_goes(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    path = await ask(album)
    form = await fields_of(await browser.get(path))
    chosen = {**form, "cover": ["1"], "drawn": "0,400,10000,1300", "field": ["80"], "step": "look"}
    look = await browser.post(path, data=chosen)
    picture = await shown_picture(look)
    assert colours(picture, PLACES[0]) == BLACK
    assert colours(picture, (5, 920, 80, 70)) == BLACK
    assert len(colours(picture, NUMBER)) > 2
    assert "0912345678" in await look.text()
    assert WORDS[0] not in await look.text()
    change = await browser.post(path, data={**await fields_of(look), "step": "change"})
    again = await fields_of(change)
    assert (again["cover"], again["drawn"], again["field"]) == (["1"], ["0,400,10000,1300"], ["80"])


async def test_it_works_once_and_then_lets_it_be_taken_back(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    path, look = await ask_and_look(album, browser)
    form = {**await fields_of(look), "step": "publish"}
    await browser.post(path, data=form)
    second = await browser.post(path, data=form)
    assert "收回我的提問" in await second.text()
    assert second.url.path == path.removesuffix("/picture")
    article, data = await published(album)
    assert data
    back = await browser.post(second.url.path, data={"step": "take-back"})
    assert "已收回" in await back.text()
    article, data = await published(album)
    assert (article.status, data) == (Status.DELETED, b"")


async def test_words_that_were_not_looked_at_are_not_published(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The picture and its covers are the same, but it is read otherwise the second time."""
    monkeypatch.setattr(picture_draft_page, "READ_KEPT_S", -1.0)
    path, look = await ask_and_look(album, browser)
    (title, *rest), *lines = read_numbered_note().lines
    album.reader.text = to_read_text(((replace(title, text="沒有人看過這一句"), *rest), *lines))
    again = await browser.post(path, data={**await fields_of(look), "step": "publish"})
    assert "沒有人看過這一句" in await again.text()
    assert await articles(album) == []
    await browser.post(path, data={**await fields_of(again), "step": "publish"})
    assert "沒有人看過這一句" in ((await published(album))[0].text or "")


async def test_a_second_press_at_the_same_moment_finds_it_settled(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    path, look = await ask_and_look(album, browser)
    form = {**await fields_of(look), "step": "publish"}
    presses = await asyncio.gather(*(browser.post(path, data=form) for _ in range(3)))
    led_to = sorted(press.url.path.endswith("/picture") for press in presses)
    assert led_to == [False, False, True]


async def test_what_is_unsent_while_it_is_being_published_is_not_published(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, look = await ask_and_look(album, browser)
    fetch = album.content.fetch

    async def fetch_and_unsend(message_id: str, *, limit: int) -> bytes:
        await album.chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": message_id}))
        return await fetch(message_id, limit=limit)

    monkeypatch.setattr(album.content, "fetch", fetch_and_unsend)
    late = await browser.post(path, data={**await fields_of(look), "step": "publish"})
    assert late.status == 410
    assert await articles(album) == []


async def test_what_is_published_while_it_is_being_unsent_is_taken_back(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, look = await ask_and_look(album, browser)
    inbox, form = album.chat.services.inbox, {**await fields_of(look), "step": "publish"}
    erase = inbox.erase_payload

    async def publish_and_erase(event_id: str) -> bool:
        await browser.post(path, data=form)
        return await erase(event_id)

    monkeypatch.setattr(inbox, "erase_payload", publish_and_erase)
    await album.chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": f"picture{album.sent}"}))
    article, data = await published(album)
    assert (article.status, data) == (Status.DELETED, b"")


async def test_one_person_who_reloads_it_is_held_back_and_nobody_else(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(picture_draft_page, "A_PERSON", Limit(2, 3600))
    path, other = await ask(album), await ask(album, user=OUTSIDER)
    assert [(await browser.get(path)).status for _ in range(3)] == [200, 200, 429]
    assert (await browser.get(other)).status == 200


async def test_what_was_agreed_to_in_the_chat_is_covered_too_and_known_on_the_page(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    offered = await album.send(NOTE)
    assert "其中 2 處會遮住" in said(offered)
    await album.chat.press(album.chat.buttons(offered)[Press.AGREE_MEDIA])
    article, data = await published(album)
    assert colours(decode(data), NUMBER) == BLACK
    assert "0912345678" not in (article.text or "")
    uri = next(one["uri"] for one in iterate_actions(list(offered.messages)) if one.get("label") == OPENS_IT)
    settled = await browser.get(str(uri).removeprefix(PUBLIC_URL))
    assert "您的提問" in await settled.text()


async def test_a_face_is_covered_until_it_is_uncovered(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    album.reader.faces = (Area(100, 7000, 2000, 9000),)
    path = await ask(album)
    page = await browser.get(path)
    form = await fields_of(page)
    assert form["cover"] == ["0", "1", "2"]
    assert "第 1 張臉" in await page.text()
    looks = [await browser.post(path, data={**form, "cover": cover, "step": "look"}) for cover in (["2"], ["0", "1"])]
    covered, shown = [colours(await shown_picture(look), FACE) for look in looks]
    assert covered == BLACK
    assert shown != BLACK


async def test_a_face_is_covered_by_a_yes_in_the_chat_and_said_to_be(album: Album) -> None:
    album.reader.faces = (Area(100, 7000, 2000, 9000),)
    offered = await album.send(NOTE)
    assert "其中 3 處會遮住" in said(offered)
    assert "找得到的臉我會遮住" in said(offered)
    await album.chat.press(album.chat.buttons(offered)[Press.AGREE_MEDIA])
    _, data = await published(album)
    assert colours(decode(data), FACE) == BLACK


async def test_a_yes_to_fewer_covers_than_are_found_by_now_is_asked_for_anew(album: Album) -> None:
    offered = await album.send(NOTE)
    album.reader.faces = (Area(100, 7000, 2000, 9000),)
    again = await album.chat.press(album.chat.buttons(offered)[Press.AGREE_MEDIA])
    assert again.outcome == "draft_shown"
    assert "其中 3 處會遮住" in said(again)
    assert await articles(album) == []


@pytest.mark.parametrize(
    "hostile",
    [
        {"shown": "0" * 64},
        {"shown": ""},
        {"mark": "other"},
        {"drawn": "0,0,10000,10000"},
        {"field": [str(number) for number in range(88)]},
    ],
    ids=["another picture", "no picture", "other proposals", "all of it drawn over", "all fields"],
)
async def test_it_publishes_nothing_that_was_not_looked_at(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
    hostile: dict[str, Any],
) -> None:
    path, look = await ask_and_look(album, browser)
    answer = await browser.post(path, data={**await fields_of(look), **hostile, "step": "publish"})
    assert answer.status == 200
    assert await articles(album) == []


@pytest.mark.parametrize(
    "hostile",
    [
        {"cover": ["7", "-1", "x", "99999"], "field": ["5000", "٣"], "drawn": "9,9;" * 2000},
        {"drawn": "0,0,10000,99999;" * 300},
        {"step": "no such step"},
    ],
    ids=["numbers that are none", "too much", "no step of ours"],
)
async def test_what_nobody_could_have_sent_with_the_page_does_no_harm(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
    hostile: dict[str, Any],
) -> None:
    path = await ask(album)
    form = {**await fields_of(await browser.get(path)), "step": "look", **hostile}
    assert (await browser.post(path, data=form)).status == 200


async def test_what_is_sent_many_times_counts_once(album: Album, browser: TestClient) -> None:  # type: ignore[type-arg]
    path = await ask(album)
    form = await fields_of(await browser.get(path))
    many = {"cover": ["1", "0", "99", "100"] * 60, "field": ["80", "319", "320", "9999"] * 60}
    look = await browser.post(path, data={**form, **many, "step": "look"})
    kept = await fields_of(look)
    assert (kept["cover"], kept["field"]) == (["1", "0", "99"], ["80", "319"])


async def test_a_file_instead_of_a_value_does_no_harm(album: Album, browser: TestClient) -> None:  # type: ignore[type-arg]
    path = await ask(album)
    files = {"drawn": io.BytesIO(b"0,0,500,500"), "step": io.BytesIO(b"look"), "cover": io.BytesIO(b"1")}
    assert (await browser.post(path, data=files)).status == 200


async def test_a_link_that_is_not_ours_or_whose_picture_is_gone_leads_nowhere(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
) -> None:
    path = await ask(album)
    assert (await browser.get("/drafts/nothing/picture")).status == 410
    await album.chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": f"picture{album.sent}"}))
    assert (await browser.get(path)).status == 410
    text_link = await album.chat.say("這是一段文字，請幫我查證看看是不是真的")
    uri = next(one["uri"] for one in iterate_actions(list(text_link.messages)) if "/drafts/" in one.get("uri", ""))
    to_text = await browser.get(str(uri).removeprefix(PUBLIC_URL) + "/picture")
    assert "這是一段文字" in await to_text.text(), "a text has the page for texts"


async def test_it_says_so_where_line_has_the_picture_no_more(album: Album, browser: TestClient) -> None:  # type: ignore[type-arg]
    path = await ask(album)
    album.content.held[f"picture{album.sent}"] = ContentGoneError(status=404)
    page = await browser.get(path)
    assert page.status == 503
    assert "再傳一次" in await page.text()


async def test_it_says_so_where_words_cannot_be_looked_for(album: Album, browser: TestClient) -> None:  # type: ignore[type-arg]
    album.reader.text = ReadText(Reading.MISSING)
    page = await browser.get(await ask(album))
    assert "請您自己遮住" in await page.text()
    assert "cover" not in await fields_of(page)


@pytest.mark.parametrize(("kept_s", "is_remembered"), [(600.0, True), (-1.0, False)])
async def test_what_was_read_is_kept_for_a_while_only(
    album: Album,
    browser: TestClient,  # type: ignore[type-arg]
    monkeypatch: pytest.MonkeyPatch,
    kept_s: float,
    is_remembered: bool,
) -> None:
    monkeypatch.setattr(picture_draft_page, "READ_KEPT_S", kept_s)
    path = await ask(album)
    await browser.get(path)
    album.reader.text = ReadText(Reading.NOTHING)
    assert ("0912345678" in await (await browser.get(path)).text()) is is_remembered
