"""Whether two texts alone make the same claim: the matcher's signals and second scorer, without an index."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.calibration import Calibration
from retrieval.contradiction import Difference, find_contradictions
from retrieval.head import Head, NoHead, find_head
from retrieval.late_interaction import TokenText
from retrieval.message import Passage, read_message
from retrieval.second_look import EncodeTokens, second_matrix, to_token_text
from retrieval.signals import signal_matrix
from retrieval.types import Vectors


@dataclass(frozen=True)
class PairVerdict:
    """`probability` that the texts make the same claim, and what contradicts it."""

    probability: float
    contradictions: tuple[Difference, ...]

    def accepted(self, calibration: Calibration) -> bool:
        return self.probability >= calibration.pair and not self.contradictions


@dataclass(frozen=True)
class _Side:
    passages: Sequence[Passage]
    vectors: Vectors
    """Behind the head, row by row."""
    tokens: Sequence[TokenText]


def _read(passages: Sequence[Passage], encode: EncodeTokens, head: Head | NoHead) -> _Side:
    encoded = encode([passage.text for passage in passages])
    tokens = [to_token_text(passage.text, one) for passage, one in zip(passages, encoded, strict=True)]
    return _Side(passages, head.apply(np.array([one.vector for one in encoded])), tokens)


def _score(one: _Side, other: _Side, calibration: Calibration) -> float:
    """Return the best probability over the passages of `one` as messages against those of `other` as entries."""
    entries = [passage.weighed for passage in other.passages]
    best = 0.0
    for passage, vector, tokens in zip(one.passages, one.vectors, one.tokens, strict=True):
        first = signal_matrix(passage.weighed, entries, other.vectors @ vector)
        best = max(best, float(calibration.second.probability(second_matrix(first, tokens, other.tokens)).max()))
    return best


def judge_pair(text_a: str, text_b: str, encode: EncodeTokens, calibration: Calibration) -> PairVerdict:
    """Judge two texts. The order does not matter: both ways round are scored, and the mean counts."""
    one, other = read_message(text_a), read_message(text_b)
    if one.key_hash is not None and one.key_hash == other.key_hash:
        return PairVerdict(1.0, ())
    if not one.passages or not other.passages:
        same_link = not one.passages and not other.passages and bool(set(one.urls) & set(other.urls))
        return PairVerdict(float(same_link), ())
    head = find_head(calibration.model_id)
    mine, theirs = (_read(side.passages, encode, head) for side in (one, other))
    probability = (_score(mine, theirs, calibration) + _score(theirs, mine, calibration)) / 2
    return PairVerdict(probability, tuple(find_contradictions(text_a, text_b)))
