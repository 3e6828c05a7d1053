"""Character pairs where words are not spaced, words and numbers where they are, also side by side."""

import numpy as np
import pytest

from retrieval.units import MAX_WORD, Units, _known_stem, stem, to_units, unit_hashes, word_hash


def pieces(units: Units) -> list[str]:
    """What stands where each unit begins, up to two characters."""
    return [units.folded[start : start + 2] for start in units.starts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("柿子中毒", ["柿子", "子中", "中毒"]),
        ("Gogoro抽獎", ["go", "抽奖"]),
        ("CIA 亂港指揮", ["ci", "乱港", "港指", "指挥"]),
        ("吃3.5%的糖", ["吃3", "3.", "的糖"]),
        ("the crab", ["th", "cr"]),
        ("กินน้ำ", ["กิ", "ิน", "นน", "น้", "้ํ", "ํา"]),
        ("東京タワー", ["东京", "京タ", "タワ", "ワー"]),
        ("🔴 https://example.com/a", []),
    ],
)
def test_it_cuts_each_script_its_own_way(text: str, expected: list[str]) -> None:
    assert pieces(to_units(text)) == expected


def test_it_gives_a_word_one_unit_wherever_it_stands() -> None:
    assert word_hash("gogoro") in to_units("Gogoro抽獎").hashes
    assert word_hash("gogoro") in to_units("抽獎Gogoro").hashes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vaccines", "vaccine"),
        ("cities", "city"),
        ("running", "run"),
        ("killed", "kills"),
        ("falling", "fall"),
        ("caused", "causes"),
        ("biden's", "biden"),
    ],
)
def test_it_forgives_endings(one: str, other: str) -> None:
    assert word_hash(one) == word_hash(other)


@pytest.mark.parametrize(("one", "other"), [("virus", "viru"), ("thing", "th"), ("red", "r"), ("mask", "mass")])
def test_it_keeps_words_apart_that_only_seem_to_have_endings(one: str, other: str) -> None:
    assert word_hash(one) != word_hash(other)


def test_it_reads_over_control_characters() -> None:
    text = "菌類不能和茄子一起吃，會中毒 3.5 %"
    assert np.array_equal(unit_hashes("\x00".join(text)), unit_hashes(text))
    assert np.array_equal(unit_hashes(text.replace("，", "\x1b，\x7f")), unit_hashes(text))


def test_a_word_of_thousands_of_characters_is_not_kept() -> None:
    kept = _known_stem.cache_info().currsize
    long = ["a" * (MAX_WORD + more) + "ts" for more in range(20)]
    assert [stem(word) for word in long] == [word[:-1] for word in long]
    assert _known_stem.cache_info().currsize == kept
