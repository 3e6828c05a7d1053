"""What is talk and what is a message: tables of what people write, and the real messages of the sample."""

import pytest

from bot.small_talk import SmallTalk, find_small_talk
from bot.wording import load_wordings
from scripts.bench.conversation import load_texts


@pytest.mark.parametrize(
    "text",
    [
        "這是真的嗎？", "真的還假的", "真的假的", "是真的還是假的？", "這是什麼", "請協助查證", "請問",
        "可以幫我查一下嗎", "朋友傳的，請幫我確認一下是不是真的", "有人傳這則簡訊給我，請問是詐騙嗎",
        "收到這個連結，可信嗎？", "有這種事嗎",
        "Is this message true?", "Is this real? 😂", "is it true??🤔", "Is this true？", "Is this real…",
        "Isn’t this fake?", "help me check", "can you help me check this", "Please check", "is this a scam?",
        "これは本当ですか", "これって本当ですか", "確認してください",
    ],
)  # fmt: skip
def test_it_knows_a_question_that_names_nothing(text: str) -> None:
    assert find_small_talk(text) == SmallTalk.VAGUE


@pytest.mark.parametrize(
    "text",
    [
        "轉傳這則訊息給朋友會收到東西", "有人會轉傳你的照片", "朋友可以看到你的照片", "家人會收到你的照片",
        "有人可以看到你的訊息", "看這部影片會收到詐騙簡訊", "新聞說有詐騙簡訊", "有人傳詐騙連結給大家",
        "朋友可以看到你的照片嗎", "請問家人會收到你的照片嗎",
        "これは詐欺メッセージです", "I can look into you", "This is a scam message", "5G is fake",
    ],
)  # fmt: skip
def test_it_takes_no_claim_for_a_question(text: str) -> None:
    assert find_small_talk(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "我被騙了", "我被騙了怎麼辦", "我被騙了，怎麼辦？", "我被騙錢怎麼辦", "我被詐騙了怎麼辦", "我好像被騙了",
        "我媽媽被騙了怎麼辦", "我被別人騙了三萬塊", "我爸被詐騙集團騙了", "被騙錢了怎麼辦",
        "遇到詐騙怎麼辦", "好像被騙了", "我被骗了怎么办", "被騙了，可以要回來嗎",
        "I got scammed", "I've been scammed", "I’ve been scammed!", "I think I was scammed", "My mom got scammed 😭",
        "騙された", "だまされました", "騙されました！", "詐欺に遭いました", "詐欺にあった",
    ],
)  # fmt: skip
def test_it_knows_who_was_defrauded(text: str) -> None:
    assert find_small_talk(text) == SmallTalk.DEFRAUDED


@pytest.mark.parametrize(
    "text",
    [
        "小心不要被騙錢", "別被騙了，我朋友說的", "我們都被騙了", "我不會被騙", "被騙的人都有這個特徵",
        "我被騙了之後才知道原來銀行會凍結所有人的帳戶", "I heard seniors get scammed by this", "Don't get scammed",
        "騙されたと思って食べてみて", "騙されないで",
    ],
)  # fmt: skip
def test_it_takes_a_warning_or_a_story_for_a_message(text: str) -> None:
    assert find_small_talk(text) is None


@pytest.mark.parametrize("language", load_wordings())
def test_it_knows_the_label_of_knowing_more_in_every_language(language: str) -> None:
    assert find_small_talk(load_wordings()[language]("I know more")) == SmallTalk.VOLUNTEERING


def test_it_takes_no_message_title_or_reply_of_the_sample_for_talk() -> None:
    texts = load_texts()
    lines = [line for text in texts for line in text.splitlines() if len(line.strip()) > 15]
    assert len(texts) > 1000
    assert [text for text in texts if find_small_talk(text)] == []
    assert [line for line in lines if find_small_talk(line)] == []
