"""Branches of the conversation that need settings of their own, or a start again in the middle: through LINE.

The whole bot runs in the test's own process, on either database; only the matcher is a stand-in, which finds what
it was told of. So each takes a moment, where an installation (`program`) takes many.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.limits import Limits
from bot.link_titles import LinkTitles
from bot.services import Services
from bot.settings import Settings
from bot.wording import load_wordings
from retrieval.normalise import matching_key
from retrieval.types import Band, EntryKind, Match, TellCopies
from scripts.line_menu.setting_up import set_rich_menus
from scripts.simulator.actions import get_action
from scripts.simulator.line import LineSimulator, running_simulator
from scripts.simulator.problems import JSON
from scripts.simulator.world import Chat, Group, User
from storage.blocked_chats import block_chat
from storage.database import Database, open_database
from storage.tables import Article, ArticleReplyFeedback, ArticleVariant, InboxEvent, ReplyRequest, SeenWhere, Verdict
from tests.acceptance.library import CALL, WITHIN_S, comes_true, find_articles_with, publish_fact_check, words
from tests.bot.test_app import serving

SAY = load_wordings()["zh_Hant"]
YES, NO = SAY("Yes, please ask"), SAY("No, thank you")
TEXT = "聽說把手機放進電鍋保溫十分鐘，電池就會恢復成新的一樣。"
OTHER = "里長說明天開始倒垃圾要先打電話預約，沒有預約的不收。"
FALSE = "假的。電鍋會讓電池膨脹，非常危險。"
KEY = "a key for tests, long enough"


class Library:
    """Finds the article of a message it was told of."""

    def __init__(self) -> None:
        self._articles: dict[str, tuple[str, float]] = {}

    def add(self, text: str, article_id: str, *, exact: bool = True) -> None:
        self._articles[matching_key(text)] = article_id, float(exact)

    def match_words(self, text: str, *, limit: int = 10) -> list[Match]:
        return [match for match in self._find(text) if match.signals["exact"]]

    async def match(self, text: str, *, limit: int = 10, tell_copies: TellCopies | None = None) -> list[Match]:
        return self._find(text)

    def _find(self, text: str) -> list[Match]:
        if matching_key(text) not in self._articles:
            return []
        article_id, exact = self._articles[matching_key(text)]
        return [Match(article_id, 0.99, Band.ANSWER, EntryKind.ARTICLE, text, {"exact": exact}, ())]


@dataclass
class Bot:
    """A database, the settings over it, and what the matcher knows; run with `running()`, once or again."""

    line: LineSimulator
    database: Database
    settings: dict[str, Any]
    library: Library = field(default_factory=Library)

    @asynccontextmanager
    async def running(self, **more: Any) -> AsyncIterator[Services]:
        settings = Settings(**self.settings, **self.line.settings(), **more)
        async with serving(settings, self.line) as services:
            services.matching.use(self.library)
            yield services

    async def knows(self, text: str, reply: str, verdict: Verdict = Verdict.RUMOR) -> str:
        article_id, _ = await publish_fact_check(self.database, text, reply, verdict)
        self.library.add(text, article_id)
        return article_id

    async def count(self, table: type) -> int:
        async with self.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def says(self, user: User, text: str, **call: Any) -> str:
        return words(await self.line.ask(user, text, **call))

    async def press(self, user: User, button: str | JSON) -> str:
        before = len(self.line.messages(user))
        await self.line.press(user, button)
        return words((await self.line.wait_for_messages(user, before + 1))[before:])

    async def has_handled(self, *outcomes: str) -> bool:
        """Whether events have ended so, which nobody in the chat can see."""
        async with self.database.reading() as session:
            ended = list(await session.scalars(select(InboxEvent.outcome)))
        return all(outcome in ended for outcome in outcomes)


@pytest.fixture
async def bot(database_url: str, tmp_path: Path) -> AsyncIterator[Bot]:
    """Whatever LINE would have refused fails the test that caused it."""
    database = open_database(database_url)
    settings = {"DATABASE_URL": database_url, "DATA_DIR": tmp_path, "SECRET_KEY": KEY}
    async with running_simulator() as line:
        line.delivery.switches.timeout = WITHIN_S
        yield Bot(line, database, settings)
    await database.close()
    assert [(each.path, each.answer) for each in line.refusals] == []


def button(line: LineSimulator, chat: Chat, label: str) -> JSON:
    """A button to be pressed later, when others like it are on the screen."""
    return get_action(line.timeline(chat), label)


def call(line: LineSimulator) -> dict[str, Any]:
    return {"mentions": {CALL: line.channel}}


# --- buttons -----------------------------------------------------------------------------------------------------


async def test_an_older_button_works_after_newer_messages_and_a_restart_and_acts_once(bot: Bot) -> None:
    asker = bot.line.add_user("asker")
    async with bot.running():
        await bot.says(asker, TEXT)
        yes = button(bot.line, asker, YES)
        await bot.says(asker, OTHER)
    async with bot.running():
        assert "第 1 位" in await bot.press(asker, yes)
        await bot.press(asker, yes)
    assert len(await find_articles_with(bot.database, TEXT)) == 1
    assert await find_articles_with(bot.database, OTHER) == []
    assert await bot.count(ReplyRequest) == 1


# --- asking the volunteers ---------------------------------------------------------------------------------------


async def test_what_was_taken_out_is_put_back_by_a_press_and_then_published_so(bot: Bot) -> None:
    asker, text = bot.line.add_user("asker"), f"{TEXT}請打0912345678"
    async with bot.running():
        assert "請打○○○" in await bot.says(asker, text)
        assert "請打0912345678" in await bot.press(asker, SAY("Show: {words}", words="0912345678"))
        assert "第 1 位" in await bot.press(asker, YES)
    assert len(await find_articles_with(bot.database, text)) == 1


async def test_where_it_was_seen_and_why_it_is_doubted_and_asking_again_says_how_it_stands(bot: Bot) -> None:
    asker = bot.line.add_user("asker")
    async with bot.running():
        await bot.says(asker, TEXT)
        await bot.press(asker, YES)
        (article,) = await find_articles_with(bot.database, TEXT)
        bot.library.add(TEXT, article.id)
        await bot.press(asker, SAY("From family"))
        await bot.says(asker, SAY("My doubt: ") + "沒有出處")
        again = await bot.says(asker, TEXT)
        assert YES not in again
        assert SAY("Open its page") in await bot.says(asker, SAY("My questions"))
    async with bot.database.reading() as session:
        request = await session.scalar(select(ReplyRequest))
    assert request is not None
    assert (request.seen_where, request.reason) == (SeenWhere.FAMILY, "沒有出處")
    assert await bot.count(ReplyRequest) == 1


async def test_after_a_no_nothing_is_kept_and_the_yes_above_it_asks_for_the_message_again(bot: Bot) -> None:
    asker = bot.line.add_user("asker")
    async with bot.running():
        await bot.says(asker, TEXT)
        yes = button(bot.line, asker, YES)
        await bot.press(asker, NO)
        assert "再把訊息轉傳給我一次" in await bot.press(asker, yes)
    assert await bot.count(Article) == 0


async def test_an_answer_that_is_about_something_else_leads_to_the_volunteers(bot: Bot) -> None:
    bot.library.add(OTHER, await bot.knows(TEXT, FALSE), exact=False)
    asker = bot.line.add_user("asker")
    async with bot.running():
        assert FALSE in await bot.says(asker, OTHER)
        assert YES in await bot.press(asker, SAY("Not mine"))


async def test_another_wording_of_an_answered_message_is_kept_after_a_yes(bot: Bot) -> None:
    bot.library.add(OTHER, await bot.knows(TEXT, FALSE), exact=False)
    asker = bot.line.add_user("asker")
    async with bot.running():
        await bot.says(asker, OTHER)
        assert await bot.count(ArticleVariant) == 0
        assert OTHER in await bot.press(asker, SAY("Help with my wording"))
        await bot.press(asker, SAY("Yes, keep it"))
    async with bot.database.reading() as session:
        assert list(await session.scalars(select(ArticleVariant.text))) == [OTHER]


async def test_one_of_several_messages_is_looked_at_and_judged_in_ones_own_words(bot: Bot) -> None:
    await bot.knows(TEXT, FALSE)
    asker = bot.line.add_user("asker")
    async with bot.running():
        bot.line.hold()
        for text in (OTHER, TEXT):
            await bot.line.send_text(asker, text)
        await bot.line.release(together=True)
        assert "2 則訊息" in words(await bot.line.wait_for_messages(asker))
        assert FALSE in await bot.press(asker, SAY("See the check"))
        await bot.press(asker, SAY("Not helpful"))
        await bot.says(asker, SAY("About the answer: ") + "看不懂「膨脹」是什麼意思")
    async with bot.database.reading() as session:
        assert list(await session.scalars(select(ArticleReplyFeedback.comment))) == ["看不懂「膨脹」是什麼意思"]


async def test_a_typed_yes_publishes_nothing_and_a_question_beside_a_message_is_none(bot: Bot) -> None:
    await bot.knows(TEXT, FALSE)
    asker = bot.line.add_user("asker")
    async with bot.running():
        await bot.says(asker, OTHER)
        assert "下面的按鈕" in await bot.says(asker, "好")
        heard = len(bot.line.messages(asker))
        bot.line.hold()
        for text in ("請問這是真的嗎？", TEXT):
            await bot.line.send_text(asker, text)
        await bot.line.release(together=True)
        said = words((await bot.line.wait_for_messages(asker, heard + 1))[heard:])
        assert FALSE in said
        assert "2 則訊息" not in said
        assert "#know-more" in await bot.press(asker, SAY("Not helpful"))
    assert await bot.count(ReplyRequest) == 0


async def test_a_link_is_looked_up_by_its_pages_title_after_a_press(bot: Bot) -> None:
    await bot.knows(TEXT, FALSE)
    asker = bot.line.add_user("asker")

    class Page:
        title = TEXT

    class Fetcher:
        async def fetch(self, url: str) -> Page:
            return Page()

    async with bot.running() as services:
        services.link_titles = LinkTitles(Fetcher())  # type: ignore[arg-type]
        await bot.says(asker, "https://example.org/news/1")
        assert FALSE in await bot.press(asker, SAY("Look up its title"))


# --- groups ------------------------------------------------------------------------------------------------------


@pytest.fixture
def asker(bot: Bot) -> User:
    return bot.line.add_user("asker")


@pytest.fixture
def family(bot: Bot, asker: User) -> Group:
    return bot.line.add_group("家族", asker)


async def test_a_quoted_message_is_looked_up_while_a_setting_lets_it_be_remembered(
    bot: Bot, asker: User, family: Group
) -> None:
    await bot.knows(TEXT, FALSE, Verdict.NOT_RUMOR)
    async with bot.running(GROUP_BUFFER_MINUTES=5):
        quoted = await bot.line.send_text(asker, TEXT, to=family)
        await bot.line.send_text(asker, f"{CALL} 真的嗎", to=family, quote=quoted.posted, **call(bot.line))
        assert SAY("Contains true information") in words(await bot.line.wait_for_messages(family))
        assert quoted.posted is not None
        await bot.line.unsend(quoted.posted)
        assert await comes_true(lambda: bot.has_handled("unsent_in_group"))
        await bot.line.send_text(asker, f"{CALL} 真的嗎", to=family, quote=quoted.posted, **call(bot.line))
        heard = await bot.line.wait_for_messages(family, 2)
        assert SAY("Contains true information") not in words(heard[1:]), "what is taken back is forgotten"


async def test_a_message_that_is_edited_into_a_false_one_is_warned_of_and_who_comes_and_goes_is_not(
    bot: Bot, asker: User, family: Group
) -> None:
    await bot.knows(TEXT, FALSE)
    async with bot.running():
        sent = await bot.line.send_text(asker, "大家早安，今天天氣真好，記得出門走走", to=family)
        newcomer = bot.line.add_user("newcomer")
        await bot.line.join_group(family, newcomer)
        await bot.line.leave_group(family, newcomer)
        assert await comes_true(lambda: bot.has_handled("group_silent", "member_joined", "member_left"))
        assert bot.line.messages(family) == []
        assert sent.posted is not None
        await bot.line.edit_text(sent.posted, TEXT)
        assert SAY("Contains false information") in words(await bot.line.wait_for_messages(family))
    async with bot.database.reading() as session:
        kept = list(await session.scalars(select(InboxEvent.payload)))
    assert set(kept) == {None}, "nothing of what a group says is kept"


# --- limits ------------------------------------------------------------------------------------------------------


@pytest.fixture
def _minute_that_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.Limits", partial(Limits, clock=lambda: 1000.0))


@pytest.mark.usefixtures("_minute_that_lasts")
async def test_too_much_is_said_once_and_politely_and_taking_back_still_works(bot: Bot, asker: User) -> None:
    async with bot.running(CHAT_LIMIT_PER_MINUTE=2):
        first = await bot.line.send_text(asker, TEXT)
        await bot.line.wait_for_messages(asker, 1)
        await bot.says(asker, OTHER)
        told = await bot.says(asker, "第三則")
        assert "請給我一分鐘" in told
        heard = len(bot.line.messages(asker))
        await bot.line.send_text(asker, "第四則")
        assert first.posted is not None
        await bot.line.unsend(first.posted)
        assert await comes_true(lambda: bot.has_handled("limited", "unsent"))
        assert len(bot.line.messages(asker)) == heard


@pytest.mark.usefixtures("_minute_that_lasts")
async def test_a_flood_of_junk_fills_neither_queue_nor_disk(bot: Bot, asker: User) -> None:
    async with bot.running(CHAT_LIMIT_PER_MINUTE=1):
        for number in range(30):
            await bot.line.send_text(asker, f"垃圾訊息第 {number} 則")
        assert await comes_true(lambda: bot.has_handled("limited_told"))
        await asyncio.sleep(0.2)
    assert 2 <= await bot.count(InboxEvent) <= 7
    assert await bot.count(Article) == 0


async def test_whoever_is_blocked_is_not_answered(bot: Bot, asker: User) -> None:
    async with bot.running() as services:
        await bot.says(asker, TEXT)
        heard = len(bot.line.messages(asker))
        async with bot.database.transaction() as session:
            await block_chat(session, services.pseudonyms.of(asker.user_id), "junk", None)
        await services.limits.catch_up()
        await bot.line.send_text(asker, OTHER)
        assert await comes_true(lambda: bot.has_handled("blocked"))
        assert len(bot.line.messages(asker)) == heard


# --- the menu ----------------------------------------------------------------------------------------------------


async def test_the_menu_follows_the_language_and_every_field_of_it_does_what_it_says(bot: Bot, asker: User) -> None:
    menus = bot.line.platform.rich_menus
    await set_rich_menus(Settings(**bot.settings, **bot.line.settings()))

    def shown() -> JSON:
        return menus.menus[menus.seen_by(asker.user_id) or ""].body

    async with bot.running():
        for area in shown()["areas"]:
            assert await bot.press(asker, area["action"])
        await bot.says(asker, SAY("Language"))
        await bot.press(asker, "English")
        await bot.line.wait_until(lambda: shown()["chatBarText"] == "Menu")
        said = [await bot.press(asker, area["action"]) for area in shown()["areas"]]
        assert "What I can do for you" in said[2]
        await bot.press(asker, button(bot.line, asker, "Delete everything"))
        await bot.press(asker, "Yes, delete it all")
        await bot.line.wait_until(lambda: shown()["chatBarText"] == SAY("Menu"))
