"""Whether two texts alone make the same claim: the matcher's signals and scorer, without an index."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.calibration import Calibration
from retrieval.contradiction import Difference, find_contradictions
from retrieval.head import Head, NoHead, find_head
from retrieval.message import Passage, read_message
from retrieval.signals import signal_matrix
from retrieval.types import Encode, Vectors


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


def _read(passages: Sequence[Passage], encode: Encode, head: Head | NoHead) -> _Side:
    return _Side(passages, head.apply(encode([passage.text for passage in passages])))


def _score(one: _Side, other: _Side, calibration: Calibration) -> float:
    """Return the best probability over the passages of `one` as messages against those of `other` as entries."""
    entries = [passage.weighed for passage in other.passages]
    best = 0.0
    for passage, vector in zip(one.passages, one.vectors, strict=True):
        matrix = signal_matrix(passage.weighed, entries, other.vectors @ vector)
        best = max(best, float(calibration.scorer.probability(matrix).max()))
    return best


def judge_pair(text_a: str, text_b: str, encode: Encode, calibration: Calibration) -> PairVerdict:
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
