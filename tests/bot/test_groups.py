"""When the bot speaks in a group, as a table; and what it does about quotes, edits, goodbyes and members."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from bot.group_buffer import MAX_MESSAGES, GroupBuffer
from retrieval.types import Band
from storage.tables import ArticleReply, InboxEvent, MatchDecision, ReplyState, Verdict
from tests.bot.conversation import ASKER, GROUP, Conversation, said
from tests.bot.fakes import make_event
from tests.bot.makers import make_match
from tests.bot.test_handlers import MESSAGE, add_article

ME = {"index": 0, "length": 3, "type": "user", "isSelf": True, "userId": "U" + "f" * 32}
SOURCE = {"type": "group", "groupId": GROUP, "userId": ASKER}
LONG, SHORT = MESSAGE, "喝醋可以治百病嗎"
SURE, LIKELY, CONTRADICTED = (
    {"band": Band.ANSWER},
    {"band": Band.CANDIDATE},
    {"band": Band.ANSWER, "contradictions": [("3", "30")]},
)


def group_message(text: str, *, called: bool = False, quoted: str | None = None, message_id: str = "1") -> Any:
    message: dict[str, Any] = {"type": "text", "id": message_id, "quoteToken": "q", "text": text}
    if called:
        message |= {"text": f"@查明{text}", "mention": {"mentionees": [ME]}}
    if quoted:
        message["quotedMessageId"] = quoted
    return make_event(source=SOURCE, message=message)


@pytest.mark.parametrize(
    ("called", "match", "verdict", "state", "votes", "text", "speaks"),
    [
        # not called: only when sure, false, confirmed, undisputed, and long enough
        (False, SURE, Verdict.RUMOR, ReplyState.VERIFIED, (0, 0), LONG, True),
        (False, SURE, Verdict.RUMOR, ReplyState.IMPORTED, (0, 0), LONG, True),
        (False, SURE, Verdict.RUMOR, ReplyState.VERIFIED, (2, 2), LONG, True),
        (False, SURE, Verdict.RUMOR, ReplyState.PROVISIONAL, (0, 0), LONG, False),
        (False, SURE, Verdict.RUMOR, ReplyState.VERIFIED, (0, 1), LONG, False),
        (False, SURE, Verdict.RUMOR, ReplyState.VERIFIED, (0, 0), SHORT, False),
        (False, SURE, Verdict.NOT_RUMOR, ReplyState.VERIFIED, (0, 0), LONG, False),
        (False, SURE, Verdict.OPINIONATED, ReplyState.VERIFIED, (0, 0), LONG, False),
        (False, SURE, Verdict.NOT_ARTICLE, ReplyState.VERIFIED, (0, 0), LONG, False),
        (False, LIKELY, Verdict.RUMOR, ReplyState.VERIFIED, (0, 0), LONG, False),
        (False, CONTRADICTED, Verdict.RUMOR, ReplyState.VERIFIED, (0, 0), LONG, False),
        (False, None, Verdict.RUMOR, ReplyState.VERIFIED, (0, 0), LONG, False),
        # called: always
        (True, SURE, Verdict.NOT_RUMOR, ReplyState.VERIFIED, (0, 0), LONG, True),
        (True, SURE, Verdict.RUMOR, ReplyState.PROVISIONAL, (0, 0), SHORT, True),
        (True, LIKELY, Verdict.RUMOR, ReplyState.VERIFIED, (0, 0), LONG, True),
        (True, None, Verdict.RUMOR, ReplyState.VERIFIED, (0, 0), LONG, True),
        (True, None, Verdict.RUMOR, ReplyState.VERIFIED, (0, 0), "", True),
    ],
)
async def test_it_speaks_when_it_should(
    chat: Conversation,
    called: bool,
    match: Mapping[str, Any] | None,
    verdict: Verdict,
    state: ReplyState,
    votes: tuple[int, int],
    text: str,
    speaks: bool,
) -> None:
    await add_article(chat, "article", verdict)
    async with chat.services.database.transaction() as session:
        (link,) = list(await session.scalars(select(ArticleReply)))
        link.state, (link.positive_feedback_count, link.negative_feedback_count) = state, votes
        session.add(link)
    chat.will_find(*([make_match("article", **match)] if match else []))
    result = await chat.send(group_message(text, called=called))
    assert bool(result.messages) is speaks
    assert len(said(result).splitlines()) <= 4


async def test_conflicting_replies_keep_it_silent(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR, Verdict.NOT_RUMOR)
    chat.will_find(make_match("article", band=Band.ANSWER))
    assert (await chat.send(group_message(LONG))).messages == ()


async def test_a_quoted_message_is_looked_up_while_it_is_remembered(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.NOT_RUMOR)
    matcher = chat.will_find()
    await chat.send(group_message(LONG, message_id="77"))
    matcher = chat.will_find(make_match("article", band=Band.ANSWER))
    result = await chat.send(group_message(" 真的嗎", called=True, quoted="77", message_id="78"))
    assert matcher.asked == [LONG]
    assert result.outcome == "group_called"


async def test_a_quoted_message_that_is_not_remembered_is_explained(chat: Conversation) -> None:
    for asked in (" 真的嗎", " 請問朋友傳的這則訊息是不是真的"):
        result = await chat.send(group_message(asked, called=True, quoted="77"))
    assert result.outcome == "quoted_unknown"
    assert "引用" in said(result)


@pytest.mark.parametrize(
    ("text", "told"),
    [(" 這是真的嗎", "同一則"), (" 說明", "同一則"), (" 好的", "同一則"), (" 謝謝", "不客氣"), (" 我被騙了", "165")],
)
async def test_it_looks_up_no_remark_and_offers_a_group_no_button(chat: Conversation, text: str, told: str) -> None:
    matcher = chat.will_find()
    result = await chat.send(group_message(text, called=True))
    assert told in said(result)
    assert matcher.asked == []
    assert "quickReply" not in result.messages[0]
    assert (await chat.send(group_message(text))).messages == ()


async def test_an_edit_changes_what_is_remembered_and_an_unsend_forgets_it(chat: Conversation) -> None:
    buffer, pseudonym = chat.services.group_buffer, chat.services.pseudonyms.of(GROUP)
    await chat.send(group_message("舊的說法，還沒改過", message_id="77"))
    edited = group_message("新的說法，已經改過", message_id="77")
    await chat.send({**edited, "type": "messageEdited"})
    assert buffer.find(pseudonym, "77") == "新的說法，已經改過"
    await chat.send(make_event(source=SOURCE, type="unsend", unsend={"messageId": "77"}))
    assert buffer.find(pseudonym, "77") is None


async def test_an_edited_message_that_is_now_surely_false_is_warned_of(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", band=Band.ANSWER))
    assert (await chat.send({**group_message(LONG), "type": "messageEdited"})).outcome == "group_warned"


@pytest.mark.parametrize("word", ["再見", "bye", "Bye!", "掰掰～", "さようなら"])
async def test_it_leaves_when_it_is_told_goodbye(chat: Conversation, word: str) -> None:
    result = await chat.send(group_message(f" {word}", called=True))
    assert result.leaves
    assert "再見" in said(result)


async def test_a_goodbye_to_somebody_else_is_none_to_it(chat: Conversation) -> None:
    result = await chat.send(group_message("再見"))
    assert (result.leaves, result.messages) == (False, ())


@pytest.mark.parametrize(("kind", "outcome"), [("memberJoined", "member_joined"), ("memberLeft", "member_left")])
async def test_it_says_nothing_of_who_comes_and_goes(chat: Conversation, kind: str, outcome: str) -> None:
    members: Any = {"members": [{"type": "user", "userId": ASKER}]}
    field = "joined" if kind == "memberJoined" else "left"
    result = await chat.send({**make_event(source=SOURCE, type=kind), field: members})
    assert (result.messages, result.outcome) == ((), outcome)


async def test_leaving_forgets_what_the_group_said(chat: Conversation) -> None:
    await chat.send(group_message(LONG, message_id="77"))
    await chat.send(make_event(source=SOURCE, type="leave"))
    assert chat.services.group_buffer.find(chat.services.pseudonyms.of(GROUP), "77") is None


async def test_nothing_that_did_not_match_is_stored(chat: Conversation) -> None:
    await chat.send(group_message(LONG))
    await chat.send(group_message(LONG, called=True))
    async with chat.services.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(MatchDecision)) == 0
        assert list(await session.scalars(select(col(InboxEvent.payload)))) == [None, None]


def test_the_buffer_is_off_by_default_forgets_in_time_and_has_an_end() -> None:
    now = [0.0]
    off = GroupBuffer(0)
    off.remember("chat", "1", "text")
    assert off.find("chat", "1") is None
    buffer = GroupBuffer(1, clock=lambda: now[0])
    buffer.remember("chat", "1", "text")
    assert buffer.find("chat", "1") == "text"
    assert buffer.find("another", "1") is None
    now[0] = 60.0
    assert buffer.find("chat", "1") is None
    for number in range(MAX_MESSAGES + 10):
        buffer.remember("chat", str(number), "text")
    assert buffer.find("chat", "5") is None
    assert buffer.find("chat", str(MAX_MESSAGES)) == "text"
