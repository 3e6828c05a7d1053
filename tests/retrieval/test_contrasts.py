"""A question in few words beside a report that tells at length: what it asks about must be told there."""

import pytest

from retrieval.contradiction import find_contradictions
from retrieval.listed import CLASSES, WORDS, holders
from retrieval.normalise import fold

PETROL = "緊急通知！下星期開始全台加油站的汽油一公升要漲三元，大家趕快把油箱加滿，錯過就虧大了。"
MILK = "全聯賣的鮮乳被驗出抗生素，已經緊急下架，買到的人可以退費，請大家告訴大家不要再喝了。"
TERMINAL = "桃園機場第一航廈下個月要拆掉重建，所有班機改到松山機場起降，出國的人請注意。"
FEE = "健保署說從八月起看急診要先繳兩千元，沒有繳的不能看診，請大家不要隨便去急診。"
BANANA = "香蕉千萬不要吃太多！最新研究證實，香蕉含有大量酪胺酸，長期食用會引發胃癌，請趕快通知家人。"


@pytest.mark.parametrize(
    ("question", "report"),
    [
        ("下週汽油真的要一公升降三元嗎", PETROL),
        ("下週汽油真的要一公升漲一塊嗎", PETROL),
        ("好市多的鮮乳驗出抗生素下架了？", MILK),
        ("全聯的鮮乳驗出塑化劑下架了？", MILK),
        ("桃園機場第二航廈要拆掉重建？", TERMINAL),
        ("八月開始看急診要先付五百？", FEE),
        ("十二月開始看急診要先付兩千？", FEE),
        ("聽說吃芭樂會得胃癌是真的嗎", BANANA),
        ("Does Pfizer pay for the shot in Texas?", "Moderna will pay everyone in Texas who takes the shot this spring"),
    ],
)
def test_it_finds_what_a_question_asks_and_the_report_tells_otherwise(question: str, report: str) -> None:
    assert find_contradictions(question, report)
    assert find_contradictions(report, question)


@pytest.mark.parametrize(
    ("question", "report"),
    [
        ("下週汽油真的要一公升漲三塊嗎", PETROL),
        ("聽說吃香蕉會得癌症是真的嗎", BANANA),
        ("看急診要先付2000嗎", FEE),
        ("桃園機場一航廈要拆掉重建？", TERMINAL),
        ("全聯的牛奶有問題？", MILK),
        ("這家的飲用水安全嗎", "這家的飲用水很危險，喝了會拉肚子"),
        ("台灣下週全面停課？", "台北下週一起全面停課兩個星期"),
        ("兒科學會說小孩超過四歲才能學游泳？", "兒科學會建議低於四歲的小孩不要學游泳"),
    ],
)
def test_it_is_silent_where_the_report_tells_what_is_asked(question: str, report: str) -> None:
    assert find_contradictions(question, report) == ()


def test_a_story_may_name_other_things_than_a_question() -> None:
    told = ["掛號處的人說", "我也不清楚", "早上去問過一次", "排隊的人很多", "有位先生跟護理師吵了起來", "後來保全來了"]
    story = FEE + "，".join(f"{told[i % 6]}第{i}回" for i in range(40))
    assert find_contradictions("八月開始看急診要先付五百？", story) == ()


def test_pieces_of_a_thing_are_no_money() -> None:
    assert find_contradictions("每天吃三塊豆腐可以降血脂", "每天吃3塊豆腐可以降血脂，一個月只要500元") == ()


def test_what_holds_another_is_listed_and_so_is_what_it_holds() -> None:
    listed = {word for name in CLASSES for word in fold((WORDS / f"{name}.txt").read_text(encoding="utf-8")).split()}
    assert set(holders()) <= listed
    assert {whole for above in holders().values() for whole in above} <= listed
