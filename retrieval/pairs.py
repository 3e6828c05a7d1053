"""Whether two texts alone make the same claim: the matcher's signals and scorer, without an index."""

from dataclasses import dataclass

import numpy as np

from retrieval.calibration import Calibration
from retrieval.contradiction import Difference, find_contradictions
from retrieval.message import Message, read_message
from retrieval.signals import signal_matrix
from retrieval.types import Encoder


@dataclass(frozen=True)
class PairVerdict:
    """`probability` that the texts make the same claim, and what contradicts it."""

    probability: float
    contradictions: tuple[Difference, ...]

    def accepted(self, calibration: Calibration) -> bool:
        return self.probability >= calibration.pair and not self.contradictions


def _score(one: Message, other: Message, encoder: Encoder, calibration: Calibration) -> float:
    """Return the best probability over the passages of `one` against those of `other`."""
    entries = [passage.weighed for passage in other.passages]
    vectors = encoder.encode([passage.text for passage in (*one.passages, *other.passages)])
    theirs = vectors[len(one.passages) :]
    best = 0.0
    for passage, vector in zip(one.passages, vectors, strict=False):
        forth = calibration.probability(signal_matrix(passage.weighed, entries, theirs @ vector))
        best = max(best, float(forth.max()))
    return best


def judge_pair(text_a: str, text_b: str, encoder: Encoder, calibration: Calibration) -> PairVerdict:
    """Judge two texts. The order does not matter: both ways round are scored, and the mean counts."""
    one, other = read_message(text_a), read_message(text_b)
    if one.key_hash is not None and one.key_hash == other.key_hash:
        return PairVerdict(1.0, ())
    if not one.passages or not other.passages:
        same_link = not one.passages and not other.passages and bool(set(one.urls) & set(other.urls))
        return PairVerdict(float(same_link), ())
    probability = np.mean([_score(one, other, encoder, calibration), _score(other, one, encoder, calibration)])
    return PairVerdict(float(probability), tuple(find_contradictions(text_a, text_b)))
