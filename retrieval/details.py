"""The details by which claims differ: numbers with their units, dates, listed foods, drugs, places and names, and words
with an opposite."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

import regex

from retrieval.english import COMMON, in_letters
from retrieval.frames import Detail
from retrieval.listed import WORDS, class_of, find_names, find_opposites, kind_of_opposites, opposites, same_name
from retrieval.numerals import LARGE, NUMBER, ORDINAL, TO, value_of
from retrieval.units import stem

_UNIT = regex.compile(
    r"\s*(?:多|几|余)?[\s-]*(%|[a-z°]{1,20}|美元|美金|日圆|日元|日币|人民币|欧元|英镑|港币|港元|韩元|韩币|周年|个?小时|分钟|个?月|年|日|号|天|岁|倍|杯|颗|粒|克|公斤|公克|毫升|元|块|人|次|度|点|分(?!之)|秒|周|种|成|岁|级|届|米|公里|公分|辆|架|例|名|位|页|条|楼|折|个|家|项|件|只|台|间|场|篇|份|包|瓶|碗|片|案|款|张|吨|集|期|栋|班|支|根|箱|桶|匙|滴)"
)
MONEY = "元"
"""What a number counts beside which money is told of (月薪三万), and what 块 is where no piece of a thing follows."""
_SAME_UNITS = {"美金": "美元", "日圆": "日元", "日币": "日元", "港币": "港元", "韩币": "韩元", "位": "个"}
BARE = "number"
"""What a large number counts of which nothing is said: 2300万都可以领."""
_MONEY_BEFORE = regex.compile(
    r"(?:薪|付|罚|缴|补助|补贴|赔|奖|赚|花|卖|欠|借|贷|存|汇|骗|捐|币|款|费|钱|税|发(?![生明布表言烧]|现(?!金))|领(?![导先域])"
    r"|收(?![看听视])|送(?!医)|列(?!车)|金(?![门属])|价(?!值)|资(?![讯料]))[^\W\d]{0,3}$"
)
_MONEY_AFTER = regex.compile(r"的?(?:现金|奖金|罚|赔偿|补助|补贴|年薪|月薪|薪水|红包|欠款|贷款|预算)")
_LARGE_ENDS = regex.compile(r"(?![剂针张户股票颗头吨坪桶支名位瓦])")
"""What follows a number that may be an amount of money: of 三万剂 it is none."""
MONEY_REACH = 6
"""Characters before a number in which money is told of."""
_TO = regex.compile(TO)
_ENDS = regex.compile(r"[吗嘛吧]|\W|$")
"""What follows a number that is told for itself: 先付五百吗."""
_PIECE_OF = regex.compile(r"(?![钱吗嘛吧了呢以就的，])\p{Han}")
_DATE = regex.compile(r"(?<!\d)(?:(\d{2,4})\s*[年/.-]\s*)?(\d{1,2})\s*[月/]\s*(\d{1,2})\s*[日号]?(?!\d)")
LAST_MONTH = 12
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]")
_LETTERS = regex.compile(r"[a-z']+")
_MONTHS = ["january|jan", "february|feb", "march", "april|apr", "may", "june|jun", "july|jul", "august|aug"]
_MONTHS += ["september|sept|sep", "october|oct", "november|nov", "december|dec"]
_MONTH = regex.compile("|".join(f"(?P<m{number}>{names})" for number, names in enumerate(_MONTHS, 1)))
_MONTH_NAME = "(?:" + "|".join(_MONTHS) + ")"
_WRITTEN_DATE = regex.compile(
    rf"\b(?:(?P<month>{_MONTH_NAME})\.? (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<month>{_MONTH_NAME}))\b"
)
_MONTH_ALONE = regex.compile(
    rf"\b(?:(?!march|may){_MONTH_NAME}|(?<=\b(?:in|of|since|until|till|by|last|next) )(?:march|may))\b"
)
_WEEKDAY = regex.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b")
_YEAR = regex.compile(r"(?<![\d.,$-])(?:1[89]|20)\d\d(?![\d.,]*\d|-\w|%)")
LONGEST_DIRECTION = 3
"""Words of the longest phrase among the directions."""
_DENIAL = regex.compile(r"\b(?:not|no|never)(?: [a-z]{1,8})? $")
LONGEST_DENIAL = 16
"""Characters before a word in which it is denied: "never be", "not been"."""


def _without(text: str, pattern: regex.Pattern[str]) -> str:
    stripped: str = pattern.sub(" ", text)
    return stripped


@cache
def _directions() -> dict[tuple[str, ...], tuple[str, str]]:
    """Return (pair, side) for the stems of every English word or phrase with an opposite."""
    said: dict[tuple[str, ...], tuple[str, str]] = {}
    for line in (WORDS / "directions.txt").read_text(encoding="utf-8").splitlines():
        for side in line.split(" / ") if line else ():
            for phrase in side.split():
                stems = tuple(stem(word) for word in phrase.split("_"))
                said.setdefault(stems, (f"<{line}>", side))
    return said


@cache
def telling_directions() -> frozenset[str]:
    """Return the pairs of `directions.txt` above its empty line: they tell claims apart wherever they are said."""
    text = (WORDS / "directions.txt").read_text(encoding="utf-8")
    return frozenset(f"<{line}>" for line in text.partition("\n\n")[0].splitlines())


def find_directions(text: str) -> Iterator[Detail]:
    """Yield the words of a folded English text that have an opposite."""
    words = list(_LETTERS.finditer(text))
    stems, directions, place = [stem(word.group()) for word in words], _directions(), 0
    while place < len(words):
        for length in range(LONGEST_DIRECTION, 0, -1):
            if (found := directions.get(tuple(stems[place : place + length]))) is not None:
                start, end = words[place].start(), words[place + len(stems[place : place + length]) - 1].end()
                yield Detail(start, end, *found, text[start:end])
                place += length - 1
                break
        place += 1


def is_denied(text: str, start: int) -> bool:
    """Whether the word that begins there in an English text is denied: "never be safe"."""
    return _DENIAL.search(text[max(0, start - LONGEST_DENIAL) : start]) is not None


def _find_times(text: str) -> Iterator[Detail]:
    """Yield the dates in words, months, weekdays and years of an English text, one behind the other of a kind."""
    for date in _WRITTEN_DATE.finditer(text):
        month = _MONTH.fullmatch(date["month"])
        if month is not None and month.lastgroup is not None:
            yield Detail(date.start(), date.end(), "date", f"{month.lastgroup[1:]}/{int(date['day'])}", date.group())
    for month in _MONTH_ALONE.finditer(text):
        yield Detail(month.start(), month.end(), "month", month.group()[:3], month.group())
    for day in _WEEKDAY.finditer(text):
        yield Detail(day.start(), day.end(), "weekday", day.group(), day.group())
    for year in _YEAR.finditer(text):
        if (unit := _UNIT.match(text, year.end())) is None or unit[1] in COMMON:
            yield Detail(year.start(), year.end(), "year", year.group(), year.group())


def _uncounted(number: regex.Match[str]) -> str | None:
    """Return what a number counts of which no unit is told: money, where money is told of beside it."""
    text, start, end = number.string, number.start(), number.end()
    is_large = LARGE.search(number.group()) is not None
    if not is_large and not (number[0][-1] == "百" and _ENDS.match(text, end)):
        return None
    paid = _MONEY_BEFORE.search(text[max(0, start - MONEY_REACH) : start]) and _LARGE_ENDS.match(text, end)
    if paid or _MONEY_AFTER.match(text, end):
        return MONEY
    return BARE if is_large else None


def _unit_of(number: regex.Match[str]) -> tuple[str, str, int] | None:
    """Return what a number counts as it is compared, as it is told behind it, and where that ends: 月薪三万 counts
    something too."""
    unit = _UNIT.match(number.string, number.end())
    if unit is None:
        kind = _unit_of_both(number) or _uncounted(number)
        return (kind, "", number.end()) if kind else None
    word = unit[1]
    if word in COMMON:
        return None
    if word == "块" and not _PIECE_OF.match(number.string, unit.end()):
        return MONEY, word, unit.end()
    if len(word) > 3 and word.isascii():
        return stem(word), f" {word}", unit.end()
    return _SAME_UNITS.get(word, word), word, unit.end()


def _unit_of_both(number: regex.Match[str]) -> str | None:
    """Return what the first of two numbers counts where the unit stands behind the second: 七、八成."""
    to = _TO.match(number.string, number.end())
    last = NUMBER.match(number.string, to.end()) if to else None
    unit = _UNIT.match(last.string, last.end()) if last else None
    return None if unit is None or unit[1] in COMMON or unit[1].isascii() else _SAME_UNITS.get(unit[1], unit[1])


def _find_numbers(text: str) -> Iterator[Detail]:
    """Yield the dates in a text, and the other numbers with their unit."""
    dates = [Detail(found.start(), found.end(), "date", _day(found), _day(found)) for found in _DATE.finditer(text)]
    yield from dates
    for ordinal in ORDINAL.finditer(text):
        yield Detail(ordinal.start(), ordinal.end(), *_read_ordinal(ordinal), ordinal.group())
    for number in NUMBER.finditer(text):
        if (unit := _unit_of(number)) is None:
            continue
        kind, told, end = unit
        if not any(date.start < end and number.start() < date.end for date in dates):
            value = value_of(number.group())
            yield Detail(number.start(), end, kind, value, value + told)


def _read_ordinal(ordinal: regex.Match[str]) -> tuple[str, str]:
    """Return what is numbered, by its first character, and which of them: 第二航厦."""
    return f"第{ordinal[2] or ''}", value_of(ordinal[1])


def _find_opposites(turned: Mapping[str, Sequence[int]]) -> Iterator[Detail]:
    compared = _words_with_opposites()
    for word, starts in turned.items():
        if word in compared:
            yield from (Detail(start, start + len(word), *compared[word], word) for start in starts)


@cache
def _words_with_opposites() -> dict[str, tuple[str, str]]:
    """Return (pair, side) for the opposites that are no denials; what stands in two pairs goes by its first."""
    said: dict[str, tuple[str, str]] = {}
    for sides in opposites():
        if not {character for side in sides for word in side for character in word} & set("可不必能"):
            for side in sides:
                for word in side:
                    said.setdefault(word, (kind_of_opposites(sides), side[0]))
    return said


def find_named(text: str, names: Iterable[str]) -> Iterator[Detail]:
    """Yield where a folded text has the names it was found to have."""
    for name in names:
        start, last = text.find(name), name.split()[-1]
        while start >= 0:
            end = start + len(name)
            if not text[max(0, start - 1) : start].isalnum() and not text[end : end + 1].isalnum():
                yield Detail(start, end, "name", same_name(last), name)
            start = text.find(name, end)


def find_details(
    text: str,
    names: Iterable[str] = (),
    listed: Iterable[Detail] | None = None,
    turned: Mapping[str, Sequence[int]] | None = None,
) -> list[Detail]:
    """Return what fills the slots of a folded text, one behind the other. `names` are those its capitals tell,
    `listed` the listed ones and `turned` the words with an opposite, where they are known."""
    listed = [name._replace(kind=class_of(name.kind)) for name in (find_names(text) if listed is None else listed)]
    opposed = _find_opposites(find_opposites(text) if turned is None else turned)
    found = [*_find_numbers(text), *listed, *opposed]
    found += [*find_named(text, names), *find_directions(text), *(_find_times(text) if in_letters(text) else ())]
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Detail] = []
    for detail in found:
        if not kept or detail.start >= kept[-1].end:
            kept.append(detail)
    return kept


def _day(date: regex.Match[str]) -> str:
    """Return a date as month and day, also where the day was written first: 29/3."""
    month, day = int(date[2]), int(date[3])
    return f"{day}/{month}" if month > LAST_MONTH >= day else f"{month}/{day}"


def quantities(text: str) -> dict[tuple[str, str], list[str]]:
    """Return the numbers in a text by their unit, and by their unit with the two characters after it: "四人同行" and
    "7人同行" differ, whatever else is counted in 人. Dates are apart, under `date`."""
    found: dict[tuple[str, str], list[str]] = {}
    for date in _DATE.finditer(text):
        found.setdefault(("date", ""), []).append(_day(date))
    for time in _find_times(text) if in_letters(text) else ():
        if time.kind != "year":
            found.setdefault((time.kind, ""), []).append(time.value)
    for ordinal in ORDINAL.finditer(text):
        kind, value = _read_ordinal(ordinal)
        found.setdefault((kind, ""), []).append(value)
    values: list[str] = []
    for number in NUMBER.finditer(_without(text, _DATE)):
        if (unit := _unit_of(number)) is None:
            continue
        values.append(value_of(number.group()))
        if unit[2] == number.end() and unit[0] not in (MONEY, BARE):
            continue  # the first of two: the unit stands behind the second
        after = number.string[unit[2] : unit[2] + 2]
        for told in ("", after) if len(_WORD.findall(after)) == 2 else ("",):
            found.setdefault((unit[0], told), []).extend(values)
        values = []
    return found
