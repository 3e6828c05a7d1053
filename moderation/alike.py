"""Accounts that rate too alike to be different people: found, and counted as one.

Two people of one camp agree often, and two who work the same evenings rate the same answers. A copy does both nearly
always, also where everyone else sees it differently. So a pair is counted as one only when it shares much, says nearly
the same about all of it, and this is far likelier for a copy than for two people who each choose and rate as the others
did while both were there. Agreeing must tell by itself: to have met at the same answers is no offence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TypeVar

import numpy as np

from moderation.rater_model import Floats, Indices, Ratings
from moderation.thresholds import DEFAULT, Thresholds

T = TypeVar("T")

COPY_AGREES = 0.98
"""How often a copy gives the same rating; the rest is disguise."""
FEWEST_OUTSIDE = 3
"""So many people outside a ring must have rated a reply for their word to be what the ring is held against."""
LEVELS = 3
PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """What everyone said, against which a pair is held."""

    counts: Indices
    """By reply, how many gave it each level."""
    shares: Floats
    """How often each level is given at all."""
    totals: Floats
    """Ratings of all replies before this one, and (`squares`) their squares."""
    squares: Floats

    @classmethod
    def of(cls, ratings: Ratings, level: Indices) -> "Crowd":
        counts = np.bincount(LEVELS * ratings.reply + level, minlength=LEVELS * ratings.replies).reshape(-1, LEVELS)
        popularity = counts.sum(axis=1).astype(np.float64)
        return cls(
            counts,
            (np.bincount(level, minlength=LEVELS) + 1) / (len(level) + LEVELS),
            np.concatenate([[0.0], np.cumsum(popularity)]),
            np.concatenate([[0.0], np.cumsum(popularity**2)]),
        )


class Groups:
    """Who belongs together, by whom they were joined with (union–find)."""

    def __init__(self) -> None:
        self._leaders: dict[int, int] = {}

    def find(self, account: int) -> int:
        """The account that stands for the group."""
        leaders = self._leaders
        while leaders.setdefault(account, account) != account:
            leaders[account] = account = leaders[leaders[account]]
        return account

    def join(self, one: int, other: int) -> None:
        self._leaders[self.find(one)] = self.find(other)

    def load(self) -> list[list[int]]:
        """The groups of two or more, each sorted."""
        groups: dict[int, list[int]] = {}
        for account in sorted(self._leaders):
            groups.setdefault(self.find(account), []).append(account)
        return [group for group in groups.values() if len(group) > 1]


def find_alike(ratings: Ratings, thresholds: Thresholds = DEFAULT) -> list[list[int]]:
    """Groups of two or more raters, by index, that are to be counted as one each.

    Replies must be numbered in the order in which they were first rated; nobody rates one twice.
    """
    pairs = _find_candidates(ratings, thresholds)
    if not len(pairs):
        return []
    level = np.rint(2 * ratings.score).astype(np.int64)
    crowd = Crowd.of(ratings, level)
    owned = _split_by_rater(ratings, level, np.unique(pairs))
    enough = thresholds.alike_evidence + log(len(pairs))  # of many pairs, some agree by chance
    groups, rings = Groups(), _count_rings(pairs, owned, ratings.replies)
    for one, other in pairs.tolist():
        if groups.find(one) == groups.find(other):
            continue
        agreeing = _weigh_agreement(owned[one], owned[other], crowd, rings[one])
        meeting = _weigh_meeting(owned[one][0], owned[other][0], crowd)
        if agreeing >= thresholds.alike_agreement and agreeing + meeting >= enough:
            groups.join(one, other)
    return groups.load()


def keep_seniors(groups: Iterable[Sequence[T]], rank: Mapping[T, tuple[int, int]]) -> dict[T, T]:
    """Which account each is counted as: its group's highest by rank (trust, then how many answers it has rated).

    The senior's rating counts and the others' do not, so that nobody can water down a person's word by copying them.
    """
    counted_as: dict[T, T] = {}
    for group in groups:
        senior = max(sorted(group, key=str), key=lambda account: rank[account])
        counted_as.update((account, senior) for account in group)
    return counted_as


def _find_candidates(ratings: Ratings, thresholds: Thresholds) -> Indices:
    """Pairs of raters (one row each) that overlap and agree enough for the evidence to be weighed."""
    totals = np.bincount(ratings.rater, minlength=ratings.raters)
    common, same = _count_pairs(ratings, totals >= thresholds.alike_common)
    one, other = np.divmod(common[0], ratings.raters)
    shared = common[1]
    agreed = np.zeros_like(shared)
    agreed[np.searchsorted(common[0], same[0])] = same[1]
    either = totals[one] + totals[other] - shared
    fits = (
        (shared >= thresholds.alike_common)
        & (shared >= thresholds.alike_overlap * either)
        & (agreed >= thresholds.alike_same * shared)
    )
    return np.stack([one[fits], other[fits]], axis=1)


def _count_pairs(ratings: Ratings, counts: np.ndarray) -> tuple[tuple[Indices, Indices], tuple[Indices, Indices]]:
    """How many replies each pair of raters has in common, and how many they rated the same: sorted keys and counts."""
    kept = counts[ratings.rater]
    order = np.lexsort((ratings.rater[kept], ratings.reply[kept]))
    rater, reply, score = (values[kept][order] for values in (ratings.rater, ratings.reply, ratings.score))
    common = same = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    for keys, agree in _batch(_walk_pairs(rater, reply, score, ratings.raters)):
        common, same = _add(common, keys), _add(same, keys[agree])
    return common, same


def _walk_pairs(rater: Indices, reply: Indices, score: Floats, raters: int) -> Iterator[tuple[Indices, np.ndarray]]:
    """All pairs within a reply, by their distance in the sorted arrays: the key of each, and whether they agree."""
    first = np.arange(len(rater) - 1)
    distance = 1
    while len(first := first[first + distance < len(rater)]):
        first = first[reply[first] == reply[first + distance]]
        second = first + distance
        yield rater[first] * raters + rater[second], score[first] == score[second]
        distance += 1


def _batch(pieces: Iterator[tuple[Indices, np.ndarray]]) -> Iterator[tuple[Indices, np.ndarray]]:
    held: list[tuple[Indices, np.ndarray]] = []
    for piece in pieces:
        held.append(piece)
        if sum(len(keys) for keys, _ in held) > PAIRS_AT_ONCE:
            yield np.concatenate([keys for keys, _ in held]), np.concatenate([agree for _, agree in held])
            held = []
    if held:
        yield np.concatenate([keys for keys, _ in held]), np.concatenate([agree for _, agree in held])


def _add(known: tuple[Indices, Indices], keys: Indices) -> tuple[Indices, Indices]:
    new, counts = np.unique(keys, return_counts=True)
    every, where = np.unique(np.concatenate([known[0], new]), return_inverse=True)
    total = np.bincount(where, np.concatenate([known[1], counts]), minlength=len(every))
    return every, total.astype(np.int64)


def _split_by_rater(ratings: Ratings, level: Indices, raters: Indices) -> dict[int, tuple[Indices, Indices]]:
    """Each rater's replies, sorted, with the level given to each."""
    order = np.lexsort((ratings.reply, ratings.rater))
    starts = np.searchsorted(ratings.rater[order], [raters, raters + 1])
    spans = zip(raters.tolist(), *starts.tolist(), strict=True)
    return {rater: (ratings.reply[order[start:end]], level[order[start:end]]) for rater, start, end in spans}


def _count_rings(pairs: Indices, owned: Mapping[int, tuple[Indices, Indices]], replies: int) -> dict[int, Indices]:
    """By account: what all it could be a copy of, and they of others in turn, said about each reply.

    A ring of fifteen is most of those who rate what it pushes. Left among everyone, it makes itself look usual.
    """
    linked = Groups()
    for one, other in pairs.tolist():
        linked.join(one, other)
    counts: dict[int, Indices] = {}
    for group in linked.load():
        said = np.concatenate([LEVELS * owned[account][0] + owned[account][1] for account in group])
        own = np.bincount(said, minlength=LEVELS * replies).reshape(-1, LEVELS)
        counts.update(dict.fromkeys(group, own))
    return counts


def _weigh_agreement(
    one: tuple[Indices, Indices], other: tuple[Indices, Indices], crowd: Crowd, ring: Indices
) -> float:
    """Log-likelihood ratio of a copy against two who rate as everyone outside their ring rated the same replies."""
    replies, at_one, at_other = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    level, copied = one[1][at_one], other[1][at_other]
    rows = np.arange(len(replies))
    others = _count_others(crowd.counts[replies], ring[replies], level, copied).astype(np.float64)
    chance = (others[rows, level] + crowd.shares[level]) / (others.sum(axis=1) + 1)
    agree = level == copied
    evidence = np.where(agree, log(COPY_AGREES) - np.log(chance), log(1 - COPY_AGREES) - np.log1p(-chance))
    return float(evidence.sum())


def _count_others(everyone: Indices, ring: Indices, level: Indices, copied: Indices) -> Indices:
    """What all outside the ring said about each reply; where they are too few to tell, all but the pair.

    In a small community that agrees, everyone could be a copy of everyone, and nobody is outside.
    """
    outside, but_pair = everyone - ring, everyone.copy()
    rows = np.arange(len(everyone))
    but_pair[rows, level] -= 1
    but_pair[rows, copied] -= 1
    few = outside.sum(axis=1) < FEWEST_OUTSIDE
    return np.where(few[:, None], but_pair, outside)


def _weigh_meeting(one: Indices, other: Indices, crowd: Crowd) -> float:
    """How surprising it is that two met so often, in the same logs: a Poisson count against its expectation.

    Expected are as many meetings as two would have who each choose among what was rated while both were there, popular
    replies more often. Where everyone rates everything, nothing about it is surprising.
    """
    start, end = max(one[0], other[0]), min(one[-1], other[-1]) + 1
    met = float(len(np.intersect1d(one, other, assume_unique=True)))
    number = crowd.totals[end] - crowd.totals[start] if end > start else 0.0
    if not number:
        return 0.0
    here, there = (int(np.searchsorted(own, end) - np.searchsorted(own, start)) for own in (one, other))
    expected = min(here * there * (crowd.squares[end] - crowd.squares[start]) / number**2, here, there)
    return float(met * log(met / expected) - (met - expected)) if met > expected else 0.0
