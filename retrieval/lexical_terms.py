"""What the lexical leg compares: the character pairs of a key, hashed to numbers.

Chinese, Japanese and Korean give pairs of characters, which need no segmenter. In alphabets a pair tells nothing (every
English text has "th"), so a run of other letters and digits gives its overlapping fours, or itself when it is shorter.
"""

import numpy as np
from numpy.typing import NDArray

Terms = NDArray[np.int32]

BUCKET_BITS = 20
BUCKETS = 1 << BUCKET_BITS
"""A hundred thousand messages hold some 300,000 different terms; two that share a bucket cost a little precision."""

MAX_CHARACTERS = 6000
"""LINE's longest message has 5,000 characters; what lies beyond is left out."""

_RUN = 4
_IDEOGRAPHIC = ((0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x1F000, 0x1FAFF), (0x20000, 0x3FFFF))
"""Code points that say as much as a syllable or a word each: CJK, kana, Hangul, and emoji."""

_PRIMES = tuple(np.uint32(prime) for prime in (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F))


def lexical_terms(key: str) -> Terms:
    """Return the key's different terms as sorted bucket numbers; empty for the empty key."""
    points = np.frombuffer(key[:MAX_CHARACTERS].encode("utf-32-le", "replace"), np.uint32)
    if not len(points):
        return np.zeros(0, np.int32)
    wide = np.zeros(len(points), bool)
    for first, last in _IDEOGRAPHIC:
        wide |= (points >= first) & (points <= last)
    return np.unique(np.concatenate([_pairs(points, wide), _runs(points, wide)]))


def _pairs(points: NDArray[np.uint32], wide: NDArray[np.bool_]) -> Terms:
    """Pairs with an ideograph in them; a lone ideograph is its own."""
    if len(points) == 1:
        return _buckets(points) if wide[0] else np.zeros(0, np.int32)
    return _buckets(points[:-1], points[1:])[wide[:-1] | wide[1:]]


def _runs(points: NDArray[np.uint32], wide: NDArray[np.bool_]) -> Terms:
    """Overlapping fours inside the runs between ideographs, and the runs that are shorter than that."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], wide.view(np.int8), [1]])))
    starts, ends = edges[::2], edges[1::2]
    found = [np.zeros(0, np.int32)]
    for length in range(1, _RUN):
        short = starts[ends - starts == length]
        found.append(_buckets(*(points[short + i] for i in range(length))))
    if len(points) >= _RUN:
        windows = tuple(points[i : len(points) - _RUN + 1 + i] for i in range(_RUN))
        narrow = ~(wide[:-3] | wide[1:-2] | wide[2:-1] | wide[3:])
        found.append(_buckets(*windows)[narrow])
    return np.concatenate(found)


def _buckets(*points: NDArray[np.uint32]) -> Terms:
    """Hash the code points side by side; how many there are is part of the hash."""
    mixed = np.full(len(points[0]), len(points), np.uint32)
    for column, prime in zip(points, _PRIMES, strict=False):
        mixed = (mixed ^ (column * prime)) * np.uint32(0x01000193)
        mixed ^= mixed >> np.uint32(15)
    return ((mixed * np.uint32(0x9E3779B1)) >> np.uint32(32 - BUCKET_BITS)).astype(np.int32)
