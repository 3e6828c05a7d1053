"""What two claims say in the same place: each text as a frame of words, with what fills its slots.

"柿子不能配牛奶" and "大家早安，柿子可以配牛奶喔" have one frame, 柿子▢配牛奶, and only one of them denies it. A slot
is a denial or its absence, a number with its unit, a food, a drug, a place, a name, or one of two opposites. Two
slots are the same place where the words around them are the same, whatever else stands before and behind, so a
greeting or a cut end hides nothing. What a text says both ways, or only asks, contradicts nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import regex

from retrieval.english import COMMON
from retrieval.units import stem

DENIED, AFFIRMED, ASKED, UNSAID = "denied", "affirmed", "asked", "unsaid"
POLARITY = "polarity"
REACH = 30
"""Words looked at on either side of a slot."""
LONGEST_QUESTION = 60
MAX_SLOTS, MAX_PLACES = 100, 20
"""Slots of a text, and places where one may stand in the other, that are looked at: bounds the work."""
WORD_SIZE = 2.5
"""What a telling word of an alphabet or a detail says, in Chinese characters."""

AROUND_DENIAL = 4.0
"""Size of the shared words around a denial and its opposite ("不能" and "可以"), both sides together."""
AROUND_UNSAID = 7.0
"""The same where one text denies and the other just tells ("不致癌", "致癌")."""
AROUND_DETAIL = 7.0
"""The same around a number, a name or one of two opposites."""
FAR = 8.0
"""Size of the shared words from which an agreement is as good as any."""
LEAST_DENIED = 3.0
"""Size of the shared words behind a denial that the other text just lacks."""
LEAST_ASIDE = 2.0
"""Size of the shared words on each side, but where a clause begins in both."""

Difference = tuple[str, str]

_DENIAL = (
    "不可以|不能够|不可能|不能|不可(?!思)|不会|不要|不应该|不应|不宜|不得(?!不)|不用|不必|不须|不需要|不需|不准|不许"
    "|不该|不是|没有|并没有|并非|并未|并不|未曾|尚未|从未|还没有|还没|无法|严禁|禁止|切忌|切勿|请勿|勿|避免"
    "|没(?!想到|收)|不(?![只仅但同过管论错少良足知满明断如安幸肖]|小心|得不|可思)|未(?!来|婚|成年|必|知)"
)
_WARNING = regex.compile("不(?:要|应该|应|宜|准|许|该)|严禁|禁止|切忌|切勿|请勿|[勿别莫]|避免")
_UNABLE = regex.compile("不(?:能够|能|可以|可|得)")
_HARM = regex.compile("(?<![社机学协开])会|[将恐害伤]|造成|导致|引[起发致]|产生|以免|免得|否则|中毒|致[癌命死病]")
"""Denials that bid not to do a thing; those that do where what it does is told; and words that tell of it."""
_AFFIRMATION = (
    "可以|能够|能(?!量|源|力)|可(?![能怕是恶怜口乐爱惜见疑靠])|(?<![学协工员社机大议晚])会(?![议员长计场谈见所])"
    "|应该|应|宜|必须|需要|必|要|已经|已|有|是"
)
_VERB = r"(?:do|does|did|is|are|was|were|will|would|can|could|should|has|have|had|be|been)"
_LETTERS_DENIAL = rf"\b(?:{_VERB} )?(?:not|never|no longer|without|no)\b"
_LETTERS_AFFIRMATION = rf"\b{_VERB}\b"
_ASKING = (
    r"(?!有没有[听看])(?P<asked>会|能|可以|可|是|有|要|该|好)(?:不|没)(?P=asked)"
    "|是否(?!是?为?(?:真|属实|正确|可信|事实|假|谣))|能否|可否"
)
_FILLER = (
    "千万|绝对|绝|其实|真的|真|一定|完全|根本|到底|究竟|万万|一起|一同|同时|都|也|还|就|的|了|喔|哦|啊|呀|耶|呢|吗|嘛|吧"
    r"|\b(?:a|an|any|the|that|to|really)\b"
)
_TOKEN = regex.compile(
    rf"(?P<asking>{_ASKING})|(?P<denial>{_DENIAL}|{_LETTERS_DENIAL})"
    rf"|(?P<affirmation>{_AFFIRMATION}|{_LETTERS_AFFIRMATION})|(?P<filler>{_FILLER})"
    r"|(?P<joined>[和跟与配及]|搭配|\band\b|\bwith\b)"
    r"|(?P<word>[a-z']+|\d+(?:[.,:/]\d+)*|\w)|(?P<break>[。！？!?;,、:\n]+)"
)
_ASKED = regex.compile(
    r"(?<!真的|真|假的|假|属实|正确|可信|谣言|对|知道|听过|听说过)[吗嘛](?=\W|$)"
    r"|^\W*(?:can|is|are|does|do|will|should) (?!it true)[^?]*\?"
    rf"|{_ASKING}"
)
"""A question about the thing; "is that true" asks about the claim as it is told."""


@dataclass(frozen=True)
class Detail:
    """A stretch of a text that fills a slot: a number, a listed name, one of two opposites."""

    start: int
    end: int
    kind: str
    value: str
    told: str
    """How it is shown."""


@dataclass(frozen=True)
class _Slot:
    """What fills the gap before word `place` of a frame (polarity), or stands there itself (a detail)."""

    place: int
    kind: str
    value: str
    told: str
    start: int


@dataclass(frozen=True)
class Frame:
    """A text's words without what fills its slots. `begins` are the places where a clause begins."""

    words: Sequence[str]
    slots: Sequence[_Slot]
    begins: frozenset[int]
    asks: bool
    filled: Mapping[int, str]
    """The details among the words, by their place."""
    denied: frozenset[int]
    """Places before which a denial stands."""
    harms: bool


def read_frame(text: str, details: Sequence[Detail] = ()) -> Frame:
    """Read a folded text. `details` lie one behind the other."""
    words: list[str] = []
    slots: list[_Slot] = []
    begins, position, is_question = {0}, 0, asks_whether(text)
    for detail in [*details, None]:
        end = len(text) if detail is None else detail.start
        for token in _TOKEN.finditer(text, position, end):
            _take(token, words, slots, begins, is_question)
        if detail is not None:
            slots.append(_Slot(len(words), detail.kind, detail.value, detail.told, detail.start))
            words.append(f"<{detail.kind}>")
            position = detail.end
    filled = {slot.place: slot.value for slot in slots if slot.kind != POLARITY}
    denied = frozenset(slot.place for slot in slots if slot.kind == POLARITY and slot.value == DENIED)
    return Frame(words, slots, frozenset(begins), is_question, filled, denied, tells_harm(text))


def _take(token: regex.Match[str], words: list[str], slots: list[_Slot], begins: set[int], is_question: bool) -> None:
    """Add one token to the frame read so far."""
    kind, told = token.lastgroup, token.group()
    if kind == "word":
        words.append(stem(told))
    elif kind == "joined":
        words.append("+")
    elif kind == "break":
        _end_clause(words, slots)
        begins.add(len(words))
    elif kind != "filler":
        value = {"asking": ASKED, "denial": DENIED}.get(kind or "", AFFIRMED)
        value = ASKED if is_question else value
        _fill(slots, _Slot(len(words), POLARITY, value, told, token.start()))


def _end_clause(words: Sequence[str], slots: list[_Slot]) -> None:
    """Forget what was said of no word: "不會！" at the end of a clause says nothing of the next one."""
    if slots and slots[-1].kind == POLARITY and slots[-1].place == len(words):
        slots.pop()


def _fill(slots: list[_Slot], slot: _Slot) -> None:
    """Put what is said of a place with what was said of it before: two denials affirm."""
    before = slots[-1] if slots and slots[-1].kind == POLARITY and slots[-1].place == slot.place else None
    if before is None:
        slots.append(slot)
        return
    if ASKED in (before.value, slot.value):
        value = ASKED
    else:
        value = DENIED if (before.value == DENIED) != (slot.value == DENIED) else AFFIRMED
    slots[-1] = _Slot(slot.place, POLARITY, value, before.told if before.value == DENIED else slot.told, before.start)


def asks_whether(text: str) -> bool:
    """Whether a folded text is a question about the thing; what asks at length tells it all the same."""
    return len(text) <= LONGEST_QUESTION and _ASKED.search(text) is not None


@dataclass(frozen=True)
class _Meeting:
    """A slot of one text, the same place in the other, and whether they say the same there."""

    kind: str
    mine: int
    theirs: int
    told: Difference
    differs: bool
    size: float


def _turned(met: _Meeting) -> _Meeting:
    return _Meeting(met.kind, met.theirs, met.mine, (met.told[1], met.told[0]), met.differs, met.size)


def find_conflicts(one: Frame, other: Frame, may_deny: Callable[[int, int, float], bool]) -> Iterator[Difference]:
    """Yield what the two say differently in the same place. `may_deny` is asked whether a denial counts there: it gets
    where both slots begin in their texts (-1: nothing is said), and how much is shared around them."""
    back = _meetings(other, one, lambda theirs, mine, shared: may_deny(mine, theirs, shared))
    meetings = [*_meetings(one, other, may_deny), *map(_turned, back)]
    agreed = [met for met in meetings if not met.differs]
    differing = [met for met in meetings if met.differs and not any(_settles(same, met) for same in agreed)]
    yield from (met.told for met in differing if not any(_is_one_denial(met, more, one) for more in differing))
    yield from _moved(one, other)


def _is_one_denial(met: _Meeting, more: _Meeting, one: Frame) -> bool:
    """Whether a denial of one text is that of the other, elsewhere in the same clause: 地瓜不会和柿子相克,
    地瓜和柿子不会相克."""
    if met.kind != POLARITY or more.kind != POLARITY or "–" not in met.told:
        return False
    first, last = sorted((met.mine, more.mine))
    return met.told == more.told[::-1] and not any(first < begin <= last for begin in one.begins)


def tells_harm(text: str) -> bool:
    """Whether a folded text tells what comes of a thing."""
    return _HARM.search(text) is not None


def is_warning(denial: str, harm: bool) -> bool:
    """Whether a denial bids not to do a thing: "不能喝，会中毒" and "喝会中毒" are the advice and its reason (harm is
    told), and "疫苗不能预防重症" is neither."""
    return bool(_WARNING.fullmatch(denial) or (harm and _UNABLE.fullmatch(denial)))


def _settles(same: _Meeting, met: _Meeting) -> bool:
    """Whether a text says elsewhere what the other says: then it says both."""
    meets = same.kind == met.kind and (same.mine == met.mine or same.theirs == met.theirs)
    return meets and same.size >= min(met.size, FAR)


def _moved(one: Frame, other: Frame) -> Iterator[Difference]:
    """Yield the one denial that only one of two texts has where all words of the shorter stand in the other, wherever
    among them it is said: 柿子不能和牛奶一起吃, 柿子和牛奶可以一起吃."""
    if len(one.words) > len(other.words):
        yield from ((mine, theirs) for theirs, mine in _moved(other, one))
        return
    length, size = len(one.words), sum(map(_size, one.words))
    starts = [
        start for start in range(len(other.words) - length + 1) if other.words[start : start + length] == one.words
    ]
    if size < AROUND_DENIAL or len(starts) != 1:
        return
    if any(other.filled.get(place + starts[0]) != value for place, value in one.filled.items()):
        return
    mine = [slot for slot in one.slots if slot.kind == POLARITY]
    theirs = [slot for slot in other.slots if slot.kind == POLARITY and 0 <= slot.place - starts[0] < length]
    if len(mine) == len(theirs) == 1 and not _agree(mine[0].value, theirs[0].value):
        yield mine[0].told, theirs[0].told


def _meetings(one: Frame, other: Frame, may_deny: Callable[[int, int, float], bool]) -> Iterator[_Meeting]:
    """Yield where slots of `one` meet the other text."""
    theirs = {(slot.place, slot.kind): slot for slot in other.slots}
    nothing = ASKED if other.asks else UNSAID
    for slot in one.slots[:MAX_SLOTS]:
        for place in _places(slot, one, other):
            found = theirs.get((place, slot.kind), _Slot(place, slot.kind, nothing, "–", -1))
            left, right = _shared(one, other, slot, place)
            begin = slot.place in one.begins and place in other.begins
            if slot.kind != POLARITY:
                counts = _is_same_place(left, right, begin) and (slot.place in one.denied) == (place in other.denied)
                differs = slot.value != found.value
                if "/" in slot.kind and (one.asks or other.asks):
                    counts = False
            elif one.filled.get(slot.place) != other.filled.get(place):
                continue  # "not safe" and "dangerous" say the same
            elif _agree(slot.value, found.value):
                counts, differs = True, False
            elif found.value == UNSAID and is_warning(slot.told, one.harms or other.harms):
                continue
            else:
                differs = _opposed(found.value == UNSAID, left, right, begin)
                counts = differs and may_deny(slot.start, found.start, left + right)
            if counts:
                yield _Meeting(slot.kind, slot.place, place, (slot.told, found.told), differs, left + right)


def _is_same_place(left: float, right: float, begin: bool) -> bool:
    """Whether enough is shared around two details of a kind."""
    return left + right >= AROUND_DETAIL and (begin or left >= LEAST_ASIDE)


def _agree(mine: str, theirs: str) -> bool:
    """Whether what is said of one place agrees: a question agrees with everything, and "will" with nothing said."""
    return ASKED in (mine, theirs) or DENIED not in (mine, theirs) or mine == theirs


def _opposed(unsaid: bool, left: float, right: float, begin: bool) -> bool:
    """Whether enough is shared around a denial and what the other text has in its place."""
    aside = begin or left >= LEAST_ASIDE
    if unsaid:
        return aside and right >= LEAST_DENIED and left + right >= AROUND_UNSAID
    return right >= AROUND_DENIAL or (aside and right >= 1 and left + right >= AROUND_DENIAL)


def _places(slot: _Slot, one: Frame, other: Frame) -> list[int]:
    """Return the places in the other frame that may be that of a slot: details of its kind, or the word denied."""
    if slot.kind != POLARITY:
        return [found.place for found in other.slots if found.kind == slot.kind][:MAX_PLACES]
    if slot.place >= len(one.words):
        return []
    word = one.words[slot.place]
    return [place for place, known in enumerate(other.words) if known == word][:MAX_PLACES]


def _shared(one: Frame, other: Frame, slot: _Slot, place: int) -> tuple[float, float]:
    """Return the size of the words that both have before a slot, and after it."""
    skip = slot.kind != POLARITY
    left = right = 0.0
    for step in range(1, min(slot.place, place, REACH) + 1):
        if one.words[slot.place - step] != other.words[place - step]:
            break
        left += _size(one.words[slot.place - step])
    for step in range(skip, REACH):
        mine, theirs = slot.place + step, place + step
        if mine >= len(one.words) or theirs >= len(other.words) or one.words[mine] != other.words[theirs]:
            break
        right += _size(one.words[mine])
    return left, right


def _size(word: str) -> float:
    if word in COMMON:
        return 1.0
    return WORD_SIZE if len(word) > 1 and not word[0].isdigit() else 1.0
