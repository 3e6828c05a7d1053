"""Help, settings, language, "my questions", "my data": by a press and by a typed word."""

import pytest
from sqlalchemy import select

from bot.buttons import Press
from bot.menu import Commands, MenuItem
from bot.wording import load_wordings
from storage.askers import find_asker
from storage.own_data import load_own_data
from storage.tables import Article, ArticleReplyFeedback, Asker, ReplyRequest, Status, Verdict
from tests.bot.conversation import ASKER, Conversation, postbacks, said
from tests.bot.makers import make_match
from tests.bot.test_handlers import MESSAGE, PSEUDONYMS, add_article

COMMANDS = Commands(load_wordings())


async def asker(chat: Conversation) -> Asker | None:
    async with chat.services.database.reading() as session:
        return await find_asker(session, PSEUDONYMS.of(ASKER))


def setting(chat: Conversation, result: object, kind: str) -> str:
    data = postbacks(result.messages)  # type: ignore[attr-defined]
    return next(one for one in data if chat.services.buttons.decode(one).kind == kind)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("said_", "item"),
    [("設定", MenuItem.SETTINGS), (" Settings ", MenuItem.SETTINGS), ("我的資料", MenuItem.DATA),
     ("ヘルプ", MenuItem.HELP), ("English", MenuItem.LANGUAGE), ("my questions", MenuItem.QUESTIONS),
     ("設定檔案會中毒", None), (MESSAGE, None)],
)  # fmt: skip
def test_it_knows_its_words_and_takes_nothing_else_for_them(said_: str, item: MenuItem | None) -> None:
    assert COMMANDS.find(said_) == item


def test_it_knows_what_goes_on_after_a_beginning_in_any_language() -> None:
    assert COMMANDS.find_remark("我懷疑的理由：沒有來源") == (MenuItem.WHY, "沒有來源")
    assert COMMANDS.find_remark("My doubt: no source") == (MenuItem.WHY, "no source")
    assert COMMANDS.find_remark("對查證結果的意見:太長") == (MenuItem.COMMENT, "太長")
    assert COMMANDS.find_remark("我懷疑這是假的") is None


@pytest.mark.parametrize("item", MenuItem)
async def test_every_item_is_there_by_a_press(chat: Conversation, item: MenuItem) -> None:
    data = chat.services.buttons.encode(Press.MENU, kind=item.value)
    assert said(await chat.press(data))


async def test_the_language_changes_for_this_person_and_stays(chat: Conversation) -> None:
    choices = await chat.say("語言")
    changed = await chat.press(setting(chat, choices, "language:en"))
    assert "All right, it is set." in said(changed)
    assert changed.menu_language == "en"
    assert "What I can do for you" in said(await chat.say("help"))


async def test_larger_text_changes_what_is_drawn(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", signals={"exact": 1.0}))
    usual = await chat.say(MESSAGE)
    await chat.press(setting(chat, await chat.say("設定"), "large:1"))
    larger = await chat.say(MESSAGE)
    assert said(larger) == said(usual)
    assert "'size': 'md'" in str(usual.messages[0]["contents"]["body"])
    assert "'size': 'md'" not in str(larger.messages[0]["contents"]["body"])


async def test_news_can_be_turned_off_and_on(chat: Conversation) -> None:
    off = await chat.press(setting(chat, await chat.say("設定"), "notices:0"))
    known = await asker(chat)
    assert known is not None
    assert not known.wants_notices
    await chat.press(setting(chat, off, "notices:1"))
    known = await asker(chat)
    assert known is not None
    assert known.wants_notices


async def test_my_questions_say_how_each_stands(chat: Conversation) -> None:
    assert "還沒有請志工查證過" in said(await chat.say("我的提問"))
    await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.AGREE])
    shown = await chat.say("我的提問")
    assert MESSAGE[:20] in said(shown)
    assert "志工已經看得到" in said(shown)
    assert Press.TAKE_BACK in chat.buttons(shown)


async def test_deleting_everything_asks_first_and_leaves_nothing(chat: Conversation) -> None:
    await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.AGREE])
    await chat.say("另一則還在等我決定的訊息")
    asked = await chat.press(chat.buttons(await chat.say("我的資料"))[Press.FORGET])
    assert asked.outcome == "forget_asked"
    assert await asker(chat) is not None
    gone = await chat.press(setting(chat, asked, "sure"))
    assert gone.outcome == "forgotten"
    assert await asker(chat) is None
    assert await chat.services.inbox.load_kept() == []
    async with chat.services.database.reading() as session:
        assert list(await session.scalars(select(ReplyRequest))) == []
        assert [article.status for article in await session.scalars(select(Article))] == [Status.DELETED]
        own = await load_own_data(session, PSEUDONYMS.of(ASKER))
    assert {name: rows for name, rows in own.items() if rows} == {}


async def test_the_export_holds_what_is_linked_to_the_person_and_no_line_id_of_others(chat: Conversation) -> None:
    await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.AGREE])
    async with chat.services.database.reading() as session:
        own = await load_own_data(session, PSEUDONYMS.of(ASKER))
    assert own["messages_published"][0]["text"] == MESSAGE
    assert own["questions"][0]["article_id"]
    assert own["settings"][0]["line_user_id"] == ASKER
    assert len(own["messages_looked_up"]) == 1


async def test_an_opinion_in_ones_own_words_belongs_to_the_vote(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", signals={"exact": 1.0}))
    assert "不確定" in said(await chat.say("對查證結果的意見：太長了"))
    answer = await chat.say(MESSAGE)
    await chat.press(chat.buttons(answer)[Press.VOTE])
    assert (await chat.say("對查證結果的意見：太長了")).outcome == "remark_comment"
    async with chat.services.database.reading() as session:
        (vote,) = list(await session.scalars(select(ArticleReplyFeedback)))
    assert vote.comment == "太長了"
