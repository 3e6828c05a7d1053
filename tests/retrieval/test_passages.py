"""Long forwards and several messages in one are cut into passages; boilerplate is no content."""

import pytest

from retrieval.passages import MAX_PASSAGES, PASSAGE_CHARACTERS, remove_boilerplate, split_passages


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("柿子不能配優酪乳，會中毒！請轉發給大家", "柿子不能配優酪乳，會中毒！"),
        ("【緊急通知】柿子不能配優酪乳，會中毒", "【 】柿子不能配優酪乳，會中毒"),
        ("10:32 王小明 柿子不能配優酪乳，會中毒", "柿子不能配優酪乳，會中毒"),
        ("分享一個好消息：健保可以退費", "分享一個好消息：健保可以退費"),
        ("請轉發", "請轉發"),
        ("大家早安🌞 剛收到的：柿子不能配優酪乳，會中毒", "柿子不能配優酪乳，會中毒"),
        ("剛剛收到的消息：\n柿子不能配優酪乳，會中毒", "柿子不能配優酪乳，會中毒"),
        ("大家晚安曲是誰寫的？我想知道", "大家晚安曲是誰寫的？我想知道"),
        ("我剛收到一張罰單才知道騎樓不能停", "我剛收到一張罰單才知道騎樓不能停"),
    ],
)
def test_it_drops_calls_to_forward_and_nothing_else(text: str, left: str) -> None:
    assert remove_boilerplate(text) == left


@pytest.mark.parametrize("greeting", ["大家早安，", "早安 ", "各位晚安！🌙 ", "大家早安，剛收到的：", "10:32 "])
@pytest.mark.parametrize("sign", ["-", "−", "－", "+", "±", "～", "~", "."])
def test_it_leaves_a_number_its_sign(greeting: str, sign: str) -> None:
    cold = "5度 的低溫明天會到台灣"
    assert remove_boilerplate(greeting + sign + cold).endswith(sign + cold)
    assert not remove_boilerplate(greeting + cold).endswith(sign + cold)


def test_it_drops_any_marks_after_a_greeting() -> None:
    assert remove_boilerplate("早安~~~ — 5度的低溫明天會到全台灣") == "5度的低溫明天會到全台灣"


def test_it_leaves_a_message_of_ordinary_length_whole() -> None:
    text = "柿子不能配優酪乳。" * 20
    assert split_passages(text) == [text]


def test_it_cuts_a_long_forward_at_sentence_ends() -> None:
    passages = split_passages("柿子不能配優酪乳，吃了會中毒。" * 40)
    assert 1 < len(passages) <= MAX_PASSAGES
    assert all(passage.endswith("。") for passage in passages)


def test_it_keeps_the_start_and_the_end_of_what_is_too_long() -> None:
    passages = split_passages("開頭的話。" + "中間的話說也說不完。" * 300 + "最後這句才是重點。")
    assert len(passages) == MAX_PASSAGES
    assert passages[0].startswith("開頭的話")
    assert passages[-1].endswith("最後這句才是重點。")


@pytest.mark.parametrize("text", ["", " \n ", "x" * 5000, "請大家多多" * 1000, "\n" * 5000, "。" * 5000, "轉" * 5000])
def test_it_bounds_what_it_gives_for_any_text(text: str) -> None:
    passages = split_passages(remove_boilerplate(text))
    assert len(passages) <= MAX_PASSAGES
    assert all(len(passage) <= 2 * PASSAGE_CHARACTERS for passage in passages)
