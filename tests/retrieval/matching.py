"""A matcher without a model: hashed vectors, and a scorer by hand that looks at shared words only."""

from collections.abc import Sequence

import numpy as np

from retrieval.calibration import Calibration, Scorer, Trees
from retrieval.index import MatchingIndex
from retrieval.message import text_to_encode
from retrieval.signals import FEATURES
from tests.retrieval.made import HashEncoder, make_entry


def make_trees() -> Trees:
    return Trees.from_json(
        {"feature": [[0]], "threshold": [[0]], "left": [[0]], "right": [[0]], "value": [[0]], "baseline": 0}
    )


def make_scorer(names: Sequence[str], **weights: float) -> Scorer:
    """A scorer with these weights and 0 for every other signal; half its log-odds are the trees', which are 0."""
    row = np.array([2 * weights.get(name, 0.0) for name in names])
    return Scorer(np.zeros(len(names)), np.ones(len(names)), row, -16.0, make_trees())


def make_calibration() -> Calibration:
    """Sure from about three quarters of the words in common, offered from about half."""
    return Calibration(
        HashEncoder.model_id,
        make_scorer(FEATURES, cover_best=12.0),
        answer=0.8,
        candidate=0.1,
        pair=0.5,
        unlike=0.6,
        meant=0.25,
        meant_ahead=0.05,
        meant_surely=0.5,
    )


def make_index(**texts: str) -> MatchingIndex:
    """One article for each keyword: its id is the name."""
    encoder = HashEncoder()
    index = MatchingIndex(encoder.model_id, encoder.dimension)
    for article_id, text in texts.items():
        vectors = encoder.encode([text_to_encode(text)])
        index.replace_article(article_id, [make_entry(article_id, text)], vectors)
    return index
