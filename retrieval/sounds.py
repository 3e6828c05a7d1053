"""Recordings that are known, by their Chromaprint fingerprints: about eight 32-bit numbers a second, compared by bits.

A recording is found by the numbers it has in common with a known one at the same distance in time; where enough of them
agree on one alignment, the bits of the overlap are compared. That holds when a recording was encoded anew, made quieter
or cut shorter, and not when it was played faster or spoken by somebody else. Silence tells nothing, since
many recordings begin or end with it: it is left out of both.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

Fingerprint = NDArray[np.uint32]

SILENCE = np.uint32(627_964_279)
"""What Chromaprint's classifiers make of no sound at all, the same at every place."""

COARSE_BITS = 12
"""Low bits that are ignored when numbers are looked up: they are the first to change."""

MIN_OVERLAP = 24
"""Numbers, three seconds: a shorter overlap is an accident or a jingle."""

MIN_VOTES = 3
MAX_VOTES = 50_000
"""A hum or a tone is one number over and over, and each would be held against each in every recording that has it:
what a minute with 300 such recordings would take seconds for ends here, after hundredths of one."""
ALIGNMENTS = 5
SURE_ERROR = 0.20
"""The share of differing bits up to which it is the same recording. Unrelated sounds differ in about half."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An article with the same recording in it."""

    article_id: str
    error: float
    """The share of bits that differ, over the overlap."""
    overlap: int
    """How many numbers were compared."""


class SoundIndex:
    """Fingerprints by article. Used from one thread."""

    def __init__(self) -> None:
        self._fingerprints: dict[str, list[Fingerprint]] = {}
        self._places: defaultdict[int, set[tuple[str, int, int]]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._fingerprints)

    def replace_article(self, article_id: str, fingerprints: Sequence[Fingerprint]) -> None:
        """Let these fingerprints, and no others, lead to the article."""
        for number, old in enumerate(self._fingerprints.pop(article_id, [])):
            for at, value in _audible(old):
                self._places[value].discard((article_id, number, at))
                if not self._places[value]:
                    del self._places[value]
        if fingerprints:
            self._fingerprints[article_id] = list(fingerprints)
        for number, new in enumerate(fingerprints):
            for at, value in _audible(new):
                self._places[value].add((article_id, number, at))

    def find(self, heard: Fingerprint, *, within: float = SURE_ERROR) -> list[Heard]:
        """The articles with the same recording, best first; `within` is the share of bits that may differ."""
        votes = self._vote(heard)
        best: dict[str, Heard] = {}
        tried: Counter[str] = Counter()
        for (article_id, number, offset), count in votes.most_common():
            if count < MIN_VOTES:
                break
            tried[article_id] += 1
            if tried[article_id] > ALIGNMENTS:
                continue
            found = _compare(heard, self._fingerprints[article_id][number], offset)
            if found and found[0] <= within and (article_id not in best or found[0] < best[article_id].error):
                best[article_id] = Heard(article_id, *found)
        return sorted(best.values(), key=lambda each: (each.error, each.article_id))

    def _vote(self, heard: Fingerprint) -> Counter[tuple[str, int, int]]:
        """How many numbers agree on each alignment; the rarest, which tell most, are asked first."""
        votes: Counter[tuple[str, int, int]] = Counter()
        left = MAX_VOTES
        found = ((at, places) for at, value in _audible(heard) if (places := self._places.get(value)))
        for at, places in sorted(found, key=lambda each: len(each[1])):
            votes.update((article_id, number, place - at) for article_id, number, place in islice(places, left))
            left -= len(places)
            if left <= 0:
                break
        return votes


def is_too_short(sound: Fingerprint) -> bool:
    """Whether less of it can be heard than is needed to tell it from another."""
    return int(np.count_nonzero(sound != SILENCE)) < MIN_OVERLAP


def _audible(fingerprint: Fingerprint) -> Iterator[tuple[int, int]]:
    """The places where something is heard, each with its coarse value."""
    places = np.flatnonzero(fingerprint != SILENCE)
    return zip(places.tolist(), (fingerprint[places] >> np.uint32(COARSE_BITS)).tolist(), strict=True)


def _compare(heard: Fingerprint, known: Fingerprint, offset: int) -> tuple[float, int] | None:
    """The share of bits that differ where both are heard at once, `heard` beginning `offset` numbers into `known`."""
    begin, end = max(0, offset), min(len(known), len(heard) + offset)
    ours, theirs = heard[begin - offset : end - offset], known[begin:end]
    is_heard = (ours != SILENCE) & (theirs != SILENCE)
    overlap = int(np.count_nonzero(is_heard))
    if overlap < MIN_OVERLAP:
        return None
    differing = np.bitwise_count(ours[is_heard] ^ theirs[is_heard])
    return float(differing.mean()) / 32, overlap
