"""What two texts share, unit by unit: one message against a whole list of entries in a few numpy calls.

Every figure is a share of weight (rare units weigh more), 0–1, and comes in two directions: how much of the message the
entry holds (`_q`) and how much of the entry the message holds (`_e`). A long debunk holds a short claim; a long
forward holds a headline; only near-identical texts hold each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from retrieval.background import BackgroundTable, Weights
from retrieval.units import RUN, Hashes, runs_of, unit_hashes

Column = NDArray[np.float32]

WINDOW_FACTOR = 1.5
WINDOW_EXTRA = 8
"""A claim told in other words takes at most about this many units: 1.5 times its own, and some."""


@dataclass(frozen=True)
class WeighedText:
    """A text's units in reading order, with their weights, and its runs of units, ready to be compared."""

    hashes: Hashes
    weights: Weights
    total: float
    runs: Hashes


def weigh_text(text: str, background: BackgroundTable) -> WeighedText:
    """Cut a text into units and weigh them."""
    return weigh_units(unit_hashes(text), background)


def weigh_units(hashes: Hashes, background: BackgroundTable) -> WeighedText:
    """Weigh the units of a text that was cut before (`retrieval.units.unit_hashes`)."""
    return weigh_many([hashes], background)[0]


def weigh_many(texts: Sequence[Hashes], background: BackgroundTable) -> list[WeighedText]:
    """Do the same for several texts, each of at least one unit, laid end to end: in a third of the time."""
    if not texts:
        return []
    joined = np.concatenate(texts)
    weights, runs = background.weigh(joined), runs_of(joined)
    ends = list(accumulate(map(len, texts)))
    return [
        WeighedText(hashes, own := weights[start:end], float(own.sum()), runs[start : max(start, end - RUN + 1)])
        for hashes, start, end in zip(texts, [0, *ends], ends, strict=False)
    ]


@dataclass(frozen=True)
class Overlap:
    """Columns over the entries, one row each. See the module's docstring for `_q` and `_e`."""

    cover_q: Column
    cover_e: Column
    run_q: Column
    run_e: Column
    window_q: Column
    window_e: Column
    gap_q: Column
    gap_e: Column
    """The heaviest stretch of units in a row that the other text lacks, as a share of the whole."""


@dataclass(frozen=True)
class _Side:
    """One side's positions, laid end to end over all comparisons; `found` says which the other text holds."""

    weights: NDArray[np.float64]
    found: NDArray[np.bool_]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def share(self) -> Column:
        hit = np.add.reduceat(self.weights * self.found, self.starts)
        return np.asarray(hit / np.add.reduceat(self.weights, self.starts), np.float32)

    def best_window(self, widths: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the largest weight found in a window of each comparison's width."""
        summed = np.concatenate([[0.0], np.cumsum(self.weights * self.found)])
        position = np.arange(len(self.weights))
        stop = np.minimum(
            position + np.repeat(widths, self.lengths), np.repeat(self.starts + self.lengths, self.lengths)
        )
        return np.asarray(np.maximum.reduceat(summed[stop] - summed[position], self.starts))

    def longest_gap(self) -> Column:
        """Return the heaviest run of units not found, as a share of the whole."""
        missing = self.weights * ~self.found
        summed = np.cumsum(missing)
        restart = np.where(self.found, summed, 0.0)
        restart[self.starts] = np.where(
            self.found[self.starts], summed[self.starts], summed[self.starts] - missing[self.starts]
        )
        run = summed - np.maximum.accumulate(restart)
        return np.asarray(
            np.maximum.reduceat(run, self.starts) / np.add.reduceat(self.weights, self.starts), np.float32
        )


def _match(query: Hashes, entries: Hashes, lengths: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which query positions each entry holds (entries × positions), and which entry positions it holds."""
    unique, inverse = np.unique(query, return_inverse=True)
    place = np.searchsorted(unique, entries)
    place[place == len(unique)] = 0
    found = unique[place] == entries
    segment = np.repeat(np.arange(len(lengths)), lengths)
    present = np.zeros((len(lengths), len(unique)), np.bool_)
    present[segment[found], place[found]] = True
    return present[:, inverse], found


def _shares_of_runs(query: WeighedText, entries: Sequence[WeighedText]) -> tuple[Column, Column]:
    """Return the share of the query's runs each entry holds, and of each entry's runs the query holds."""
    shares_q, shares_e = np.zeros(len(entries), np.float32), np.zeros(len(entries), np.float32)
    rows = [row for row, entry in enumerate(entries) if len(entry.runs)]
    if not rows or not len(query.runs):
        return shares_q, shares_e
    lengths = np.array([len(entries[row].runs) for row in rows])
    held, found = _match(query.runs, np.concatenate([entries[row].runs for row in rows]), lengths)
    shares_q[rows] = held.mean(axis=1)
    shares_e[rows] = np.add.reduceat(found, np.cumsum(lengths) - lengths, dtype=np.float32) / lengths
    return shares_q, shares_e


def compare(query: WeighedText, entries: Sequence[WeighedText]) -> Overlap:
    """Compare one text with each of the entries (at least one). Texts without any unit share nothing."""
    lengths = np.array([len(entry.hashes) for entry in entries])
    held, found = _match(query.hashes, np.concatenate([entry.hashes for entry in entries]), lengths)
    rows, width = held.shape
    query_side = _Side(
        np.tile(query.weights.astype(np.float64), rows), held.ravel(), np.arange(rows) * width, np.full(rows, width)
    )
    entry_weights = np.concatenate([entry.weights for entry in entries]).astype(np.float64)
    entry_side = _Side(entry_weights, found, np.cumsum(lengths) - lengths, lengths)
    totals = np.array([entry.total for entry in entries])
    claim = np.minimum(lengths, width)  # the shorter text is taken for the claim
    window = (claim * WINDOW_FACTOR + WINDOW_EXTRA).astype(np.int64)
    smaller = np.minimum(totals, query.total)
    run_q, run_e = _shares_of_runs(query, entries)
    return Overlap(
        cover_q=query_side.share(),
        cover_e=entry_side.share(),
        run_q=run_q,
        run_e=run_e,
        window_q=np.minimum(query_side.best_window(window) / smaller, 1).astype(np.float32),
        window_e=np.minimum(entry_side.best_window(window) / smaller, 1).astype(np.float32),
        gap_q=query_side.longest_gap(),
        gap_e=entry_side.longest_gap(),
    )
