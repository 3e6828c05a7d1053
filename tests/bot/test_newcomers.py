"""People who have chosen no language are spoken to in the one their LINE is set to."""

import asyncio

import pytest

from bot import newcomers
from bot.line_errors import LineServerError
from bot.newcomers import Newcomers
from bot.wording import choose_for_line
from storage.askers import find_asker, learn_language, set_language
from storage.database import Database
from storage.tables import Asker
from tests.bot.conversation import ASKER, Conversation, said
from tests.bot.fakes import FakeLine, make_event
from tests.bot.test_handlers import PSEUDONYMS

ASKER_ID = PSEUDONYMS.of(ASKER)


@pytest.fixture
def line(chat: Conversation, monkeypatch: pytest.MonkeyPatch) -> FakeLine:
    monkeypatch.setattr(newcomers, "LATER_S", 0.0)
    line = FakeLine()
    chat.services.newcomers = Newcomers(chat.services.database, line)  # type: ignore[arg-type]
    return line


async def follow(chat: Conversation) -> str:
    return said(await chat.send(make_event(user=ASKER, type="follow", follow={"isUnblocked": False})))


async def language_of(chat: Conversation) -> str | None:
    """What is stored, once nothing is left to be learned."""
    await asyncio.gather(*chat.services.newcomers._pending.values())
    async with chat.services.database.reading() as session:
        asker = await find_asker(session, ASKER_ID)
        return asker.language if asker else None


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh-TW", "zh_Hant"), ("zh-Hans", "zh_Hant"), ("ja", "ja"), ("ja-JP", "ja"), ("en-GB", "en"), ("EN_us", "en"),
        ("id", "en"), ("vi-VN", "en"), ("th", "en"), ("tl", "en"), (None, None), ("", None),
    ],
)  # fmt: skip
def test_it_takes_the_nearest_of_its_languages(tag: str | None, language: str | None) -> None:
    assert choose_for_line(tag) == language


async def test_a_newcomer_is_welcomed_in_their_language_and_goes_on_in_it(chat: Conversation, line: FakeLine) -> None:
    line.language = "ja"
    welcome = await chat.send(make_event(user=ASKER, type="follow", follow={"isUnblocked": False}))
    assert "こんにちは" in said(welcome)
    assert welcome.menu_language == "ja"
    assert "設定" in said(await chat.say("settings"))
    assert await language_of(chat) == "ja"
    assert line.profiles_asked == [ASKER]


async def test_the_first_message_is_answered_at_once_and_the_next_in_their_language(
    chat: Conversation, line: FakeLine
) -> None:
    line.language = "en-US"
    assert "還找不到" in said(await chat.say("從來沒有人說過的一件事"))
    assert await language_of(chat) == "en"
    assert "Nobody has checked" in said(await chat.say("從來沒有人說過的另一件事"))
    assert line.menus == {ASKER: "chaming-en"}
    assert line.profiles_asked == [ASKER]


async def test_what_a_person_chose_is_never_changed(chat: Conversation, line: FakeLine) -> None:
    line.language = "en"
    await follow(chat)
    async with chat.services.database.transaction() as session:
        await set_language(session, ASKER_ID, "zh_Hant")
    assert "您好，我是查明" in await follow(chat)
    assert line.profiles_asked == [ASKER]


async def test_a_choice_made_while_line_is_asked_is_kept(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Asker(id="asker", line_user_id=ASKER))
    async with database.transaction() as session:
        await learn_language(session, "asker", "ja")
        await learn_language(session, "asker", "en")
        await learn_language(session, "newcomer", "en")
    async with database.reading() as session:
        asker, newcomer = await find_asker(session, "asker"), await find_asker(session, "newcomer")
    assert asker
    assert (asker.language, asker.line_user_id) == ("ja", ASKER)
    assert newcomer
    assert (newcomer.language, newcomer.line_user_id) == ("en", None)


@pytest.mark.parametrize("failure", [LineServerError(status=500), TimeoutError()])
async def test_line_failing_costs_nothing_but_the_language(
    chat: Conversation, line: FakeLine, failure: Exception
) -> None:
    line.language, line.fail_with = "en", [failure]
    assert "您好，我是查明" in await follow(chat)
    assert "還找不到" in said(await chat.say("從來沒有人說過的一件事"))
    assert await language_of(chat) is None
    assert line.profiles_asked == [ASKER], "asked again after an hour, not with every message"


async def test_a_line_that_hangs_does_not_hold_up_the_welcome(
    chat: Conversation, line: FakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(user_id: str) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(newcomers, "WAIT_S", 0.01)
    monkeypatch.setattr(line, "get_profile", hang)
    assert "您好，我是查明" in await follow(chat)


async def test_whoever_deletes_everything_is_not_written_down_a_moment_later(
    chat: Conversation, line: FakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "LATER_S", 60.0)
    line.language = "en"
    await chat.say("從來沒有人說過的一件事")
    pending = list(chat.services.newcomers._pending.values())
    assert pending
    chat.services.newcomers.forget(ASKER_ID)
    await asyncio.gather(*pending, return_exceptions=True)
    assert await language_of(chat) is None
    assert line.profiles_asked == []


async def test_nobody_is_asked_about_in_a_group(chat: Conversation, line: FakeLine) -> None:
    await chat.say_in_group("喝熱水可以殺死病毒，請轉發")
    assert line.profiles_asked == []
