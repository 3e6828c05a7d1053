"""What makes two similar texts different claims: another number, date, negation, direction, food, drug, place or name.

The check reads two claims side by side, not two topics: it runs over a message and the stretch of the entry that is
nearest to it, and speaks only where the two are otherwise alike. It gives the words that differ, so that the answer
can say "similar, but this one says …".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import regex

from retrieval.normalise import fold
from retrieval.passages import remove_boilerplate
from retrieval.urls import strip_urls

WORDS = Path(__file__).parent / "words"
CLASSES = ("food", "drug", "place", "name")
MAX_CLAIM = 260
"""Texts are compared up to so many characters; beyond, they are stories, and a differing word is no contradiction."""
SHORT_CLAIM = 60
ALIKE = 0.62
"""Share of the shorter claim that must stand in the other, before a differing detail contradicts."""

Difference = tuple[str, str]

_DIGITS = str.maketrans("〇零一二两三四五六七八九", "001223456789")
_NUMBER = regex.compile(
    r"(?<![a-z0-9])-?\d+(?:[.,]\d+)*|[〇零一二两三四五六七八九十百千万亿]+(?=[个年月日天号岁倍杯颗粒克公斤元块万亿人次度点分秒小时周杯种成%])"
)
_UNIT = regex.compile(
    r"\s*(?:多|几|余)?\s*(%|[a-z°]{1,4}|万|亿|千|个?小时|分钟|个?月|年|日|号|天|岁|倍|杯|颗|粒|克|公斤|公克|毫升|元|块|人|次|度|点|分|秒|周|种|成|岁|级|届|米|公里|公分|辆|架|例|名|位|页|条|楼|折)"
)
_DATE = regex.compile(r"(?<!\d)(?:(\d{2,4})\s*[年/.-]\s*)?(\d{1,2})\s*[月/]\s*(\d{1,2})\s*[日号]?(?!\d)")
_ASKING = regex.compile(
    r"(会|能|可|是|有|要|该|好|对|行)(?:不|没)(?:会|能|可以|可|是|有|要|该|好|对|行)|有没有|是否|能否|可否"
)
_NEGATION = regex.compile(
    r"(?<!差)(?:不(?:会|能|可以|可|得|要|应该|应|宜|是|再|准|该|需要|必|用|含|算|致)|没有|并非|并未|并不|未曾|尚未|从未|严禁|禁止|勿|切忌|无法|无关|拒绝|避免)"
)
_NOT_NEGATING = regex.compile(
    r"不(?:只|仅|但|同|过|少|断|管|论|得不|小心|知道|可思议|会吧|用谢|要再|要让|要说)|不可不|不能不|非常|无论|没想到|没事|没错|要不要"
)
_DEBUNKING = regex.compile(
    r"错误|谣言|假的|不实|假消息|假新闻|假訊息|误导|不正确|没有根据|无根据|并非事实|非事实|诈骗|事实查核|查核|澄清|辟谣|破解|迷思|网传|谬误"
    r"|\b(?:false|fake|hoax|debunk\w*|misleading|myth|no evidence|not true|fact.?check\w*)\b"
)


@dataclass(frozen=True)
class _Claim:
    text: str
    debunks: bool


def read_claim(text: str) -> _Claim:
    """Fold a text to what is compared. Questions about a claim ("會不會", "是否") lose their question first."""
    folded = fold(remove_boilerplate(strip_urls(text[: 4 * MAX_CLAIM])))
    folded = _ASKING.sub(lambda asking: asking.group(1) or "", folded)
    return _Claim(folded, bool(_DEBUNKING.search(folded)))


@cache
def _lexicon() -> tuple[dict[str, str], regex.Pattern[str]]:
    """Return every word with its class, and one pattern that finds them, longest first."""
    words: dict[str, str] = {}
    for name in CLASSES:
        for word in fold((WORDS / f"{name}.txt").read_text(encoding="utf-8")).split():
            words.setdefault(word, name)
    longest_first = sorted(words, key=len, reverse=True)
    edge = r"(?<![a-z0-9])(?:{})(?![a-z0-9])"
    latin = [word for word in longest_first if word.isascii()]
    other = [word for word in longest_first if not word.isascii()]
    pattern = "|".join(regex.escape(word) for word in other) + "|" + edge.format("|".join(map(regex.escape, latin)))
    return words, regex.compile(pattern)


@cache
def _opposites() -> tuple[tuple[str, str], ...]:
    pairs = fold((WORDS / "opposites.txt").read_text(encoding="utf-8")).split()
    return tuple((one, other) for one, _, other in (pair.partition("/") for pair in pairs) if other)


def _without(text: str, pattern: regex.Pattern[str]) -> str:
    stripped: str = pattern.sub(" ", text)
    return stripped


def _named(text: str) -> dict[str, set[str]]:
    """Return the listed foods, drugs, places and names in a text, by class."""
    words, pattern = _lexicon()
    found: dict[str, set[str]] = {}
    for match in pattern.finditer(text):
        found.setdefault(words[match.group()], set()).add(match.group())
    return found


def _value(number: str) -> str:
    """Return one spelling of a number: no thousands' commas, Chinese digits as digits."""
    number = regex.sub(r",(?=\d{3})", "", number)
    if number[-1].isascii():
        return number.rstrip("0").rstrip(".") if "." in number else number
    if number.startswith("十"):
        number = "一" + number
    if regex.fullmatch(r"[一二两三四五六七八九]十[一二三四五六七八九]?", number):
        return number[0].translate(_DIGITS) + (number[2].translate(_DIGITS) if len(number) == 3 else "0")
    return number.translate(_DIGITS)


def _quantities(text: str) -> dict[str, list[str]]:
    """Return the numbers in a text by their unit; dates apart, under `date`."""
    found: dict[str, list[str]] = {}
    for date in _DATE.finditer(text):
        found.setdefault("date", []).append(f"{int(date[2])}/{int(date[3])}")
    for number in _NUMBER.finditer(_without(text, _DATE)):
        unit = _UNIT.match(number.string, number.end())
        if unit is not None:
            found.setdefault(unit[1], []).append(_value(number.group()))
    return found


def _contrasts(left: dict[str, set[str]], right: dict[str, set[str]]) -> Iterator[Difference]:
    """Yield, class by class, what only one side has, where both have something of their own."""
    for name in left.keys() & right.keys():
        mine, theirs = left[name] - right[name], right[name] - left[name]
        mine = {word for word in mine if not any(word in other or other in word for other in right[name])}
        theirs = {word for word in theirs if not any(word in other or other in word for other in left[name])}
        if mine and theirs:
            yield "、".join(sorted(mine)), "、".join(sorted(theirs))


def _number_conflicts(left: str, right: str) -> Iterator[Difference]:
    """Yield units whose numbers have nothing in common in the two texts."""
    mine, theirs = _quantities(left), _quantities(right)
    for unit in sorted(mine.keys() & theirs.keys()):
        if not set(mine[unit]) & set(theirs[unit]):
            shown = "" if unit == "date" else unit
            yield mine[unit][0] + shown, theirs[unit][0] + shown


def _direction_conflicts(left: str, right: str) -> Iterator[Difference]:
    for one, other in _opposites():
        for mine, theirs in ((one, other), (other, one)):
            if mine in left and theirs in right and theirs not in left and mine not in right:
                yield mine, theirs


def _negations(text: str) -> list[str]:
    return [match.group() for match in _NEGATION.finditer(_without(text, _NOT_NEGATING))]


def _negation_conflicts(left: str, right: str) -> Iterator[Difference]:
    mine, theirs = _negations(left), _negations(right)
    if len(mine) % 2 != len(theirs) % 2 and min(len(mine), len(theirs)) == 0 and max(len(mine), len(theirs)) == 1:
        yield (mine[0], "–") if mine else ("–", theirs[0])


def _aligned_stretch(claim: str, other: str) -> tuple[str, str, float]:
    """Return the parts of the two texts that lie side by side, and the share of the shorter one that is alike."""
    matcher = SequenceMatcher(None, claim, other, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= 2]
    if not blocks:
        return claim, other, 0.0
    alike = sum(block.size for block in blocks) / max(1, min(len(claim), len(other)))
    margin = 12
    first, last = blocks[0], blocks[-1]
    left = claim[max(0, first.a - margin) : last.a + last.size + margin]
    right = other[max(0, first.b - margin) : last.b + last.size + margin]
    return left, right, alike


def find_contradictions(message: str, entry: str) -> Sequence[Difference]:
    """Return pairs (words in the message, words in the entry) that make them different claims; empty: none found."""
    left, right = read_claim(message), read_claim(entry)
    if not left.text or not right.text or left.text == right.text:
        return ()
    mine, theirs, alike = _aligned_stretch(left.text[:MAX_CLAIM], right.text[:MAX_CLAIM])
    if alike < ALIKE and max(len(left.text), len(right.text)) > SHORT_CLAIM:
        return ()
    found = [*_contrasts(_named(mine), _named(theirs)), *_number_conflicts(mine, theirs)]
    if alike >= ALIKE:
        found += _direction_conflicts(mine, theirs)
        if not left.debunks and not right.debunks:
            found += _negation_conflicts(mine, theirs)
    return tuple(found)
