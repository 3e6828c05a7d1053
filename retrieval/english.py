"""What English writes in many ways, read one way: numbers, money, negations, countries; and names by their capitals."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import regex

from retrieval.units import stem

MAX_RUN = 4
"""Capitalised words in a row that are one name; more are a headline."""
TITLE_CASE = 0.6
"""Share of capitalised words from which a text is a headline, whose capitals name nothing."""
LEAST_SHARED, SHARED = 3, 0.5
"""Telling words that two claims must share, and their share of the shorter claim, before a detail contradicts."""

_ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"]
_ONES += ["fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL = dict(zip([*_ONES, *_TENS], [*range(1, 20), *range(20, 100, 10)], strict=True))
_LARGE = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT = {"k": 1000, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12}
_MORE = "|".join(_LARGE)
_WRITTEN = rf"(?:(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES)}))?|{'|'.join(_ONES)})"
_DIGITS = r"\d{1,15}(?:,\d{3}){0,5}(?:\.\d{1,9})?(?!\d)"
_NUMBER = regex.compile(
    rf"(?<![\w.,])(?:(?P<half>half a )|(?P<digits>{_DIGITS})|(?P<written>{_WRITTEN})(?![\w'])|(?P<one>an? ))"
    rf"(?P<large>(?:[ -]?(?:{_MORE})\b(?:(?: and |[ -])(?:{_WRITTEN})\b)?){{0,4}})"
)
_MONEY = regex.compile(rf"(?:us ?)?(?P<sign>[$£€])\s?(?P<digits>{_DIGITS})(?: ?(?P<large>k|mn?|bn?|tn|{_MORE})\b)?")
_SHORT_NUMBER = regex.compile(rf"(?<![\w.,])(?P<digits>{_DIGITS}) ?(?P<short>mn|bn|tn)\b")
_CURRENCY = {"$": "dollars", "£": "pounds", "€": "euros"}
_VIRUS = regex.compile(r"\bcovid[- ]?(?:19|2019)\b")
_BARE_NOT = regex.compile(
    r"\b(do|does|did|is|are|was|were|ca|wo|would|could|should|has|have|had)nt\b"
    r"|\b(?:refus(?:es?|ed|ing)|fail(?:s|ed|ing)?) to\b"
)
_AMERICA = regex.compile(
    r"\bU\.S\.(?:A\.?)?|(?<=[Tt]he )US\b|\bUS(?= [a-z])|\b(?:[Tt]he )?United States(?: of America)?"
)
_BRITAIN = regex.compile(r"\bU\.K\.|\b(?:[Tt]he )?United Kingdom|\bGreat Britain")
_WORD = regex.compile(r"[\p{L}\p{M}'’]+")
_WORDS = regex.compile(r"[a-z']+")
_NUMBER_WORDS = regex.compile(r"[a-z]+")
_OWNED = regex.compile(r"['’]s?$")
_CAPITAL = r"\p{Lu}\p{Ll}[\p{L}'’-]*"
_RUN = regex.compile(rf"^\p{{Lu}}\p{{Ll}}+(?: {_CAPITAL})+|(?<![.!?:…\"“]\s*)(?<=\s){_CAPITAL}(?: {_CAPITAL})*")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
COMMON = frozenset((Path(__file__).parent / "words" / "common.txt").read_text(encoding="utf-8").split())
"""Words that tell nothing alone: no unit of a number, no part of a name, and two claims share them anyway."""


def in_letters(text: str) -> bool:
    """Whether a text is written in an alphabet."""
    return _UNSPACED.search(text) is None


def spell_countries(text: str) -> str:
    """Return a text, as it was written, with the countries of many names under one."""
    return _BRITAIN.sub("Britain", _AMERICA.sub("America", text)) if "U" in text else text


def spell_one_way(folded: str) -> str:
    """Return a folded text with its numbers in digits, its money in words and its negations as `not`."""
    if not in_letters(folded):
        return folded
    folded = _BARE_NOT.sub(lambda found: f"{_whole_verb(found[1])} not" if found[1] else "not", folded)
    folded = _MONEY.sub(_money, _VIRUS.sub("covid", folded))
    folded = _SHORT_NUMBER.sub(lambda found: _plain(_times(found["digits"], _SHORT[found["short"]])), folded)
    spelled: str = _NUMBER.sub(_in_digits, folded)
    return spelled


def _whole_verb(verb: str) -> str:
    return {"ca": "can", "wo": "will"}.get(verb, verb)


def _times(digits: str, factor: int) -> Decimal:
    return Decimal(digits.replace(",", "")) * factor


def _plain(number: Decimal) -> str:
    return f"{number:f}".rstrip("0").rstrip(".") if number % 1 else str(int(number))


def _money(found: regex.Match[str]) -> str:
    amount = _times(found["digits"], (_SHORT | _LARGE).get(found["large"] or "", 1))
    return f"{_plain(amount)} {_CURRENCY[found['sign']]}"


def _in_digits(found: regex.Match[str]) -> str:
    """Return a number in digits; "one" and "a" are mostly none."""
    words = _NUMBER_WORDS.findall(found["large"])
    if found["digits"] and not words:
        return str(found.group())
    if not words and found["written"] in (None, "one"):
        return str(found.group())
    total, group = Decimal(0), _times(found["digits"] or "0", 1) + (Decimal("0.5") if found["half"] else 0)
    for word in [*_NUMBER_WORDS.findall(found["written"] or ""), *words]:
        if word in _SMALL:
            group += _SMALL[word]
        elif _LARGE.get(word, 0) > 100:
            total, group = total + (group or 1) * _LARGE[word], Decimal(0)
        elif word in _LARGE:
            group = (group or Decimal(1)) * _LARGE[word]
    return _plain(total + group)


def find_capitals(text: str) -> Iterator[str]:
    """Yield what a text, as it was written, names with capitals within a sentence: "Tom Hanks", lower-case."""
    if not in_letters(text):
        return
    words = [word for word in _WORD.findall(text) if len(word) > 3]
    if sum(word[0].isupper() for word in words) > TITLE_CASE * len(words):
        return
    for run in _RUN.findall(text):
        name = _OWNED.sub("", run).casefold()
        if len(name.split()) <= MAX_RUN and len(name) > 3 and not set(name.split()) & COMMON:
            yield name


def telling_words(folded: str) -> frozenset[str]:
    """Return the words of a folded text that tell something, endings aside."""
    return frozenset(stem(word) for word in _WORDS.findall(folded) if len(word) > 2 and word not in COMMON)


def tell_of_one_thing(left: str, right: str) -> bool:
    """Whether two claims in an alphabet share enough words that a detail in which they differ contradicts."""
    mine, theirs = telling_words(left), telling_words(right)
    shared = len(mine & theirs)
    return shared >= LEAST_SHARED and shared >= SHARED * min(len(mine), len(theirs))
