"""What a reader is shown of a match: the passages, the words both have, and the words only one has."""

import time

import pytest

from retrieval.explain import explain, shared_links

CHECKED = "菌類不能和茄子一起吃，會產生毒素，台大醫院已經死掉七個人，這是一位當醫生的朋友發出的訊息，請小心！"
STORY = "昨天我和家人去市場買菜，天氣很好，遇到了很多老朋友，大家聊得很開心。" * 6


def marked(pieces: tuple[tuple[str, bool], ...]) -> list[str]:
    return [text for text, shared in pieces if shared]


def test_it_shows_the_words_both_have_as_each_writes_them() -> None:
    found = explain("千万不要把蘑菇跟茄子一起吃，会产生毒素，台大医院已经有七个人因此死了。", [CHECKED])
    assert {"茄子一起吃", "会产生毒素", "台大医院已经", "七个人"} == set(found.shared)
    assert {"茄子一起吃", "會產生毒素", "台大醫院已經", "七個人"} == set(marked(found.entry.pieces))
    assert "千万不要把蘑菇" in found.only_message
    assert "今年" not in found.shared


def test_the_pieces_are_the_passage_to_the_letter() -> None:
    found = explain("吃柿子或者香蕉的时候喝优酪乳会中毒吗？", ["「吃柿子、香蕉喝優酪乳會中毒」 營養師：秋天謠言又發作"])
    assert found.message.text == "吃柿子或者香蕉的时候喝优酪乳会中毒吗？"
    assert found.entry.text == "「吃柿子、香蕉喝優酪乳會中毒」 營養師：秋天謠言又發作"


def test_it_names_the_words_that_make_it_another_claim() -> None:
    found = explain("菌類不能和菠菜一起吃，會產生毒素，台大醫院已經死掉三個人，請小心！", [CHECKED])
    assert ("菠菜", "茄子") in found.contradictions
    assert {"菠菜", "三個人"} <= set(found.only_message)
    assert {"茄子", "七個人"} <= set(found.only_entry)


def test_of_a_long_message_it_shows_the_passage_that_matched() -> None:
    found = explain(STORY + CHECKED + STORY, [CHECKED])
    assert "茄子一起吃" in found.message.text
    assert len(found.message.text) < 200
    assert found.message.text.startswith("…")
    assert found.message.text.endswith("…")


def test_of_several_texts_it_takes_the_one_that_shares_most() -> None:
    assert "茄子" in explain("茄子和菌類一起吃會中毒", ["完全無關的一句話", CHECKED]).entry.text


def test_words_of_an_alphabet_are_whole_words() -> None:
    found = explain(
        "Russia will buy Bitcoin worth billions next month",
        ["Russia to Buy Billions of Dollars Worth in BTC Next Month"],
    )
    assert {"buy", "billions", "worth", "next month"} <= set(found.shared)
    assert "Bitcoin" in found.only_message
    assert "Dollars" in found.only_entry


@pytest.mark.parametrize("emoji", ["❤️", "☀️", "⚠️", "1️⃣", "👍🏽", "👨‍👩‍👧"])
def test_an_emoji_is_no_word(emoji: str) -> None:
    found = explain(f"{emoji} 茄子和菌類一起吃會中毒{emoji}", [f"{emoji}{emoji} 下雨天不要開車出門 {emoji}"])
    assert all(any(map(str.isalnum, word)) for word in found.shared)
    assert not any("\ufe0f" in word for word in (*found.shared, *found.only_message, *found.only_entry))


def test_a_letter_and_its_accent_are_one_word() -> None:
    assert "nước chanh" in explain("Uống nước chanh mỗi ngày", ["Nước chanh chữa bệnh"]).shared


def test_what_every_text_has_is_no_reason() -> None:
    found = explain("因為大家都可以這樣，我們沒有不要", ["我們大家沒有可以，因為不要這樣"])
    assert found.shared == ()
    assert found.only_message == ()


def test_a_message_in_another_language_shares_no_word_and_shows_both_beginnings() -> None:
    found = explain("Do not eat mushrooms together with eggplant", [CHECKED])
    assert found.shared == found.only_message == found.only_entry == ()
    assert found.message.text.startswith("Do not eat")
    assert found.entry.text.startswith("菌類不能")


def test_the_same_words_are_all_marked() -> None:
    found = explain(CHECKED, [CHECKED])
    assert found.only_message == found.only_entry == ()
    assert "菌類不能和茄子一起吃" in found.shared


@pytest.mark.parametrize(
    ("message", "entry"),
    [
        ("", CHECKED),
        ("😀👍🏻", CHECKED),
        (CHECKED, "😀"),
        ("吃" * 20_000, "吃" * 20_000),
        ("吃。" * 5_000, "吃!" * 5_000),
        ("a " * 5_000, "a, " * 5_000),
        ("\u202e\u2066\x00\x07" * 2_000 + CHECKED, CHECKED),
        ("http://example.com/" * 500, CHECKED),
        ("\ud800" + CHECKED, CHECKED),
    ],
)
def test_any_text_is_taken_in_bounded_time(message: str, entry: str) -> None:
    began = time.process_time()
    found = explain(message, [entry])
    assert time.process_time() - began < 2
    assert len(found.message.text) <= 250
    assert len(found.entry.text) <= 250


def test_links_are_the_same_whatever_tracks_them() -> None:
    message = "看這個 https://www.example.com/a/?utm_source=line#top 和 https://example.com/b"
    assert shared_links(message, ["http://m.example.com/a"]) == ("example.com/a",)
    assert shared_links("沒有連結", ["http://m.example.com/a"]) == ()
