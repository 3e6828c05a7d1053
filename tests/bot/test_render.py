"""Every message the bot can send: LINE takes it, a person can read it, and nothing in it breaks the limits."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.bubbles import notes
from bot.bubbles.answer import article_messages, more_replies
from bot.bubbles.consent import MAX_IN_BUBBLE, consent_messages, waiting_messages
from bot.bubbles.feedback import thanks_for_reason, voted
from bot.bubbles.group import group_messages
from bot.bubbles.guide import welcome_messages
from bot.bubbles.menu import (
    confirm_forgetting,
    data_messages,
    forgotten,
    help_messages,
    how_to_remark,
    language_messages,
    questions_messages,
    set_messages,
    settings_messages,
)
from bot.bubbles.notice import News, muted, notice_messages, unmuted
from bot.bubbles.reply import CALM, CAUTION
from bot.bubbles.talk import nothing_asked_about, small_talk, too_short
from bot.bubbles.view import MAX_BUBBLE_BYTES, MAX_CAROUSEL_BYTES, View
from bot.bubbles.why import Why, why_messages
from bot.buttons import Buttons, Press, Vote
from bot.decide import Answer, Candidate, Candidates, NoMatch, best_replies
from bot.drafts import draft_of
from bot.fit import ELLIPSIS, clean, json_bytes, units
from bot.flex import INK, LINK, MAX_ALT_TEXT, PAPER, QUIET, QUOTE, Part
from bot.labels import COFACTS, MAX_NAME, VERDICTS, Reason, to_reason
from bot.menu import MenuItem
from bot.outcome import MAX_MESSAGES
from bot.pseudonyms import Pseudonyms
from bot.render import render
from bot.small_talk import SmallTalk
from bot.wording import load_wordings
from moderation.intake import RequestReceipt
from retrieval.explain import explain
from retrieval.types import Band, EntryKind
from scripts.simulator.validator import message_problems
from storage.articles import ArticleSummary
from storage.questions import Progress, Question
from storage.statistics import Waiting
from storage.tables import Asker, NoticeKind, ReplyState, Verdict, utc_now
from tests.bot.makers import CHECKED_AT, make_article, make_match, make_reply

BUTTONS = Buttons("a secret for tests")
PSEUDONYMS = Pseudonyms("a secret for tests")
WORDINGS = load_wordings()
VIEWS = [
    View(words, BUTTONS, "https://chaming.example.tw", large, PSEUDONYMS)
    for words in WORDINGS.values()
    for large in (False, True)
]
ZH = VIEWS[0]
EVENT_ID = "01FZ74A0TDDPYRVKNK77XKC3ZR"
FAMILY = "👨‍👩‍👧‍👦"
PIECES = st.sampled_from(
    [FAMILY, "🇹🇼", "查證", "a\n", "é", '"\\', "<b>", "{x}", "\u202e", "\x00", "https://a.tw/?x=<y>\n", " "]
)
HOSTILE = st.lists(PIECES, max_size=40).map(lambda pieces: "".join(pieces * 60)) | st.text(max_size=60)
in_every_language = pytest.mark.parametrize("view", VIEWS, ids=[view.words.language for view in VIEWS])


def candidate(article: ArticleSummary, **match: Any) -> Candidate:
    return Candidate(make_match(article.article_id, **match), article, best_replies(article))


def answered(*replies: Any, **fields: Any) -> ArticleSummary:
    return make_article("article", *(replies or (make_reply(),)), **fields)


def everything(view: View, article: ArticleSummary, shown: str) -> Iterator[tuple[Part, ...]]:
    """Each kind of message that shows something from outside."""
    one = candidate(article)
    other = candidate(article, contradictions=[(shown[:500], "3.5%"), ("不", "")], kind=EntryKind.REPLY)
    yield render(view, Answer(one), shown, EVENT_ID)
    yield render(view, Candidates((one, other) * 4), shown, EVENT_ID)
    yield render(view, Candidates((other,), article), shown, EVENT_ID)
    yield render(view, NoMatch(), shown, EVENT_ID)
    yield render(view, NoMatch(article), shown, EVENT_ID)
    yield article_messages(view, article, one.replies)
    yield more_replies(view, article, one.replies * 12, 0)
    yield group_messages(view, Answer(one))
    yield group_messages(view, Candidates((one, other)))
    yield group_messages(view, NoMatch())
    yield waiting_messages(view, article, EVENT_ID)
    yield render(view, Answer(one), shown, EVENT_ID, is_new_wording=True)
    personal = draft_of(f"{shown}\n王小明先生 0912345678 {'0987-654-321 ' * 9}")
    yield consent_messages(view, personal, EVENT_ID)
    yield consent_messages(view, draft_of(shown, 1), EVENT_ID, wording_of=article.article_id)
    asked = [Question(article.article_id, shown, utc_now(), progress) for progress in Progress]
    yield questions_messages(view, (asked * 2)[:10])
    yield notes.asked_before(view, article.article_id, asked[0])
    for kind in NoticeKind:
        for before in (None, *Verdict):
            yield notice_messages(view, [News(kind, article, shown, before)] * 10)
        yield notice_messages(view, [News(kind, dataclasses.replace(article, replies=()), shown)])


def plain(view: View) -> Iterator[tuple[Part, ...]]:
    """Each kind of message that says something of our own."""
    yield welcome_messages(view)
    yield help_messages(view)
    yield language_messages(view)
    yield settings_messages(view, None)
    yield set_messages(view, Asker(id="asker", large_text=True, wants_notices=False, language="ja"))
    yield data_messages(view, "https://chaming.example.tw/my-data/" + "x" * 200)
    yield confirm_forgetting(view)
    yield forgotten(view)
    yield questions_messages(view, [])
    yield from (how_to_remark(view, item) for item in (MenuItem.WHY, MenuItem.COMMENT))
    yield from (notes.taken_back(view, was_there) for was_there in (True, False))
    yield notes.receipt(view, RequestReceipt("article", 4, True), Waiting(100, 7200, 9000))
    yield notes.cannot_read(view)
    yield from (why_messages(view, why) for why in reasons())
    yield notes.receipt(view, RequestReceipt("article", 1, True))
    yield notes.receipt(view, RequestReceipt("article", 4, False))
    yield from (voted(view, vote, "article", "reply") for vote in Vote)
    yield thanks_for_reason(view, "article", "reply")
    yield from (small_talk(view, talk) for talk in SmallTalk)
    yield from (nothing_asked_about(view, "event", quotes=quotes, has_similar=quotes) for quotes in (False, True))
    yield too_short(view, "event")
    yield from (muted(view, article_id) for article_id in ("article", None))
    for note in (
        notes.nothing_to_read, notes.expired, notes.withdrawn, notes.declined,
        notes.cannot_publish, notes.wrong_match, notes.wrong_match_unknown, unmuted, notes.sticker, notes.hello_group,
        notes.how_to_ask_in_group, notes.noted, notes.nothing_to_note, notes.wording_kept, notes.wording_not_kept,
        notes.too_many_questions, notes.too_late_to_take_back,
    ):  # fmt: skip
        yield note(view)


def reasons() -> Iterator[Why]:
    """Every reason bare, with all that can be known, and with the longest passages there can be."""
    long = "word0 字 " * 3000
    found = explain("喝熱水可以殺死病毒，請轉發給家人，每天三杯", ["喝冷水可以殺死病毒，請轉發給家人，每天五杯"])
    signals = {"cover_q": 0.7, "cover_e": 0.4, "picture": 0.97, "sound": 0.9}
    for reason in Reason:
        yield Why(reason, 0.9)
        yield Why(reason, 0.9, signals, found, "喝熱水", "example.com/" + "x" * 2000)
        yield Why(reason, 0.9, signals | {"exact": 1.0}, None, long)
    yield Why(Reason.LIKE_REPLY, 1.0, signals, explain(long, [long.replace("字", "詞")]), long)


def check(messages: Sequence[Mapping[str, Any]]) -> None:
    """LINE takes these messages in one call, with room to spare however it counts bytes."""
    assert 1 <= len(messages) <= MAX_MESSAGES
    for message in messages:
        assert message_problems(message) == []
        if message["type"] == "flex":
            assert units(message["altText"]) <= MAX_ALT_TEXT
            contents = message["contents"]
            assert json_bytes(contents) <= (MAX_CAROUSEL_BYTES if contents["type"] == "carousel" else MAX_BUBBLE_BYTES)
            for bubble in contents["contents"] if contents["type"] == "carousel" else [contents]:
                assert json_bytes(bubble) <= MAX_BUBBLE_BYTES


def walk(part: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, Mapping):
        yield part
        part = list(part.values())
    if isinstance(part, list | tuple):
        for inner in part:
            yield from walk(inner)


def texts(messages: Any) -> list[str]:
    return [part["text"] for part in walk(messages) if isinstance(part.get("text"), str)]


def actions(messages: Any) -> list[Mapping[str, Any]]:
    return [part for part in walk(messages) if part.get("type") in {"postback", "uri"}]


def presses(messages: Any) -> list[Press]:
    decoded = [BUTTONS.decode(action["data"]) for action in actions(messages) if action["type"] == "postback"]
    assert None not in decoded
    return [action.press for action in decoded if action]


@in_every_language
def test_line_takes_every_message(view: View) -> None:
    replies = [make_reply(str(n), verdict, source=COFACTS) for n, verdict in enumerate(Verdict)]
    for messages in [*everything(view, answered(*replies), "一則訊息"), *plain(view)]:
        check(messages)


@in_every_language
def test_no_label_of_ours_is_too_long_for_its_button(view: View) -> None:
    article = answered(*(make_reply(str(n)) for n in range(99)))
    for messages in [*everything(view, article, "一則訊息"), *plain(view)]:
        assert [action["label"] for action in actions(messages) if ELLIPSIS in action["label"]] == []


@pytest.mark.slow
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(text=HOSTILE, reply=HOSTILE, reference=HOSTILE, contributor=HOSTILE, shown=HOSTILE)
def test_line_takes_whatever_people_write(text: str, reply: str, reference: str, contributor: str, shown: str) -> None:
    written = make_reply(text=reply, reference=reference, contributor=contributor[:40])
    disliked = dataclasses.replace(
        written, reply_id="other", verdict=Verdict.NOT_RUMOR, source="else" + contributor[:9]
    )
    for messages in everything(ZH, answered(written, disliked, text=text), clean(shown) or "x"):
        check(messages)


@pytest.mark.slow
@pytest.mark.parametrize("filler", [FAMILY, "字", "a", "\n", '"', "\U00020bb7", "กิ่"])
@pytest.mark.parametrize("length", [1999, 2000, 2001, 5000, 30_000])
def test_the_longest_replies_fit(filler: str, length: int) -> None:
    long = "開頭" + filler * length + "結尾"
    article = answered(*(make_reply(str(n), text=long, reference=long) for n in range(12)), text=long)
    check(article_messages(ZH, article, article.replies))
    check(more_replies(ZH, article, article.replies, 0))
    check(render(ZH, Answer(candidate(article)), "x", EVENT_ID))


def test_a_long_reply_is_cut_and_says_so_and_leads_to_the_whole() -> None:
    messages = render(ZH, Answer(candidate(answered(make_reply(text=FAMILY * 2000)))), "x", EVENT_ID)
    shown = next(text for text in texts(messages) if text.startswith(FAMILY))
    assert shown.removesuffix(ELLIPSIS) == FAMILY * (len(shown) // len(FAMILY))
    assert ZH.words("This is the beginning. The whole text is on the page below.") in texts(messages)
    assert "https://chaming.example.tw/articles/article" in [action.get("uri") for action in actions(messages)]


def test_a_reply_that_fits_is_shown_whole() -> None:
    reply = "查證" * 900
    messages = render(ZH, Answer(candidate(answered(make_reply(text=reply)))), "x", EVENT_ID)
    assert reply in texts(messages)
    assert ZH.words("This is the beginning. The whole text is on the page below.") not in texts(messages)


@in_every_language
def test_an_answer_says_everything_it_must(view: View) -> None:
    reply = make_reply(source=COFACTS, state=ReplyState.IMPORTED, contributor="67c190169c")
    messages = render(view, Answer(candidate(answered(reply))), "x", EVENT_ID)
    said = "\n".join(texts(messages))
    for must in (
        view.words(VERDICTS[Verdict.RUMOR].label),
        "喝熱水可以殺死病毒",
        reply.text,
        "mohw.gov.tw",
        "97",
        view.words("The words are much like those of your message."),
        view.words.date(CHECKED_AT),
        PSEUDONYMS.of_writer("67c190169c", CHECKED_AT)[:MAX_NAME],
        "Cofacts 真的假的",
        "CC0",
    ):
        assert must in said
    assert "67c190" not in said
    assert presses(messages) == [Press.VOTE, Press.VOTE, Press.WHY, Press.NONE_OF_THESE]
    assert messages[0]["altText"].index(view.words(VERDICTS[Verdict.RUMOR].label)) < messages[0]["altText"].index(
        "這是謠言"
    )


def test_a_certain_match_is_never_told_as_certainty() -> None:
    messages = render(ZH, Answer(candidate(answered(), probability=1.0)), "x", EVENT_ID)
    assert ZH.words("Likely the same message: about {percent}%", percent=99) in texts(messages)


@pytest.mark.parametrize(
    ("state", "label", "ground"),
    [
        (ReplyState.VERIFIED, "已由多位志工確認", CALM),
        (ReplyState.PROVISIONAL, "初步查核，尚待更多人確認", CAUTION),
        (ReplyState.IMPORTED, "來自公開的查證資料", CALM),
    ],
)
def test_a_reply_says_how_far_it_was_confirmed(state: ReplyState, label: str, ground: str) -> None:
    messages = render(ZH, Answer(candidate(answered(make_reply(state=state)))), "x", EVENT_ID)
    notes_on_ground = [part for part in walk(messages) if part.get("backgroundColor") == ground]
    assert label in texts(notes_on_ground)
    assert ("初步查核" in messages[0]["altText"]) is (state == ReplyState.PROVISIONAL)


def test_the_other_replies_are_reached_step_by_step() -> None:
    article = answered(*(make_reply(f"{n:02}") for n in range(23)))
    replies = best_replies(article)
    first = render(ZH, Answer(candidate(article)), "x", EVENT_ID)
    seen, offset, messages = 1, 1, first
    while Press.MORE_REPLIES in presses(messages):
        (action,) = [a for a in map(decode, postbacks(messages)) if a.press == Press.MORE_REPLIES]
        assert action.offset == offset
        messages = more_replies(ZH, article, replies, action.offset)
        shown = messages[-1]["contents"]
        seen += len(shown["contents"]) if shown["type"] == "carousel" else 1
        offset = seen
    assert seen == len(replies)


def decode(data: str) -> Any:
    return BUTTONS.decode(data)


def postbacks(messages: Any) -> list[str]:
    return [action["data"] for action in actions(messages) if action["type"] == "postback"]


def test_replies_that_disagree_are_shown_side_by_side() -> None:
    article = answered(make_reply("a", Verdict.RUMOR), make_reply("b", Verdict.NOT_RUMOR))
    messages = article_messages(ZH, article, best_replies(article))
    assert "看法不太一樣" in messages[0]["text"]
    assert len(messages[1]["contents"]["contents"]) == 2


def test_candidates_ask_and_can_be_refused() -> None:
    likely = candidate(answered(), band=Band.CANDIDATE)
    other = candidate(answered(), contradictions=[("35%", "3.5%")])
    messages = render(ZH, Candidates((likely, other), make_article("waiting")), "x", EVENT_ID)
    asked = [Press.CHOOSE, Press.WHY]
    assert presses(messages) == [*asked, *asked, Press.NONE_OF_THESE, Press.NONE_OF_THESE]
    none = decode(postbacks(messages)[-1])
    assert (none.event_id, none.article_id) == (EVENT_ID, "waiting")
    said = texts(messages)
    assert "您的是「35%」，這則是「3.5%」" in said
    assert ZH.words("Similar, but it says something else") in said
    assert not any(ZH.words(look.label) in said for look in VERDICTS.values())  # no verdict before it is chosen


def test_only_contradicted_candidates_are_never_called_likely() -> None:
    other = candidate(answered(), contradictions=[("會", "不會")])
    messages = render(ZH, Candidates((other,)), "x", EVENT_ID)
    assert "不一樣" in messages[0]["text"]
    assert ZH.words("This is the one") not in [action["label"] for action in actions(messages)]


@pytest.mark.parametrize("length", [1, MAX_IN_BUBBLE, MAX_IN_BUBBLE + 1, 9_999])
def test_the_asker_sees_exactly_what_would_be_public(length: int) -> None:
    shown = "字" * length
    messages = consent_messages(ZH, draft_of(shown), EVENT_ID)
    check(messages)
    assert presses(messages) == [Press.AGREE, Press.DECLINE]
    assert all(decode(data).event_id == EVENT_ID for data in postbacks(messages))
    if length <= MAX_IN_BUBBLE:
        assert shown in texts(messages)
    else:
        assert "".join(message["text"] for message in messages[:-1]) == shown


def test_what_cannot_be_shown_whole_cannot_be_published() -> None:
    messages = consent_messages(ZH, draft_of("字" * 20_000), EVENT_ID)
    check(messages)
    assert presses(messages) == []


def test_a_group_gets_two_lines_and_a_link() -> None:
    long = answered(make_reply(text="長" * 500))
    (message,) = group_messages(ZH, Answer(candidate(long)))
    lines = message["text"].split("\n")
    assert len(lines) == 3
    assert lines[0] == "✕ 這則訊息有志工查證過：含有不實訊息"
    assert lines[2] == "https://chaming.example.tw/articles/article"
    assert units(message["text"]) < 200


@in_every_language
def test_sharing_opens_line_with_a_kind_text(view: View) -> None:
    address = view.share_uri("article", Verdict.RUMOR)
    assert address.startswith("https://line.me/R/share?text=")
    assert len(address) <= 1000
    assert len(view.share_uri("x" * 300, Verdict.RUMOR)) <= 1000


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [*((PAPER, look.colour) for look in VERDICTS.values())]
    + [(INK, ground) for ground in (PAPER, QUOTE, CALM, CAUTION)]
    + [(QUIET, PAPER), (LINK, PAPER)],
)
def test_every_text_stands_out_from_its_ground(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 4.5  # WCAG 2.1 AA


def test_verdicts_are_told_by_words_and_sign_and_not_by_colour_alone() -> None:
    assert len({look.label for look in VERDICTS.values()}) == len(Verdict)
    assert len({look.sign for look in VERDICTS.values()}) == len(Verdict)
    assert len({look.colour for look in VERDICTS.values()}) == len(Verdict)


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        (make_match(signals={"exact": 1.0}), Reason.SAME_WORDS),
        (make_match(signals={"exact": 1.0}, kind=EntryKind.VARIANT), Reason.SAME_WORDS),
        (make_match(signals={"exact": 1.0}, kind=EntryKind.TITLE), Reason.LIKE_TITLE),
        (make_match(signals={"same_link": 1.0}), Reason.SAME_LINK),
        (make_match(signals={"dense": 0.99}, kind=EntryKind.REPLY), Reason.LIKE_REPLY),
    ],
)
def test_it_says_what_a_match_rests_on(match: Any, reason: Reason) -> None:
    assert to_reason(match) == reason
