"""Several messages at once are one turn; a message that is alone waits for nobody."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.bubbles.burst import merged, said_first
from bot.bubbles.know_more import ANCHOR
from bot.bursts import BURST, may_join, pictures_expected
from bot.buttons import Press
from bot.event_parser import parse_event
from bot.events import Burst, Event, MediaMessage, TextMessage
from bot.flex import bubble, label, postback, text_message, uri
from bot.handlers.burst import handle_burst
from bot.line_errors import InvalidReplyTokenError, LineUnreachableError
from bot.outcome import MAX_MESSAGES, HandlerResult
from retrieval.types import Band
from scripts.simulator.validator import message_problems
from storage.database import Database
from storage.tables import Verdict, utc_now
from tests.bot.conversation import ASKER, Conversation, said
from tests.bot.fakes import make_event
from tests.bot.makers import make_match
from tests.bot.test_dispatch import MessagePath, fresh, incoming, running
from tests.bot.test_handlers import add_article


class BurstPath(MessagePath):
    """A message's path that knows bursts; a picture is answered like a text."""

    def __init__(self, database: Database, **options: Any) -> None:
        super().__init__(database, **options)
        self.bursts: list[list[str]] = []
        self.handlers |= {MediaMessage: self.answer, Burst: self.answer_burst}

    async def answer_burst(self, event: Any) -> HandlerResult:
        self.bursts.append([getattr(one, "text", "picture") for one in event.events])
        joined = tuple(HandlerResult(outcome="joined") for _ in event.events[1:])
        return HandlerResult(({"type": "text", "text": "三則"},), "burst", joined=joined)


@pytest.fixture
async def path(sqlite_database: Database) -> AsyncIterator[BurstPath]:
    made = BurstPath(sqlite_database)
    yield made
    await made.inbox.close()


def picture(index: int | None = None, total: int | None = None, set_id: str | None = "set", **fields: Any) -> Any:
    image_set = {"id": set_id, **({"index": index} if index else {}), **({"total": total} if total else {})}
    message = {"type": "image", "id": f"image{index}", "contentProvider": {"type": "line"}, "imageSet": image_set}
    return fresh(message=message, **fields)


async def test_a_lone_message_is_answered_without_waiting(path: BurstPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.dispatch.BURST", timedelta(hours=1))
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh("只有一則"))])
        await path.until_done()
    assert path.bursts == []
    assert len(path.line.replies) == 1


async def test_several_in_one_webhook_are_one_reply_to_the_first(path: BurstPath) -> None:
    raws = [fresh("第一則"), fresh("第二則"), fresh("第三則")]
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(raw) for raw in raws])
        await path.until_done()
    assert path.bursts == [["第一則", "第二則", "第三則"]]
    assert path.handled == []
    assert [token for token, _ in path.line.replies] == [raws[0]["replyToken"]]


async def test_what_comes_while_the_first_is_looked_up_or_held_joins_it(
    path: BurstPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, held, is_over = asyncio.Event(), asyncio.Event(), asyncio.Event()
    answer = path.answer

    async def hold(until: datetime) -> None:
        assert timedelta(0) < until - utc_now() <= BURST or utc_now() >= until
        held.set()
        await is_over.wait()

    async def look_up(event: Any) -> HandlerResult:
        await slow.wait()
        return await answer(event)

    monkeypatch.setattr("bot.dispatch._sleep_until", hold)
    path.handlers[TextMessage] = look_up
    first, second, third = (fresh(text) for text in ("第一則", "第二則", "第三則"))
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(first)])
        await dispatcher.receive([incoming(second)])
        slow.set()
        await held.wait()
        await dispatcher.receive([incoming(third)])
        is_over.set()
        await path.until_done()
    assert path.bursts == [["第一則", "第二則", "第三則"]]


async def test_at_most_five_are_one_turn_and_the_rest_another(path: BurstPath) -> None:
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh(f"第{n}則")) for n in range(7)])
        await path.until_done()
    assert [len(burst) for burst in path.bursts] == [5, 2]


async def test_something_else_between_them_ends_the_turn(path: BurstPath) -> None:
    raws = [fresh("第一則"), fresh("第二則"), fresh(type="unfollow"), fresh("第三則")]
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(raw) for raw in raws])
        await path.until_done()
    assert path.bursts == [["第一則", "第二則"]]
    assert [event.text for event in path.handled] == ["第三則"]


async def test_what_gathered_while_nobody_worked_is_answered_one_by_one(path: BurstPath) -> None:
    now = time.time_ns() // 1_000_000
    raws = [fresh(f"第{n}則", timestamp=now + 11_000 * (n - 2)) for n in range(3)]
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(raw) for raw in raws])
        await path.until_done()
    assert path.bursts == []
    assert [token for token, _ in path.line.replies] == [raw["replyToken"] for raw in raws]


async def test_all_of_a_turn_end_unanswered_when_its_reply_is_refused(path: BurstPath) -> None:
    path.line.fail_with = [InvalidReplyTokenError(status=400)]
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh("第一則")), incoming(fresh("第二則"))])
        await path.until_done()
    ended = {"kind": "TextMessage", "outcome": "reply_token_invalid"}
    assert path.bursts == [["第一則", "第二則"]]
    assert path.metrics.registry.get_sample_value("chaming_events_finished_total", ended) == 2


async def test_a_group_has_no_turns(path: BurstPath) -> None:
    source = {"type": "group", "groupId": "C" + "1" * 32, "userId": ASKER}
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh(f"第{n}則", source=source)) for n in range(3)])
        await path.until_done()
    assert path.bursts == []
    assert len(path.handled) == 3


async def test_pictures_that_were_sent_together_wait_for_each_other_in_any_order(
    path: BurstPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dispatch.IMAGE_SET", timedelta(minutes=1))
    async with running(path) as dispatcher:
        for index in (3, 1, 2):
            await dispatcher.receive([incoming(picture(index, 3))])
            await asyncio.sleep(BURST.total_seconds() * 0.6)
        await path.until_done()
    assert path.bursts == [["picture"] * 3]


async def test_a_picture_that_never_comes_holds_up_nothing_for_long(path: BurstPath) -> None:
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(picture(1, 2))])
        await path.until_done()
    assert path.bursts == []
    assert len(path.handled) == 1


async def test_a_turn_that_fails_is_tried_again_as_a_whole(path: BurstPath) -> None:
    path.line.fail_with.append(LineUnreachableError())
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh("第一則")), incoming(fresh("第二則"))])
        await path.until_done()
    assert path.bursts == [["第一則", "第二則"]] * 2
    assert len(path.line.replies) == 1


async def test_a_turn_that_was_killed_comes_back_as_a_turn(path: BurstPath) -> None:
    hanging = asyncio.Event()

    async def hang(event: Event) -> HandlerResult:
        hanging.set()
        await asyncio.sleep(60)
        raise AssertionError

    path.handlers[Burst] = hang
    async with running(path) as dispatcher:
        await dispatcher.receive([incoming(fresh("第一則")), incoming(fresh("第二則"))])
        await hanging.wait()
        for task in [*dispatcher._running, *dispatcher._loops]:
            task.cancel()  # killed: nothing is put back
        await asyncio.sleep(0)
    later = BurstPath(path.database, owner="another")
    await later.inbox.start()
    await later.inbox.release_all()
    await later.inbox.close()
    again = BurstPath(path.database, owner="a third")
    async with running(again):
        await again.until_done()
    await again.inbox.close()
    assert again.bursts == [["第一則", "第二則"]]
    assert len(again.line.replies) == 1


# --- what is answered


def parsed(chat: Conversation, *texts: str) -> Burst:
    pseudonym = chat.services.pseudonyms.of(ASKER)
    events = []
    for text in texts:
        raw = make_event(text, user=ASKER)
        events.append(parse_event(raw, event_id=raw["webhookEventId"], chat=pseudonym, timestamp=raw["timestamp"]))
    return Burst(events=tuple(events), event_id="first", chat=pseudonym, timestamp=1, source_kind="user", user_id=ASKER)


async def test_each_text_is_looked_up_and_it_is_asked_whether_they_are_one(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    matcher = chat.will_find(make_match("article", band=Band.ANSWER))
    result = await handle_burst(parsed(chat, "第一則訊息", "第二則訊息", "第三則訊息"), chat.services)
    assert matcher.asked == ["第一則訊息", "第二則訊息", "第三則訊息"]
    assert "同一則" in said(result)
    assert said(result).count("含有不實訊息") == 3
    assert len(result.joined) == 2
    assert all(one.keep_payload and one.record for one in (result, *result.joined))
    assert [message_problems(message) for message in result.messages] == [[], []]
    assert set(chat.buttons(result)) == {Press.CHOOSE, Press.TOGETHER}


async def test_a_question_beside_a_message_is_no_message(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    matcher = chat.will_find(make_match("article", band=Band.ANSWER))
    result = await handle_burst(parsed(chat, "請問這是真的嗎？", "聽說喝檸檬水可以防癌"), chat.services)
    assert matcher.asked == ["聽說喝檸檬水可以防癌"]
    assert (result.outcome, [one.outcome for one in result.joined]) == ("remark", ["answer"])
    assert result.shows == ("article",)
    assert "含有不實訊息" in said(result)
    assert "2 則訊息" not in said(result)


async def test_several_messages_and_a_question_are_answered_as_several_messages(chat: Conversation) -> None:
    result = await handle_burst(parsed(chat, "聽說的第一件事情", "聽說的第二件事情", "是真的嗎"), chat.services)
    assert "2 則訊息" in said(result)
    assert [one.outcome for one in (result, *result.joined)] == ["burst_no_match", "burst_no_match", "remark"]


@pytest.mark.parametrize("claims", [("聽說喝檸檬水可以防癌",), ("聽說的第一件事情", "聽說的第二件事情")])
async def test_somebody_who_was_defrauded_is_told_whom_to_call_before_the_answer(
    chat: Conversation, claims: tuple[str, ...]
) -> None:
    matcher = chat.will_find()
    result = await handle_burst(parsed(chat, "我被騙了", *claims, "我被騙了怎麼辦"), chat.services)
    assert matcher.asked == list(claims)
    assert "165" in result.messages[0]["text"]
    assert said(result).count("165") == 1
    outcomes = [one.outcome for one in (result, *result.joined)]
    assert (outcomes[0], outcomes[-1]) == ("defrauded", "defrauded")
    assert all(one.keep_payload for one in result.joined[:-1])
    assert [message_problems(message) for message in result.messages] == [[] for _ in result.messages]


async def test_a_long_message_is_shown_whole_behind_what_is_more_urgent(chat: Conversation) -> None:
    claim = "有人說檸檬水可以防癌，" * 400
    result = await handle_burst(parsed(chat, "我被騙了", "我想當志工", claim), chat.services)
    assert len(result.messages) <= MAX_MESSAGES
    assert "165" in result.messages[0]["text"]
    assert said(result).count("檸檬水") >= 400
    assert Press.AGREE in chat.buttons(result)


@pytest.mark.parametrize(
    ("texts", "outcomes", "asked"),
    [
        (("謝謝", "好的"), ["remark", "typed_yes"], []),
        (("請問", "這是真的嗎"), ["vague", "remark"], ["請問"]),
        (("謝謝", "這是真的嗎"), ["remark", "vague"], ["這是真的嗎"]),
        (("請問", "我被騙了怎麼辦", "謝謝"), ["remark", "defrauded", "remark"], []),
        (("我想當志工", "好"), ["volunteering", "remark"], []),
    ],
)
async def test_nothing_but_talk_is_answered_once_by_what_is_most_urgent(
    chat: Conversation, texts: tuple[str, ...], outcomes: list[str], asked: list[str]
) -> None:
    matcher = chat.will_find()
    result = await handle_burst(parsed(chat, *texts), chat.services)
    assert [one.outcome for one in (result, *result.joined)] == outcomes
    assert matcher.asked == asked
    assert len(result.messages) == 1
    assert Press.AGREE not in chat.buttons(result)


async def test_they_are_looked_up_as_one_after_a_yes(chat: Conversation) -> None:
    texts = ("上半則：早上喝了這一個", "下半則：晚上病就會好")
    kept = [await chat.say(text) for text in texts]
    ids = ",".join(
        chat.services.buttons.decode(chat.buttons(result)[Press.AGREE]).event_id or ""  # type: ignore[union-attr]
        for result in kept
    )
    matcher = chat.will_find()
    whole = await chat.press(chat.services.buttons.encode(Press.TOGETHER, event_id=ids, kind="yes"))
    assert matcher.asked == ["\n".join(texts)]
    assert (await chat.press(chat.buttons(whole)[Press.AGREE])).outcome == "asked"


async def test_one_of_them_can_be_looked_at(chat: Conversation) -> None:
    offered = await chat.say("還沒有人查過的第一則")
    event_id = chat.services.buttons.decode(chat.buttons(offered)[Press.AGREE]).event_id  # type: ignore[union-attr]
    shown = await chat.press(chat.services.buttons.encode(Press.LOOK, event_id=event_id))
    assert "還沒有人查過的第一則" in said(shown)
    assert Press.AGREE in chat.buttons(shown)


async def test_the_buttons_hold_five_ids_of_lines(chat: Conversation) -> None:
    ids = ",".join("01FZ74A0TDDPYRVKNK77XKC3ZR" for _ in range(5))
    for press in (Press.TOGETHER, Press.AGREE, Press.TOGGLE):
        bound = chat.services.buttons.about("x" * 20)
        assert len(bound.encode(press, event_id=ids, kept=2**63, mark="12345678")) <= 300


def test_only_what_is_sent_to_be_looked_up_joins(chat: Conversation) -> None:
    raw = make_event("一則", user=ASKER)
    event = parse_event(raw, event_id="1", chat="c", timestamp=1)
    assert may_join(event)
    assert pictures_expected(event) == 0
    pressed = parse_event(make_event(type="postback", postback={"data": "x"}), event_id="1", chat="c", timestamp=1)
    assert not may_join(pressed)


@pytest.mark.parametrize("replies", [2, 6])
def test_what_can_be_pressed_below_any_of_them_can_be_pressed_below_the_last(replies: int) -> None:
    """LINE shows the quick replies of the last message only; of those that read alike each has its message's number."""
    both_can = postback("說明為什麼懷疑", "the same")
    offered = [
        (text_message(f"第 {number} 則", [postback("我也想知道", f"data {number}"), both_can]),)
        for number in range(replies)
    ]
    *before, last = merged([*offered, (text_message("沒有按鈕"),)])
    assert all("quickReply" not in message for message in before)
    actions = [item["action"] for item in last["quickReply"]["items"]]
    signs = "①②③④⑤⑥"[:replies]
    assert {action["data"]: action["label"] for action in actions} == {
        "the same": "說明為什麼懷疑",
        **{f"data {number}": f"{sign}我也想知道" for number, sign in enumerate(signs)},
    }
    told = "\n".join(message["text"] for message in (*before, last))
    assert all(f"{sign} 第 {number} 則" in told for number, sign in enumerate(signs))
    assert all(message_problems(message) == [] for message in (*before, last))


def test_one_that_nothing_reads_like_has_no_number() -> None:
    first, second = (text_message("一", [postback("甲", "1")]), text_message("二", [postback("乙", "2")]))
    assert str(merged([(first,), (second,)])).count("①") == 0


def test_a_bubble_has_its_number_at_its_top() -> None:
    ask = {"items": [{"type": "action", "action": postback("我也想知道", "1")}]}
    drawn = {"type": "flex", "altText": "一", "contents": bubble([label("一")]), "quickReply": ask}
    told, shown = merged([(text_message("二", [postback("我也想知道", "2")]),), (drawn,)])
    assert told["text"] == "① 二"
    assert shown["contents"]["body"]["contents"][0]["text"] == "②"
    assert [item["action"]["label"] for item in shown["quickReply"]["items"]] == ["①我也想知道", "②我也想知道"]
    assert message_problems(shown) == []


def test_nothing_is_said_where_there_is_nothing_to_say() -> None:
    assert merged([(), ()]) == ()


def test_a_link_to_an_article_stands_only_below_a_single_answer() -> None:
    """Below the last of several it would not tell which of them it is about."""
    first, second = (
        (text_message(f"第 {n} 則", [uri("補充", f"https://example.com/articles/{n}#{ANCHOR}")]),) for n in range(2)
    )
    assert all("quickReply" not in message for message in merged([first, second]))
    (alone,) = merged([first, ()])
    *_, behind = said_first([text_message("165")], first)
    assert alone["quickReply"] == behind["quickReply"] == first[0]["quickReply"]
