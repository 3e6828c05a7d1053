"""Matching with the real encoder and the shipped head and calibration: bounded, sure where it should be, and wary."""

import time
from pathlib import Path

import pytest

from retrieval.calibration import load_calibration
from retrieval.index import MatchingIndex
from retrieval.matcher import BlockingMatcher
from retrieval.message import text_to_encode
from retrieval.onnx_encoder import OnnxEncoder, open_encoder
from retrieval.types import Band
from tests.retrieval.made import make_entry

pytestmark = pytest.mark.model

RUMOUR = "柿子和優酪乳一起吃會中毒，已經有小孩因此喪命，請大家特別小心"
OTHERS = (
    "五月起健保卡沒有照片的人不能看醫生，請趕快帶著照片去健保局更換",
    "心臟病發作的時候用力咳嗽可以救自己一命，這是醫院教的方法",
    "行政院剛剛宣布中秋節連假再多放一天，請大家互相轉告",
)
BOUND_S = 4.0
"""Four passages are encoded at most, whatever the length; a busy machine takes several times as long as an idle one."""


@pytest.fixture(scope="module")
def encoder(encoder_folder: Path) -> OnnxEncoder:
    return open_encoder(encoder_folder)


@pytest.fixture(scope="module")
def matcher(encoder: OnnxEncoder) -> BlockingMatcher:
    index = MatchingIndex(encoder.model_id, encoder.dimension)
    for number, text in enumerate((RUMOUR, *OTHERS)):
        index.replace_article(f"a{number}", [make_entry(f"a{number}", text)], encoder.encode([text_to_encode(text)]))
    return BlockingMatcher(index, encoder.encode, load_calibration(encoder.model_id))


def test_it_answers_a_forward_that_was_decorated_and_cut(matcher: BlockingMatcher) -> None:
    best = matcher.match("大家早安🌞 剛收到的：" + RUMOUR[:-6])[0]
    assert (best.article_id, best.band) == ("a0", Band.ANSWER)


def test_it_does_not_answer_another_food(matcher: BlockingMatcher) -> None:
    best = matcher.match(RUMOUR.replace("優酪乳", "螃蟹"))[0]
    assert (best.article_id, best.band) == ("a0", Band.CANDIDATE)
    assert best.contradictions


@pytest.mark.parametrize(
    "question",
    [
        "Is it true that eating persimmons with yogurt is poisonous?",
        "柿とヨーグルトを一緒に食べると中毒になるって本当ですか",
        "Ăn quả hồng với sữa chua có bị ngộ độc không?",
    ],
)
def test_it_finds_the_claim_first_in_other_languages_and_is_not_sure(matcher: BlockingMatcher, question: str) -> None:
    best = matcher.match(question)[0]
    assert best.article_id == "a0"
    assert best.band is not Band.ANSWER


@pytest.mark.parametrize(
    "text", [RUMOUR * 170, "".join(chr(0x4E00 + i * 7919 % 20000) for i in range(5000)), "柿" * 5000]
)
def test_it_reads_five_thousand_characters_in_bounded_time(matcher: BlockingMatcher, text: str) -> None:
    start = time.process_time()
    matches = matcher.match(text[:5000])
    assert time.process_time() - start < BOUND_S
    assert all(found.band is not Band.ANSWER for found in matches if found.article_id != "a0")
