"""Notices ride along with the next answer to whoever waits for them, each once, and never at the answer's cost."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot.bubbles.view import View
from bot.buttons import Buttons, Press
from bot.delivery import Undelivered
from bot.events import Sticker, TextMessage
from bot.labels import verdict_label
from bot.metrics import Metrics
from bot.notify import NoticeRider, choose_news
from bot.outcome import MAX_MESSAGES, HandlerResult
from bot.processing import choose_record
from bot.wording import choose_words, load_wordings
from moderation.publish import set_article_status
from scripts.simulator.validator import message_problems
from storage.askers import set_language
from storage.database import Database
from storage.notices import REPLY_LEASE, set_wants_notices
from storage.tables import (
    ArticleVariant,
    Notice,
    NoticeKind,
    ReplyRequest,
    Status,
    Verdict,
    utc_now,
)
from tests.bot.makers import make_article, make_reply
from tests.storage.asking import (
    MESSAGE,
    add_article,
    answer,
    ask,
    correct_reply,
    line_id,
    make,
    told,
    withdraw_reply,
)

BUTTONS = Buttons("a secret for tests")
WORDINGS = load_wordings()
ANSWER: dict[str, Any] = {"type": "text", "text": "答覆"}
RESULT = HandlerResult((ANSWER,), "answer")


class Chat:
    """A rider over a database, and the events whose answers it joins."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.metrics = Metrics()
        self.rider = NoticeRider(
            database,
            self.metrics,
            lambda asker: View(
                choose_words(WORDINGS, asker.language if asker else None), BUTTONS, "https://chaming.example.tw"
            ),
        )
        self.numbers = iter(range(1, 100))

    async def says(
        self,
        result: HandlerResult = RESULT,
        *,
        asker: str = "asker",
        event_id: str | None = None,
        again: bool = False,
    ) -> HandlerResult:
        """What goes out instead of `result`; LINE would take it."""
        event = Sticker(
            event_id=event_id or f"event {next(self.numbers)}",
            chat=asker,
            timestamp=1,
            source_kind="user",
            chat_id=line_id(asker),
            user_id=line_id(asker),
            reply_token="token",
            message_id="1",
        )
        joined = await self.rider.join(event, result, again=again)
        assert len(joined.messages) <= MAX_MESSAGES
        for message in joined.messages:
            assert message_problems(message) == []
        return joined

    async def hears(self, result: HandlerResult = RESULT, *, asker: str = "asker") -> str:
        """Everything new to read in an answer that LINE takes."""
        joined = await self.says(result, asker=asker)
        await self.write_down(joined)
        return str(joined.messages[: len(joined.messages) - len(result.messages)] or "")

    async def write_down(self, result: HandlerResult, outcome: str = "answer", attempts: int = 1) -> None:
        record = choose_record(result, outcome, attempts)
        if record is not None:
            async with self.database.transaction() as session:
                await (await session.connection()).run_sync(record)

    def count(self, kind: str, way: str) -> float:
        return self.metrics.notices_told.labels(kind, way)._value.get()


@pytest.fixture
async def chat(database: Database) -> Chat:
    """Asker and second have asked, and an answer is out."""
    await add_article(database)
    await ask(database, "asker", "second")
    await answer(database)
    await make(database)
    chat = Chat(database)
    await chat.rider.catch_up()
    return chat


async def test_it_tells_with_the_next_answer_which_message_was_checked_and_what_was_found(chat: Chat) -> None:
    joined = await chat.says()
    assert joined.messages[-1] == ANSWER, "what was just asked comes last"
    heard = str(joined.messages[0])
    assert "您問過的訊息，有人查證了" in heard
    assert MESSAGE[:20] in heard
    assert "含有不實訊息" in heard
    assert "衛福部說沒有這件事" in heard
    await chat.write_down(joined)
    assert await chat.hears() == ""
    assert await told(chat.database) == [("asker", "answered", "sent"), ("second", "answered", "pending")]
    assert chat.count("answered", "reply") == 1


async def test_it_quotes_the_words_the_person_sent(chat: Chat) -> None:
    async with chat.database.transaction() as session:
        session.add(ArticleVariant(id="variant", article_id="article", text="聽說沒照片的健保卡要作廢？"))
        await session.flush()
        asker = col(ReplyRequest.contributor) == "asker"
        await session.execute(update(ReplyRequest).where(asker).values(variant_id="variant"))
    assert "聽說沒照片的健保卡要作廢" in await chat.hears()
    assert MESSAGE[:20] in await chat.hears(asker="second")


async def test_it_speaks_the_persons_language(chat: Chat) -> None:
    async with chat.database.transaction() as session:
        await set_language(session, "asker", "ja")
    assert "お尋ねのメッセージが検証されました" in await chat.hears()


async def test_an_answer_that_line_did_not_take_told_nothing(chat: Chat) -> None:
    for outcome in (Undelivered.EXPIRED, Undelivered.NO_ADDRESS, Undelivered.REPLY_TOKEN_INVALID):
        joined = await chat.says(event_id="event")
        assert len(joined.messages) == 2
        await chat.write_down(joined, outcome)
    assert (await told(chat.database))[0] == ("asker", "answered", "pending")


async def test_killed_after_line_took_it_the_event_tells_the_same_again_and_is_refused(chat: Chat) -> None:
    first = await chat.says(event_id="event")
    assert len((await chat.says(event_id="another")).messages) == 1, "it is being told"
    again = await chat.says(event_id="event", again=True)
    assert again.messages == first.messages
    await chat.write_down(again, Undelivered.REPLY_TOKEN_INVALID, attempts=2)
    assert (await told(chat.database))[0] == ("asker", "answered", "sent")


async def test_what_an_event_never_told_is_told_by_a_later_one(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    await chat.says(event_id="event")
    later = utc_now() + REPLY_LEASE + timedelta(seconds=1)
    monkeypatch.setattr("bot.notify.utc_now", lambda: later)
    assert "有人查證了" in await chat.hears()


async def test_whoever_sees_the_answer_itself_is_not_told_of_it_again(chat: Chat) -> None:
    assert await chat.hears(HandlerResult((ANSWER,), "answer", shows=("article",))) == ""
    assert (await told(chat.database))[0] == ("asker", "answered", "sent")
    assert chat.count("answered", "answer") == 1


async def test_that_it_was_corrected_is_told_beside_the_answer_itself(chat: Chat) -> None:
    await chat.hears()
    await correct_reply(chat.database, "更正：衛福部說沒有這件事。", verdict=Verdict.RUMOR)
    await make(chat.database)
    heard = await chat.hears(HandlerResult((ANSWER,), "answer", shows=("article",)))
    assert "更正：您問過的訊息" in heard
    assert "先前" not in heard, "the verdict is the same"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (None, ("查證結果改變了", "先前：✕ 含有不實訊息", "也請告訴他們")),
        (
            "en",
            ("message you asked about has changed", "Before: ✕ Contains false information", "as well."),
        ),
        ("ja", ("判定が変わりました", "以前：✕ ", "その方にもお知らせください")),
    ],
)
async def test_that_the_verdict_is_another_one_is_told_with_both(
    chat: Chat, language: str | None, expected: tuple[str, ...]
) -> None:
    async with chat.database.transaction() as session:
        await set_language(session, "asker", language)
    await chat.hears()
    await withdraw_reply(chat.database)
    await answer(chat.database, "another", verdict=Verdict.NOT_RUMOR, text="下個月起要有照片。")
    await make(chat.database)
    joined = await chat.says(HandlerResult((ANSWER,), "answer", shows=("article",)))
    heard = str(joined.messages[0])
    assert all(one in heard for one in expected)
    words = choose_words(WORDINGS, language)
    before, now = (verdict_label(words, verdict) for verdict in (Verdict.RUMOR, Verdict.NOT_RUMOR))
    assert f"{before} → {now}" in joined.messages[0]["altText"]


async def test_whoever_was_told_nothing_before_is_told_of_no_change(chat: Chat) -> None:
    await withdraw_reply(chat.database)
    await answer(chat.database, "another", verdict=Verdict.NOT_RUMOR, text="下個月起要有照片。")
    await make(chat.database)
    heard = await chat.hears()
    assert "您問過的訊息，有人查證了" in heard
    assert "先前" not in heard


async def test_a_reply_corrected_to_another_verdict_is_held_against_what_was_told(chat: Chat) -> None:
    await chat.hears()
    for verdict in (Verdict.OPINIONATED, Verdict.NOT_RUMOR):
        await correct_reply(chat.database, f"更正為 {verdict}", verdict=verdict)
    await make(chat.database)
    assert "先前：✕ 含有不實訊息" in await chat.hears()
    await withdraw_reply(chat.database)
    await make(chat.database)
    assert "先前告訴您的查證，已經撤回了" in await chat.hears()
    await answer(chat.database, "another", verdict=Verdict.RUMOR)
    await make(chat.database)
    assert "先前：✓ 含有正確訊息" in await chat.hears(), "later than the withdrawal, too"


async def test_what_was_withdrawn_is_told_with_what_is_left(chat: Chat) -> None:
    await chat.hears()
    await chat.hears(asker="second")
    await withdraw_reply(chat.database)
    await make(chat.database)
    assert "現在沒有這則訊息的查證" in await chat.hears()
    await answer(chat.database, "another", text="另一位志工查過：沒有這回事。")
    await make(chat.database)
    heard = await chat.hears(asker="second")
    assert "先前告訴您的查證，已經撤回了" in heard
    assert "另一位志工查過" in heard


async def test_several_are_told_at_once_the_correction_first(chat: Chat) -> None:
    await chat.hears()
    for number in range(12):
        await add_article(chat.database, f"a{number}", f"另一則訊息{number}")
        await ask(chat.database, "asker", article_id=f"a{number}")
        await answer(chat.database, f"r{number}", f"a{number}")
    await correct_reply(chat.database, "更正：下個月起要有照片。")
    await make(chat.database)
    joined = await chat.says()
    carousel = joined.messages[0]["contents"]["contents"]
    assert len(joined.messages) == 2
    assert len(carousel) == 10
    assert "更正" in str(carousel[0])
    assert "10 則訊息有新消息" in joined.messages[0]["altText"]
    await chat.write_down(joined)
    assert len((await chat.says()).messages[0]["contents"]["contents"]) == 3


async def test_with_no_room_left_it_waits_for_another_answer(chat: Chat) -> None:
    assert await chat.hears(HandlerResult((ANSWER,) * MAX_MESSAGES, "answer")) == ""
    assert "有人查證了" in await chat.hears(HandlerResult((ANSWER,) * (MAX_MESSAGES - 1), "answer"))


async def test_silence_stays_silence(chat: Chat) -> None:
    assert await chat.hears(HandlerResult(outcome="ignored")) == ""
    in_group = TextMessage(event_id="e", chat="asker", timestamp=1, source_kind="group", message_id="1", text="x")
    assert await chat.rider.join(in_group, RESULT) is RESULT


async def test_what_became_of_a_blocked_message_is_not_told(chat: Chat) -> None:
    async with chat.database.transaction() as session:
        await set_article_status(session, "article", Status.BLOCKED)
    assert await chat.hears() == ""
    assert (await told(chat.database))[0] == ("asker", "answered", "suppressed")


async def test_whoever_stopped_it_hears_nothing(chat: Chat) -> None:
    async with chat.database.transaction() as session:
        await set_wants_notices(session, "asker", False, utc_now())
    assert await chat.hears() == ""


async def test_the_answer_goes_out_though_the_notice_cannot(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("bot.notify.claim_for_reply", fail)
    assert await chat.says() is RESULT


async def test_for_whom_nothing_waits_no_query_is_made(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat.rider, "_database", None)
    assert await chat.says(asker="outsider") is RESULT


async def test_it_learns_of_new_notices_and_forgets_those_that_were_told(chat: Chat) -> None:
    await add_article(chat.database, "another", "另一則")
    await ask(chat.database, "outsider", article_id="another")
    await answer(chat.database, "r", "another")
    await make(chat.database)
    assert await chat.hears(asker="outsider") == ""
    await chat.rider.catch_up()
    assert "有人查證了" in await chat.hears(asker="outsider")


async def test_its_buttons_lead_to_the_answer_and_to_silence(chat: Chat) -> None:
    message = (await chat.says()).messages[0]
    footer = message["contents"]["footer"]["contents"]
    data = [footer[0]["action"]["data"], *(button["action"]["data"] for button in footer[1]["contents"])]
    presses = [BUTTONS.decode(one) for one in data]
    assert [(press.press, press.article_id) for press in presses if press] == [
        (Press.CHOOSE, "article"),
        (Press.MUTE, "article"),
        (Press.MUTE, None),
    ]


@pytest.mark.parametrize(
    ("kinds", "replies", "status", "expected"),
    [
        (["answered"], 1, Status.NORMAL, NoticeKind.ANSWERED),
        (["answered", "corrected"], 1, Status.NORMAL, NoticeKind.CORRECTED),
        (["answered", "withdrawn", "corrected"], 2, Status.NORMAL, NoticeKind.WITHDRAWN),
        (["withdrawn"], 0, Status.NORMAL, NoticeKind.WITHDRAWN),
        (["answered"], 0, Status.NORMAL, None),
        (["corrected"], 0, Status.NORMAL, None),
        (["withdrawn"], 1, Status.BLOCKED, None),
    ],
)
def test_it_tells_how_things_stand_now(
    kinds: list[str], replies: int, status: Status, expected: NoticeKind | None
) -> None:
    article = make_article("article", *[make_reply(str(n)) for n in range(replies)], status=status)
    about = {"asker_id": "a", "article_id": "article", "reply_id": "r", "change_seq": 1}
    notices = [Notice(kind=NoticeKind(kind), **about) for kind in kinds]
    news = choose_news(notices, article, None)
    assert (news.kind if news else None) == expected
    assert choose_news(notices, None, None) is None


async def test_nothing_of_a_notice_is_text(chat: Chat) -> None:
    async with chat.database.reading() as session:
        rows = [notice.model_dump() for notice in await session.scalars(select(Notice))]
    assert MESSAGE[:6] not in str(rows)
