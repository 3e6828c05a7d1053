"""Text fits LINE's limits, and what a reader sees as one character stays whole."""

import json

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.fit import ELLIPSIS, clean, cut, json_bytes, one_line, split, units

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇹🇼"
KEYCAP = "1️⃣"
THAI = "กิ่"
PIECES = st.sampled_from([FAMILY, FLAG, KEYCAP, THAI, "查", "a", "é", " ", "\n", "👍🏽", "𠮷", "\u200b"])
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200)


def graphemes(text: str) -> list[str]:
    return regex.findall(r"\X", text)


@given(TEXTS)
def test_it_counts_as_line_counts(text: str) -> None:
    assert units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(text=TEXTS, limit=st.integers(1, 120))
def test_it_cuts_within_the_limit_and_between_graphemes(text: str, limit: int) -> None:
    shown = cut(text, limit)
    assert units(shown) <= limit
    if shown != text:
        kept = shown.removesuffix(ELLIPSIS)
        assert text.startswith(kept)
        whole = graphemes(text)
        assert kept in {"".join(whole[:count]).rstrip() for count in range(len(whole) + 1)}


def test_it_never_halves_a_family() -> None:
    assert cut(FAMILY * 3, units(FAMILY) + 1) == FAMILY + ELLIPSIS
    assert cut(FAMILY * 3, units(FAMILY)) == ELLIPSIS


@given(text=TEXTS, limit=st.integers(2, 120))
def test_it_splits_without_losing_anything(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert "".join(parts) == text
    assert all(0 < units(part) <= limit for part in parts)


def test_it_splits_even_one_endless_character() -> None:
    zalgo = "a" + "\u0301" * 10_000
    assert all(units(part) <= 100 for part in split(zalgo, 100))
    assert "".join(split(zalgo, 100)) == zalgo


@given(st.text(alphabet=st.characters()))
def test_it_shows_nothing_that_cannot_be_drawn(text: str) -> None:
    shown = clean(text)
    shown.encode("utf-8")
    assert not regex.search(r"[\p{Cs}\u202A-\u202E\u2066-\u2069]|(?![\n\t])\p{Cc}", shown)
    assert clean(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\n\n\n\n \nb", "a\n\nb"),
        ("\u202eevil\u2066", "evil"),
        ("half \ud83d an emoji", "half  an emoji"),
        ("a\x00b\x07", "ab"),
        ("  \n x \n ", "x"),
    ],
)
def test_it_cleans(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_it_puts_a_text_on_one_line() -> None:
    assert one_line(" 一\n二\t 三 ") == "一 二 三"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=4))
def test_it_counts_bytes_the_dearest_way(value: dict[str, str]) -> None:
    assert json_bytes(value) >= len(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    )
