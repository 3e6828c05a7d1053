"""Who does it to whom: two claims in an alphabet of the same two names, the other way round."""

from collections.abc import Iterator
from itertools import pairwise

from retrieval.english import COMMON
from retrieval.frames import POLARITY, Frame
from retrieval.meetings import Difference

MOST_BETWEEN = 4
"""Words between two names that tell what one does to the other."""
MAX_NAMES = 20
_NAMING = ("name", "place", "food", "drug")
_BOTH_WAYS = frozenset({"+", "or", "met", "meet", "marri", "marry", "versus", "vs", "near", "like", "equal", "resembl"})
"""What holds both ways round once it holds one way."""


def _relations(frame: Frame) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield (name, words between, name) for names one behind the other in a clause."""
    names = [slot for slot in frame.slots if slot.kind.startswith(_NAMING) and slot.value.isascii()][:MAX_NAMES]
    denied = {slot.place for slot in frame.slots if slot.kind == POLARITY}
    for first, second in pairwise(names):
        places = range(first.place + 1, second.place)
        between = tuple(frame.words[first.place + 1 : second.place])
        is_told = len(between) <= MOST_BETWEEN and not COMMON.issuperset(between) and not _BOTH_WAYS & set(between)
        if is_told and not frame.begins & {*places, second.place} and not denied & {*places}:
            yield first.value, between, second.value


def find_swapped(one: Frame, other: Frame) -> Iterator[Difference]:
    """Yield what one text tells of two names and the other tells the other way round; who tells both tells neither."""
    mine, theirs = set(_relations(one)), set(_relations(other))
    for first, between, second in sorted(mine):
        back = (second, between, first)
        if back in theirs and back not in mine and (first, between, second) not in theirs:
            yield f"{first} … {second}", f"{second} … {first}"
