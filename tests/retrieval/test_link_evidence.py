"""A page or video that two messages share is a reason to offer the one for the other, never to answer."""

import pytest

from retrieval.link_evidence import MAX_ARTICLES, is_page
from retrieval.matcher import BlockingMatcher
from retrieval.types import Band, Match
from retrieval.urls import canonical_urls
from tests.retrieval.made import HashEncoder
from tests.retrieval.matching import make_calibration, make_index

VIDEO = "https://youtu.be/GdXY_jIJwcY"
CHECKED = f"衛福部即將以行政命令開放有條件捐血，請大家告訴大家 {VIDEO}"
OTHER_WORDS = "怎麼會有這種成天荼毒百姓的單位呢？看完影片再說 https://www.youtube.com/watch?v=GdXY_jIJwcY&t=5"


def match(text: str, **texts: str) -> list[Match]:
    return BlockingMatcher(make_index(**texts), HashEncoder().encode, make_calibration()).match(text)


def test_the_same_video_in_other_words_is_offered() -> None:
    best = match(OTHER_WORDS, blood=CHECKED)[0]
    assert (best.article_id, best.band) == ("blood", Band.CANDIDATE)
    assert best.signals["shared_link"] == 1.0


def test_what_the_words_answer_stays_answered_by_words() -> None:
    best = match(f"{CHECKED} 真的嗎", blood=CHECKED)[0]
    assert best.band is Band.ANSWER
    assert "shared_link" not in best.signals


@pytest.mark.parametrize(
    "link", ["https://goo.gl/mKq5t0", "https://bit.ly/2NEh0gh", "https://line.me/R/ti/p/%40bxd7099f"]
)
def test_a_short_link_or_an_invitation_says_nothing(link: str) -> None:
    found = match(f"星巴克週年慶，加入就送咖啡 {link}", oil=f"中油慶祝開幕，領取加油金四百元 {link}")
    assert all(one.band is Band.NOTHING for one in found)


def test_a_link_under_many_messages_is_a_signature() -> None:
    words = ("天氣", "股票", "旅遊", "食譜", "棒球", "電影", "貓咪", "汽車", "音樂", "考試")
    many = {f"a{n}": f"今天說說{word}，每天都有新內容 https://example.com/me" for n, word in enumerate(words)}
    found = match("完全不同的另外一件事情發生了 https://example.com/me", **many)
    assert len(many) > MAX_ARTICLES
    assert not any("shared_link" in one.signals for one in found)


@pytest.mark.parametrize(
    "link",
    [
        *("https://t.me/+AbC12", "https://wa.me/886912345678", "https://chat.whatsapp.com/AbC12"),
        *("https://maps.app.goo.gl/AbC12", "https://forms.gle/AbC12", "https://lihi.vip/AbC12"),
        *("https://reurl.cc/AbC12", "https://tinyurl.com/AbC12", "https://lin.ee/AbC12"),
    ],
)
def test_short_links_and_invitations_are_no_pages(link: str) -> None:
    assert not any(map(is_page, canonical_urls(link)))


def test_news_pages_are_pages() -> None:
    assert is_page("today.line.me/TW/article/ognEay")
    assert is_page("youtube.com/watch?v=1")
    assert not is_page("lin.ee/abc")
