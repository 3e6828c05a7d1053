"""Late interaction: every telling token of one text looks for its nearest token in the other.

Two sentences about the same thing have near vectors even when one word makes them different claims; token by token,
that word finds no partner. A token weighs as much as it is rare, so that 的 and 請 decide nothing. MaxSim after
Khattab & Zaharia, ColBERT (2020), both ways round and weighted, with the encoder that is there anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.background import BackgroundTable, Weights
from retrieval.normalise import to_simplified
from retrieval.units import word_hash

TOKEN_SIGNALS = (
    "token_mean_best",
    "token_near_best",
    "token_far_best",
    "token_miss_best",
    "token_mean_worst",
    "token_near_worst",
    "token_far_worst",
    "token_miss_worst",
)
"""Weighted mean of the best cosines, weight share of tokens with a near partner, and of those with none, and the mean
miss of the three worst; for the direction that fits better (the claim inside the longer text) and for the other."""

NEAR = 0.92
FAR = 0.88
"""Cosines of multilingual-e5-small tokens: the same word in another sentence is above NEAR, another word below FAR."""

WORST = 3


@dataclass(frozen=True)
class TokenText:
    """A text's token vectors (unit rows) with their weights."""

    vectors: NDArray[np.float32]
    weights: Weights


@lru_cache(maxsize=100_000)
def token_hash(token: str) -> int:
    """Return the unit under which a token's weight is kept, apart from the words of the same spelling."""
    return word_hash("\0" + to_simplified(token.strip().casefold()))


def weigh_tokens(
    text: str, vectors: NDArray[np.float32], spans: NDArray[np.int32], background: BackgroundTable
) -> TokenText:
    """Weigh a text's tokens; `spans` says where each stands in it, as the encoder gives them."""
    hashes = np.array([token_hash(text[start:end]) for start, end in spans.tolist()], np.uint32)
    return TokenText(vectors, background.weigh(hashes))


def _one_way(cosines: NDArray[np.float32], weights: Weights) -> tuple[float, float, float, float]:
    total = float(weights.sum())
    misses = weights * (1 - cosines)
    worst = np.sort(misses)[-WORST:]
    return (
        float((weights * cosines).sum()) / total,
        float(weights[cosines > NEAR].sum()) / total,
        float(weights[cosines < FAR].sum()) / total,
        float(worst.mean()),
    )


def token_signals(one: TokenText, other: TokenText) -> Sequence[float]:
    """Return `TOKEN_SIGNALS` for two texts; zeros when one has no token."""
    if not len(one.vectors) or not len(other.vectors):
        return (0.0,) * len(TOKEN_SIGNALS)
    cosines = one.vectors @ other.vectors.T
    forth = _one_way(cosines.max(axis=1), one.weights)
    back = _one_way(cosines.max(axis=0), other.weights)
    best, worst = (forth, back) if forth[0] >= back[0] else (back, forth)
    return (*best, *worst)
