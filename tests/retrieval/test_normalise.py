"""The matching key forgives decoration and never a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.normalise import bigrams, key_hash, matching_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3.5 %", "35 %"),
        ("1-2杯", "12杯"),
        ("−5度", "5度"),
        ("－5度", "5度"),
        ("±5度", "5度"),
        ("2021/1/11", "2021/11/1"),
        ("กิน", "กน"),
        ("10²", "102"),
        ("1½杯", "112杯"),
        ("100%", "100"),
        ("7:30", "730"),
        ("1～2週", "12週"),
    ],
)
def test_it_keeps_apart_what_means_something_else(one: str, other: str) -> None:
    assert matching_key(one) != matching_key(other)
    assert key_hash(one) != key_hash(other)


@pytest.mark.parametrize("text", ["", " \n", "👍", "🔴", "！？…", "\u200b\ufe0f", "\ud800"])
def test_it_gives_no_hash_to_a_text_that_leaves_nothing_to_compare(text: str) -> None:
    assert matching_key(text) == ""
    assert key_hash(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("謠言！！", "谣言"),
        ("ＬＩＮＥ　５％", "line 5%"),
        ("台\u200b灣\ufe0f", "台湾"),
        ("👉喝水 - 5杯", "喝水5杯"),
        ("5–6月", "5-6月"),
        ("10²", "10^2"),
        ("\u202e被轉發\u202c", "被轉發"),
    ],
)
def test_it_forgives_what_keyboards_and_fonts_add(one: str, other: str) -> None:
    assert matching_key(one) == matching_key(other) != ""


@given(st.text(alphabet=st.characters(), max_size=80))
def test_it_takes_any_text_and_never_looks_at_white_space_around_it(text: str) -> None:
    key = matching_key(text)
    assert key == matching_key(f" {text}\n")
    assert not any(character.isspace() for character in key)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_it_never_gives_two_numbers_the_same_key(one: int, other: int) -> None:
    assert (matching_key(f"喝{one}杯") == matching_key(f"喝{other}杯")) == (one == other)


@given(st.text(max_size=20))
def test_it_pairs_neighbouring_characters(key: str) -> None:
    pairs = bigrams(key)
    assert len(pairs) == (len(key) - 1 if len(key) > 1 else len(key))
    assert all(pair in key for pair in pairs)
