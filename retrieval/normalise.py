"""The matching key: what is left of a text once everything that LINE, keyboards and fonts add is gone.

Two texts with the same key are the same message. So the key must forgive decoration, width, case and script, and must
never forgive a number: 3.5 % is not 35 %, −5度 and ±5度 are not 5度, 10² is not 102. It is for comparing only and
never shown.
"""

import hashlib
import re
import unicodedata
from functools import cache

import opencc
import regex

LETTERS_A_CHARACTER = 3
"""Letters of an alphabet that say as much as one Chinese character."""

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUPERSCRIPT_RUN = re.compile(f"[{_SUPERSCRIPTS}]+")
_PLAIN = str.maketrans(_SUPERSCRIPTS, "0123456789")

# Invisible: format characters (zero-width, direction marks, soft hyphens), variation selectors, lone surrogates, and
# control characters that are no white space.
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Cs}[\p{Cc}--\s]\uFE00-\uFE0F\U000E0100-\U000E01EF]+", regex.VERSION1)

# NFKC leaves dashes and tildes as they are; beside a digit each means a minus or a range.
_PLAIN_SIGNS = {**dict.fromkeys("‐‑‒–—―−﹣－", "-"), **dict.fromkeys("〜～∼", "~")}
_PLAIN_SIGNS |= {"⁄": "/", "∶": ":", "’": "'", "‘": "'"}
_SIGN = re.compile(f"[{''.join(_PLAIN_SIGNS)}]")  # most texts have none: found five times as fast as translated

_DROPPED = regex.compile(r"(?:(?![.,%/:+\-~^±])[^\p{L}\p{M}\p{N}])+")
_SIGN_RUN = regex.compile(r"[.,%/:+\-~^±]+")


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def to_simplified(text: str) -> str:
    """Fold Traditional into Simplified Chinese. For comparing only: the result is never shown."""
    converted: str = _simplifier().convert(text)
    return converted


def fold(text: str) -> str:
    """Undo width, case, script and invisible characters, and keep everything a reader sees."""
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^" + run.group().translate(_PLAIN), text)
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)))
    return to_simplified(_SIGN.sub(lambda sign: _PLAIN_SIGNS[sign.group()], text.casefold()))


def _keep_signs_beside_digits(run: regex.Match[str]) -> str:
    """Keep the signs of a run that touch a digit: the first, the last, or both; all of them in a run between digits."""
    text, start, end = run.string, run.start(), run.end()
    after_digit = start > 0 and text[start - 1].isnumeric()
    before_digit = end < len(text) and text[end].isnumeric()
    signs = run.group()
    if len(signs) == 1:
        return signs if after_digit or before_digit else ""
    return (signs[0] if after_digit else "") + (signs[-1] if before_digit else "")


def key_of_folded(folded: str) -> str:
    """Return the matching key of a text that went through `fold`."""
    # Signs are judged where they stand, before anything beside them is dropped: "喝水 - 5杯" has no minus five.
    key: str = _DROPPED.sub("", _SIGN_RUN.sub(_keep_signs_beside_digits, folded))
    return key


def matching_key(text: str) -> str:
    """Return the text's matching key. It may be empty (emoji alone); an empty key equals nothing, itself included."""
    return key_of_folded(fold(text))


def key_hash(text: str) -> str | None:
    """Return the SHA-256 of the matching key in hexadecimal, or None when nothing is left to compare."""
    key = matching_key(text)
    return hashlib.sha256(key.encode()).hexdigest() if key else None


def size_of(text: str) -> float:
    """Return how much a key or a folded text says, in Chinese characters."""
    letters = len(text.encode("ascii", "ignore"))
    return len(text) - letters + letters / LETTERS_A_CHARACTER


def bigrams(key: str) -> list[str]:
    """Return the overlapping character pairs of a key, in order; a key of one character is its own only pair."""
    return [key[i : i + 2] for i in range(len(key) - 1)] or ([key] if key else [])
