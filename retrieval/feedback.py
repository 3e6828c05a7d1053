"""Measure matching on what people said about it: which of the shown articles was theirs, or that none was.

A recorded match keeps its signals, so today's calibration can judge it again without the words of the message, which
are not kept. Signals belong to one encoder: those of another are taken with the band they were given then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.calibration import Calibration
from retrieval.intervals import wilson
from retrieval.ranker import CONTRADICTED_FACTOR, EXACT, SAME_LINK
from retrieval.signals import FEATURES
from retrieval.types import Band

BEYOND_WORDS = frozenset({"picture", "sound"})
"""Signals of what was found by how it looks or sounds, which no scorer of words can judge."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One article as it was shown for a message."""

    article_id: str
    probability: float
    band: Band
    signals: Mapping[str, float]
    contradicted: bool = False
    is_short: bool = False
    """The message said too little to be answered, whatever the probability."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A decision that somebody said something about."""

    model_id: str
    offers: Sequence[Offer]
    """Best first."""
    article_id: str | None
    """The article that was chosen; None: none of them."""

    @property
    def agrees(self) -> bool:
        """Whether the first article shown was the right one."""
        return bool(self.offers) and self.article_id == self.offers[0].article_id


def judge_again(offer: Offer, calibration: Calibration | None) -> Band:
    """The band the calibration gives to the recorded signals; the recorded one where it cannot judge them."""
    probability = _probability(offer.signals, calibration) if calibration else None
    if calibration is None or probability is None:
        return offer.band
    if offer.contradicted:
        probability *= CONTRADICTED_FACTOR
    band = calibration.band(probability)
    return Band.CANDIDATE if band is Band.ANSWER and (offer.contradicted or offer.is_short) else band


def measure_feedback(chosen: Iterable[Chosen], calibration: Calibration | None) -> dict[str, float]:
    """Sum up choices made about one encoder's matches.

    `rank1_agreement`: of all choices, those for the article shown first. An answer can only be objected to, so this
    says less than a labelled set does. `still_answered`: of the messages for which all was refused, those that the
    calibration would again answer with what was refused.
    """
    rows = list(chosen)
    refused = [row for row in rows if row.article_id is None]
    agreeing = sum(row.agrees for row in rows)
    answered = sum(any(judge_again(offer, calibration) is Band.ANSWER for offer in row.offers) for row in refused)
    return {
        "n": len(rows),
        "n_positive": len(rows) - len(refused),
        "n_negative": len(refused),
        **_share("rank1_agreement", agreeing, len(rows)),
        **_share("still_answered", answered, len(refused)),
    }


def _share(name: str, count: int, of: int) -> dict[str, float]:
    low, high = wilson(count, of)
    return {name: count / of if of else 0.0, f"{name}_low": low, f"{name}_high": high}


def _probability(signals: Mapping[str, float], calibration: Calibration) -> float | None:
    """What the scorer makes of the signals; None when they are not the ones it knows, or looks and sounds decided."""
    if BEYOND_WORDS & signals.keys():
        return None
    if signals.get("exact"):
        return EXACT
    if signals.get("same_link"):
        return SAME_LINK
    signals = {"dense": calibration.unlike} | dict(signals)  # a near copy was judged before it was encoded
    if any(name not in signals for name in FEATURES):
        return None
    return float(calibration.scorer.probability(np.array([[signals[name] for name in FEATURES]], np.float32))[0])
