"""The press on "why this one?": what was found is told from what is still there, and to nobody else."""

from typing import Any

import pytest

from bot.bubbles.why import why_action
from bot.buttons import Press
from bot.handlers.looking_up import to_view
from bot.labels import Reason, how_sure, why_found
from bot.outcome import HandlerResult
from bot.wording import DEFAULT_LANGUAGE, load_wordings
from retrieval.normalise import key_hash
from retrieval.types import Band, EntryKind
from storage.tables import Article, ArticleReply, Hyperlink, Reply, ReplyState, Status, Verdict
from tests.bot.conversation import OUTSIDER, Conversation, said
from tests.bot.fakes import make_event
from tests.bot.makers import make_match

CHECKED = "菌類不能和茄子一起吃，會產生毒素，台大醫院已經死掉七個人，請小心！"
SENT = "聽說香菇跟茄子一起吃會產生毒素，台大醫院已經死掉七個人"
WORDS = load_wordings()[DEFAULT_LANGUAGE]
ERASED = WORDS("Your message is no longer kept here, so I cannot show which of its words matched.")
BY_MEANING = WORDS("They have no telling words in common. I compared what they mean, which is less sure.")


async def add_checked(chat: Conversation, text: str = CHECKED, **fields: Any) -> None:
    async with chat.services.database.transaction() as session:
        session.add(Article(id="article", text=text, matching_key_hash=key_hash(text), **fields))
        session.add(Reply(id="reply", verdict=Verdict.RUMOR, text="茄子和菇類可以一起吃，毒物科醫師說不會中毒。"))
        await session.flush()
        session.add(ArticleReply(article_id="article", reply_id="reply", state=ReplyState.VERIFIED))
        session.add(Hyperlink(article_id="article", url="https://example.com/a", title="菇類加茄子會中毒？"))


async def ask_why(chat: Conversation, text: str, **match: Any) -> HandlerResult:
    chat.will_find(make_match("article", **match))
    return await chat.press(chat.buttons(await chat.say(text))[Press.WHY])


def underlined(part: Any) -> list[str]:
    """What is marked as said by both, in order."""
    if isinstance(part, dict):
        own = [part["text"]] if part.get("decoration") == "underline" else []
        return own + [text for value in part.values() for text in underlined(value)]
    return [text for inner in part for text in underlined(inner)] if isinstance(part, list | tuple) else []


async def test_it_shows_both_passages_with_the_words_they_share(chat: Conversation) -> None:
    await add_checked(chat)
    why = await ask_why(chat, SENT, signals={"cover_q": 0.81, "cover_e": 0.6})
    assert why.outcome == "explained"
    assert len(why.messages) == 1
    assert {"茄子一起吃", "會產生毒素", "台大醫院已經死掉七個人"} <= set(underlined(why.messages))
    assert SENT in said(why)
    assert CHECKED in said(why)
    told = "About {mine}% of your words are in it, and {theirs}% of its words in yours; rare words count more."
    assert WORDS(told, mine=81, theirs=60) in said(why)
    assert WORDS("Only in yours: {words}", words="聽說香菇") in said(why)


async def test_a_candidate_is_explained_too_and_says_what_differs(chat: Conversation) -> None:
    await add_checked(chat)
    sent = CHECKED.replace("茄子", "菠菜").replace("七個人", "三個人")
    why = await ask_why(chat, sent, band=Band.CANDIDATE, contradictions=(("菠菜", "茄子"),))
    assert "您的是「菠菜」，這則是「茄子」" in said(why)
    assert how_sure(WORDS, 0.97) not in said(why)


@pytest.mark.parametrize(
    ("kind", "heading", "passage"),
    [
        (EntryKind.TITLE, "The title of a page it links to", "菇類加茄子會中毒？"),
        (EntryKind.REPLY, "What the fact-check says", "毒物科醫師說不會中毒"),
    ],
)
async def test_it_shows_the_text_that_the_match_rests_on(
    chat: Conversation, kind: EntryKind, heading: str, passage: str
) -> None:
    await add_checked(chat)
    why = said(await ask_why(chat, SENT, kind=kind))
    assert WORDS(heading) in why
    assert passage in why


async def test_a_match_by_meaning_alone_says_that_it_is_less_sure(chat: Conversation) -> None:
    await add_checked(chat)
    shares = {"dense": 0.9, "cover_q": 0.0, "cover_e": 0.0}
    for signals in (shares, {"meaning": 0.4}):
        why = await ask_why(chat, "Do not eat mushrooms with eggplant!", signals=signals)
        assert why_found(WORDS, Reason.LIKE_MEANING) in said(why)
        assert BY_MEANING in said(why)
        assert underlined(why.messages) == []


async def test_a_match_by_link_shows_the_link(chat: Conversation) -> None:
    await add_checked(chat, f"{CHECKED} https://www.example.com/story?utm_source=line")
    why = await ask_why(chat, "https://example.com/story", signals={"same_link": 1.0})
    assert WORDS("The link that both have: {link}", link="example.com/story") in said(why)


async def test_the_same_words_need_no_comparison(chat: Conversation) -> None:
    await add_checked(chat)
    why = await ask_why(chat, CHECKED, signals={"exact": 1.0})
    assert CHECKED in said(why)
    assert ERASED not in said(why)


async def test_an_unsent_message_is_not_shown_again(chat: Conversation) -> None:
    await add_checked(chat)
    chat.will_find(make_match("article", signals={"cover_q": 0.5, "cover_e": 0.5}))
    event = make_event(SENT, user="Ua" + "0" * 31)
    why = chat.buttons(await chat.send(event))[Press.WHY]
    await chat.send(make_event(user="Ua" + "0" * 31, type="unsend", unsend={"messageId": event["message"]["id"]}))
    told = said(await chat.press(why))
    assert "香菇" not in told
    assert ERASED in told
    assert CHECKED in told


async def test_nobody_else_is_shown_the_message_or_its_scores(chat: Conversation) -> None:
    await add_checked(chat)
    chat.will_find(make_match("article", signals={"cover_q": 0.81, "cover_e": 0.6}))
    why = chat.buttons(await chat.say(SENT))[Press.WHY]
    told = said(await chat.press(why, user=OUTSIDER))
    assert "香菇" not in told
    assert "81%" not in told


async def test_a_message_taken_down_since_is_not_shown(chat: Conversation) -> None:
    await add_checked(chat)
    chat.will_find(make_match("article"))
    why = chat.buttons(await chat.say(SENT))[Press.WHY]
    async with chat.services.database.transaction() as session:
        article = await session.get(Article, "article")
        assert article
        article.status = Status.DELETED
    told = await chat.press(why)
    assert told.outcome == "explained"
    assert "菌類" not in said(told)


async def test_the_button_fits_however_many_messages_are_one(chat: Conversation) -> None:
    view = to_view(chat.services)
    for article_id in ("a" * 20, "a" * 120):
        events = ",".join(["01FZ74A0TDDPYRVKNK77XKC3ZR"] * 5)
        action = why_action(view, make_match(article_id), events)
        read = chat.services.buttons.decode(action["data"])
        assert read is not None
        assert read.article_id == article_id
        assert read.event_id == (events if len(article_id) == 20 else None)
