"""A text as a row of units that can be compared and weighed: character pairs, words and numbers, in reading order.

Scripts written without spaces (Chinese, Japanese, Thai, …) give overlapping character pairs, which need no segmenter;
everything else gives words. A unit is a 32-bit hash, so that whole candidate lists are compared with a few numpy calls.
"""

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import regex
from numpy.typing import NDArray

from retrieval.normalise import fold
from retrieval.urls import strip_urls

Hashes = NDArray[np.uint32]

MAX_CHARACTERS = 6000
"""No more of a text is compared: LINE's longest message has 5,000 characters."""

MAX_WORD = 40
"""Characters up to which a word's stem is remembered: a longer one is hardly met twice."""
RUN = 3
"""Units of a run."""

_VOWEL = regex.compile(r"[aeiouy]")
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_PIECE = regex.compile(
    rf"(?P<run>[{_UNSPACED}\p{{M}}々〇ー]+)"
    r"|(?P<number>[0-9]+(?:[.,:/][0-9]+)*%?)"
    rf"|(?P<word>[[\p{{L}}\p{{M}}]--[{_UNSPACED}]]+(?:'[[\p{{L}}]--[{_UNSPACED}]]+)?)",
    regex.VERSION1,
)


@dataclass(frozen=True)
class Units:
    """The units of one text in reading order; `starts[i]` is where unit i begins in `folded`."""

    folded: str
    hashes: Hashes
    starts: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.hashes)


def runs_of(hashes: Hashes) -> Hashes:
    """Return hashes of three units in a row (four characters of Chinese): what copying leaves and chance does not."""
    if len(hashes) < RUN:
        return hashes[:0]
    first, second, third = (
        hashes[:-2] * np.uint32(0x9E3779B1),
        hashes[1:-1] * np.uint32(0x85EBCA6B),
        hashes[2:] * np.uint32(0xC2B2AE35),
    )
    mixed: Hashes = first ^ second ^ third
    return mixed


def unit_hashes(text: str, folded: str | None = None) -> Hashes:
    """Return a text's units alone. A text of none (emoji alone) has one, which no other text has."""
    hashes = to_units(text, folded).hashes
    return hashes if len(hashes) else np.array([zlib.crc32(text.encode("utf-8", "replace"))], np.uint32)


def _pair_hashes(text: str) -> Hashes:
    """Return the hash of each character with the next one."""
    code = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return (code[:-1] * np.uint32(0x9E3779B1)) ^ (code[1:] * np.uint32(0x85EBCA6B))


def word_hash(word: str) -> int:
    """Return the unit of a word or a number, endings aside."""
    return zlib.crc32(stem(word).encode())


def stem(word: str) -> str:
    """Return a word without the commonest endings of English: plural, -ed, -ing, and the e that comes and goes."""
    return _known_stem(word) if len(word) <= MAX_WORD else _stem(word)


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
    for ending in ("ing", "ed"):
        kept = word[: -len(ending)]
        if word.endswith(ending) and len(kept) > 2 and _VOWEL.search(kept):
            return kept[:-1] if kept[-1] == kept[-2] and kept[-1] not in "lsz" else kept.removesuffix("e")
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


_known_stem = lru_cache(maxsize=100_000)(_stem)


def to_units(text: str, folded: str | None = None) -> Units:
    """Cut a text, without its links, into units. Bounded by `MAX_CHARACTERS`. `folded`: what all of the text folds to,
    where that is known."""
    own = strip_urls(text[:MAX_CHARACTERS])
    folded = fold(own) if folded is None or own != text else folded
    pairs, places = _pair_hashes(folded), np.arange(len(folded), dtype=np.int32)
    hashes: list[Hashes] = []
    starts: list[NDArray[np.int32]] = []
    for piece in _PIECE.finditer(folded):
        start, end = piece.span()
        if piece.lastgroup == "run" and end - start > 1:
            hashes.append(pairs[start : end - 1])
            starts.append(places[start : end - 1])
        else:
            hashes.append(np.array([word_hash(piece.group())], np.uint32))
            starts.append(places[start : start + 1])
    if not hashes:
        return Units(folded, np.zeros(0, np.uint32), places[:0])
    return Units(folded, np.concatenate(hashes), np.concatenate(starts))
