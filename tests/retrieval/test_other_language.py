"""A message in another language is offered what it means, when that stands out, and is never answered by it."""

import numpy as np
import pytest

from retrieval.index import MatchingIndex
from retrieval.matcher import BlockingMatcher
from retrieval.message import text_to_encode
from retrieval.other_language import is_chinese, is_foreign, probability_of, stand_out
from retrieval.types import Band, Match, Vectors
from tests.retrieval.made import DIMENSION, HashEncoder, make_entry
from tests.retrieval.matching import make_calibration

CALIBRATION = make_calibration()
CHINESE = "菌類不能和茄子一起吃，會產生毒素"
OTHER = "明天停水，請大家先儲水"
FOREIGN = {
    "en": "Do not eat mushrooms with eggplant, it is poisonous",
    "ja": "きのことナスを一緒に食べると毒素ができるそうです",
    "th": "อย่ากินเห็ดกับมะเขือยาวพร้อมกัน จะเกิดสารพิษ",
    "vi": "Đừng ăn nấm chung với cà tím, sẽ sinh ra chất độc",
}


class Translator(HashEncoder):
    """An encoder to which a sentence is as near to its translation as `cosine` says, and as far from all else."""

    def __init__(self, cosine: float) -> None:
        super().__init__()
        self._cosine = cosine

    def encode(self, texts: list[str]) -> Vectors:  # type: ignore[override]
        return np.stack([self._place(text) for text in texts]) if texts else np.zeros((0, DIMENSION), np.float32)

    def _place(self, text: str) -> Vectors:
        place = np.zeros(DIMENSION, np.float32)
        if is_foreign(text):
            place[0], place[2] = self._cosine, np.sqrt(1 - self._cosine**2)
        else:
            place[0 if "茄子" in text else 1] = 1
        return place


def match(message: str, cosine: float) -> list[Match]:
    encoder = Translator(cosine)
    index = MatchingIndex(encoder.model_id, encoder.dimension)
    for article_id, text in {"mushroom": CHINESE, "water": OTHER}.items():
        vectors = encoder.encode([text_to_encode(text)])
        index.replace_article(article_id, [make_entry(article_id, text)], vectors)
    return BlockingMatcher(index, encoder.encode, make_calibration()).match(message)


@pytest.mark.parametrize("language", FOREIGN)
def test_what_it_means_is_offered_and_the_surest_is_no_answer(language: str) -> None:
    for cosine in (0.4, 0.99):
        best = match(FOREIGN[language], cosine)[0]
        assert (best.article_id, best.band) == ("mushroom", Band.CANDIDATE)
        assert best.signals["meaning"] == pytest.approx(cosine, abs=0.01)


def test_what_does_not_stand_out_is_not_offered() -> None:
    assert all(found.band is Band.NOTHING for found in match(FOREIGN["en"], CALIBRATION.meant - 0.05))


@pytest.mark.parametrize("text", [CHINESE, "LINE Points 免費送！點我領取 Starbucks 咖啡兌換券", "", "12345", "😀"])
def test_chinese_with_names_in_it_and_what_has_no_letters_are_not_foreign(text: str) -> None:
    assert not is_foreign(text)


@pytest.mark.parametrize("text", FOREIGN.values())
def test_other_languages_are(text: str) -> None:
    assert is_foreign(text)
    assert not is_chinese(text)


def test_one_article_must_stand_out_from_the_others() -> None:
    gap = CALIBRATION.meant_ahead
    near, sure = CALIBRATION.meant + gap, CALIBRATION.meant + 2 * gap
    assert stand_out([], CALIBRATION) == []
    assert stand_out([("a", 1, near - 1.1 * gap)], CALIBRATION) == []
    assert stand_out([("b", 2, near), ("a", 1, sure + 0.01), ("a", 3, sure)], CALIBRATION) == [("a", 1, sure + 0.01)]


def test_a_rumour_that_is_there_twice_stands_out_as_two_and_three_are_a_crowd() -> None:
    gap = CALIBRATION.meant_ahead
    rows = [("a", 1, 0.5), ("b", 2, 0.5 - gap / 2), ("c", 3, 0.5 - gap), ("d", 4, 0.5 - 3 * gap)]
    assert stand_out([*rows[:2], rows[3]], CALIBRATION) == rows[:2]
    assert stand_out(rows, CALIBRATION) == []


def test_it_is_worth_more_the_nearer_it_is_and_never_an_answer() -> None:
    worth = [probability_of(cosine, CALIBRATION) for cosine in (CALIBRATION.meant, 0.4, 0.6, 1.0)]
    assert worth == sorted(worth)
    assert worth[0] == pytest.approx(CALIBRATION.candidate)
    assert worth[-1] < CALIBRATION.answer
