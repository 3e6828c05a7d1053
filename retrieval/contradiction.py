"""What makes two similar texts different claims: another number, date, negation, direction, food, drug, place or name.

The check reads two claims side by side, not two topics: it runs over a message and the stretch of the entry that is
nearest to it, and speaks only where the two are otherwise alike. It gives the words that differ, so that the answer
can say "similar, but this one says …".
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import regex

from retrieval.alignment import align
from retrieval.claim import MAX_CLAIM, read_claim
from retrieval.normalise import fold, size_of
from retrieval.units import stem

WORDS = Path(__file__).parent / "words"
CLASSES = ("food", "drug", "place", "name")
SHORT_CLAIM = 60
ALIKE = 0.62
"""Share of the shorter claim that must stand in the other, before a differing detail contradicts."""
NEAR_COPY = 0.85
"""Share from which two texts are one text with something changed: then every change counts."""
LONG_COPY = 30.0
"""Size (`retrieval.normalise.size_of`) from which a near-copy with a negation more is no debunk: debunks do not
repeat a rumour to the letter."""
LONGEST_DENIAL = 16
"""Characters before a word in which it is denied: "never be", "not been"."""
_NO_NAME_IN_LETTERS = frozenset({"who"})
"""Listed names that are mostly another word where the whole text is in an alphabet."""

Difference = tuple[str, str]

_DIGITS = str.maketrans("〇零一二两三四五六七八九", "001223456789")
_NUMBER = regex.compile(
    r"(?<![a-z0-9^])[-±]?(?:(?<![\w.])\.)?\d+(?:[.,^]\d+)*|[〇零一二两三四五六七八九十百千万亿]+(?=[个年月日天号岁倍杯颗粒克公斤元块万亿人次度点分秒小时周杯种成%])"
)
_UNIT = regex.compile(
    r"\s*(?:多|几|余)?\s*(%|[a-z°]{1,4}|万|亿|千|个?小时|分钟|个?月|年|日|号|天|岁|倍|杯|颗|粒|克|公斤|公克|毫升|元|块|人|次|度|点|分|秒|周|种|成|岁|级|届|米|公里|公分|辆|架|例|名|位|页|条|楼|折)"
)
_DATE = regex.compile(r"(?<!\d)(?:(\d{2,4})\s*[年/.-]\s*)?(\d{1,2})\s*[月/]\s*(\d{1,2})\s*[日号]?(?!\d)")
_PART_OF_DATE = regex.compile(r"\d+[月日号]")
_NEGATION_ONLY = regex.compile(
    r"(?:(?:do|does|did|is|are|was|were|will|would|can|could|should|has|have|had|be|been) ?)?(?:not|never)(?: be)?"
    r"|no|without|no longer"
    r"|[不没無无未非勿别莫]|不(?:会|能|可以|可|得|要|应该|应|宜|是|再|准|该|需要|必|用|含)?|没有|并非|并未|并不|未曾|尚未|从未|还没|严禁|禁止|切忌|无法|拒绝|避免"
)
_DENIAL = regex.compile(r"\b(?:not|no|never)(?: [a-z]{1,8})? $")
_AFFIRMATIVE = frozenset(
    {"", "do", "does", "did", "is", "are", "was", "were", "will", "can", "has", "have", "with", "always"}
    | {"会", "能", "可以", "可", "要", "应该", "是", "有", "必须", "已经", "已", "需要", "得", "请"}
)
_HARMLESS = frozenset(
    {"不只是", "不仅是", "不但是", "不同的", "没想到", "不小心", "非常的", "不知道", "不得不", "不可思"}
)
_ANY_NUMBER = regex.compile(r"(?:(?<![\w.])\.)?\d+(?:[.,:/^-]\d+)*")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]")
_TOKEN = regex.compile(r"[a-z']+|.", regex.DOTALL)


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
def _opposites() -> tuple[tuple[str, str], ...]:
    pairs = fold((WORDS / "opposites.txt").read_text(encoding="utf-8")).split()
    return tuple((one, other) for one, _, other in (pair.replace("_", " ").partition("/") for pair in pairs) if other)


def _without(text: str, pattern: regex.Pattern[str]) -> str:
    stripped: str = pattern.sub(" ", text)
    return stripped


def _stands_alone(word: str, text: str, start: int) -> bool:
    """Whether a word in an alphabet is a word there, and not a part of one."""
    around = text[max(0, start - 1) : start] + text[start + len(word) : start + len(word) + 1]
    return not (word.isascii() and any(c.isascii() and c.isalnum() for c in around))


def _named(text: str) -> dict[str, set[str]]:
    """Return the listed foods, drugs, places and names in a text, by class."""
    lexicon, same, found, position = _lexicon(), _same_names(), dict[str, set[str]](), 0
    unnamed = _NO_NAME_IN_LETTERS if text.isascii() else ()
    while position < len(text) - 1:
        for word, name in lexicon.get(text[position : position + 2], ()):
            if text.startswith(word, position) and word not in unnamed and _stands_alone(word, text, position):
                found.setdefault(name, set()).add(same.get(word, word))
                position += len(word) - 1
                break
        position += 1
    return found


def _value(number: str) -> str:
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


def _quantities(text: str) -> dict[tuple[str, str], list[str]]:
    """Return the numbers in a text by their unit, and by their unit with the two characters after it: "四人同行" and
    "7人同行" differ, whatever else is counted in 人. Dates are apart, under `date`."""
    found: dict[tuple[str, str], list[str]] = {}
    for date in _DATE.finditer(text):
        found.setdefault(("date", ""), []).append(f"{int(date[2])}/{int(date[3])}")
    for number in _NUMBER.finditer(_without(text, _DATE)):
        if (unit := _UNIT.match(number.string, number.end())) is None:
            continue
        value, after = _value(number.group()), number.string[unit.end() : unit.end() + 2]
        for told in ("", after) if len(_WORD.findall(after)) == 2 else ("",):
            found.setdefault((unit[1], told), []).append(value)
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
    differing = sorted(key for key in mine.keys() & theirs.keys() if not set(mine[key]) & set(theirs[key]))
    for unit, told in differing:
        if not told or (unit, "") not in differing:
            shown = "" if unit == "date" else unit
            yield mine[unit, told][0] + shown, theirs[unit, told][0] + shown


def _direction_conflicts(left: str, right: str) -> Iterator[Difference]:
    for one, other in _opposites():
        for mine, theirs in ((one, other), (other, one)):
            if _says(left, mine) and _says(right, theirs) and not _says(left, theirs) and not _says(right, mine):
                yield mine, theirs


def _says(text: str, word: str) -> bool:
    """Whether a text holds a word; in an alphabet, as a word of its own and not denied: "legal" is not said by
    "illegal", and "no less than" is not "less than"."""
    start = text.find(word)
    while start >= 0 and (not _stands_alone(word, text, start) or (word.isascii() and _is_denied(text, start))):
        start = text.find(word, start + 1)
    return start >= 0


def _is_denied(text: str, start: int) -> bool:
    return _DENIAL.search(text[max(0, start - LONGEST_DENIAL) : start]) is not None


def _negation_in(change: str) -> str | None:
    """Return the negation when it is all that a changed stretch says."""
    found = _NEGATION_ONLY.fullmatch(change)
    return found.group() if found else None


def _changes(claim: str, other: str) -> Iterator[tuple[str, str, str]]:
    """Yield what changed between two near-copies: the words of each, and the two characters that follow."""
    mine, theirs = _TOKEN.findall(claim), _TOKEN.findall(other)
    stems = [stem(token) for token in mine], [stem(token) for token in theirs]
    for tag, a, b, c, d in SequenceMatcher(None, *stems, autojunk=False).get_opcodes():
        if tag != "equal":
            yield _words_of("".join(mine[a:b])), _words_of("".join(theirs[c:d])), "".join(mine[b : b + 2])[:2]


def _words_of(change: str) -> str:
    """Return a changed stretch without the punctuation around it."""
    words = [place for place, character in enumerate(change) if _WORD.match(character)]
    return change[words[0] : words[-1] + 1] if words else ""


def _changed_numbers(claim: str, other: str) -> Iterator[Difference]:
    """Yield the numbers that stand in the same place of two near-copies and differ."""
    mine, theirs = (
        [(n.group(), n.string[n.end() : n.end() + 1]) for n in _ANY_NUMBER.finditer(t)] for t in (claim, other)
    )
    if len(mine) == len(theirs) and [unit for _, unit in mine] == [unit for _, unit in theirs]:
        for (one, unit), (another, _) in zip(mine, theirs, strict=True):
            if _value(one) != _value(another):
                yield one + unit, another + unit


def _changed_names(claim: str, other: str) -> Iterator[Difference]:
    """Yield the listed words that stand in each other's place, whatever else of their class the texts name."""
    for mine, theirs, _ in _changes(claim, other):
        here, there = _named(mine), _named(theirs)
        if here.keys() & there.keys() and here != there:
            yield mine, theirs


def _negation_conflicts(claim: str, other: str) -> Iterator[Difference]:
    """Yield the negations by which two near-copies differ and nothing else stands in their place."""
    for mine, theirs, after in _changes(claim, other):
        if (mine + after)[:3] in _HARMLESS or (theirs + after)[:3] in _HARMLESS:
            continue
        here, there = _negation_in(mine), _negation_in(theirs)
        if (here and theirs in _AFFIRMATIVE) or (there and mine in _AFFIRMATIVE):
            yield mine or "–", theirs or "–"


def _as_written(folded: str, text: str) -> str:
    """Return the words of the text that fold to these: a reader of Traditional Chinese is not shown Simplified."""
    pieces = [(position, fold(character)) for position, character in enumerate(text)]
    places = [position for position, piece in pieces for _ in piece]
    start = "".join(piece for _, piece in pieces).find(folded)
    return text[places[start] : places[start + len(folded) - 1] + 1] if folded and start >= 0 else folded


def _show(words: str, text: str) -> str:
    return "、".join(_as_written(word, text) for word in words.split("、"))


def find_contradictions(message: str, entry: str) -> Sequence[Difference]:
    """Return pairs (words in the message, words in the entry) that make them different claims; empty: none found."""
    left, right = read_claim(message), read_claim(entry)
    if not left.text or not right.text or left.text == right.text:
        return ()
    shorter = min(len(left.text), len(right.text), MAX_CLAIM)
    mine, theirs, alike = align(left.text[: max(MAX_CLAIM, 4 * shorter)], right.text[: max(MAX_CLAIM, 4 * shorter)])
    if alike < ALIKE and max(len(left.text), len(right.text)) > SHORT_CLAIM:
        return ()
    found = [*_contrasts(_named(mine), _named(theirs)), *_number_conflicts(mine, theirs)]
    if alike >= ALIKE:
        found += _direction_conflicts(mine, theirs)
    if alike >= NEAR_COPY and min(len(mine), len(theirs)) >= NEAR_COPY * max(len(mine), len(theirs)):
        found += [*_changed_numbers(mine, theirs), *_changed_names(mine, theirs)]
        if min(size_of(mine), size_of(theirs)) >= LONG_COPY or left.debunks(mine) == right.debunks(theirs):
            found += _negation_conflicts(mine, theirs)
    if any("/" in one for one, _ in found):  # the date says it
        found = [difference for difference in found if not _PART_OF_DATE.fullmatch(difference[0])]
    shown = message[: 4 * MAX_CLAIM], entry[: 4 * MAX_CLAIM]
    return tuple((_show(one, shown[0]), _show(other, shown[1])) for one, other in dict.fromkeys(found))
