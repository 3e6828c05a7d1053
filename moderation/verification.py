"""The verification rule: from what people said about an answer to what becomes of it. Pure: no database, no clock.

Two rules. While the community is young, a few ratings with trusted reviewers among them make an answer *provisional*.
Once enough experienced people have rated it, only agreement of both sides makes it *verified*: being liked by many of
one camp is not being right. Each rule has its mirror image, by which an answer is rejected. All else is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import copysign, prod

from moderation.thresholds import DEFAULT, Thresholds
from storage.tables import ReplyState, Role, VerificationOutcome, VerificationRule

EPSILON = 1e-9
"""Four helpful ratings of five are 80 %, whatever floating point makes of it."""


class ReasonKey(StrEnum):
    """Why the rule said what it said; whoever shows it puts it into words."""

    PROVISIONAL = "provisional"
    VERIFIED = "verified"
    REJECTED_EARLY = "rejected_early"
    REJECTED = "rejected"
    TOO_FEW_RATINGS = "too_few_ratings"
    TOO_FEW_TRUSTED = "too_few_trusted"
    NOT_HELPFUL_ENOUGH = "not_helpful_enough"
    TRUSTED_DISAGREE = "trusted_disagree"
    ONE_SIDED = "one_sided"
    MODEL_DISAGREES = "model_disagrees"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence to be: its key, and the numbers in it (`helpful_percent`, `ratings`, `trusted`, `missing`, …)."""

    key: ReasonKey
    values: dict[str, int]


@dataclass(frozen=True, slots=True)
class Voice:
    """One rating that counts. Accounts that rate too alike were made one voice before."""

    score: float
    """1 helpful, 0.5 somewhat, 0 not."""
    level: Role = Role.NEWCOMER
    ratings: int = 0
    """How many answers this person has rated."""
    factor: float | None = None
    """Where the model puts this person; the sign is their side."""


@dataclass(frozen=True, slots=True)
class Case:
    """All the rule looks at."""

    voices: tuple[Voice, ...]
    state: ReplyState = ReplyState.PROPOSED
    intercept: float | None = None
    factor: float | None = None
    """The model's figures for the answer; None before its first fit."""
    has_rival: bool = False
    """Another answer, shown for the same message, says something else."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rule computed, as stored and printed. Shares are None where there is nothing to share."""

    ratings: int
    share: float | None
    trusted: int
    trusted_share: float | None
    experienced: int
    experienced_share: float | None
    plus: int
    minus: int
    """Helpful less not helpful ratings of each side's experienced raters."""
    intercept: float | None
    factor: float | None
    consensus: float | None
    """Group-aware consensus, the second opinion: see `measure_consensus`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the rule says, by which part of it, and why."""

    outcome: VerificationOutcome
    rule: VerificationRule
    reason: Reason
    figures: Figures
    contested: bool
    """Somebody sees it otherwise: it waits a while before it goes public."""


def decide(case: Case, thresholds: Thresholds = DEFAULT) -> Finding:
    """Apply the rule."""
    figures = measure(case.voices, thresholds, intercept=case.intercept, factor=case.factor)
    rule = choose_rule(case, figures, thresholds)
    if case.state == ReplyState.WITHDRAWN:
        outcome, key = VerificationOutcome.HELD, ReasonKey.WITHDRAWN
    elif rule == VerificationRule.TWO_SIDED:
        outcome, key = _apply_two_sided(case, figures, thresholds)
    else:
        outcome, key = _apply_young(case.state, figures, thresholds)
    reason = Reason(key, _to_values(figures, thresholds))
    return Finding(outcome, rule, reason, figures, _is_contested(case))


def choose_rule(case: Case, figures: Figures, thresholds: Thresholds) -> VerificationRule:
    """Which rule is the one to apply: the two-sided one as soon as enough experienced people have rated.

    An imported answer is public by its source's word: only the two-sided rule may change that.
    """
    ripe = figures.experienced >= thresholds.min_experienced or case.state == ReplyState.IMPORTED
    return VerificationRule.TWO_SIDED if ripe else VerificationRule.YOUNG


def measure(
    voices: Sequence[Voice],
    thresholds: Thresholds = DEFAULT,
    *,
    intercept: float | None = None,
    factor: float | None = None,
) -> Figures:
    """Count and average what the rule needs."""
    trusted = [voice for voice in voices if voice.level == Role.TRUSTED]
    plus, minus = (_of_side(voices, sign, thresholds) for sign in (1, -1))
    return Figures(
        ratings=len(voices),
        share=_share(voices),
        trusted=len(trusted),
        trusted_share=_share(trusted),
        experienced=len(plus) + len(minus),
        experienced_share=_share([*plus, *minus]),
        plus=_net(plus),
        minus=_net(minus),
        intercept=intercept,
        factor=factor,
        consensus=measure_consensus([plus, minus]),
    )


def measure_consensus(groups: Sequence[Sequence[Voice]]) -> float | None:
    """Group-aware consensus as in Polis: the product over groups of (helpful + 1) ÷ (ratings + 2).

    A group nobody of which has rated counts one half, so that silence is no consent. None: no group has rated.
    Source: Small et al. 2021, "Polis: Scaling deliberation by mapping high dimensional opinion spaces".
    """
    if not any(groups):
        return None
    return prod((sum(voice.score for voice in group) + 1) / (len(group) + 2) for group in groups)


def _apply_two_sided(case: Case, figures: Figures, thresholds: Thresholds) -> tuple[VerificationOutcome, ReasonKey]:
    share, net = figures.experienced_share, thresholds.min_net_helpful
    if share is None or figures.experienced < thresholds.min_experienced:  # an imported one
        return VerificationOutcome.HELD, ReasonKey.TOO_FEW_RATINGS
    liked = share >= _bound(thresholds.verified_share, case.state == ReplyState.VERIFIED, thresholds)
    refused = 1 - share >= _bound(thresholds.verified_share, case.state == ReplyState.REJECTED, thresholds)
    if refused and max(figures.plus, figures.minus) <= -net:
        return VerificationOutcome.REJECTED, ReasonKey.REJECTED
    bridged = min(figures.plus, figures.minus) >= net
    if liked and bridged and _model_agrees(case, thresholds):
        return VerificationOutcome.VERIFIED, ReasonKey.VERIFIED
    if _may_stay(case.state, figures, thresholds):
        return VerificationOutcome.PROVISIONAL, ReasonKey.PROVISIONAL
    if not liked:
        return VerificationOutcome.HELD, ReasonKey.NOT_HELPFUL_ENOUGH
    return VerificationOutcome.HELD, ReasonKey.MODEL_DISAGREES if bridged else ReasonKey.ONE_SIDED


def _may_stay(state: ReplyState, figures: Figures, thresholds: Thresholds) -> bool:
    """What is public already stays, labelled, while a side is only silent; an objection of a side ends it."""
    if state not in {ReplyState.PROVISIONAL, ReplyState.VERIFIED} or min(figures.plus, figures.minus) < 0:
        return False
    return _apply_young(state, figures, thresholds)[0] == VerificationOutcome.PROVISIONAL


def _apply_young(state: ReplyState, figures: Figures, thresholds: Thresholds) -> tuple[VerificationOutcome, ReasonKey]:
    """Newcomers count, yet however many, they cannot outvote the trusted, who must agree among themselves."""
    share, trusted = figures.share, figures.trusted_share
    if share is None or figures.ratings < thresholds.min_ratings:
        return VerificationOutcome.HELD, ReasonKey.TOO_FEW_RATINGS
    if trusted is None or figures.trusted < thresholds.min_trusted:
        return VerificationOutcome.HELD, ReasonKey.TOO_FEW_TRUSTED
    public = state in {ReplyState.PROVISIONAL, ReplyState.VERIFIED}
    like = _bound(thresholds.provisional_share, public, thresholds)
    refuse = _bound(thresholds.provisional_share, state == ReplyState.REJECTED, thresholds)
    if min(share, trusted) >= like:
        return VerificationOutcome.PROVISIONAL, ReasonKey.PROVISIONAL
    if min(1 - share, 1 - trusted) >= refuse:
        return VerificationOutcome.REJECTED, ReasonKey.REJECTED_EARLY
    disagree = share >= like
    return VerificationOutcome.HELD, ReasonKey.TRUSTED_DISAGREE if disagree else ReasonKey.NOT_HELPFUL_ENOUGH


def _model_agrees(case: Case, thresholds: Thresholds) -> bool:
    if not thresholds.ask_model:
        return True
    if case.intercept is None or case.factor is None:
        return False
    slack = thresholds.inertia if case.state == ReplyState.VERIFIED else 0.0
    return (
        case.intercept >= thresholds.min_intercept - slack - EPSILON
        and abs(case.factor) < thresholds.max_factor + slack
    )


def _bound(bound: float, already: bool, thresholds: Thresholds) -> float:
    """What has a state keeps it a little below the bound that gave it, so that it does not flicker."""
    return bound - (thresholds.inertia if already else 0.0) - EPSILON


def _of_side(voices: Sequence[Voice], sign: int, thresholds: Thresholds) -> list[Voice]:
    """The experienced raters of one side. A factor of exactly zero is no side."""
    return [
        voice
        for voice in voices
        if voice.ratings >= thresholds.experienced_after and voice.factor and copysign(1, voice.factor) == sign
    ]


def _share(voices: Sequence[Voice]) -> float | None:
    return sum(voice.score for voice in voices) / len(voices) if voices else None


def _net(voices: Sequence[Voice]) -> int:
    return sum((voice.score > 0.5) - (voice.score < 0.5) for voice in voices)


def _is_contested(case: Case) -> bool:
    return case.has_rival or any(voice.score < 0.5 for voice in case.voices)


def _to_values(figures: Figures, thresholds: Thresholds) -> dict[str, int]:
    """The numbers a sentence may name: percentages whole, and rounded down, so that none claims too much."""
    shares = {
        "helpful_percent": figures.share,
        "trusted_percent": figures.trusted_share,
        "experienced_percent": figures.experienced_share,
    }
    return {
        "ratings": figures.ratings,
        "trusted": figures.trusted,
        "experienced": figures.experienced,
        "missing": max(thresholds.min_ratings - figures.ratings, 0),
        "missing_trusted": max(thresholds.min_trusted - figures.trusted, 0),
        **{name: int(100 * share + EPSILON) for name, share in shares.items() if share is not None},
    }
