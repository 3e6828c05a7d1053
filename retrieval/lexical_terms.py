"""What the lexical leg compares: the character pairs of a key, hashed to numbers.

Chinese, Japanese and Korean give pairs of characters, which need no segmenter. In alphabets a pair tells nothing (every
English text has "th"), so a run of other letters and digits gives its overlapping fours, or itself when it is shorter.
"""

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Terms = NDArray[np.int32]
Points = NDArray[np.uint32]
Mask = NDArray[np.bool_]
Found = tuple[NDArray[np.int64], Terms]
"""Where terms begin, and the terms."""

BUCKET_BITS = 20
BUCKETS = 1 << BUCKET_BITS
"""A hundred thousand messages hold some 300,000 different terms; two that share a bucket cost a little precision."""

MAX_CHARACTERS = 6000
"""LINE's longest message has 5,000 characters; what lies beyond is left out."""

_RUN = 4
_IDEOGRAPHIC = ((0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x1F000, 0x1FAFF), (0x20000, 0x3FFFF))
"""Code points that say as much as a syllable or a word each: CJK, kana, Hangul, and emoji."""

_WIDE = np.zeros(sys.maxunicode + 1, np.bool_)
for _first, _last in _IDEOGRAPHIC:
    _WIDE[_first : _last + 1] = True

_PRIMES = tuple(np.uint32(prime) for prime in (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F))


_SEPARATOR = "\0"


def lexical_terms(key: str) -> Terms:
    """Return the key's different terms as sorted bucket numbers; empty for the empty key."""
    return many_lexical_terms([key])[0]


def many_lexical_terms(keys: Sequence[str]) -> list[Terms]:
    """Return the terms of each key; a thousand at once take a tenth of the time of one by one."""
    if not keys:
        return []
    joined = _SEPARATOR.join(key[:MAX_CHARACTERS].replace(_SEPARATOR, " ") for key in keys)
    points = np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32)
    gap = points == 0
    wide = _WIDE[points]
    parts = [_lone(points, wide, gap), _pairs(points, wide, gap), *_runs(points, ~(wide | gap))]
    owners = np.cumsum(gap)
    found = np.unique(np.concatenate([owners[at] << 32 | terms for at, terms in parts]))
    bounds = np.searchsorted(found, np.arange(1, len(keys), dtype=np.int64) << 32)
    return np.split(found.astype(np.int32), bounds)


def _lone(points: Points, wide: Mask, gap: Mask) -> Found:
    """An ideograph that is a key of its own."""
    edged = np.concatenate([[True], gap, [True]])
    at = np.flatnonzero(wide & edged[:-2] & edged[2:])
    return at, _buckets(points[at])


def _pairs(points: Points, wide: Mask, gap: Mask) -> Found:
    """Pairs with an ideograph in them."""
    at = np.flatnonzero((wide[:-1] | wide[1:]) & ~(gap[:-1] | gap[1:]))
    return at, _buckets(points[at], points[at + 1])


def _runs(points: Points, narrow: Mask) -> list[Found]:
    """Overlapping fours inside the runs of other letters and digits, and the runs that are shorter than that."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], narrow.view(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    found: list[Found] = []
    if not len(starts):  # most messages
        return found
    for length in range(1, _RUN):
        at = starts[ends - starts == length]
        if len(at):
            found.append((at, _buckets(*(points[at + i] for i in range(length)))))
    if len(points) >= _RUN:
        at = np.flatnonzero(narrow[:-3] & narrow[1:-2] & narrow[2:-1] & narrow[3:])
        found.append((at, _buckets(*(points[at + i] for i in range(_RUN)))))
    return found


def _buckets(*points: Points) -> Terms:
    """Hash the code points side by side; how many there are is part of the hash."""
    if not len(points[0]):
        return np.zeros(0, np.int32)
    mixed = np.full(len(points[0]), len(points), np.uint32)
    for column, prime in zip(points, _PRIMES, strict=False):
        mixed = (mixed ^ (column * prime)) * np.uint32(0x01000193)
        mixed ^= mixed >> np.uint32(15)
    return ((mixed * np.uint32(0x9E3779B1)) >> np.uint32(32 - BUCKET_BITS)).astype(np.int32)
