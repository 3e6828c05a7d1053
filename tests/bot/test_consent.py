"""Being asked before anything becomes public, and taking it back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot.buttons import Press
from bot.handlers import asking
from bot.outcome import HandlerResult
from moderation.intake import SureMatch
from retrieval.types import Band
from storage.personal_data import MASK
from storage.tables import Article, ArticleVariant, ReplyRequest, SeenWhere, Status, Verdict, utc_now
from tests.bot.conversation import ASKER, OUTSIDER, Conversation, postbacks, said
from tests.bot.fakes import make_event
from tests.bot.makers import make_match
from tests.bot.test_handlers import add_article, articles

MESSAGE = "衛福部公告：健保卡沒有照片的人不能看醫生，請打0912345678找王小明先生！"
MASKED = f"衛福部公告：健保卡沒有照片的人不能看醫生，請打{MASK}找{MASK}先生！"


def toggles(chat: Conversation, result: object) -> list[str]:
    data = postbacks(result.messages)  # type: ignore[attr-defined]
    return [one for one in data if chat.services.buttons.decode(one).press == Press.TOGGLE]  # type: ignore[union-attr]


async def requests(chat: Conversation) -> list[ReplyRequest]:
    async with chat.services.database.reading() as session:
        return list(await session.scalars(select(ReplyRequest)))


async def test_what_may_tell_who_somebody_is_stays_out(chat: Conversation) -> None:
    offered = await chat.say(MESSAGE)
    assert MASKED in said(offered)
    await chat.press(chat.buttons(offered)[Press.AGREE])
    (article,) = await articles(chat)
    assert article.text == MASKED


async def test_a_press_puts_it_back_and_an_older_bubble_still_says_what_it_said(chat: Conversation) -> None:
    offered = await chat.say(MESSAGE)
    shown = await chat.press(toggles(chat, offered)[0])
    assert f"請打0912345678找{MASK}先生" in said(shown)
    again = await chat.press(toggles(chat, shown)[0])
    assert MASKED in said(again)
    await chat.press(chat.buttons(shown)[Press.AGREE])
    (article,) = await articles(chat)
    assert "0912345678" in (article.text or "")


async def test_a_text_that_would_come_out_otherwise_is_shown_again_and_not_published(
    chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = await chat.say(MESSAGE)
    monkeypatch.setattr("bot.drafts.find_personal_data", lambda text: [])
    result = await chat.press(chat.buttons(offered)[Press.AGREE])
    assert result.outcome == "draft_shown"
    assert await articles(chat) == []


async def test_nobody_else_can_look_at_a_draft(chat: Conversation) -> None:
    offered = await chat.say(MESSAGE)
    assert (await chat.press(toggles(chat, offered)[0], user=OUTSIDER)).outcome == "expired"


async def test_nobody_else_can_say_no_for_the_asker(chat: Conversation) -> None:
    offered = await chat.say(MESSAGE)
    await chat.press(chat.buttons(offered)[Press.DECLINE], user=OUTSIDER)
    assert (await chat.press(chat.buttons(offered)[Press.AGREE])).outcome == "asked"


async def test_where_it_was_seen_and_why_it_is_doubted_are_kept(chat: Conversation) -> None:
    receipt = await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.AGREE])
    places = [data for data in postbacks(receipt.messages) if chat.services.buttons.decode(data).kind == "family"]  # type: ignore[union-attr]
    assert (await chat.press(places[0])).outcome == "seen_where"
    noted = await chat.say("我懷疑的理由： 沒有附上來源")
    assert noted.outcome == "remark_why"
    (request,) = await requests(chat)
    assert (request.seen_where, request.reason) == (SeenWhere.FAMILY, "沒有附上來源")


async def test_a_doubt_about_nothing_is_said_to_be(chat: Conversation) -> None:
    assert "不確定" in said(await chat.say("我懷疑的理由：沒有來源"))


async def test_a_question_can_be_taken_back_for_a_day(chat: Conversation) -> None:
    receipt = await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.AGREE])
    back = chat.buttons(receipt)[Press.TAKE_BACK]
    assert (await chat.press(back, user=OUTSIDER)).outcome == "nothing_to_take_back"
    assert [(await chat.press(back)).outcome for _ in range(2)] == ["taken_back", "nothing_to_take_back"]
    assert await requests(chat) == []
    async with chat.services.database.reading() as session:
        (article,) = list(await session.scalars(select(Article)))
    assert (article.status, article.text) == (Status.DELETED, None)


async def test_after_a_day_the_button_says_what_can_be_done_instead(chat: Conversation) -> None:
    receipt = await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.AGREE])
    async with chat.services.database.transaction() as session:
        await session.execute(update(ReplyRequest).values(created_at=utc_now() - timedelta(hours=25)))
    late = await chat.press(chat.buttons(receipt)[Press.TAKE_BACK])
    assert late.outcome == "too_late_to_take_back"
    assert "我的資料" in said(late)
    assert len(await requests(chat)) == 1


async def test_nobody_asks_without_end(chat: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MAX_QUESTIONS_A_DAY", 1)
    await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.AGREE])
    refused = await chat.press(chat.buttons(await chat.say("另一則從來沒有人查過的訊息"))[Press.AGREE])
    assert refused.outcome == "too_many_questions"
    assert len(await articles(chat)) == 1


async def test_a_new_wording_of_an_answered_message_is_kept_after_a_yes(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR, text="健保卡沒有照片不能看醫生")
    chat.will_find(make_match("article", band=Band.ANSWER))
    answer = await chat.say(MESSAGE)
    shown = await chat.press(chat.buttons(answer)[Press.WORDING])
    assert MASKED in said(shown)
    kept = await chat.press(chat.buttons(shown)[Press.AGREE])
    assert kept.outcome == "wording_kept"
    async with chat.services.database.reading() as session:
        (variant,) = list(await session.scalars(select(ArticleVariant)))
    assert (variant.article_id, variant.text) == ("article", MASKED)
    assert await requests(chat) == []


async def test_a_wording_that_is_no_longer_surely_the_same_is_not_kept(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR, text="健保卡沒有照片不能看醫生")
    chat.will_find(make_match("article", band=Band.ANSWER))
    shown = await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.WORDING])
    chat.will_find()
    assert (await chat.press(chat.buttons(shown)[Press.AGREE])).outcome == "wording_not_kept"
    async with chat.services.database.reading() as session:
        assert list(await session.scalars(select(ArticleVariant.id).where(col(ArticleVariant.id) != ""))) == []


async def test_the_very_words_of_an_article_are_not_asked_for(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR, text=MESSAGE)
    chat.will_find(make_match("article", signals={"exact": 1.0}))
    assert Press.WORDING not in chat.buttons(await chat.say(MESSAGE))


HALVES = ("上半則：喝了這個，請打0912345678", "下半則：就會好，請打0912345678")


async def send_halves(chat: Conversation) -> list[dict[str, Any]]:
    """Two messages of one person, each by itself."""
    sent = [make_event(text, user=ASKER) for text in HALVES]
    for raw in sent:
        await chat.send(raw)
    return sent


async def look_at(chat: Conversation, *sent: dict[str, Any]) -> HandlerResult:
    """Have the messages looked up as one."""
    ids = ",".join(raw["webhookEventId"] for raw in sent)
    press = Press.TOGETHER if len(sent) > 1 else Press.LOOK
    return await chat.press(chat.services.buttons.encode(press, event_id=ids, kind="yes"))


async def agree_to(chat: Conversation, *sent: dict[str, Any]) -> str | None:
    """The same, and a yes to what would become public; what came of it."""
    shown = await look_at(chat, *sent)
    return (await chat.press(chat.buttons(shown)[Press.AGREE])).outcome


async def unsend(chat: Conversation, raw: dict[str, Any]) -> None:
    await chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": raw["message"]["id"]}))


@pytest.mark.parametrize("unsent", [0, 1])
@pytest.mark.parametrize("press", [Press.TOGETHER, Press.LOOK])
async def test_what_was_asked_with_several_messages_goes_when_one_of_them_is_unsent(
    chat: Conversation, press: Press, unsent: int
) -> None:
    sent = await send_halves(chat)
    agreed = sent if press is Press.TOGETHER else [sent[unsent]]
    assert await agree_to(chat, *agreed) == "asked"
    await unsend(chat, sent[unsent])
    assert [article.status for article in await articles(chat)] == [Status.DELETED]


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("part_first", [True, False])
async def test_a_message_is_public_once_by_itself_or_as_a_part_and_goes_when_it_is_unsent(
    anywhere: Conversation, part: int, part_first: bool
) -> None:
    sent = await send_halves(anywhere)
    turns = [[sent[part]], sent] if part_first else [sent, [sent[part]]]
    assert [await agree_to(anywhere, *agreed) for agreed in turns] == ["asked", "asked_before"]
    assert len(await articles(anywhere)) == 1
    await unsend(anywhere, sent[part])
    assert [article.status for article in await articles(anywhere)] == [Status.DELETED]


async def test_a_part_that_is_asked_about_anew_after_the_other_was_unsent_goes_when_it_is_unsent(
    chat: Conversation,
) -> None:
    sent = await send_halves(chat)
    await agree_to(chat, *sent)
    await unsend(chat, sent[0])
    assert await agree_to(chat, sent[1]) == "asked"
    await unsend(chat, sent[1])
    assert [article.status for article in await articles(chat)] == [Status.DELETED] * 2


async def test_what_was_taken_back_and_agreed_to_again_goes_when_it_is_unsent(anywhere: Conversation) -> None:
    raw = make_event(MESSAGE, user=ASKER)
    yes = anywhere.buttons(await anywhere.send(raw))[Press.AGREE]
    receipt = await anywhere.press(yes)
    assert (await anywhere.press(anywhere.buttons(receipt)[Press.TAKE_BACK])).outcome == "taken_back"
    assert (await anywhere.press(yes)).outcome == "asked"
    await unsend(anywhere, raw)
    assert {article.status for article in await articles(anywhere)} == {Status.DELETED}


async def test_what_is_erased_while_it_is_being_agreed_to_is_not_published(
    chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = make_event(MESSAGE, user=ASKER)
    yes = chat.buttons(await chat.send(raw))[Press.AGREE]
    find_same = asking.find_same

    async def erase_and_find(*wanted: Any) -> list[SureMatch]:
        await chat.services.inbox.erase_payload(raw["webhookEventId"])
        return await find_same(*wanted)

    monkeypatch.setattr(asking, "find_same", erase_and_find)
    assert (await chat.press(yes)).outcome == "expired"
    assert await articles(chat) == []
