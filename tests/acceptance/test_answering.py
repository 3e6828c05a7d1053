"""The main job: a message someone was about to forward is answered from real, crowd-verified replies."""

import pytest
from aiohttp import ClientSession

from scripts.simulator.line import LineSimulator
from storage.database import Database
from tests.acceptance.library import (
    KNOWN,
    SAMPLES,
    SMALL_TALK,
    UNCHECKED,
    ask_until,
    best_reply_text,
    comes_true,
    find_article,
    find_articles_with,
    is_answer,
    load_requests,
    publish_fact_check,
    words,
)
from tests.acceptance.program import Program

pytestmark = pytest.mark.model

REAL = [KNOWN, "櫻桃泡醋會跑出蟲", "米酒蒸地瓜", "ETC 拍安全帶", "高麗菜包膝蓋", "五分鐘組裝一台車"]
YES, NO, JOIN = "好，請志工查證", "不用了", "我也想知道"


def first_words(reply: str) -> str:
    """Return the beginning of a reply as a bubble shows it: its first line, not its ornaments."""
    return next(line.strip() for line in reply.splitlines() if len(line.strip()) >= 8)[:12]


@pytest.mark.parametrize("title", REAL)
async def test_it_answers_a_real_message_with_its_verified_reply(
    line: LineSimulator, database: Database, title: str
) -> None:
    messages = await line.ask(line.add_user("asker"), SAMPLES[title])
    assert is_answer(messages)
    assert first_words(await best_reply_text(database, SAMPLES[title])) in words(messages)
    assert "Cofacts 真的假的" in words(messages)


async def test_it_answers_a_message_that_was_changed_on_its_way(line: LineSimulator, database: Database) -> None:
    messages = await line.ask(line.add_user("asker"), SAMPLES["轉傳時改過幾個字"])
    assert is_answer(messages)
    assert first_words(await best_reply_text(database, SAMPLES["菌類和茄子同吃"])) in words(messages)


async def test_it_does_not_answer_when_a_number_was_changed(line: LineSimulator) -> None:
    messages = await line.ask(line.add_user("asker"), SAMPLES["數字被改掉"])
    assert not is_answer(messages)


async def test_it_shows_the_chosen_candidates_answer(line: LineSimulator, database: Database) -> None:
    asker = line.add_user("asker")
    candidates = await line.ask(asker, SAMPLES["數字被改掉"])
    assert "還是看看查證" in words(candidates) or "就是這則" in words(candidates)
    seen = len(candidates)
    await line.press(asker, "還是看看查證" if "還是看看查證" in line.buttons(asker) else "就是這則")
    chosen = (await line.wait_for_messages(asker, seen + 1))[seen:]
    assert first_words(await best_reply_text(database, SAMPLES["ETC 拍安全帶"])) in words(chosen)


@pytest.mark.parametrize("title", [UNCHECKED, SMALL_TALK])
async def test_it_says_honestly_that_nobody_has_checked_it(line: LineSimulator, title: str) -> None:
    messages = await line.ask(line.add_user("asker"), SAMPLES[title])
    assert not is_answer(messages)
    assert "還找不到這則訊息的查證" in words(messages) or "不太確定" in words(messages)


async def test_it_asks_the_volunteers_only_after_a_yes(line: LineSimulator, database: Database) -> None:
    text = "聽說把搪瓷杯倒扣在窗台上過夜，隔天收音機的雜音就會消失，樓上鄰居試過都說有效。"
    asker = line.add_user("asker")
    offer = await line.ask(asker, text)
    assert text in words(offer), "the asker sees exactly what would be published"
    assert await find_articles_with(database, text) == []
    await line.press(asker, YES)
    receipt = (await line.wait_for_messages(asker, len(offer) + 1))[len(offer) :]
    assert "您是第 1 位" in words(receipt)
    [article] = await find_articles_with(database, text)
    [request] = await load_requests(database, article.id)
    assert request.contributor
    assert asker.user_id not in request.contributor


async def test_it_lets_the_next_one_join_the_wait_for_the_same_message(line: LineSimulator, database: Database) -> None:
    text = "博物館夜班保全爆料：恐龍骨架每逢滿月會自己轉向北方，館方用鐵鍊綁住才沒有走出大門。"
    asker, second = line.add_user("asker"), line.add_user("second asker")
    offer = await line.ask(asker, text)
    await line.press(asker, YES)
    await line.wait_for_messages(asker, len(offer) + 1)
    [article] = await find_articles_with(database, text)
    await ask_until(line, second, text, JOIN)
    seen = len(line.messages(second))
    await line.press(second, JOIN)
    await line.wait_for_messages(second, seen + 1)
    assert len(await load_requests(database, article.id)) == 2


async def test_it_publishes_nothing_after_a_no(line: LineSimulator, database: Database) -> None:
    text = "隔壁社區的電梯只要同時按三個樓層，就會免費多送一趟，管委會一直不敢公告這件事。"
    asker = line.add_user("asker")
    offer = await line.ask(asker, text)
    await line.press(asker, NO)
    declined = (await line.wait_for_messages(asker, len(offer) + 1))[len(offer) :]
    assert "沒有公開任何內容" in words(declined)
    assert await find_articles_with(database, text) == []


async def test_it_takes_back_what_was_asked_with_an_unsent_message(line: LineSimulator, database: Database) -> None:
    text = "快遞員說只要在門口擺一顆洋蔥，包裹就永遠不會寄丟，已經有三條街的住戶照做成功。"
    asker = line.add_user("asker")
    asked = await line.send_text(asker, text)
    offer = await line.wait_for_messages(asker)
    await line.press(asker, YES)
    await line.wait_for_messages(asker, len(offer) + 1)
    assert asked.posted
    await line.unsend(asked.posted)
    assert await comes_true(lambda: has_no_article(database, text))


async def has_no_article(database: Database, text: str) -> bool:
    return await find_articles_with(database, text) == []


async def test_it_explains_why_it_found_an_answer(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    seen = len(await line.ask(asker, SAMPLES[KNOWN]))
    await line.press(asker, "為什麼是這則？")
    why = (await line.wait_for_messages(asker, seen + 1))[seen:]
    assert "文字和您傳來的訊息一樣" in words(why)


async def test_it_shows_a_public_page_for_every_answer(
    program: Program, line: LineSimulator, database: Database
) -> None:
    async with database.reading() as session:
        article = await find_article(session, SAMPLES[KNOWN])
    messages = await line.ask(line.add_user("asker"), SAMPLES[KNOWN])
    url = f"{program.url}/articles/{article.article_id}"
    assert url in words(messages)
    async with ClientSession() as browser, browser.get(url) as page:
        assert page.status == 200
        assert first_words(await best_reply_text(database, SAMPLES[KNOWN])) in await page.text()
    async with ClientSession() as browser, browser.get(f"{program.url}/articles/nothing-here") as page:
        assert page.status == 404


async def test_it_cuts_a_long_reply_at_lines_limits_and_links_the_whole(
    line: LineSimulator, database: Database
) -> None:
    text = "夜市攤販透露，用冷氣排水煮出來的麵線特別有彈性，難怪排隊的人越來越多。"
    reply = "這是一段很長的查證說明👨‍👩‍👧，逐項說明為什麼不正確。" * 400
    article_id, _ = await publish_fact_check(database, text, reply)
    asker = line.add_user("asker")
    await ask_until(line, asker, text, f"/articles/{article_id}")
    answer = words(line.messages(asker)[-1:])
    assert "👨‍👩‍👧" in answer
    assert len(answer) < len(reply)
