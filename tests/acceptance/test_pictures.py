"""Pictures, from a phone to the answer: by the words in them, by how they look, and through the volunteers."""

import asyncio
import io

import numpy as np
import pytest
from aiohttp import ClientSession
from PIL import Image
from playwright.async_api import Browser, FilePayload, expect
from sqlalchemy import select
from sqlmodel import col

from moderation.publish import publish
from scripts.bench.pictures.distortions import as_jpeg, in_viewer, resized
from scripts.bench.pictures.made import draw_chat, draw_landscape, draw_note
from scripts.simulator.clock import ManualClock
from scripts.simulator.line import LineSimulator, build_app, serve_app
from scripts.simulator.web.app import ChatPage
from scripts.simulator.world import User
from storage.database import Database
from storage.tables import Article, ArticleReply, ArticleType, Reply, ReplyState, Verdict
from tests.acceptance.library import KNOWN, SAMPLES, best_reply_text, comes_true, words
from tests.acceptance.program import Program
from tests.browser.conftest import browser
from tests.retrieval.pictures.test_pictures import png_of

OFFERED = "就是這則"

__all__ = ["browser"]
pytestmark = pytest.mark.model

YES, JOIN = "好，請志工查證", "我也想知道"


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def landscape(seed: int) -> Image.Image:
    return resized(draw_landscape(np.random.default_rng(seed)), 0.6)


async def answers(line: LineSimulator, user: User, *pictures: bytes, count: int = 1) -> str:
    """Send pictures and return all that is said to them."""
    before = len(line.messages(user))
    await (line.send_images(user, *pictures) if len(pictures) > 1 else line.send_image(user, pictures[0]))
    return words((await line.wait_for_messages(user, before + count, timeout=60))[before:])


@pytest.mark.parametrize("draw", [draw_note, draw_chat])
async def test_it_answers_the_words_in_a_picture_and_shows_what_it_read(
    line: LineSimulator, database: Database, draw: object
) -> None:
    asker = line.add_user("asker")
    picture = draw(SAMPLES[KNOWN], np.random.default_rng(4))  # type: ignore[operator]
    said = await answers(line, asker, jpeg(picture), count=2)
    assert "我在您的圖片裡讀到" in said
    if OFFERED in said:  # a character was misread: another word might mean another claim
        before = len(line.messages(asker))
        await line.press(asker, OFFERED)
        said = words((await line.wait_for_messages(asker, before + 1))[before:])
    reply = await best_reply_text(database, SAMPLES[KNOWN])
    assert reply.strip().splitlines()[0][:12] in said


async def test_a_picture_nobody_knows_goes_to_the_volunteers_and_back(
    line: LineSimulator, program: Program, database: Database
) -> None:
    asker, second, outsider = (line.add_user(name) for name in ("asker", "second", "outsider"))
    picture = landscape(71)
    asked = await line.send_image(asker, jpeg(picture))
    await line.wait_for_messages(asker, 2, timeout=60)
    assert "上面您傳的這張圖片" in words(line.messages(asker))
    await line.press(asker, YES)
    await line.wait_for_messages(asker, 3, timeout=60)
    article = await newest_picture(database)
    async with ClientSession() as browser:
        async with browser.get(f"{program.url}/articles/{article.id}") as page:
            assert f'src="/articles/{article.id}/media"' in await page.text()
        async with browser.get(f"{program.url}/articles/{article.id}/media") as shown:
            assert shown.content_type == "image/jpeg"
            assert Image.open(io.BytesIO(await shown.read())).size == picture.size
    assert await comes_true(lambda: _is_known(line, second, picture))
    await publish_reply(database, article.id, "這張風景照是用程式畫出來的")
    assert await comes_true(lambda: _is_answered(line, outsider, picture))
    assert asked.posted is not None
    await line.unsend(asked.posted)


async def test_taking_a_picture_back_takes_it_from_its_page(
    line: LineSimulator, program: Program, database: Database
) -> None:
    asker = line.add_user("asker")
    picture = landscape(72)
    asked = await line.send_image(asker, jpeg(picture))
    await line.wait_for_messages(asker, 2, timeout=60)
    await line.press(asker, YES)
    await line.wait_for_messages(asker, 3, timeout=60)
    article = await newest_picture(database)
    assert asked.posted is not None
    await line.unsend(asked.posted)

    async def is_gone() -> bool:
        async with ClientSession() as browser, browser.get(f"{program.url}/articles/{article.id}/media") as shown:
            return shown.status == 410

    assert await comes_true(is_gone)
    assert "還找不到這張圖片" in await answers(line, line.add_user("outsider"), jpeg(picture), count=2)


async def test_it_waits_for_line_to_prepare_a_picture(line: LineSimulator, clock: ManualClock) -> None:
    asker = line.add_user("asker")
    line.content_delay = 2.0
    await line.send_image(asker, jpeg(landscape(1)))
    await asyncio.sleep(0.5)
    assert line.messages(asker) == []
    clock.advance(3)
    await line.wait_for_messages(asker, 2, timeout=60)


async def test_it_refuses_a_bomb_and_goes_on(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    assert "太大" in await answers(line, asker, png_of(60_000, 60_000))
    assert "打不開" in await answers(line, asker, b"not a picture")
    assert "還找不到這張圖片" in await answers(line, asker, jpeg(landscape(2)), count=2)


async def test_pictures_sent_together_get_one_answer(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    line.hold()
    await line.send_images(asker, *(jpeg(landscape(seed)) for seed in (3, 4, 5)))
    await line.release(together=True)
    said = words(await line.wait_for_messages(asker))
    assert "要請志工看哪一張呢" in said
    assert len(line.messages(asker)) == 1
    await line.press(asker, "第 2 張")
    await line.wait_for_messages(asker, 3, timeout=60)
    assert YES in line.buttons(asker)


async def newest_picture(database: Database) -> Article:
    async with database.reading() as session:
        rows = await session.scalars(
            select(Article).where(col(Article.type) == ArticleType.IMAGE).order_by(col(Article.created_at).desc())
        )
        article = rows.first()
        assert article is not None
        return article


async def publish_reply(database: Database, article_id: str, text: str) -> None:
    async with database.transaction() as session:
        reply = Reply(verdict=Verdict.RUMOR, text=text, source="chaming")
        session.add(reply)
        await session.flush()
        session.add(ArticleReply(article_id=article_id, reply_id=reply.id))
        await session.flush()
        await publish(session, article_id, reply.id, ReplyState.VERIFIED)


async def _is_known(line: LineSimulator, user: User, picture: Image.Image) -> bool:
    return "有 1 個人問過" in await answers(line, user, jpeg(resized(picture, 0.5)))


async def _is_answered(line: LineSimulator, user: User, picture: Image.Image) -> bool:
    sent = as_jpeg(in_viewer(picture, np.random.default_rng(1)), 70)
    return "用程式畫出來的" in await answers(line, user, jpeg(sent))


@pytest.mark.browser
async def test_a_picture_sent_on_the_chat_page_is_read_and_answered(browser: Browser, program: Program) -> None:
    line = LineSimulator(channel=program.channel())
    line.add_user("阿明", follows=False)
    app = build_app(line)
    ChatPage(line).add_routes(app)
    picture = jpeg(draw_chat(SAMPLES[KNOWN], np.random.default_rng(4)))
    async with serve_app(app, port=program.line_port) as url:
        line.api_url = url
        page = await browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-TW")
        await page.goto(url)
        await expect(page.locator("#screen")).to_contain_text("我是查明", timeout=30_000)
        sent: FilePayload = {"name": "chat.jpg", "mimeType": "image/jpeg", "buffer": picture}
        await page.locator("#image").set_input_files(sent)
        await expect(page.locator("img.photo")).to_be_visible()
        await expect(page.locator("#screen")).to_contain_text("我在您的圖片裡讀到", timeout=60_000)
        assert await page.evaluate("document.querySelector('img.photo').naturalWidth") == 1080
        assert line.refusals == []
        await line.delivery.close()
