"""What differs between two texts, word by word: Chinese and Japanese by the character, all else by the word."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

import regex

_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[\p{L}\p{M}\p{N}.,%]+|\s+|.", regex.DOTALL)
MAX_WORDS = 4_000
"""Beyond it the texts are compared line by line: comparing words costs the square of their number."""


class Side(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that both have, or only the older or only the newer one."""

    side: Side
    text: str


def find_differences(before: str, after: str) -> list[Piece]:
    """The pieces in order; joined without the added ones they are `before`, without the removed ones `after`."""
    old, new = _split(before), _split(after)
    if max(len(old), len(new)) > MAX_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    pieces: list[Piece] = []
    for kind, from_old, to_old, from_new, to_new in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece(Side.SAME, "".join(old[from_old:to_old])))
            continue
        pieces += _piece(Side.REMOVED, old[from_old:to_old]) + _piece(Side.ADDED, new[from_new:to_new])
    return pieces


def measure_common(before: str, after: str) -> float:
    """The share of both texts' words that they have in common in the same order: 1 for the same, 0 for another text."""
    old, new = _split_words(before), _split_words(after)
    whole = len(old) + len(new)
    return 2 * _count_common(old, new) / whole if whole else 1.0


def _count_common(old: Sequence[str], new: Sequence[str]) -> int:
    """How long the longest common subsequence is, by Hyyrö's bit-parallel method: one step for each word of `new`.

    Unlike difflib's, it takes no longer for texts that repeat themselves: 5,000 words against 5,000 are milliseconds.
    """
    places: defaultdict[str, int] = defaultdict(int)
    for place, word in enumerate(old):
        places[word] |= 1 << place
    everything = row = (1 << len(old)) - 1
    for word in new:
        matching = row & places.get(word, 0)
        row = ((row + matching) | (row - matching)) & everything
    return len(old) - row.bit_count()


def _piece(side: Side, words: Sequence[str]) -> list[Piece]:
    return [Piece(side, "".join(words))] if words else []


def _split_words(text: str) -> list[str]:
    """Without what is between them: every other "word" of an English text is a space."""
    return [word for word in _split(text) if not word.isspace()]


def _split(text: str) -> list[str]:
    found: list[str] = _WORD.findall(text)
    return found
