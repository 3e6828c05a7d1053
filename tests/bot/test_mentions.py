"""What remains of a text when the names in it are cut out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.events import Mention
from bot.mentions import without_mentions


def mention(index: int, length: int) -> Mention:
    return Mention(index, length, is_self=True)


@pytest.mark.parametrize(
    ("text", "mentions", "left"),
    [
        ("@查明 喝熱水能殺菌嗎", [mention(0, 3)], "喝熱水能殺菌嗎"),
        ("喝熱水能殺菌嗎 @查明", [mention(8, 3)], "喝熱水能殺菌嗎"),
        ("@查明", [mention(0, 3)], ""),
        ("👨‍👩‍👧 @查明 好嗎", [mention(9, 3)], "👨‍👩‍👧  好嗎"),
        ("@a @b x", [mention(3, 2), mention(0, 2)], "x"),
        ("@abc x", [mention(0, 4), mention(2, 2)], "x"),
        ("x", [mention(50, 3)], "x"),
        ("@all 請看", [], "@all 請看"),
    ],
)
def test_it_cuts_names_out_by_their_place(text: str, mentions: list[Mention], left: str) -> None:
    assert without_mentions(text, mentions) == left


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), max_size=4))
def test_it_takes_any_place(text: str, places: list[tuple[int, int]]) -> None:
    left = without_mentions(text, [mention(index, length) for index, length in places])
    assert len(left) <= len(text)
