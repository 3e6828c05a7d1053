"""Which articles a message matches, how sure that is, and that no text takes unbounded time."""

import time
from collections.abc import Sequence

import pytest

from retrieval.batching import BatchingEncoder
from retrieval.matcher import BlockingMatcher, Matcher
from retrieval.types import Band, Match
from tests.retrieval.made import HashEncoder
from tests.retrieval.matching import make_calibration, make_index

PERSIMMON = "柿子和優酪乳一起吃會中毒，有小孩因此喪命"
HOLIDAY = "行政院宣布中秋節連假再多放一天"
LINK = "https://example.com/news/1?utm_source=line"
BOUND_S = 2.0


def match(text: str, **articles: str) -> list[Match]:
    index = make_index(**(articles or {"persimmon": PERSIMMON, "holiday": HOLIDAY, "link": LINK}))
    return BlockingMatcher(index, HashEncoder().encode, make_calibration()).match(text)


def bands(matches: Sequence[Match]) -> dict[str, Band]:
    return {found.article_id: found.band for found in matches}


@pytest.mark.parametrize(
    "text",
    [
        PERSIMMON,
        "【緊急】" + PERSIMMON + "🙏🙏",
        "柿子和优酪乳一起吃会中毒，有小孩因此丧命",
        "大家早安！" + PERSIMMON + "請轉發給親朋好友",
    ],
)
def test_it_answers_the_same_message_however_it_comes(text: str) -> None:
    best = match(text)[0]
    assert best.article_id == "persimmon"
    assert best.band == Band.ANSWER


def test_it_marks_what_is_the_same_word_for_word() -> None:
    assert match("👉 " + PERSIMMON)[0].signals["exact"] == 1


def test_it_says_nothing_about_what_it_does_not_know() -> None:
    assert set(bands(match("明天早上六點開始停水")).values()) <= {Band.NOTHING}


def test_it_never_answers_with_a_contradicted_article() -> None:
    best = match("柿子和螃蟹一起吃會中毒，有小孩因此喪命")[0]
    assert best.article_id == "persimmon"
    assert best.band == Band.CANDIDATE
    assert best.contradictions == (("螃蟹", "優酪乳"),)


def test_it_puts_the_true_claim_before_a_contradicted_one() -> None:
    matches = match("柿子和螃蟹一起吃會中毒", yogurt="柿子和優酪乳一起吃會中毒", crab="聽說柿子和螃蟹一起吃就會中毒")
    assert [found.article_id for found in matches][:2] == ["crab", "yogurt"]


def test_it_does_not_answer_with_what_shares_less_than_a_contradicted_article() -> None:
    offer = "饗食天堂週年慶史上最優惠，{}人同行1人免費，請儘速上網登記"
    matches = match(offer.format(7), copy=offer.format(4), story="饗食天堂週年慶史上最優惠，請儘速上網登記，同行免費")
    assert bands(matches) == {"copy": Band.CANDIDATE, "story": Band.CANDIDATE}
    assert {found.article_id for found in matches if found.contradictions} == {"copy"}


def test_it_only_suggests_for_a_very_short_message() -> None:
    assert bands(match("柿子中毒", short="柿子中毒"))["short"] == Band.CANDIDATE


def test_it_knows_a_bare_link_whoever_shared_it() -> None:
    matches = match("https://www.example.com/news/1#top")
    assert bands(matches) == {"link": Band.ANSWER}


def test_it_finds_both_claims_of_two_messages_pasted_together() -> None:
    filler = "今天天氣很好我們去公園散步看到很多花。" * 12
    found = bands(match(f"{PERSIMMON}\n\n{filler}\n\n{HOLIDAY}"))
    assert found["persimmon"] == found["holiday"] == Band.ANSWER


def test_it_gives_each_article_once_best_first() -> None:
    matches = match("柿子中毒", **{f"a{i}": "柿子中毒" + "了" * i for i in range(30)})
    assert len({found.article_id for found in matches}) == len(matches) == 10
    assert [found.probability for found in matches] == sorted((found.probability for found in matches), reverse=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "柿",
        "👍",
        "👨‍👩‍👧‍👦" * 300,
        "\x00\x01\x02\x7f\x85",
        "\u202e\u2066\u200f" * 100 + "毒中會",
        "\ud800\udfff",
        "柿" * 5000,
        "柿子和優酪乳一起吃會中毒。" * 400,
        "請轉發" * 1600,
        " ".join(f"https://example.com/{i}" for i in range(100)),
        "1234567890" * 500,
        "a b " * 1250,
        "กินน้ำร้อน" * 500,
        "Z̷̢͎͠a̶l̵g̸o̵" * 300,
    ],
)
def test_it_takes_any_text_in_bounded_time(text: str) -> None:
    start = time.process_time()
    matches = match(text)
    assert time.process_time() - start < BOUND_S
    assert all(found.band != Band.ANSWER for found in matches if found.article_id != "persimmon")


async def test_it_does_the_same_without_blocking_the_loop() -> None:
    index = make_index(persimmon=PERSIMMON, holiday=HOLIDAY)
    encoder = BatchingEncoder(HashEncoder().encode)
    matcher = Matcher(index, encoder.encode, make_calibration())
    try:
        for text in (PERSIMMON, "柿子和螃蟹一起吃會中毒", "柿子會中毒", "", "明天停水"):
            blocking = BlockingMatcher(index, HashEncoder().encode, make_calibration())
            assert await matcher.match(text) == blocking.match(text)
    finally:
        matcher.close()
        encoder.close()


async def test_it_finds_the_same_words_without_the_encoder() -> None:
    encoder = HashEncoder()
    batching = BatchingEncoder(encoder.encode)
    matcher = Matcher(make_index(persimmon=PERSIMMON, short="柿子中毒"), batching.encode, make_calibration())
    already = len(encoder.encoded)
    try:
        assert bands(matcher.match_words("👉 " + PERSIMMON + "🙏")) == {"persimmon": Band.ANSWER}
        assert bands(matcher.match_words("柿子中毒！")) == {"short": Band.CANDIDATE}
        assert matcher.match_words("柿子和螃蟹一起吃會中毒") == matcher.match_words("👍") == []
        assert len(encoder.encoded) == already
    finally:
        matcher.close()
        batching.close()


async def test_it_encodes_each_passage_once_and_nothing_else() -> None:
    encoder = HashEncoder()
    batching = BatchingEncoder(encoder.encode)
    matcher = Matcher(make_index(persimmon=PERSIMMON), batching.encode, make_calibration())
    question = "柿子和優酪乳不能一起吃，會中毒"
    try:
        await matcher.match(question)
        assert encoder.encoded == [question]
    finally:
        matcher.close()
        batching.close()
