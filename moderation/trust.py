"""How far a person's judgement is trusted: by their record, up and down. Pure.

A rating counts for the record when it was given before the outcome was final, and said helpful or not: "somewhat" is
an honest answer, and no prediction. Agreement is taken apart by outcome and then averaged, each part with one right and
one wrong added: where nine answers of ten are good, calling everything helpful is right nine times of ten, and worth
nothing. So nobody becomes trusted who has never recognised a bad answer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from moderation.thresholds import DEFAULT, Thresholds
from storage.tables import Role, VerificationOutcome

FINAL = (VerificationOutcome.VERIFIED, VerificationOutcome.REJECTED)
"""Outcomes that a record is held against."""

EARNED = (Role.NEWCOMER, Role.REVIEWER, Role.TRUSTED)
"""The levels a record can earn, lowest first."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a person judged and wrote, against what came of it."""

    verified: int = 0
    """Answers judged that were verified in the end, and of those the ones called helpful."""
    verified_right: int = 0
    rejected: int = 0
    rejected_right: int = 0
    written_verified: int = 0
    written_rejected: int = 0

    @property
    def outcomes(self) -> int:
        return self.verified + self.rejected

    @property
    def agreement(self) -> float:
        """Mean over both outcomes of the share judged right, each with one right and one wrong added; 0 to 1."""
        verified = (self.verified_right + 1) / (self.verified + 2)
        rejected = (self.rejected_right + 1) / (self.rejected + 2)
        return (verified + rejected) / 2


@dataclass(frozen=True, slots=True)
class Judgement:
    """One rating, for the record."""

    rater: str
    score: float
    rated_at: datetime
    outcome: VerificationOutcome
    final_at: datetime


def measure_records(
    judgements: Sequence[Judgement], written: Sequence[tuple[str, VerificationOutcome]]
) -> dict[str, Record]:
    """Everyone's record; `written` is the author and final outcome of each answer."""
    counts: dict[str, dict[str, int]] = {}
    for judgement in judgements:
        if judgement.rated_at < judgement.final_at and judgement.score != 0.5 and judgement.outcome in FINAL:
            own = counts.setdefault(judgement.rater, {})
            is_right = (judgement.score > 0.5) == (judgement.outcome == VerificationOutcome.VERIFIED)
            _count(own, judgement.outcome.value)
            _count(own, f"{judgement.outcome.value}_right", int(is_right))
    for author, outcome in written:
        if outcome in FINAL:
            _count(counts.setdefault(author, {}), f"written_{outcome.value}")
    return {person: Record(**own) for person, own in counts.items()}


def choose_level(record: Record, granted: Role | None = None, thresholds: Thresholds = DEFAULT) -> Role:
    """The level a record earns. One given by hand counts until the record is long enough to speak for itself."""
    if granted is not None and record.outcomes < thresholds.trusted_outcomes:
        return max(granted if granted in EARNED else Role.TRUSTED, _earn(record, thresholds), key=EARNED.index)
    return _earn(record, thresholds)


def choose_invited(
    levels: Mapping[str, Role], *, excluded: Collection[str], number: int, random: Random
) -> tuple[str, ...]:
    """Whom to ask to rate an answer: drawn at random, so that nobody can choose who judges them.

    Half of the places (rounded up) go to trusted reviewers, without whom a young community decides nothing. `excluded`
    are the author and whoever has rated already.
    """
    willing = sorted(person for person in levels if person not in excluded)
    trusted = [person for person in willing if levels[person] == Role.TRUSTED]
    first = random.sample(trusted, min(len(trusted), (number + 1) // 2))
    rest = [person for person in willing if person not in first]
    return tuple(first + random.sample(rest, min(len(rest), number - len(first))))


def _earn(record: Record, thresholds: Thresholds) -> Role:
    writes_well = record.written_verified >= thresholds.author_ratio * record.written_rejected
    if (
        record.outcomes >= thresholds.trusted_outcomes
        and record.agreement >= thresholds.trusted_agreement
        and writes_well
    ):
        return Role.TRUSTED
    if record.outcomes >= thresholds.reviewer_outcomes and record.agreement >= thresholds.reviewer_agreement:
        return Role.REVIEWER
    return Role.NEWCOMER


def _count(counts: dict[str, int], name: str, by: int = 1) -> None:
    counts[name] = counts.get(name, 0) + by
