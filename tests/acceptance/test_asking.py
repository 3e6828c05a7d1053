"""From "nobody has checked it" to a question, and back, through LINE: what a person presses and writes."""

import asyncio

import aiohttp
import pytest

from scripts.simulator.line import LineSimulator
from scripts.simulator.world import User
from storage.database import Database
from tests.acceptance.library import (
    KNOWN,
    SAMPLES,
    ask_until,
    find_articles_with,
    load_requests,
    never_seen,
    publish_fact_check,
    words,
)
from tests.acceptance.program import Program

pytestmark = pytest.mark.model


async def test_a_telephone_number_stays_out_unless_it_is_put_back(line: LineSimulator, database: Database) -> None:
    text = f"{never_seen('電話')}請打0912345678報名"
    asker = line.add_user("asker")
    assert "請打○○○報名" in words(await line.ask(asker, text))
    await line.press(asker, "好，請志工查證")
    assert "第 1 位" in words(await line.wait_for_messages(asker, 3))
    (article,) = await find_articles_with(database, text.replace("0912345678", "○○○"))
    assert len(await load_requests(database, article.id)) == 1
    await line.press(asker, "收回我的提問")
    assert "已收回" in words(await line.wait_for_messages(asker, 4))
    assert await load_requests(database, article.id) == []


async def test_the_page_cuts_and_publishes(line: LineSimulator, program: Program, database: Database) -> None:
    text = f"{never_seen('網頁')}這一句不要公開。"
    asker = line.add_user("asker")
    shown = words(await line.ask(asker, text))
    (path,) = {part for part in shown.split() if "/drafts/" in part}
    cut = text.replace("這一句不要公開。", "")
    async with aiohttp.ClientSession() as browser:
        for step in ("look", "publish"):
            async with browser.post(path, data={"text": cut, "reason": "沒有來源", "step": step}) as page:
                assert page.status == 200
    assert path.startswith(program.url)
    assert len(await find_articles_with(database, cut)) == 1


async def send_at_once(line: LineSimulator, asker: User, *texts: str) -> str:
    """Send texts in one webhook, and return what is said to them, which is one reply."""
    line.hold()
    for text in texts:
        await line.send_text(asker, text)
    await line.release(together=True)
    said = words(await line.wait_for_messages(asker, 2))
    await asyncio.sleep(0.6)
    assert len(line.messages(asker)) == 2
    return said


async def test_several_messages_at_once_are_one_reply(line: LineSimulator) -> None:
    said = await send_at_once(line, line.add_user("asker"), SAMPLES[KNOWN], never_seen("另一則"), never_seen("第三則"))
    assert "3 則訊息" in said
    assert "含有不實訊息" in said


async def test_they_are_looked_up_as_one_when_they_came_as_one(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    halves = (never_seen("上半"), never_seen("下半"))
    await send_at_once(line, asker, *halves)
    await line.press(asker, "是同一則")
    assert "\n".join(halves) in words((await line.wait_for_messages(asker, 3))[2:])


async def test_a_message_that_is_only_a_link_is_known_however_it_was_passed_on(
    line: LineSimulator, database: Database
) -> None:
    await publish_fact_check(database, "https://news.example.org/health/lemon?id=7", "這篇報導已經更正。")
    sent = "https://News.Example.org/health/lemon?utm_source=line&fbclid=abc&id=7#comments"
    await ask_until(line, line.add_user("asker"), sent, "這篇報導已經更正")


async def test_settings_language_and_data(line: LineSimulator, program: Program) -> None:
    asker, menus = line.add_user("asker"), line.platform.rich_menus
    assert "3 made" in await asyncio.to_thread(program.do, "line", "menu")
    await line.ask(asker, "設定")
    await line.press(asker, "放大字體")
    assert "放大" in words(await line.wait_for_messages(asker, 3))
    await line.ask(asker, "語言")
    await line.press(asker, "English")
    assert "All right, it is set." in words(await line.wait_for_messages(asker, 5))
    await line.wait_until(lambda: menus.seen_by(asker.user_id) == menus.aliases["chaming-en"])
    shown = words(await line.ask(asker, "my data"))
    (path,) = {part for part in shown.split() if "/my-data/" in part}
    async with aiohttp.ClientSession() as browser, browser.get(path) as file:
        data = await file.json()
    assert data["settings"][0]["language"] == "en"
    assert path.startswith(program.url)
    before = len(line.messages(asker))
    await line.press(asker, "Delete everything")
    await line.wait_for_messages(asker, before + 1)
    await line.press(asker, "Yes, delete it all")
    assert "Everything is deleted" in words(await line.wait_for_messages(asker, before + 2))


async def test_it_leaves_a_group_that_says_goodbye(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    group = line.add_group("家族", asker)
    await line.send_text(asker, "@查明 再見", to=group, mentions={"@查明": line.channel})
    assert "再見" in words(await line.wait_for_messages(group))
    await line.wait_until(lambda: not group.has_bot)


async def test_a_quote_that_is_not_remembered_is_explained(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    group = line.add_group("家族", asker)
    sent = await line.send_text(asker, never_seen("引用"), to=group)
    await line.send_text(asker, "@查明 真的嗎", to=group, mentions={"@查明": line.channel}, quote=sent.posted)
    assert "引用" in words(await line.wait_for_messages(group))
