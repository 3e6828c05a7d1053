"""Trust is earned by record, and lost by it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from moderation.trust import Judgement, Record, choose_invited, choose_level, measure_records
from storage.tables import Role, VerificationOutcome

VERIFIED, REJECTED = VerificationOutcome.VERIFIED, VerificationOutcome.REJECTED
FINAL_AT = datetime(2025, 3, 1, tzinfo=UTC)
BEFORE = FINAL_AT - timedelta(hours=1)


def judge(score: float, outcome: VerificationOutcome, rated_at: datetime = BEFORE) -> Judgement:
    return Judgement("volunteer", score, rated_at, outcome, FINAL_AT)


def record_of(judgements: Sequence[Judgement]) -> Record:
    return measure_records(judgements, []).get("volunteer", Record())


@pytest.mark.parametrize(
    ("record", "level"),
    [
        (Record(), Role.NEWCOMER),
        (Record(verified=4, verified_right=4), Role.NEWCOMER),
        (Record(verified=5, verified_right=5), Role.REVIEWER),
        (Record(verified=60, verified_right=60), Role.REVIEWER),
        (Record(verified=17, verified_right=17, rejected=3, rejected_right=3), Role.TRUSTED),
        (Record(verified=17, verified_right=17, rejected=3, rejected_right=0), Role.NEWCOMER),
        (Record(verified=10, verified_right=5, rejected=10, rejected_right=5), Role.NEWCOMER),
        (Record(verified=17, verified_right=17, rejected=3, rejected_right=3, written_rejected=1), Role.REVIEWER),
        (
            Record(
                verified=17,
                verified_right=17,
                rejected=3,
                rejected_right=3,
                written_rejected=1,
                written_verified=5,
            ),
            Role.TRUSTED,
        ),
    ],
)
def test_it_raises_and_lowers_by_record(record: Record, level: Role) -> None:
    assert choose_level(record) == level


def test_it_believes_who_was_made_trusted_until_the_record_speaks_for_itself() -> None:
    assert choose_level(Record(), Role.TRUSTED) == Role.TRUSTED
    assert choose_level(Record(verified=10, verified_right=2), Role.TRUSTED) == Role.TRUSTED
    assert choose_level(Record(verified=20, verified_right=5), Role.TRUSTED) == Role.NEWCOMER
    assert choose_level(Record(), Role.MODERATOR) == Role.TRUSTED


def test_it_counts_what_was_said_before_the_outcome_and_neither_way_out() -> None:
    said = [
        judge(1, VERIFIED),
        judge(0, VERIFIED),
        judge(0, REJECTED),
        judge(0.5, VERIFIED),
        judge(1, VERIFIED, FINAL_AT),
        judge(1, VERIFIED, FINAL_AT + timedelta(days=3)),
        judge(1, VerificationOutcome.PROVISIONAL),
    ]
    assert record_of(said) == Record(verified=2, verified_right=1, rejected=1, rejected_right=1)


def test_it_gains_nobody_trust_to_call_everything_helpful() -> None:
    always = [judge(1, VERIFIED)] * 90 + [judge(1, REJECTED)] * 10
    assert record_of(always).agreement < 0.55
    assert choose_level(record_of(always)) == Role.NEWCOMER


def test_it_holds_authors_to_what_they_wrote() -> None:
    written = [("volunteer", VERIFIED)] * 9 + [("volunteer", REJECTED)] * 2 + [("volunteer", VerificationOutcome.HELD)]
    record = measure_records([judge(1, VERIFIED)] * 15 + [judge(0, REJECTED)] * 15, written)["volunteer"]
    assert (record.written_verified, record.written_rejected) == (9, 2)
    assert choose_level(record) == Role.REVIEWER


def test_it_invites_at_random_with_trusted_reviewers_among_them() -> None:
    levels = {f"n{number}": Role.NEWCOMER for number in range(50)} | {f"t{number}": Role.TRUSTED for number in range(5)}
    drawn = [choose_invited(levels, excluded={"t0", "n0"}, number=4, random=Random(seed)) for seed in range(40)]
    assert all(len(set(invited)) == 4 for invited in drawn)
    assert all(sum(name.startswith("t") for name in invited) >= 2 for invited in drawn)
    assert not {"t0", "n0"} & {name for invited in drawn for name in invited}
    assert len(set(drawn)) > 30
    assert choose_invited({"t0": Role.TRUSTED}, excluded={"t0"}, number=3, random=Random(0)) == ()
