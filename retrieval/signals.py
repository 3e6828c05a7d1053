"""The signals of a match, one row per (message, entry): what the scorer was trained on, and what explains a match.

Nothing here depends on which index the entry comes from, so two texts alone (`chaming evaluate` on pairs) are scored by
the same rule as a message against an index.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.overlap import Overlap, WeighedText, compare

FEATURES = (
    "dense",
    "cover_q",
    "cover_e",
    "run_q",
    "run_e",
    "window_q",
    "window_e",
    "gap_q",
    "gap_e",
    "weight_q",
    "weight_e",
    "weight_shared",
    "cover_best",
    "run_best",
    "cover_both",
    "gap_least",
)
"""The scorer's columns, in order."""

NEAR_COPY_Q, NEAR_COPY_E = 0.8, 0.7
"""Shares from which two texts are near copies: most of the message stands in the entry, and most of the entry in it.
Sent on, a message gains a greeting and loses its end."""

Matrix = NDArray[np.float32]


def _derived(overlap: Overlap, query: WeighedText, totals: NDArray[np.float64]) -> list[NDArray[np.float32]]:
    """Return the columns after `gap_e`: sizes as logarithms, and figures that do not care which side is which."""
    shared = overlap.cover_q * query.total
    columns = [
        np.full(len(totals), np.log1p(query.total)),
        np.log1p(totals),
        np.log1p(shared),
        np.maximum(overlap.window_q, overlap.window_e),
        np.maximum(overlap.run_q, overlap.run_e),
        np.sqrt(overlap.cover_q * overlap.cover_e),
        np.minimum(overlap.gap_q, overlap.gap_e),
    ]
    return [np.asarray(column, np.float32) for column in columns]


def signal_matrix(query: WeighedText, entries: Sequence[WeighedText], dense: NDArray[np.float32]) -> Matrix:
    """Return one row of `FEATURES` per entry (at least one). `dense` holds the entries' cosines with the query."""
    return add_dense(word_signals(query, entries), dense)


def add_dense(words: Matrix, dense: NDArray[np.float32]) -> Matrix:
    """Put the cosines before the rows of `word_signals`."""
    return np.column_stack([np.asarray(dense, np.float32), words])


def are_near_copies(words: Matrix) -> NDArray[np.bool_]:
    """Return which rows of `word_signals` are of near copies."""
    cover_q, cover_e = FEATURES.index("cover_q") - 1, FEATURES.index("cover_e") - 1
    return np.asarray((words[:, cover_q] >= NEAR_COPY_Q) & (words[:, cover_e] >= NEAR_COPY_E))


def word_signals(query: WeighedText, entries: Sequence[WeighedText]) -> Matrix:
    """Return one row of `FEATURES` but the first, `dense`, per entry: what needs no encoder."""
    if not entries:
        return np.zeros((0, len(FEATURES) - 1), np.float32)
    overlap = compare(query, entries)
    totals = np.array([entry.total for entry in entries])
    columns = [
        overlap.cover_q,
        overlap.cover_e,
        overlap.run_q,
        overlap.run_e,
        overlap.window_q,
        overlap.window_e,
        overlap.gap_q,
        overlap.gap_e,
        *_derived(overlap, query, totals),
    ]
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)
