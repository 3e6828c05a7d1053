"""The details by which claims differ: numbers with their units, dates, listed foods, drugs, places and names, and words
with an opposite. The lists are in `words/`."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import regex

from retrieval.frames import Detail
from retrieval.normalise import fold

WORDS = Path(__file__).parent / "words"
CLASSES = ("food", "drug", "place", "name")
_NO_NAME_IN_LETTERS = frozenset({"who"})
"""Listed names that are mostly another word where the whole text is in an alphabet."""

_DIGITS = str.maketrans("〇零一二两三四五六七八九", "001223456789")
_NUMBER = regex.compile(
    r"(?<![a-z0-9^])[-±]?(?:(?<![\w.])\.)?\d+(?:[.,^]\d+)*|(?!千万)[〇零一二两三四五六七八九十百千万亿]+(?=[个年月日天号岁倍杯颗粒克公斤元块万亿人次度点分秒小时周杯种成%])"
)
_UNIT = regex.compile(
    r"\s*(?:多|几|余)?\s*(%|[a-z°]{1,4}|万|亿|千|个?小时|分钟|个?月|年|日|号|天|岁|倍|杯|颗|粒|克|公斤|公克|毫升|元|块|人|次|度|点|分|秒|周|种|成|岁|级|届|米|公里|公分|辆|架|例|名|位|页|条|楼|折|个|家|项|件|只|台|间|场|篇|份|包|瓶|碗|片|支|根|箱|桶|匙|滴)"
)
_DATE = regex.compile(r"(?<!\d)(?:(\d{2,4})\s*[年/.-]\s*)?(\d{1,2})\s*[月/]\s*(\d{1,2})\s*[日号]?(?!\d)")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]")


@cache
def _lexicon() -> dict[str, list[tuple[str, str]]]:
    """Return every (word, class) by the word's first two characters, the longest words first. Words in an alphabet
    are a class of their own: Taiwan does not contradict 台灣."""
    words: dict[str, str] = {}
    for name in CLASSES:
        for word in fold((WORDS / f"{name}.txt").read_text(encoding="utf-8")).split():
            words.setdefault(word, f"{name} in letters" if word.isascii() and name != "name" else name)
    by_start: dict[str, list[tuple[str, str]]] = {}
    for word in sorted(words, key=len, reverse=True):
        by_start.setdefault(word[:2], []).append((word, words[word]))
    return by_start


@cache
def _same_names() -> dict[str, str]:
    """Return the first of its names for every word that is one thing with another word."""
    groups = [group.split("/") for group in fold((WORDS / "same.txt").read_text(encoding="utf-8")).split()]
    return {name: names[0] for names in groups for name in names[1:]}


@cache
def opposites() -> tuple[tuple[str, str], ...]:
    """Return the pairs of words that say the opposite of each other."""
    pairs = fold((WORDS / "opposites.txt").read_text(encoding="utf-8")).split()
    return tuple((one, other) for one, _, other in (pair.replace("_", " ").partition("/") for pair in pairs) if other)


def _without(text: str, pattern: regex.Pattern[str]) -> str:
    stripped: str = pattern.sub(" ", text)
    return stripped


def stands_alone(word: str, text: str, start: int) -> bool:
    """Whether a word in an alphabet is a word there, and not a part of one."""
    around = text[max(0, start - 1) : start] + text[start + len(word) : start + len(word) + 1]
    return not (word.isascii() and any(c.isascii() and c.isalnum() for c in around))


def find_names(text: str) -> Iterator[Detail]:
    """Yield the listed foods, drugs, places and names in a text, as they stand there."""
    lexicon, same, position = _lexicon(), _same_names(), 0
    unnamed = _NO_NAME_IN_LETTERS if text.isascii() else ()
    while position < len(text) - 1:
        for word, name in lexicon.get(text[position : position + 2], ()):
            if text.startswith(word, position) and word not in unnamed and stands_alone(word, text, position):
                yield Detail(position, position + len(word), name, same.get(word, word), word)
                position += len(word) - 1
                break
        position += 1


def named(text: str) -> dict[str, set[str]]:
    """Return the listed foods, drugs, places and names in a text, by class."""
    found: dict[str, set[str]] = {}
    for name in find_names(text):
        found.setdefault(name.kind, set()).add(name.value)
    return found


def _find_numbers(text: str) -> Iterator[Detail]:
    """Yield the dates in a text, and the other numbers with their unit."""
    dates = [Detail(found.start(), found.end(), "date", _day(found), _day(found)) for found in _DATE.finditer(text)]
    yield from dates
    for number in _NUMBER.finditer(text):
        unit = _UNIT.match(text, number.end())
        if unit is not None and not any(date.start < unit.end() and number.start() < date.end for date in dates):
            value = value_of(number.group())
            yield Detail(number.start(), unit.end(), unit[1], value, value + unit[1])


def _find_opposites(text: str) -> Iterator[Detail]:
    for pair, word in _words_with_opposites():
        start = text.find(word)
        while start >= 0:
            yield Detail(start, start + len(word), pair, word, word)
            start = text.find(word, start + len(word))


@cache
def _words_with_opposites() -> tuple[tuple[str, str], ...]:
    """Return (pair, word) for the opposites that are no denials; what stands in two pairs goes by its first."""
    said: dict[str, str] = {}
    for one, other in opposites():
        if not one.isascii() and not set(one + other) & set("可不必能"):
            said.setdefault(one, f"{one}/{other}")
            said.setdefault(other, said[one])
    return tuple((pair, word) for word, pair in said.items())


def find_details(text: str) -> list[Detail]:
    """Return what fills the slots of a folded text, one behind the other."""
    found = sorted([*_find_numbers(text), *find_names(text), *_find_opposites(text)], key=lambda one: one.start)
    kept: list[Detail] = []
    for detail in found:
        if not kept or detail.start >= kept[-1].end:
            kept.append(detail)
    return kept


def value_of(number: str) -> str:
    """Return one spelling of a number: no thousands' commas, Chinese digits as digits."""
    number = regex.sub(r"^(-?)\.", r"\g<1>0.", regex.sub(r",(?=\d{3})", "", number))
    if number[-1].isascii():
        plain: str = regex.sub(r"\.0*$|(?<=\.\d*)0+$", "", number)
        return plain
    if number.startswith("十"):
        number = "一" + number
    if regex.fullmatch(r"[一二两三四五六七八九]十[一二三四五六七八九]?", number):
        return number[0].translate(_DIGITS) + (number[2].translate(_DIGITS) if len(number) == 3 else "0")
    return number.translate(_DIGITS)


def _day(date: regex.Match[str]) -> str:
    return f"{int(date[2])}/{int(date[3])}"


def quantities(text: str) -> dict[tuple[str, str], list[str]]:
    """Return the numbers in a text by their unit, and by their unit with the two characters after it: "四人同行" and
    "7人同行" differ, whatever else is counted in 人. Dates are apart, under `date`."""
    found: dict[tuple[str, str], list[str]] = {}
    for date in _DATE.finditer(text):
        found.setdefault(("date", ""), []).append(_day(date))
    for number in _NUMBER.finditer(_without(text, _DATE)):
        if (unit := _UNIT.match(number.string, number.end())) is None:
            continue
        value, after = value_of(number.group()), number.string[unit.end() : unit.end() + 2]
        for told in ("", after) if len(_WORD.findall(after)) == 2 else ("",):
            found.setdefault((unit[1], told), []).append(value)
    return found
