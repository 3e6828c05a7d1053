"""What two claims say in the same place of their frames (`frames.py`).

Two slots are the same place where the words around them are the same, whatever else stands before and behind, so a
greeting or a cut end hides nothing. What a text says both ways, or only asks, contradicts nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from retrieval.english import COMMON
from retrieval.frames import ASKED, DENIED, POLARITY, Frame, Slot, is_warning
from retrieval.listed import asked_kinds, holders
from retrieval.numerals import agree

Difference = tuple[str, str]

UNSAID = "unsaid"
"""What fills a denial's place in a text that just tells."""
REACH = 30
"""Words looked at on either side of a slot."""
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
TOLD_ALIKE = 14.0
"""Size of the shared words from which a detail differs though one text names the other's elsewhere."""
LEAST_DENIED = 3.0
"""Size of the shared words behind a denial that the other text just lacks."""
LEAST_ASIDE = 2.0
"""Size of the shared words on each side, but where a clause begins in both."""


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
    settled = _settled(met for met in meetings if not met.differs)
    differing = [met for met in meetings if met.differs and not _is_settled(met, settled)]
    told = dict.fromkeys((met.kind, met.told, met.mine) for met in differing)
    yield from (what for kind, what, mine in told if not (kind == POLARITY and _is_one_denial(what, mine, told, one)))
    yield from _moved(one, other)


def _is_one_denial(told: Difference, place: int, all_told: Iterable[tuple[str, Difference, int]], one: Frame) -> bool:
    """Whether a denial of one text is that of the other, elsewhere in the same clause: 地瓜不会和柿子相克,
    地瓜和柿子不会相克."""
    if "–" not in told:
        return False
    turned = POLARITY, told[::-1]
    others = [elsewhere for kind, what, elsewhere in all_told if (kind, what) == turned]
    return any(not any(min(place, more) < begin <= max(place, more) for begin in one.begins) for more in others)


def _settled(agreed: Iterable[_Meeting]) -> dict[tuple[str, str, int], float]:
    """Return how much is shared, at the most, where the two say the same, by the place in either text."""
    found: dict[tuple[str, str, int], float] = {}
    for met in agreed:
        for place in (met.kind, "mine", met.mine), (met.kind, "theirs", met.theirs):
            found[place] = max(met.size, found.get(place, 0.0))
    return found


def _is_settled(met: _Meeting, settled: Mapping[tuple[str, str, int], float]) -> bool:
    """Whether a text says elsewhere what the other says: then it says both."""
    shared = max(settled.get((met.kind, "mine", met.mine), -1.0), settled.get((met.kind, "theirs", met.theirs), -1.0))
    return shared >= min(met.size, FAR)


def _moved(one: Frame, other: Frame) -> Iterator[Difference]:
    """Yield the one denial that only one of two texts has where all words of the shorter stand in the other, wherever
    among them it is said: 柿子不能和牛奶一起吃, 柿子和牛奶可以一起吃."""
    if len(one.words) > len(other.words):
        yield from ((mine, theirs) for theirs, mine in _moved(other, one))
        return
    length, mine = len(one.words), [slot for slot in one.slots if slot.kind == POLARITY]
    if len(mine) != 1 or sum(map(_size, one.words)) < AROUND_DENIAL:
        return
    starts = [
        start
        for start in range(len(other.words) - length + 1)
        if other.words[start] == one.words[0] and other.words[start : start + length] == one.words
    ]
    if len(starts) != 1:
        return
    if any(other.filled.get(place + starts[0]) != value for place, value in one.filled.items()):
        return
    theirs = [slot for slot in other.slots if slot.kind == POLARITY and 0 <= slot.place - starts[0] < length]
    if len(theirs) == 1 and not _agree(mine[0].value, theirs[0].value):
        yield mine[0].told, theirs[0].told


def _meetings(one: Frame, other: Frame, may_deny: Callable[[int, int, float], bool]) -> Iterator[_Meeting]:
    """Yield where slots of `one` meet the other text."""
    theirs = {(slot.place, slot.kind): slot for slot in other.slots}
    nothing = ASKED if other.asks else UNSAID
    for slot in one.slots[:MAX_SLOTS]:
        for place in _places(slot, one, other):
            found = theirs.get((place, slot.kind), Slot(place, slot.kind, nothing, "–", -1))
            left, right = _shared(one, other, slot, place)
            begin = slot.place in one.begins and place in other.begins
            if slot.kind != POLARITY:
                counts = _is_same_place(left, right, begin) and (slot.place in one.denied) == (place in other.denied)
                differs = not agree(slot.value, found.value)
                if differs and left + right < TOLD_ALIKE and _is_said(slot, found, one, other):
                    continue
                if "/" in slot.kind and slot.kind not in asked_kinds() and (one.asks or other.asks):
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


def _is_said(slot: Slot, found: Slot, one: Frame, other: Frame) -> bool:
    """Whether a text says elsewhere what the other says here, as who lists more than the other does, or one is a part
    of the other; where both name the same things in another order, they differ."""
    if "/" in slot.kind:
        return False
    if found.value in holders().get(slot.value, ()) or slot.value in holders().get(found.value, ()):
        return True
    mine, theirs = one.values(slot.kind), other.values(slot.kind)
    return mine != theirs and (found.value in mine or slot.value in theirs)


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


def _places(slot: Slot, one: Frame, other: Frame) -> list[int]:
    """Return the places in the other frame that may be that of a slot: details of its kind, or the word denied."""
    if slot.kind != POLARITY:
        return [found.place for found in other.slots if found.kind == slot.kind][:MAX_PLACES]
    if slot.place >= len(one.words) or (word := one.words[slot.place]) not in other.words:
        return []
    return [place for place, known in enumerate(other.words) if known == word][:MAX_PLACES]


def _shared(one: Frame, other: Frame, slot: Slot, place: int) -> tuple[float, float]:
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
    return 1.0 if len(word) <= 1 or word in COMMON or word[0].isdigit() else WORD_SIZE
