"""In a group the bot speaks only when it is called, or sure that the message is false."""

import pytest
from sqlalchemy import func, select

from scripts.simulator.line import LineSimulator
from storage.database import Database
from storage.tables import Article, Verdict
from tests.acceptance.library import (
    CALL,
    HOW_TO_ASK,
    KNOWN,
    SAMPLES,
    SMALL_TALK,
    UNCHECKED,
    ask_until,
    publish_fact_check,
    said_before,
    words,
)

pytestmark = pytest.mark.model


@pytest.mark.parametrize("title", [SMALL_TALK, UNCHECKED, "數字被改掉"])
async def test_it_is_silent_unless_called(line: LineSimulator, database: Database, title: str) -> None:
    asker = line.add_user("asker")
    group = line.add_group("家族", asker)
    async with database.reading() as session:
        before = await session.scalar(select(func.count()).select_from(Article))
    await line.send_text(asker, SAMPLES[title], to=group)
    assert await said_before(line, asker, to=group) == []
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Article)) == before


async def test_it_warns_of_a_message_that_is_surely_false(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    group = line.add_group("家族", asker)
    await line.send_text(asker, SAMPLES[KNOWN], to=group)
    assert "含有不實訊息" in words(await line.wait_for_messages(group))


async def test_it_does_not_warn_of_an_opinion(line: LineSimulator, database: Database) -> None:
    text = "里長昨天說，公園裡的長椅全部改成粉紅色以後，大家散步的心情一定會好三倍。"
    await publish_fact_check(database, text, "這是里長個人的看法，提供不同觀點參考。", Verdict.OPINIONATED)
    asker = line.add_user("asker")
    await ask_until(line, asker, text, "含有個人意見")
    group = line.add_group("家族", asker)
    await line.send_text(asker, text, to=group)
    assert await said_before(line, asker, to=group) == []


async def test_it_answers_when_called(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    group = line.add_group("家族", asker)
    await line.send_text(asker, f"{CALL} {SAMPLES[UNCHECKED]}", to=group, mentions={CALL: line.channel})
    assert "找不到這則訊息的查證" in words(await line.wait_for_messages(group)) or "不太確定" in words(
        line.messages(group)
    )


async def test_it_says_how_to_ask_when_called_with_nothing(line: LineSimulator) -> None:
    asker = line.add_user("asker", shares_id_in_groups=False)
    group = line.add_group("家族", asker)
    await line.send_text(asker, CALL, to=group, mentions={CALL: line.channel})
    assert HOW_TO_ASK in words(await line.wait_for_messages(group))


async def test_it_introduces_itself_to_a_group(line: LineSimulator) -> None:
    group = line.add_group("家族", line.add_user("asker"), has_bot=False)
    await line.invite_bot(group)
    assert "平常我不會說話" in words(await line.wait_for_messages(group))


async def test_it_does_not_answer_stickers_and_presses_nothing_in_groups(line: LineSimulator) -> None:
    asker = line.add_user("asker")
    group = line.add_group("家族", asker)
    await line.send_sticker(asker, to=group)
    await line.send_image(asker, b"jpeg", to=group)
    assert await said_before(line, asker, to=group) == []
