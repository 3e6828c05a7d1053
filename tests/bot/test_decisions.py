"""What is remembered of a message that was looked up, and of what the person then said about it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.buttons import MAX_DATA_CHARACTERS, Buttons, Press
from bot.pseudonyms import Pseudonyms
from moderation.merging import merge_articles
from moderation.taking_back import forget_asker
from moderation.variants import Because
from retrieval.normalise import key_hash
from retrieval.types import Band, Match
from storage.database import Database
from storage.tables import (
    Article,
    ArticleReply,
    ArticleVariant,
    Choice,
    MatchDecision,
    MatchOutcome,
    Reply,
    ReplyRequest,
    ReplyState,
    VariantSighting,
    Verdict,
)
from tests.bot.conftest import talking
from tests.bot.conversation import ASKER, OUTSIDER, Conversation
from tests.bot.fakes import SECRET_KEY
from tests.bot.makers import make_match

MESSAGE = "衛福部公告：從下個月起，健保卡沒有照片的人不能看醫生，請大家互相轉告！"
SELF = {"index": 0, "length": 3, "type": "user", "isSelf": True}


@pytest.fixture
async def chat(database: Database) -> AsyncIterator[Conversation]:
    async with talking(database) as conversation:
        yield conversation


async def add_article(chat: Conversation, article_id: str, *verdicts: Verdict, text: str = MESSAGE) -> None:
    async with chat.services.database.transaction() as session:
        session.add(Article(id=article_id, text=text, matching_key_hash=key_hash(text)))
        await session.flush()
        for number, verdict in enumerate(verdicts):
            reply_id = f"{article_id}-reply-{number}"
            session.add(Reply(id=reply_id, verdict=verdict, text="衛福部說沒有這件事。"))
            await session.flush()
            session.add(ArticleReply(article_id=article_id, reply_id=reply_id, state=ReplyState.VERIFIED))


async def decisions(chat: Conversation) -> list[MatchDecision]:
    async with chat.services.database.reading() as session:
        return list(await session.scalars(select(MatchDecision).order_by(col(MatchDecision.created_at))))


async def only_decision(chat: Conversation) -> MatchDecision:
    (decision,) = await decisions(chat)
    return decision


async def test_an_answer_is_remembered_without_its_words(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", probability=0.97, signals={"dense": 0.912345678}))
    await chat.say("聽說健保卡沒照片不能看病？")
    decision = await only_decision(chat)
    assert decision.outcome == MatchOutcome.ANSWER
    assert decision.asker_id == chat.services.pseudonyms.of(ASKER)
    assert decision.offered == [
        {
            "article_id": "article",
            "probability": 0.97,
            "band": "answer",
            "kind": "article",
            "contradicted": False,
            "short": False,
            "signals": {"dense": 0.91235},
        }
    ]
    assert decision.top_probability == 0.97
    assert decision.text is None
    assert "健保卡" not in decision.model_dump_json()


async def test_equal_words_share_a_hash_that_needs_the_key(chat: Conversation) -> None:
    await chat.say("喝熱水可以殺死病毒")
    await chat.say("喝熱水，可以殺死病毒！", user=OUTSIDER)
    first, second = await decisions(chat)
    assert first.key_hash == second.key_hash
    assert first.key_hash not in {None, key_hash("喝熱水可以殺死病毒")}
    assert Pseudonyms("another key, long enough").of_words("喝熱水可以殺死病毒") != first.key_hash


async def test_not_mine_is_a_negative_and_can_be_taken_back_by_choosing(chat: Conversation) -> None:
    await add_article(chat, "one", Verdict.RUMOR)
    await add_article(chat, "two", Verdict.NOT_RUMOR, text="另一則")
    chat.will_find(make_match("one", band=Band.CANDIDATE), make_match("two", band=Band.CANDIDATE))
    offered = chat.buttons(await chat.say("像是又不像"))
    await chat.press(offered[Press.NONE_OF_THESE])
    await chat.press(offered[Press.NONE_OF_THESE])
    decision = await only_decision(chat)
    assert (decision.choice, decision.chosen_article_id) == (Choice.NONE, None)
    await chat.press(offered[Press.CHOOSE])
    decision = await only_decision(chat)
    assert (decision.choice, decision.chosen_article_id) == (Choice.THIS, "two")
    assert [offer["article_id"] for offer in decision.offered] == ["one", "two"]


async def test_not_mine_on_an_answer_is_a_negative(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    await chat.press(chat.buttons(await chat.say("聽說健保卡沒照片不能看病？"))[Press.NONE_OF_THESE])
    assert (await only_decision(chat)).choice == Choice.NONE


async def test_an_outsider_who_gets_hold_of_a_button_says_nothing(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    button = chat.buttons(await chat.say("聽說健保卡沒照片不能看病？"))[Press.NONE_OF_THESE]
    await chat.press(button, user=OUTSIDER)
    assert (await only_decision(chat)).choice is None


async def test_the_text_is_kept_with_consent_alone(chat: Conversation) -> None:
    offer = chat.buttons(await chat.say(MESSAGE))
    assert (await only_decision(chat)).text is None
    await chat.press(offer[Press.AGREE])
    decision = await only_decision(chat)
    async with chat.services.database.reading() as session:
        article_id = await session.scalar(select(Article.id))
    assert (decision.text, decision.asked_article_id) == (MESSAGE, article_id)


async def test_joining_the_wait_says_that_it_is_the_message(chat: Conversation) -> None:
    await add_article(chat, "waiting")
    chat.will_find(make_match("waiting"))
    await chat.press(chat.buttons(await chat.say("健保卡沒照片？"))[Press.JOIN])
    decision = await only_decision(chat)
    assert decision.outcome == MatchOutcome.WAITING
    assert (decision.choice, decision.chosen_article_id, decision.asked_article_id) == (
        Choice.THIS,
        "waiting",
        "waiting",
    )
    assert decision.text is None


async def test_unsending_removes_the_link_and_the_request_even_when_nothing_else_is_kept(chat: Conversation) -> None:
    await add_article(chat, "waiting")
    chat.will_find(make_match("waiting"))
    await chat.press(chat.buttons(await chat.say("健保卡沒照片？", message=_text("m7")))[Press.JOIN])
    result = await chat.send(_unsend("m7"))
    assert result.outcome == "unsent"
    decision = await only_decision(chat)
    assert (decision.asker_id, decision.key_hash, decision.asked_article_id) == (None, None, None)
    async with chat.services.database.reading() as session:
        assert await session.scalar(select(ReplyRequest.id)) is None


async def test_unsending_erases_the_text_that_was_agreed_to(chat: Conversation) -> None:
    await chat.press(chat.buttons(await chat.say(MESSAGE, message=_text("m8", MESSAGE)))[Press.AGREE])
    await chat.send(_unsend("m8"))
    assert MESSAGE not in (await only_decision(chat)).model_dump_json()
    async with chat.services.database.reading() as session:
        assert await session.scalar(select(Article.text)) is None


async def test_who_asks_to_be_forgotten_is(chat: Conversation) -> None:
    await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.AGREE])
    async with chat.services.database.transaction() as session:
        await forget_asker(session, chat.services.pseudonyms.of(ASKER))
    decision = await only_decision(chat)
    assert (decision.asker_id, decision.key_hash, decision.text) == (None, None, None)


async def test_nothing_is_remembered_of_a_group_message_that_did_not_match(chat: Conversation) -> None:
    await chat.say_in_group("今天晚上吃什麼比較好呢大家")
    await chat.say_in_group("@查明 " + MESSAGE, SELF)
    assert await decisions(chat) == []


async def test_what_a_group_was_told_is_remembered_about_nobody(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    assert (await chat.say_in_group(MESSAGE)).outcome == "group_warned"
    decision = await only_decision(chat)
    assert (decision.asker_id, decision.key_hash, decision.text) == (None, None, None)
    assert decision.outcome == MatchOutcome.ANSWER


async def test_the_longest_button_still_fits(chat: Conversation) -> None:
    about = Buttons(SECRET_KEY).about(chat.services.pseudonyms.of_message("c", "m"))
    data = about.encode(Press.NONE_OF_THESE, event_id="sha256:" + "f" * 64, article_id="a" * 64)
    assert len(data) <= MAX_DATA_CHARACTERS
    action = about.decode(data)
    assert action is not None
    assert action.decision_id == chat.services.pseudonyms.of_message("c", "m")


def _text(message_id: str, text: str = "健保卡沒照片？") -> dict[str, str]:
    return {"type": "text", "id": message_id, "quoteToken": "q", "text": text}


def _unsend(message_id: str) -> dict[str, object]:
    return {
        "type": "unsend",
        "mode": "active",
        "timestamp": 1_760_000_999_000,
        "source": {"type": "user", "userId": ASKER},
        "webhookEventId": f"unsend{message_id}",
        "deliveryContext": {"isRedelivery": False},
        "unsend": {"messageId": message_id},
    }


# --- wordings ---------------------------------------------------------------------------------------------------


async def sightings(chat: Conversation) -> dict[str, int]:
    async with chat.services.database.reading() as session:
        rows = await session.scalars(select(VariantSighting))
        return {row.article_id: row.seen for row in rows}


async def test_a_sure_match_in_other_words_is_counted_until_the_person_says_no(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    button = chat.buttons(await chat.say("聽說健保卡沒照片不能看病？"))[Press.NONE_OF_THESE]
    await chat.say("聽說健保卡沒照片不能看病！", user=OUTSIDER)
    assert await sightings(chat) == {"article": 2}
    await chat.press(button)
    await chat.press(button)
    assert await sightings(chat) == {"article": 1}


@pytest.mark.parametrize(
    "match",
    [make_match("article", signals={"exact": 1.0}), make_match("article", band=Band.CANDIDATE)],
    ids=["same words", "not sure"],
)
async def test_the_same_words_and_mere_candidates_are_not_counted(chat: Conversation, match: Match) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(match)
    await chat.say(MESSAGE)
    assert await sightings(chat) == {}


async def test_a_group_counts_no_wording(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    await chat.say_in_group("聽說健保卡沒照片不能看病，大家小心")
    assert await sightings(chat) == {}


async def test_who_agrees_late_joins_those_who_agreed_before(chat: Conversation) -> None:
    offer = chat.buttons(await chat.say(MESSAGE))
    await add_article(chat, "earlier", text="從下個月開始健保卡沒有照片就不能看醫生，請互相轉告")
    chat.will_find(make_match("earlier", probability=0.99))
    assert (await chat.press(offer[Press.AGREE])).outcome == "asked"
    async with chat.services.database.reading() as session:
        assert list(await session.scalars(select(Article.id))) == ["earlier"]
        variant = (await session.scalars(select(ArticleVariant))).one()
        request = (await session.scalars(select(ReplyRequest))).one()
    assert (variant.text, variant.article_id) == (MESSAGE, "earlier")
    assert (request.article_id, request.variant_id) == ("earlier", variant.id)


async def test_what_the_person_refused_is_not_joined(chat: Conversation) -> None:
    await add_article(chat, "refused", Verdict.RUMOR, text="從下個月開始健保卡沒有照片就不能看醫生，請互相轉告")
    chat.will_find(make_match("refused"))
    wrong = await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.NONE_OF_THESE])
    assert (await chat.press(chat.buttons(wrong)[Press.AGREE])).outcome == "asked"
    async with chat.services.database.reading() as session:
        assert await session.scalar(select(Article.text).where(col(Article.id) != "refused")) == MESSAGE


async def test_a_button_of_a_merged_article_leads_to_the_other(chat: Conversation) -> None:
    await add_article(chat, "waiting")
    chat.will_find(make_match("waiting"))
    button = chat.buttons(await chat.say("健保卡沒照片？"))[Press.JOIN]
    await add_article(chat, "target", text="從下個月開始健保卡沒有照片就不能看醫生，請互相轉告")
    async with chat.services.database.transaction() as session:
        await merge_articles(session, "waiting", "target", Because("editor", "the same"))
    assert (await chat.press(button)).outcome == "asked"
    async with chat.services.database.reading() as session:
        assert await session.scalar(select(ReplyRequest.article_id)) == "target"
