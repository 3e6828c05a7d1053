"""What frames a question is taken off, and nothing that is told."""

import time

import pytest

from retrieval.asking import LONGEST, without_frame
from retrieval.message import read_message, text_to_encode

CLAIM = "吃香蕉會得癌症"


@pytest.mark.parametrize(
    "framed",
    [
        f"聽說{CLAIM}是真的嗎",
        f"請問大家，{CLAIM}？這是真的嗎",
        f"我媽傳給我說{CLAIM}，想請問是真的還是假的",
        f"老公轉給我看說{CLAIM}，到底真的假的",
        f"網路上流傳{CLAIM}，可信嗎？",
        f"請問網路上這則消息「{CLAIM}」可信嗎？謝謝大家",
        f"朋友在群組說{CLAIM}，請問正確嗎",
        f"小孩學校群組在傳{CLAIM}，有人知道真假嗎",
        f"這個是真的嗎：{CLAIM}",
        f"{CLAIM}\n請問是真的嗎？",
        f"听说{CLAIM}，有这回事吗",
        f"聽我媽說{CLAIM}",
        f"聽說老師在群組說{CLAIM}",
        f"臉書上有人說{CLAIM}",
        f"昨天在LINE群組裡都在傳{CLAIM}",
        f"朋友傳給我：{CLAIM}",
        f"{CLAIM}，有沒有根據嗎",
    ],
)
def test_it_takes_off_what_only_asks(framed: str) -> None:
    assert without_frame(framed) == CLAIM


@pytest.mark.parametrize(
    "told",
    [
        CLAIM,
        f"{CLAIM}嗎？",
        "喝冰水會不會致癌",
        "政府說明天放假是假的",
        "彰化銀行發簡訊說帳戶異常是詐騙嗎",
        "說明書上寫的劑量可以加倍",
        "老師傳授三招防中風",
        "傳染病今年大爆發",
        "有人在捷運揮刀？",
        "收到這封簡訊要點連結領5000元",
        "大家說話要小心",
        "十九大前曾有謠言，但後來並沒有被確認",
        "這是真的嗎？",
        "聽說是真的嗎",
        "老師說謊害學生被罰",
        "網路傳播病毒讓手機中毒",
        "抖音傳輸資料給中國政府",
        "LINE傳送檔案會中毒",
        "大家講究養生反而短命",
        "網路傳聞周杰倫過世",
        "抖音說下個月起要開始收費",
        "有人在抖音上傳不雅影片",
        "網路轉傳假消息會被罰三百萬",
        "小孩在群組傳裸照會觸法",
        "朋友傳給我媽媽的簡訊不能點",
        "吃香蕉會得癌症不是真的嗎",
        "吃香蕉會得癌症沒有根據嗎",
        "吃香蕉會得癌症並非事實嗎",
        "吃香蕉會得癌症不是謠言嗎",
    ],
)
def test_it_leaves_what_is_told(told: str) -> None:
    assert without_frame(told) == told


@pytest.mark.parametrize(
    "told",
    [
        "小孩打流感疫苗會死",
        "爸爸可以請領育嬰補助",
        "臉書會偷偷錄下使用者的聲音",
        "LINE群組裡的連結會中毒",
        "今天全台停班停課",
        "今天很多人在台北車站被砍",
        "最近很多詐騙集團假冒郵局",
        "抖音說下個月起要開始收費",
        "影片是人工智慧做的",
    ],
)
@pytest.mark.parametrize("frame", ["聽說{}", "請問{}是真的嗎", "網路瘋傳{}，有人知道真假嗎"])
def test_it_leaves_a_claim_whom_and_when_it_is_about(frame: str, told: str) -> None:
    assert without_frame(frame.format(told)) == told


def test_it_leaves_english_its_claim() -> None:
    assert without_frame("Is it true that vaccines cause autism?") == "vaccines cause autism?"
    assert without_frame("5G towers spread the virus, is this true?") == "5G towers spread the virus"


def test_a_story_is_no_framed_question_however_it_begins() -> None:
    story = "聽說" + "今天市府開會談新的公車路線" * 10 + "是真的嗎"
    assert len(story) > LONGEST
    assert without_frame(story) == story


@pytest.mark.parametrize("piece", ["聽說", "請問", "大家", "，", "真的嗎？", "我", "有在", " ", "「"])
def test_it_takes_bounded_time(piece: str) -> None:
    text = (piece * LONGEST)[:LONGEST]
    began = time.process_time()
    without_frame(text)
    assert time.process_time() - began < 0.5


def test_a_message_and_an_entry_are_read_without_it() -> None:
    message = read_message(f"請問大家，聽說{CLAIM}是真的嗎？謝謝")
    assert [passage.text for passage in message.passages] == [CLAIM]
    assert text_to_encode(f"聽說{CLAIM}是真的嗎？") == CLAIM


def test_a_frame_makes_a_short_claim_no_longer_one() -> None:
    assert read_message(f"請問大家，聽說{CLAIM}是真的嗎？謝謝").size == read_message(CLAIM).size


@pytest.mark.parametrize("word", ["爸", "媽媽老公", "我媽媽", "剛", "在網上", "到底", "是真的啊啊", "說說我", "謝謝"])
def test_it_comes_to_an_end_with_words_said_over_and_over(word: str) -> None:
    """Each can be cut into words in millions of ways, and somebody will send it."""
    text = (word * LONGEST)[: LONGEST - 1]
    assert len(without_frame(text + "x")) <= LONGEST
    assert len(without_frame("x" + text)) <= LONGEST
