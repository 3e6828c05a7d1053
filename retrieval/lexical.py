"""The lexical leg: which texts share telling character pairs with a message. Incremental, in memory, numpy only.

Postings are kept twice over: a *base* sorted once (term → slots, two flat arrays), and a *delta* for what came since, a
dictionary of short lists that is folded into the base when it has grown. A search has two steps, both bounded:

1. the message's most telling terms, rarest first until `MAX_TERMS` terms or `MAX_POSTINGS` postings, add up their
   weights over the slots they stand in;
2. the best of those are scored exactly, over all terms of both texts.

A removed text is gone for the next search: step 2 skips it, and its postings go with the next fold.
"""

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import GrowingArray
from retrieval.lexical_terms import BUCKETS, Terms, lexical_terms, many_lexical_terms

MAX_TERMS = 64
MAX_POSTINGS = 40_000
MIN_RESCORED = 150
FOLD_CHUNK = 1 << 16
"""Texts folded at once, to bound what lies in memory meanwhile."""
MIN_DELTA = 4_000
"""Texts in the delta before it is folded in; a base of a million texts lets it grow to a sixteenth of itself."""

LENGTH_EXPONENT = 0.5
"""How strongly a long text is held back: 1 is cosine, which loses the short claim inside a long message; 0 counts what
is shared and nothing else. Measured on forwarded messages and link titles."""

ASKED = np.int32(1 << 30)
"""Added to the frequencies of a message's terms for the moment in which they are told apart from others."""

Slots = NDArray[np.int32]
Found = NDArray[np.intp]
"""Slots that are looked up."""


class LexicalIndex:
    """Texts by slot: a small number, given out in order. One writer and any number of readers at once."""

    def __init__(self) -> None:
        self._lock = Lock()  # held for moments only: folding happens beside the searches
        self._terms = GrowingArray(np.zeros(0, np.int32))
        self._starts = GrowingArray(np.zeros(0, np.int64))
        self._lengths = GrowingArray(np.zeros(0, np.int32))
        self._count = 0
        self._sums = np.zeros(0, np.float32)
        self._marks = np.zeros(0, np.int32)
        self._use_base(np.zeros(0, np.int32), np.zeros(BUCKETS + 1, np.int64))

    def _use_base(self, slots: Slots, starts: NDArray[np.int64]) -> None:
        self._base_slots = slots
        self._base_starts = starts
        self._frequencies = np.diff(starts).astype(np.int32)
        self._delta: dict[int, list[int]] = {}
        self._unfolded = 0
        self._deferred = False
        self._dropped: set[int] = set()

    def __len__(self) -> int:
        return self._count

    def replace(self, slots: Sequence[int], keys: Sequence[str], *, defer: bool = False) -> None:
        """Put these keys in these slots, in place of what was there.

        With `defer` they are found only after the next `settle()`: much the faster way for thousands.
        """
        terms = many_lexical_terms(keys)
        with self._lock:
            self._drop(slots)
            for slot, found in zip(slots, terms, strict=True):
                self._put(slot, found)
                if not defer:
                    self._add_to_delta(slot, found)
            self._unfolded += len(slots)
            self._deferred |= defer

    def remove(self, slots: Sequence[int]) -> None:
        """Forget what is in these slots; an empty or unknown slot is no error."""
        with self._lock:
            self._drop(slots)

    def settle(self, *, fully: bool = False) -> None:
        """Fold the delta into the base when it has grown; the writer calls it now and then. Searches go on meanwhile.

        With `fully` nothing is left over: no delta, and no postings of removed texts.
        """
        if fully or self._deferred or self._unfolded > max(MIN_DELTA, self._count // 16):
            slots, starts = self._fold()
            with self._lock:
                self._use_base(slots, starts)

    def _drop(self, slots: Sequence[int]) -> None:
        for slot in slots:
            if slot < len(self._lengths) and (length := int(self._lengths.view[slot])):
                start = int(self._starts.view[slot])
                terms = self._terms.view[start : start + length]
                self._frequencies[terms] -= 1
                terms[:] = 0
                self._lengths.view[slot] = 0
                self._dropped.add(slot)
                self._count -= 1
                self._unfolded += 1

    def _put(self, slot: int, terms: Terms) -> None:
        self._starts.grow_to(slot + 1)
        self._lengths.grow_to(slot + 1)
        self._starts.view[slot] = self._terms.extend(terms)
        self._lengths.view[slot] = len(terms)
        self._dropped.discard(slot)
        self._count += len(terms) > 0
        self._make_room()

    def _make_room(self) -> None:
        """Scratch space, one number a slot, so that a search need not clear or sort anything that long."""
        if len(self._lengths) > len(self._sums):
            self._sums = np.zeros(2 * len(self._lengths), np.float32)
            self._marks = np.zeros(2 * len(self._lengths), np.int32)

    def _add_to_delta(self, slot: int, terms: Terms) -> None:
        self._frequencies[terms] += 1
        for term in terms.tolist():
            self._delta.setdefault(term, []).append(slot)

    def _fold(self) -> tuple[Slots, NDArray[np.int64]]:
        """Return all postings, sorted by term, and where each term's begin."""
        living = np.flatnonzero(self._lengths.view).astype(np.int32)
        ends = np.cumsum(self._lengths.view[living], dtype=np.int64)
        # One number holding term and slot sorts several times faster than terms that carry slots along.
        pairs = np.empty(int(ends[-1]) if len(ends) else 0, np.int64)
        for chunk in range(0, len(living), FOLD_CHUNK):
            some = living[chunk : chunk + FOLD_CHUNK]
            terms, _ = self._gather_terms(some)
            end = int(ends[chunk + len(some) - 1])
            pairs[end - len(terms) : end] = terms.astype(np.int64) << 32 | np.repeat(some, self._lengths.view[some])
        pairs.sort()
        starts = np.searchsorted(pairs, np.arange(BUCKETS + 1, dtype=np.int64) << 32)
        return pairs.astype(np.int32), starts.astype(np.int64)

    def search(self, key: str, k: int) -> list[tuple[int, float]]:
        """Return the k slots that share most with the key, best first, with scores that are good for order only."""
        terms = lexical_terms(key)
        with self._lock:
            candidates = self._find_candidates(terms, max(MIN_RESCORED, 2 * k))
            if not len(candidates):
                return []
            scores = self._score(terms, candidates)
        best = np.argsort(-scores, kind="stable")[:k]
        return [(int(candidates[i]), float(scores[i])) for i in best]

    def _find_candidates(self, terms: Terms, limit: int) -> Found:
        """Step 1: the living slots with the highest sums over the most telling terms, at most `limit`."""
        touched = self._add_up(terms)
        # Each slot stands in the list once for every term it shares. The last one to leave its mark speaks for all.
        places = np.arange(len(touched), dtype=np.int32)
        self._marks[touched] = places
        slots = touched[self._marks.take(touched) == places]
        sums = self._sums.take(slots)
        self._sums[slots] = 0.0
        if self._dropped:
            living = self._lengths.view[slots] > 0
            slots, sums = slots[living], sums[living]
        if len(slots) > limit:
            slots = slots[np.argpartition(-sums, limit)[:limit]]
        best: Found = slots
        return best

    def _add_up(self, terms: Terms) -> Found:
        """Add the weight of each telling term to the sums of the slots it stands in, and return those slots."""
        frequencies = self._frequencies[terms]
        order = np.argsort(frequencies, kind="stable")
        order = order[frequencies[order] > 0][:MAX_TERMS]
        within = max(1, int(np.searchsorted(np.cumsum(frequencies[order]), MAX_POSTINGS, side="right")))
        order = order[:within]
        touched, weights = [np.zeros(0, np.int32)], [np.float32(0)]
        for term, weight in zip(terms[order].tolist(), self._weigh(frequencies[order]), strict=True):
            for slots in self._postings(term):
                touched.append(slots)
                weights.append(weight)
        # numpy looks up by its own width of number, and would make it of these again at each of six look-ups.
        found = np.concatenate(touched, dtype=np.intp)
        np.add.at(self._sums, found, np.repeat(weights, [len(slots) for slots in touched]))
        return found

    def _postings(self, term: int) -> Iterator[Slots]:
        start, end = self._base_starts[term], self._base_starts[term + 1]
        if end > start:
            yield self._base_slots[start:end]
        if recent := self._delta.get(term):
            yield np.array(recent, np.int32)

    def _score(self, terms: Terms, slots: Found) -> NDArray[np.float64]:
        """Step 2: the weight of what both texts say, held against the weight of each."""
        found, first = self._gather_terms(slots)
        self._frequencies[terms] |= ASKED
        frequencies = self._frequencies.take(found)  # in no order, so looked up once for both
        self._frequencies[terms] &= ~ASKED
        squares = self._weigh(np.maximum(frequencies & ~ASKED, 1)).astype(np.float64) ** 2
        shared = np.add.reduceat(squares * (frequencies >= ASKED), first)
        own = float(np.sum(self._weigh(np.maximum(self._frequencies[terms], 1)).astype(np.float64) ** 2))
        scores: NDArray[np.float64] = shared / own / (np.add.reduceat(squares, first) / own) ** (LENGTH_EXPONENT / 2)
        return scores

    def _gather_terms(self, slots: Slots | Found) -> tuple[Terms, NDArray[np.int64]]:
        """Return the terms of these slots one after another, and where each slot's begin."""
        lengths = self._lengths.view[slots].astype(np.int64)
        first = np.cumsum(lengths) - lengths
        positions = np.arange(lengths.sum()) + np.repeat(self._starts.view[slots] - first, lengths)
        return self._terms.view[positions], first

    def _weigh(self, frequencies: NDArray[np.int32]) -> NDArray[np.float32]:
        """Inverse document frequency: what only few texts say tells most."""
        weights: NDArray[np.float32] = np.log1p(max(self._count, 1) / frequencies.astype(np.float32))
        return weights

    def dump(self) -> dict[str, NDArray[Any]]:
        """Return copies of everything that `from_dump` needs, settling first. The writer calls it."""
        self.settle(fully=self._unfolded > 0)
        return {
            "terms": self._terms.view.copy(),
            "starts": self._starts.view.copy(),
            "lengths": self._lengths.view.copy(),
            "base_slots": self._base_slots,  # never changed in place
            "base_starts": self._base_starts,
        }

    @classmethod
    def from_dump(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Make the index again from `dump()`'s arrays."""
        index = cls()
        index._terms = GrowingArray(arrays["terms"])
        index._starts = GrowingArray(arrays["starts"])
        index._lengths = GrowingArray(arrays["lengths"])
        index._count = int(np.count_nonzero(arrays["lengths"]))
        index._make_room()
        index._use_base(arrays["base_slots"], arrays["base_starts"])
        return index
