"""The rule, case by case."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.thresholds import DEFAULT
from moderation.verification import Case, ReasonKey, Voice, decide, measure_consensus
from storage.tables import ReplyState, Role, VerificationOutcome, VerificationRule

HELD, PROVISIONAL, VERIFIED, REJECTED = (
    VerificationOutcome.HELD,
    VerificationOutcome.PROVISIONAL,
    VerificationOutcome.VERIFIED,
    VerificationOutcome.REJECTED,
)
LEVELS = {"n": Role.NEWCOMER, "r": Role.REVIEWER, "t": Role.TRUSTED}


def young(*ratings: str) -> tuple[Voice, ...]:
    """Ratings as `t1`, `n0`, `r.5`: level and score, of people the model knows nothing of."""
    return tuple(Voice(float(rating[1:]), LEVELS[rating[0]], ratings=3) for rating in ratings)


def sided(plus: list[float], minus: list[float]) -> tuple[Voice, ...]:
    """Experienced, trusted raters of each side."""
    return tuple(
        Voice(score, Role.TRUSTED, ratings=10, factor=factor)
        for factor, scores in ((0.4, plus), (-0.3, minus))
        for score in scores
    )


@pytest.mark.parametrize(
    ("voices", "outcome", "reason"),
    [
        ((), HELD, ReasonKey.TOO_FEW_RATINGS),
        (("t1", "t1"), HELD, ReasonKey.TOO_FEW_RATINGS),
        (("t1", "t1", "n1"), PROVISIONAL, ReasonKey.PROVISIONAL),
        (("t1", "t1", "n.5"), PROVISIONAL, ReasonKey.PROVISIONAL),
        (("t1", "t1", "n0"), HELD, ReasonKey.NOT_HELPFUL_ENOUGH),
        (("t1", "t1", "r1", "r1", "n0"), PROVISIONAL, ReasonKey.PROVISIONAL),
        (("t1", "r1", "r1", "r1"), HELD, ReasonKey.TOO_FEW_TRUSTED),
        (("n1", "n1", "n1", "n1", "n1"), HELD, ReasonKey.TOO_FEW_TRUSTED),
        (("t0", "t0", *["n1"] * 20), HELD, ReasonKey.TRUSTED_DISAGREE),
        (("t1", "t0", *["n1"] * 20), HELD, ReasonKey.TRUSTED_DISAGREE),
        (("t0", "t0", "n0"), REJECTED, ReasonKey.REJECTED_EARLY),
        (("t1", "t1", *["n0"] * 20), HELD, ReasonKey.NOT_HELPFUL_ENOUGH),
        (("t.5", "t.5", "t.5"), HELD, ReasonKey.NOT_HELPFUL_ENOUGH),
    ],
)
def test_it_decides_while_the_community_is_young(
    voices: tuple[str, ...], outcome: VerificationOutcome, reason: ReasonKey
) -> None:
    finding = decide(Case(young(*voices)))
    assert (finding.outcome, finding.reason.key, finding.rule) == (outcome, reason, VerificationRule.YOUNG)


@pytest.mark.parametrize(
    ("plus", "minus", "state", "outcome", "reason"),
    [
        ([1, 1, 1], [1, 1], ReplyState.PROPOSED, VERIFIED, ReasonKey.VERIFIED),
        ([1, 1, 1, 1], [1, 0, 1], ReplyState.PROPOSED, VERIFIED, ReasonKey.VERIFIED),
        ([1] * 9, [1, 0], ReplyState.PROPOSED, HELD, ReasonKey.ONE_SIDED),
        ([1] * 9, [0], ReplyState.PROPOSED, HELD, ReasonKey.ONE_SIDED),
        ([1] * 9, [0.5], ReplyState.PROPOSED, HELD, ReasonKey.ONE_SIDED),
        ([1] * 9, [], ReplyState.PROPOSED, HELD, ReasonKey.ONE_SIDED),
        ([1] * 9, [], ReplyState.PROVISIONAL, PROVISIONAL, ReasonKey.PROVISIONAL),
        ([1] * 9, [0], ReplyState.PROVISIONAL, HELD, ReasonKey.ONE_SIDED),
        ([1, 1, 1], [1, 0, 0], ReplyState.PROPOSED, HELD, ReasonKey.NOT_HELPFUL_ENOUGH),
        ([0, 0, 0], [0, 0], ReplyState.PROPOSED, REJECTED, ReasonKey.REJECTED),
        ([0, 0, 0, 0], [0, 1], ReplyState.PROPOSED, HELD, ReasonKey.NOT_HELPFUL_ENOUGH),
        ([0] * 9, [], ReplyState.PROPOSED, HELD, ReasonKey.NOT_HELPFUL_ENOUGH),
    ],
)
def test_it_asks_both_sides_once_it_knows_them(
    plus: list[float], minus: list[float], state: ReplyState, outcome: VerificationOutcome, reason: ReasonKey
) -> None:
    finding = decide(Case(sided(plus, minus), state))
    assert (finding.outcome, finding.reason.key, finding.rule) == (outcome, reason, VerificationRule.TWO_SIDED)


def test_it_counts_only_experienced_raters_to_verify() -> None:
    """A crowd of fresh accounts neither verifies nor holds up what experienced people of both sides agree on."""
    crowd = tuple(Voice(0.0, ratings=9, factor=0.5) for _ in range(30))
    assert decide(Case(sided([1, 1, 1], [1, 1]) + crowd)).outcome == VERIFIED
    fresh = tuple(replace(voice, ratings=9) for voice in sided([1, 1, 1], [1, 1]))
    assert decide(Case(fresh)).rule == VerificationRule.YOUNG
    unknown = tuple(replace(voice, factor=None) for voice in sided([1, 1, 1], [1, 1]))
    assert decide(Case(unknown)).outcome == PROVISIONAL


def test_it_lets_what_is_verified_or_provisional_keep_it_a_hundredth_below_the_bound() -> None:
    almost = sided([1] * 40 + [0] * 10, [1] * 35 + [0] * 16)  # 75/101 = 74.3 %
    assert decide(Case(almost)).outcome == HELD
    assert decide(Case(almost, ReplyState.VERIFIED)).outcome == VERIFIED
    below = sided([1] * 40 + [0] * 10, [1] * 33 + [0] * 18)
    assert decide(Case(below, ReplyState.VERIFIED)).outcome == HELD
    provisional = young("t1", "t1", "t1", "t1", *["n1"] * 15, *["n0"] * 4, "n.5")  # 19.5/24 = 81 %
    slipping = provisional[:-1] + young("n0")  # 19/24 = 79.2 %
    assert decide(Case(slipping)).outcome == HELD
    assert decide(Case(slipping, ReplyState.PROVISIONAL)).outcome == PROVISIONAL


def test_it_asks_the_model_too_where_that_is_set() -> None:
    strict = replace(DEFAULT, ask_model=True)
    case = Case(sided([1, 1, 1], [1, 1]), intercept=0.30, factor=0.49)
    assert decide(case, strict).outcome == VERIFIED
    for other in (replace(case, intercept=0.29), replace(case, factor=-0.5), replace(case, intercept=None)):
        finding = decide(other, strict)
        assert (finding.outcome, finding.reason.key) == (HELD, ReasonKey.MODEL_DISAGREES)
    kept = replace(case, intercept=0.29, factor=0.505, state=ReplyState.VERIFIED)
    assert decide(kept, strict).outcome == VERIFIED


def test_it_leaves_an_imported_answer_alone_until_both_sides_have_spoken() -> None:
    assert decide(Case(young("t0", "t0", "t0"), ReplyState.IMPORTED)).outcome == HELD
    assert decide(Case(sided([1, 1, 1], [1, 1]), ReplyState.IMPORTED)).outcome == VERIFIED
    assert decide(Case(sided([0, 0, 0], [0, 0]), ReplyState.IMPORTED)).outcome == REJECTED


def test_it_never_shows_again_what_a_person_withdrew() -> None:
    finding = decide(Case(sided([1, 1, 1], [1, 1]), ReplyState.WITHDRAWN))
    assert (finding.outcome, finding.reason.key) == (HELD, ReasonKey.WITHDRAWN)


def test_it_is_contested_when_anyone_objects_or_another_answer_says_something_else() -> None:
    assert not decide(Case(young("t1", "t1", "n.5"))).contested
    assert decide(Case(young("t1", "t1", "t1", "t1", "n0"))).contested
    assert decide(Case(young("t1", "t1", "t1"), has_rival=True)).contested


def test_it_says_why_in_whole_numbers_that_claim_nothing_too_much() -> None:
    finding = decide(Case(young("t1", "t1", "r1", "n1", "n.5", "n.5")))
    assert finding.reason.values["helpful_percent"] == 83, "83.3 %, rounded down"
    assert (finding.reason.values["ratings"], finding.reason.values["trusted"]) == (6, 2)
    assert decide(Case(young("n1"))).reason.values["missing"] == 2
    assert decide(Case(young("t1", "n1", "n1", "n1", "n1"))).reason.values["missing_trusted"] == 1


def test_it_measures_consensus_over_groups_as_a_second_opinion() -> None:
    assert measure_consensus([[], []]) is None
    both = measure_consensus([sided([1] * 8, []), sided([], [1] * 8)])
    one = measure_consensus([sided([1] * 16, []), []])
    against = measure_consensus([sided([1] * 8, []), sided([], [0] * 8)])
    assert both == pytest.approx((9 / 10) ** 2)
    assert one == pytest.approx(17 / 18 / 2)
    assert against == pytest.approx(9 / 10 * 1 / 10)


scores = st.sampled_from([0.0, 0.5, 1.0])
voice = st.builds(
    Voice,
    score=scores,
    level=st.sampled_from(list(LEVELS.values())),
    ratings=st.integers(0, 30),
    factor=st.none() | st.floats(-1, 1),
)
voices = st.lists(voice, max_size=14).map(tuple)


@given(voices, st.sampled_from(list(ReplyState)))
def test_it_never_verifies_against_a_side_whatever_is_said(said: tuple[Voice, ...], state: ReplyState) -> None:
    finding = decide(Case(said, state))
    if finding.outcome == VERIFIED:
        known = [v for v in said if v.factor and v.ratings >= 10]
        assert len(known) >= 5
        for sign in (1, -1):
            side = [v for v in known if v.factor is not None and v.factor * sign > 0]
            assert sum(v.score == 1 for v in side) > sum(v.score == 0 for v in side)
    if finding.outcome == PROVISIONAL:
        assert sum(v.level == Role.TRUSTED for v in said) >= 2


@given(voices)
def test_it_judges_the_two_sides_alike(said: tuple[Voice, ...]) -> None:
    """Which side is called positive is an accident of the fit, and changes nothing."""
    mirrored = tuple(replace(v, factor=None if v.factor is None else -v.factor) for v in said)
    assert decide(Case(said)).outcome == decide(Case(mirrored)).outcome


@given(voices)
def test_it_never_holds_an_answer_it_would_publish_because_one_more_trusted_person_likes_it(
    said: tuple[Voice, ...],
) -> None:
    young_said = tuple(replace(v, ratings=3) for v in said)
    if decide(Case(young_said)).outcome == PROVISIONAL:
        assert decide(Case((*young_said, Voice(1.0, Role.TRUSTED)))).outcome == PROVISIONAL
