"""The words in `words/` by which claims differ: foods, drugs, places, names and things, one thing's other names, what
holds what, and opposites."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from operator import add
from pathlib import Path

import regex

from retrieval.frames import Detail
from retrieval.normalise import fold

WORDS = Path(__file__).parent / "words"
CLASSES = ("food", "drug", "place", "name", "thing")
APART = ("drug", "name", "thing")
"""Classes of which each line is told apart where two texts are compared as a whole: a drug is no disease, a taxi no
mask, a party no ministry. Where one stands in the place of the other, they differ all the same."""
_NO_NAME_IN_LETTERS = frozenset({"who"})
"""Listed names that are mostly another word where the whole text is in an alphabet."""
NO_NAME = "none"
"""The class of what `no_name.txt` lists: words in which a listed one only seems to stand (第一台電腦, 造成都是)."""
_REST = regex.compile(r"(?:e?s)?(?![a-z0-9])")
_AMOUNT = r"(?=[\d一二两三四五六七八九十百千万几半多点了到至幅价吗嘛吧呢]|\W|$)"
"""What follows 升 and 降 where a price or an amount does so: 降息, 降雨 and 升學 are words of their own."""
_ALONE = {
    "涨": regex.compile("涨(?![潮红奶气])"),
    "跌": regex.compile("跌(?![倒落打撞伤跤断坐入])"),
    "升": regex.compile(rf"(?<![公毫每\d一二两三四五六七八九十几])升{_AMOUNT}"),
    "降": regex.compile(rf"(?<![投空迫霜劝])降{_AMOUNT}"),
}
"""Where a character is a direction by itself, and no part of another word."""


@cache
def _lexicon() -> dict[str, list[tuple[str, str]]]:
    """Return every (word, class) by the word's first two characters, the longest words first. Words in an alphabet
    are a class of their own, line by line: Taiwan does not contradict 台灣, nor Houston Texas."""
    words: dict[str, str] = {}
    for name in CLASSES:
        for line, listed in enumerate(fold((WORDS / f"{name}.txt").read_text(encoding="utf-8")).splitlines()):
            for word in listed.split():
                own = "in letters " if word.isascii() and name != "name" else ""
                kind = f"{name} {own}{line}" if own or name in APART else name
                words.setdefault(word.replace("_", " "), kind)
    for word in fold((WORDS / "no_name.txt").read_text(encoding="utf-8")).split():
        words.setdefault(word, NO_NAME)
    by_start: dict[str, list[tuple[str, str]]] = {}
    for word in sorted(words, key=len, reverse=True):
        by_start.setdefault(word[:2], []).append((word, words[word]))
    return by_start


@cache
def _same_names() -> dict[str, str]:
    """Return the first of its names for every word that is one thing with another word."""
    groups = [group.split("/") for group in fold((WORDS / "same.txt").read_text(encoding="utf-8")).split()]
    return {name: names[0] for names in groups for name in names[1:]}


def same_name(word: str) -> str:
    """Return the first of the names of what a folded word names."""
    return _same_names().get(word, word)


@cache
def holders() -> dict[str, frozenset[str]]:
    """Return what holds each word that is a kind or a part of something: 胃癌 is 癌症, and 台北 is 台灣."""
    found: dict[str, frozenset[str]] = {}
    for line in fold((WORDS / "wider.txt").read_text(encoding="utf-8")).splitlines():
        whole, *parts = (same_name(word) for word in line.split())
        for part in parts:
            found[part] = found.get(part, frozenset()) | {whole}
    return {part: _all_above(part, found) for part in found}


def _all_above(part: str, above: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return what holds a word, and what holds that: 板橋 is in 新北, and so in 台灣."""
    direct = above.get(part, frozenset[str]())
    return direct.union(*(_all_above(whole, above) for whole in direct))


@cache
def opposites(*, asked: bool = False) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Return the words that say one thing, and those that say its opposite. `asked`: only the pairs on the
    first line, which differ in a question too; who asks whether a thing is safe asks whether it is dangerous."""
    lines = fold((WORDS / "opposites.txt").read_text(encoding="utf-8")).splitlines()
    pairs = " ".join(lines[:1] if asked else lines).split()
    sides = (pair.replace("_", " ").partition("/") for pair in pairs)
    return tuple((tuple(one.split(",")), tuple(other.split(","))) for one, _, other in sides if other)


@cache
def _opposites_by_start() -> dict[str, list[str]]:
    """Return every word with an opposite by its first character."""
    by_start: dict[str, list[str]] = {}
    for word in dict.fromkeys(word for sides in opposites() for side in sides for word in side):
        by_start.setdefault(word[0], []).append(word)
    return by_start


def find_opposites(text: str) -> dict[str, list[int]]:
    """Return where each word with an opposite begins in a folded text. Of hundreds only those are searched for whose
    first character stands there."""
    by_start, found = _opposites_by_start(), dict[str, list[int]]()
    for start in by_start.keys() & set(text):
        for word in by_start[start]:
            if word in text and (places := list(_find_word(word, text))):
                found[word] = places
    return found


def _pairs(text: str) -> Iterator[str]:
    """Yield each character of a text with the next one."""
    return map(add, text, text[1:])


def _find_word(word: str, text: str) -> Iterator[int]:
    """Yield where one of two opposites begins in a folded text; a single character only where it is a word."""
    pattern, start = _ALONE.get(word), text.find(word)
    while start >= 0:
        if pattern is None or pattern.match(text, start):
            yield start
        start = text.find(word, start + len(word))


def kind_of_opposites(sides: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    """Return the kind of a detail that is one of two opposites."""
    return f"{sides[0][0]}/{sides[1][0]}"


@cache
def asked_kinds() -> frozenset[str]:
    """Return the kinds of the opposites that differ in a question too."""
    return frozenset(map(kind_of_opposites, opposites(asked=True)))


def class_of(kind: str) -> str:
    """Return what a kind of name is where it stands: a drug, or a disease in its place."""
    return kind if "in letters" in kind else kind.partition(" ")[0]


def find_names(text: str) -> Iterator[Detail]:
    """Yield the listed foods, drugs, places, names and things in a text, as they stand there."""
    lexicon, same, behind = _lexicon(), _same_names(), 0
    unnamed = _NO_NAME_IN_LETTERS if text.isascii() else ()
    for position in [place for place, pair in enumerate(_pairs(text)) if pair in lexicon]:
        for word, name in lexicon[text[position : position + 2]] if position >= behind else ():
            end = _end_of(word, text, position) if text.startswith(word, position) and word not in unnamed else -1
            if end >= 0 and name == NO_NAME:
                behind = end
                break
            if end >= 0:
                yield Detail(position, end, name, same.get(word, word), text[position:end])
                behind = end
                break


def named(text: str) -> dict[str, set[str]]:
    """Return the listed foods, drugs, places, names and things in a text, by kind."""
    return by_kind(find_names(text))


def by_kind(names: Iterable[Detail]) -> dict[str, set[str]]:
    """Return what the names in a text name, by kind."""
    found: dict[str, set[str]] = {}
    for name in names:
        found.setdefault(name.kind, set()).add(name.value)
    return found


def _end_of(word: str, text: str, start: int) -> int:
    """Return where a listed word that begins there ends, -1 if it is no word there but a part of one. In an alphabet it
    may be a plural."""
    end = start + len(word)
    if not word.isascii():
        return end
    if text[max(0, start - 1) : start].isascii() and text[max(0, start - 1) : start].isalnum():
        return -1
    rest = _REST.match(text, end)
    return rest.end() if rest is not None else -1
