"""What a person gets for what they send, from the first message to the volunteers being asked."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from bot.buttons import Buttons, Press, Vote
from bot.event_parser import READERS
from bot.handlers import HANDLERS
from bot.outcome import HandlerResult
from bot.pseudonyms import Pseudonyms
from moderation.intake import find_request
from retrieval.normalise import key_hash
from retrieval.types import Band, EntryKind, Match, TellCopies
from storage.askers import set_language
from storage.tables import (
    Article,
    ArticleReply,
    Asker,
    FeedbackReason,
    IndexChange,
    Reply,
    ReplyRequest,
    ReplyState,
    Status,
    Verdict,
    utc_now,
)
from tests.bot.conversation import ASKER, OUTSIDER, Conversation, postbacks, said
from tests.bot.fakes import SECRET_KEY, FakeMatcher, make_event
from tests.bot.makers import make_match

MESSAGE = "衛福部公告：從下個月起，健保卡沒有照片的人不能看醫生，請大家互相轉告！"
WITHOUT_TEXT = ("   ", "😀😀", "！？…", "\u200b")
PSEUDONYMS = Pseudonyms(SECRET_KEY)


async def add_article(
    chat: Conversation, article_id: str = "article", *verdicts: Verdict, text: str = MESSAGE, **fields: object
) -> None:
    """An article with a verified reply a verdict."""
    async with chat.services.database.transaction() as session:
        session.add(Article(id=article_id, text=text, matching_key_hash=key_hash(text), **fields))
        await session.flush()
        for number, verdict in enumerate(verdicts):
            reply_id = f"{article_id}-reply-{number}"
            session.add(Reply(id=reply_id, verdict=verdict, text=f"回覆{number}：衛福部說沒有這件事。"))
            await session.flush()
            session.add(ArticleReply(article_id=article_id, reply_id=reply_id, state=ReplyState.VERIFIED))


async def set_status(chat: Conversation, article_id: str, status: Status) -> None:
    async with chat.services.database.transaction() as session:
        article = await session.get(Article, article_id)
        assert article
        article.status = status


async def articles(chat: Conversation) -> list[Article]:
    async with chat.services.database.reading() as session:
        return list(await session.scalars(select(Article)))


async def count(chat: Conversation, table: type) -> int:
    async with chat.services.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def kept(chat: Conversation) -> int:
    return len(await chat.services.inbox.load_kept())


class CopyMatcher(FakeMatcher):
    """Tells `copies` at once; everything else only once it is asked for and `encoded`."""

    def __init__(self, copies: list[Match], *everything: Match) -> None:
        super().__init__(*everything)
        self.copies = copies
        self.encoded = asyncio.Event()
        self.stopped = False

    async def match(self, text: str, *, limit: int = 10, tell_copies: TellCopies | None = None) -> list[Match]:
        assert tell_copies is not None
        try:
            await tell_copies(self.copies)
            await self.encoded.wait()
        except asyncio.CancelledError:
            self.stopped = True
            raise
        return self.matches[:limit]


# --- one-to-one: text -------------------------------------------------------------------------------------------


async def test_it_answers_a_near_copy_without_waiting_for_the_encoder(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    matcher = CopyMatcher([make_match("article")])
    chat.services.matching.use(matcher)
    async with asyncio.timeout(60):
        result = await chat.say(MESSAGE)
    assert result.outcome == "answer"
    await asyncio.sleep(0)
    assert matcher.stopped


async def test_it_waits_for_the_encoder_where_the_copy_has_no_answer(chat: Conversation) -> None:
    await add_article(chat, "copy")
    await add_article(chat, "other", Verdict.RUMOR, text="換句話說的同一件事")
    matcher = CopyMatcher([make_match("copy")], make_match("copy"), make_match("other"))
    matcher.encoded.set()
    chat.services.matching.use(matcher)
    result = await chat.say(MESSAGE)
    assert result.outcome == "answer"
    assert result.shows == ("other",)


async def test_it_answers_a_sure_match_with_the_reply(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    result = await chat.say("聽說健保卡沒照片不能看病？")
    assert result.outcome == "answer"
    assert "含有不實訊息" in said(result)
    assert "回覆0：衛福部說沒有這件事。" in said(result)


async def test_it_keeps_nothing_of_a_message_whose_words_are_public_already(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", signals={"exact": 1.0}))
    result = await chat.say(MESSAGE)
    assert result.outcome == "answer"
    assert await kept(chat) == 0


async def test_it_lets_the_asker_choose_and_shows_what_was_chosen(chat: Conversation) -> None:
    await add_article(chat, "one", Verdict.RUMOR)
    await add_article(chat, "two", Verdict.NOT_RUMOR, text="另一則")
    chat.will_find(make_match("one", band=Band.CANDIDATE), make_match("two", band=Band.CANDIDATE))
    offered = await chat.say("像是又不像")
    assert offered.outcome == "candidates"
    chosen = await chat.press(chat.buttons(offered)[Press.CHOOSE])
    assert chosen.outcome == "chosen"
    assert "含有正確訊息" in said(chosen)


async def test_an_old_candidate_that_was_withdrawn_says_so(chat: Conversation) -> None:
    await add_article(chat, "one", Verdict.RUMOR)
    chat.will_find(make_match("one", band=Band.CANDIDATE))
    button = chat.buttons(await chat.say("像是又不像"))[Press.CHOOSE]
    await set_status(chat, "one", Status.BLOCKED)
    assert (await chat.press(button)).outcome == "withdrawn"


@pytest.mark.parametrize("text", WITHOUT_TEXT)
async def test_it_asks_for_words_where_there_are_none(chat: Conversation, text: str) -> None:
    matcher = chat.will_find()
    result = await chat.say(text)
    assert result.outcome == "nothing_to_read"
    assert matcher.asked == []
    assert await kept(chat) == 0


@pytest.mark.parametrize("text", ["謝謝您！🙏", "收到", "Thank you!", "ありがとうございます。"])
async def test_it_takes_a_courtesy_for_no_claim(chat: Conversation, text: str) -> None:
    matcher = chat.will_find()
    result = await chat.say(text)
    assert result.outcome == "courtesy"
    assert "轉傳給我" in said(result)
    assert matcher.asked == []
    assert await kept(chat) == 0


@pytest.mark.parametrize("text", ["謝謝，喝檸檬水可以防癌，這是真的嗎", "這張圖說喝檸檬水可以防癌", "5G is fake"])
async def test_it_looks_up_a_claim_among_courtesies_and_questions(chat: Conversation, text: str) -> None:
    matcher = chat.will_find()
    await chat.say(text)
    assert matcher.asked


@pytest.mark.parametrize(
    ("text", "outcome", "told"),
    [
        ("好", "typed_yes", "下面的按鈕"),
        ("不用了", "typed_no", "什麼都不會公開"),
        ("我被騙了", "defrauded", "165"),
        ("我想當志工", "volunteering", "/review/"),
    ],
)
async def test_it_offers_nothing_that_is_no_message_to_the_volunteers(
    chat: Conversation, text: str, outcome: str, told: str
) -> None:
    matcher = chat.will_find()
    result = await chat.say(text)
    assert result.outcome == outcome
    assert told in said(result)
    assert matcher.asked == []
    assert await kept(chat) == 0


@pytest.mark.parametrize(
    ("fields", "outcome", "told"), [({}, "vague", "再轉傳給我"), ({"quotedMessageId": "7"}, "quoted_unknown", "引用")]
)
async def test_a_question_about_nothing_is_told_what_helps_and_may_still_be_asked(
    chat: Conversation, fields: dict[str, str], outcome: str, told: str
) -> None:
    message = {"type": "text", "id": "1", "quoteToken": "q", "text": "朋友傳的，請幫我確認一下是不是真的", **fields}
    result = await chat.send(make_event(user=ASKER, message=message))
    assert result.outcome == outcome
    assert told in said(result)
    assert Press.AGREE not in chat.buttons(result)
    asked = await chat.press(chat.buttons(result)[Press.TOGGLE])
    assert (await chat.press(chat.buttons(asked)[Press.AGREE])).outcome == "asked"


async def test_what_is_known_is_answered_though_it_reads_like_a_question_about_nothing(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", band=Band.ANSWER))
    assert (await chat.say("收到這則簡訊是真的嗎")).outcome == "answer"


@pytest.mark.parametrize(
    ("match", "outcome"), [({"band": Band.CANDIDATE}, "candidates"), ({"kind": EntryKind.REPLY}, "answer")]
)
async def test_what_only_sounds_like_a_question_about_nothing_is_a_press_away(
    chat: Conversation, match: dict[str, Any], outcome: str
) -> None:
    """A reply that says "this is true" is like "is this true?"."""
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", **match))
    result = await chat.say("這是真的嗎")
    assert (result.outcome, result.shows) == ("vague", ())
    assert (await chat.press(chat.buttons(result)[Press.LOOK])).outcome == outcome


async def test_whoever_knows_more_is_led_to_the_articles_page(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", band=Band.ANSWER))
    await chat.say(MESSAGE)
    vote = chat.services.buttons.encode(
        Press.VOTE, article_id="article", reply_id="article-reply-0", kind=Vote.NOT_HELPFUL.value
    )
    (voted,) = (await chat.press(vote)).messages
    leads = [item["action"].get("uri", "") for item in voted["quickReply"]["items"]]
    assert any(address.endswith("/articles/article#know-more") for address in leads)


async def test_a_word_or_two_that_nobody_knows_are_offered_to_the_volunteers_only_after_a_press(
    chat: Conversation,
) -> None:
    result = await chat.say("布丁")
    assert "請把整則轉傳給我" in said(result)
    assert Press.AGREE not in chat.buttons(result)
    asked = await chat.press(chat.buttons(result)[Press.TOGGLE])
    assert (await chat.press(chat.buttons(asked)[Press.AGREE])).outcome == "asked"


async def test_it_handles_the_longest_message_line_allows(chat: Conversation) -> None:
    text = "👨‍👩‍👧‍👦查證" * 700
    result = await chat.say(text)
    assert result.outcome == "no_match"
    assert "".join(str(message.get("text", "")) for message in result.messages).count("查證") >= 700


async def test_it_answers_in_the_language_the_asker_chose(chat: Conversation) -> None:
    await chat.send(make_event(user=ASKER, type="follow", follow={"isUnblocked": False}))
    async with chat.services.database.transaction() as session:
        await set_language(session, PSEUDONYMS.of(ASKER), "ja")
    assert "検証はまだ見つかりません" in said(await chat.say(MESSAGE))


# --- one-to-one: consent ----------------------------------------------------------------------------------------


async def test_it_publishes_nothing_before_the_yes(chat: Conversation) -> None:
    result = await chat.say(MESSAGE)
    assert result.outcome == "no_match"
    assert MESSAGE in said(result)
    assert await articles(chat) == []
    assert await count(chat, Asker) == 0
    assert await kept(chat) == 1


async def test_the_words_of_an_answered_article_are_answered_without_the_encoder(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    matcher = chat.will_find(make_match("article", signals={"exact": 1.0}))
    assert (await chat.say(MESSAGE)).outcome == "answer"
    assert matcher.asked == []


async def test_the_words_of_an_unanswered_article_are_looked_up_in_full(chat: Conversation) -> None:
    await add_article(chat, "same words")
    await add_article(chat, "answered", Verdict.RUMOR, text=MESSAGE + "！")
    exact = make_match("same words", signals={"exact": 1.0})
    matcher = chat.will_find(exact, make_match("answered", band=Band.CANDIDATE))
    assert (await chat.say(MESSAGE)).outcome == "candidates"
    assert matcher.asked == [MESSAGE]


async def test_the_yes_stores_article_and_request_exactly_as_shown(chat: Conversation) -> None:
    offered = await chat.say(f"  {MESSAGE}\r\n\r\n\r\n\r\n請轉發\u202e ")
    shown = f"{MESSAGE}\n\n請轉發"
    assert shown in said(offered)
    result = await chat.press(chat.buttons(offered)[Press.AGREE])
    (article,) = await articles(chat)
    assert result.outcome == "asked"
    assert article.text == shown
    assert article.contributor == PSEUDONYMS.of(ASKER)
    assert "第 1 位" in said(result)
    assert f"https://chaming.example.tw/articles/{article.id}" in said(result)


async def test_the_yes_pressed_twice_acts_once(chat: Conversation) -> None:
    agree = chat.buttons(await chat.say(MESSAGE))[Press.AGREE]
    first, second = await chat.press(agree), await chat.press(agree)
    assert (first.outcome, second.outcome) == ("asked", "asked_before")
    assert (await count(chat, Article), await count(chat, ReplyRequest), await count(chat, IndexChange)) == (1, 1, 1)


async def test_two_people_who_send_the_same_message_ask_about_one_article(chat: Conversation) -> None:
    mine = chat.buttons(await chat.say(MESSAGE))[Press.AGREE]
    theirs = chat.buttons(await chat.say(MESSAGE + "！", user=OUTSIDER))[Press.AGREE]
    await chat.press(mine)
    assert "第 2 位" in said(await chat.press(theirs, user=OUTSIDER))
    assert await count(chat, Article) == 1


async def test_nobody_else_can_say_yes_for_the_asker(chat: Conversation) -> None:
    agree = chat.buttons(await chat.say(MESSAGE))[Press.AGREE]
    assert (await chat.press(agree, user=OUTSIDER)).outcome == "expired"
    assert await articles(chat) == []


async def test_no_erases_the_message_at_once(chat: Conversation) -> None:
    buttons = chat.buttons(await chat.say(MESSAGE))
    assert (await chat.press(buttons[Press.DECLINE])).outcome == "declined"
    assert await kept(chat) == 0
    assert (await chat.press(buttons[Press.AGREE])).outcome == "expired"
    assert await articles(chat) == []


async def test_after_a_day_the_yes_politely_asks_for_the_message_again(chat: Conversation) -> None:
    agree = chat.buttons(await chat.say(MESSAGE))[Press.AGREE]
    await chat.services.inbox.erase_expired(utc_now() + timedelta(hours=25))
    result = await chat.press(agree)
    assert result.outcome == "expired"
    assert "請您再把訊息轉傳給我一次" in said(result)


async def test_a_yes_to_what_was_answered_meanwhile_shows_the_answer(chat: Conversation) -> None:
    agree = chat.buttons(await chat.say(MESSAGE))[Press.AGREE]
    await add_article(chat, "article", Verdict.RUMOR)
    result = await chat.press(agree)
    assert result.outcome == "answered_meanwhile"
    assert "含有不實訊息" in said(result)
    assert await count(chat, ReplyRequest) == 0


async def test_a_blocked_message_is_not_brought_back(chat: Conversation) -> None:
    await add_article(chat, "article", status=Status.BLOCKED)
    agree = chat.buttons(await chat.say(MESSAGE))[Press.AGREE]
    assert (await chat.press(agree)).outcome == "not_published"
    assert await count(chat, ReplyRequest) == 0


async def test_whoever_sends_a_message_that_waits_may_wait_too(chat: Conversation) -> None:
    await add_article(chat, "article")
    chat.will_find(make_match("article"))
    offered = await chat.say(MESSAGE)
    assert offered.outcome == "waiting"
    assert await kept(chat) == 1  # for in these words it is not known
    join = chat.buttons(offered)[Press.JOIN]
    assert [(await chat.press(join)).outcome for _ in range(2)] == ["asked", "asked_before"]
    assert await count(chat, ReplyRequest) == 1


async def test_asking_again_shows_how_the_earlier_question_stands(chat: Conversation) -> None:
    await add_article(chat, "article")
    chat.will_find(make_match("article"))
    await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.JOIN])
    again = await chat.say(MESSAGE)
    assert again.outcome == "asked_before"
    assert "志工已經看得到" in said(again)
    assert set(chat.buttons(again)) == {Press.TAKE_BACK}


# --- one-to-one: other presses ----------------------------------------------------------------------------------


async def test_none_of_these_leads_to_the_consent_step(chat: Conversation) -> None:
    await add_article(chat, "one", Verdict.RUMOR, text="很像的一則")
    chat.will_find(make_match("one", band=Band.CANDIDATE))
    offered = await chat.say(MESSAGE)
    refused = await chat.press(chat.buttons(offered)[Press.NONE_OF_THESE])
    assert MESSAGE in said(refused)
    assert (await chat.press(chat.buttons(refused)[Press.AGREE])).outcome == "asked"


async def test_none_of_these_leads_to_the_wait_when_the_message_is_known(chat: Conversation) -> None:
    await add_article(chat, "known")
    await add_article(chat, "one", Verdict.RUMOR, text="很像的一則")
    chat.will_find(make_match("known"), make_match("one", band=Band.CANDIDATE))
    refused = await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.NONE_OF_THESE])
    assert refused.outcome == "waiting"
    assert Press.JOIN in chat.buttons(refused)


async def test_not_my_message_leads_to_the_consent_step(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR, text="別的訊息")
    chat.will_find(make_match("article"))
    answer = await chat.say(MESSAGE)
    refused = await chat.press(chat.buttons(answer)[Press.NONE_OF_THESE])
    assert refused.outcome == "wrong_match"
    assert Press.AGREE in chat.buttons(refused)


async def test_why_explains_without_looking_anything_up(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", probability=0.931))
    why = chat.buttons(await chat.say("x 訊息"))[Press.WHY]
    await set_status(chat, "article", Status.DELETED)
    result = await chat.press(why)
    assert result.outcome == "explained"
    assert "93%" in said(result)


async def test_more_replies_are_shown(chat: Conversation) -> None:
    await add_article(chat, "article", *[Verdict.RUMOR] * 3)
    chat.will_find(make_match("article"))
    result = await chat.press(chat.buttons(await chat.say("x 訊息"))[Press.MORE_REPLIES])
    assert result.outcome == "more_replies"
    assert len(result.messages[1]["contents"]["contents"]) == 2


@pytest.mark.parametrize("data", ["1.x", "action=old", "😀" * 100, Buttons("another key").encode(Press.AGREE)])
async def test_a_button_that_is_not_ours_gets_a_polite_word(chat: Conversation, data: str) -> None:
    result = await chat.press(data)
    assert result.outcome == "button_unknown"
    assert "這個按鈕放太久" in said(result)


@pytest.mark.parametrize("press", list(Press))
async def test_a_button_about_nothing_breaks_nothing(chat: Conversation, press: Press) -> None:
    for ids in ({}, {"article_id": "gone"}, {"event_id": "gone"}, {"kind": "later", "probability": 0.5}):
        result = await chat.press(chat.services.buttons.encode(press, **ids))
        assert result.messages
    assert await articles(chat) == []


# --- one-to-one: notices ----------------------------------------------------------------------------------------


async def waits_for(chat: Conversation) -> tuple[bool, bool]:
    """Whether the asker wants to be told about the article, and at all."""
    async with chat.services.database.reading() as session:
        request = await find_request(session, "article", PSEUDONYMS.of(ASKER))
        asker = await session.get(Asker, PSEUDONYMS.of(ASKER))
        assert request
        assert asker
        return request.wants_notices, asker.wants_notices


@pytest.mark.parametrize(("article_id", "wanted"), [("article", (False, True)), (None, (True, False))])
async def test_whoever_stops_the_notices_can_have_them_again(
    chat: Conversation, article_id: str | None, wanted: tuple[bool, bool]
) -> None:
    await add_article(chat, "article")
    chat.will_find(make_match("article"))
    await chat.press(chat.buttons(await chat.say(MESSAGE))[Press.JOIN])
    stop = chat.services.buttons.encode(Press.MUTE, article_id=article_id)
    stopped = [await chat.press(stop) for _ in range(2)][-1]
    assert "不會再" in said(stopped)
    assert await waits_for(chat) == wanted
    await chat.press(chat.buttons(stopped)[Press.UNMUTE])
    assert await waits_for(chat) == (True, True)


async def test_an_answer_says_which_articles_it_tells_of(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article", band=Band.CANDIDATE))
    offered = await chat.say("x 訊息")
    assert offered.shows == ()
    assert (await chat.press(chat.buttons(offered)[Press.CHOOSE])).shows == ("article",)
    chat.will_find(make_match("article"))
    assert (await chat.say("y 訊息")).shows == ("article",)


# --- one-to-one: feedback ---------------------------------------------------------------------------------------


async def votes(chat: Conversation) -> tuple[int, int]:
    async with chat.services.database.reading() as session:
        link = await session.get_one(ArticleReply, ("article", "article-reply-0"))
        return link.positive_feedback_count, link.negative_feedback_count


def vote_buttons(chat: Conversation, result: HandlerResult) -> dict[str, str]:
    """Postback data of the votes and reasons in an answer, by what they say; the first of a kind."""
    found: dict[str, str] = {}
    for data in postbacks(result.messages):
        action = chat.services.buttons.decode(data)
        if action and action.press in {Press.VOTE, Press.VOTE_REASON} and action.kind:
            found.setdefault(action.kind, data)
    return found


async def test_a_vote_changes_what_the_next_person_is_shown(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    answer = await chat.say("x 訊息")
    votes_of = vote_buttons(chat, answer)
    refused = [await chat.press(votes_of["down"]) for _ in range(2)][-1]
    assert (refused.outcome, await votes(chat)) == ("voted_not_helpful", (0, 1))
    assert (await chat.say("x 訊息", user=OUTSIDER)).outcome == "candidates"
    await chat.press(votes_of["up"], user=OUTSIDER)
    assert await votes(chat) == (1, 1)
    assert (await chat.say("x 訊息", user=OUTSIDER)).outcome == "answer"
    undo = vote_buttons(chat, refused)["none"]
    assert [(await chat.press(undo)).outcome for _ in range(2)] == ["vote_taken_back", "vote_taken_back"]
    assert await votes(chat) == (1, 0)
    await chat.press(votes_of["up"])
    assert await votes(chat) == (2, 0)


async def test_whoever_says_why_is_thanked_and_nobody_need(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    down = await chat.press(vote_buttons(chat, await chat.say("x 訊息"))["down"])
    reasons = vote_buttons(chat, down)
    assert set(FeedbackReason) <= set(reasons)
    assert (await chat.press(reasons["unclear"])).outcome == "reason_given"
    assert (await chat.press(reasons["unclear"], user=OUTSIDER)).outcome == "reason_not_kept"


async def test_a_vote_on_what_was_withdrawn_says_so(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    up = vote_buttons(chat, await chat.say("x 訊息"))["up"]
    await set_status(chat, "article", Status.BLOCKED)
    assert (await chat.press(up)).outcome == "withdrawn"


# --- unsend -----------------------------------------------------------------------------------------------------


async def test_unsending_erases_the_kept_message(chat: Conversation) -> None:
    raw = make_event(MESSAGE, user=ASKER)
    agree = chat.buttons(await chat.send(raw))[Press.AGREE]
    await chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": raw["message"]["id"]}))
    assert await kept(chat) == 0
    assert (await chat.press(agree)).outcome == "expired"


async def test_unsending_takes_back_what_was_asked_with_it(chat: Conversation) -> None:
    raw = make_event(MESSAGE, user=ASKER)
    await chat.press(chat.buttons(await chat.send(raw))[Press.AGREE])
    result = await chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": raw["message"]["id"]}))
    (article,) = await articles(chat)
    assert result.outcome == "unsent"
    assert (article.status, article.text) == (Status.DELETED, None)
    assert await count(chat, ReplyRequest) == 0


async def test_unsending_leaves_what_another_person_asked_too(chat: Conversation) -> None:
    raw = make_event(MESSAGE, user=ASKER)
    await chat.press(chat.buttons(await chat.send(raw))[Press.AGREE])
    theirs = chat.buttons(await chat.say(MESSAGE, user=OUTSIDER))[Press.AGREE]
    await chat.press(theirs, user=OUTSIDER)
    await chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": raw["message"]["id"]}))
    (article,) = await articles(chat)
    assert (article.status, article.text, article.contributor) == (Status.NORMAL, MESSAGE, None)


async def test_unsending_another_message_changes_nothing(chat: Conversation) -> None:
    await chat.say(MESSAGE)
    await chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": "another"}))
    assert await kept(chat) == 1


# --- coming and going, and what is not text ---------------------------------------------------------------------


async def test_a_new_follower_is_welcomed_and_remembered(chat: Conversation) -> None:
    result = await chat.send(make_event(user=ASKER, type="follow", follow={"isUnblocked": False}))
    assert result.outcome == "welcomed"
    assert "您好，我是查明" in said(result)
    async with chat.services.database.reading() as session:
        (asker,) = await session.scalars(select(Asker).where(col(Asker.id) == PSEUDONYMS.of(ASKER)))
        assert (asker.line_user_id, asker.follows) == (ASKER, True)


async def test_whoever_blocks_the_bot_is_left_alone_until_they_come_back(chat: Conversation) -> None:
    follow = {"type": "follow", "follow": {"isUnblocked": True}}
    for fields, follows in ((follow, True), ({"type": "unfollow"}, False), (follow, True)):
        result = await chat.send(make_event(user=ASKER, **fields))
        assert bool(result.messages) is follows
        async with chat.services.database.reading() as session:
            asker = await session.get(Asker, PSEUDONYMS.of(ASKER))
            assert asker
            assert asker.follows is follows


@pytest.mark.parametrize(
    ("message", "outcome", "words"),
    [
        ({"type": "sticker", "id": "1", "packageId": "1", "stickerId": "1"}, "sticker", "謝謝您"),
        ({"type": "file", "id": "1"}, "cannot_read", "看不懂這種訊息"),
        ({"type": "location", "id": "1"}, "cannot_read", "看不懂這種訊息"),
        ({"type": "hologram", "id": "1"}, "cannot_read", "看不懂這種訊息"),
    ],
)
async def test_it_says_honestly_what_it_cannot_read(
    chat: Conversation, message: dict[str, str], outcome: str, words: str
) -> None:
    result = await chat.send(make_event(user=ASKER, message=message))
    assert result.outcome == outcome
    assert words in said(result)
    in_group = {"type": "group", "groupId": "C1", "userId": ASKER}
    assert (await chat.send(make_event(source=in_group, message=message))).messages == ()


async def test_events_of_unknown_kinds_are_ignored(chat: Conversation) -> None:
    result = await chat.send(make_event(user=ASKER, type="teleport"))
    assert (result.messages, result.outcome) == ((), "ignored")


def test_every_kind_of_event_that_is_told_apart_has_a_handler_or_is_unknown() -> None:
    assert len(HANDLERS) == 12
    assert set(READERS) <= {
        "message", "messageEdited", "postback", "follow", "unfollow", "join", "leave", "unsend", "memberJoined",
        "memberLeft",
    }  # fmt: skip


# --- groups -----------------------------------------------------------------------------------------------------

SELF = {"index": 0, "length": 3, "type": "user", "userId": "Ubot", "isSelf": True}
SOMEONE = {"index": 0, "length": 3, "type": "user", "userId": "Uother", "isSelf": False}


async def test_it_warns_a_group_of_a_sure_rumour(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.RUMOR)
    chat.will_find(make_match("article"))
    result = await chat.say_in_group(MESSAGE)
    assert result.outcome == "group_warned"
    assert len(result.messages) == 1
    assert "含有不實訊息" in said(result)


@pytest.mark.parametrize(
    ("verdicts", "match", "text"),
    [
        ((Verdict.NOT_RUMOR,), make_match("article"), MESSAGE),
        ((Verdict.OPINIONATED,), make_match("article"), MESSAGE),
        ((Verdict.NOT_ARTICLE,), make_match("article"), MESSAGE),
        ((Verdict.RUMOR, Verdict.NOT_RUMOR), make_match("article"), MESSAGE),
        ((), make_match("article"), MESSAGE),
        ((Verdict.RUMOR,), make_match("article", band=Band.CANDIDATE), MESSAGE),
        ((Verdict.RUMOR,), make_match("article", contradictions=[("不", "")]), MESSAGE),
        ((Verdict.RUMOR,), make_match("article"), "健保卡"),
        ((Verdict.RUMOR,), make_match("article"), "😀😀😀😀😀😀😀😀😀😀😀😀"),
    ],
)
async def test_a_group_hears_nothing_otherwise(chat: Conversation, verdicts, match, text: str) -> None:
    await add_article(chat, "article", *verdicts)
    chat.will_find(match)
    assert (await chat.say_in_group(text)).messages == ()
    assert await kept(chat) == 0


async def test_a_group_that_calls_is_answered_about_the_message_without_the_name(chat: Conversation) -> None:
    matcher = chat.will_find()
    result = await chat.say_in_group(f"@查明 {MESSAGE}", SELF)
    assert matcher.asked == [MESSAGE]
    assert result.outcome == "group_called"
    assert "一對一聊天室" in said(result)
    assert chat.buttons(result) == {}
    assert await kept(chat) == 0


async def test_a_group_that_calls_gets_candidates_as_links(chat: Conversation) -> None:
    await add_article(chat, "article", Verdict.NOT_RUMOR)
    chat.will_find(make_match("article", band=Band.CANDIDATE))
    result = await chat.say_in_group(f"@查明 {MESSAGE}", SELF)
    assert "https://chaming.example.tw/articles/article" in said(result)


async def test_a_group_that_calls_without_a_message_is_told_how(chat: Conversation) -> None:
    assert (await chat.say_in_group("@查明", SELF)).outcome == "called_without_text"


async def test_calling_somebody_else_is_not_calling_the_bot(chat: Conversation) -> None:
    assert (await chat.say_in_group(f"@小明 {MESSAGE}", SOMEONE)).messages == ()
    assert (await chat.say_in_group("@小明", SOMEONE)).messages == ()


async def test_it_introduces_itself_to_a_group_and_leaves_quietly(chat: Conversation) -> None:
    group = {"type": "group", "groupId": "C1"}
    assert "大家好，我是查明" in said(await chat.send(make_event(source=group, type="join")))
    assert (await chat.send(make_event(source=group, type="leave"))).messages == ()


async def test_presses_and_unsends_in_a_group_do_nothing(chat: Conversation) -> None:
    group = {"type": "group", "groupId": "C1", "userId": ASKER}
    data = chat.services.buttons.encode(Press.DECLINE)
    assert (await chat.send(make_event(source=group, type="postback", postback={"data": data}))).messages == ()
    await chat.say(MESSAGE)
    await chat.send(make_event(source=group, type="unsend", unsend={"messageId": "1"}))
    assert await kept(chat) == 1
