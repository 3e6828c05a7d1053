"""Token buckets, at a clock that is set by hand."""

import pytest

from moderation.token_buckets import Limit, TokenBucket, TokenBuckets

THREE_A_MINUTE = Limit(3, 60)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def buckets(clock: Clock) -> TokenBuckets:
    return TokenBuckets(clock, max_keys=5)


def test_it_lets_so_many_through_at_once_and_then_one_after_the_other(buckets: TokenBuckets, clock: Clock) -> None:
    assert [buckets.take(THREE_A_MINUTE, "a") for _ in range(5)] == [0, 0, 0, 20, 20]
    clock.now = 15
    assert buckets.take(THREE_A_MINUTE, "a") == 5
    clock.now = 20
    assert buckets.take(THREE_A_MINUTE, "a") == 0
    assert buckets.take(THREE_A_MINUTE, "a") == 20


def test_what_is_refused_costs_nothing(buckets: TokenBuckets, clock: Clock) -> None:
    for _ in range(3):
        buckets.take(THREE_A_MINUTE, "a")
    for now in range(20):
        clock.now = float(now)
        assert buckets.take(THREE_A_MINUTE, "a") > 0
    clock.now = 20
    assert buckets.take(THREE_A_MINUTE, "a") == 0


def test_it_says_whether_there_is_one_and_takes_none(buckets: TokenBuckets, clock: Clock) -> None:
    assert all(buckets.has(THREE_A_MINUTE, "a") for _ in range(10))
    assert [buckets.take(THREE_A_MINUTE, "a") for _ in range(3)] == [0, 0, 0]
    assert not buckets.has(THREE_A_MINUTE, "a")
    clock.now = 20
    assert buckets.has(THREE_A_MINUTE, "a")
    assert buckets.take(THREE_A_MINUTE, "a") == 0


def test_it_never_holds_more_than_it_began_with(buckets: TokenBuckets, clock: Clock) -> None:
    buckets.take(THREE_A_MINUTE, "a")
    clock.now = 1e6
    assert [buckets.take(THREE_A_MINUTE, "a") for _ in range(4)] == [0, 0, 0, 20]


def test_something_dear_takes_several(buckets: TokenBuckets) -> None:
    assert buckets.take(THREE_A_MINUTE, "a", 2) == 0
    assert buckets.take(THREE_A_MINUTE, "a", 2) == 20
    assert buckets.take(THREE_A_MINUTE, "a") == 0


def test_keys_and_limits_do_not_touch_one_another(buckets: TokenBuckets) -> None:
    once = Limit(1, 60)
    assert [buckets.take(once, "a"), buckets.take(once, "b"), buckets.take(THREE_A_MINUTE, "a")] == [0, 0, 0]
    assert buckets.take(once, "a") == 60


def test_those_untouched_for_longest_are_forgotten(buckets: TokenBuckets) -> None:
    once = Limit(1, 60)
    for key in "abcde":
        buckets.take(once, key)
    assert buckets.take(once, "a") > 0, "touched again, and so the newest"
    buckets.take(once, "f")
    assert len(buckets) == 5
    assert buckets.take(once, "a") > 0
    assert buckets.take(once, "b") == 0, "forgotten"


def test_a_clock_that_goes_back_gives_and_takes_nothing(buckets: TokenBuckets, clock: Clock) -> None:
    clock.now = 100
    for _ in range(3):
        buckets.take(THREE_A_MINUTE, "a")
    clock.now = 50
    assert buckets.take(THREE_A_MINUTE, "a") == 20


def test_a_reserved_token_may_be_still_to_come() -> None:
    bucket = TokenBucket(Limit(2, 1), now=0)
    assert [bucket.reserve(0) for _ in range(4)] == [0, 0, 0.5, 1.0]
    assert bucket.reserve(1) == 0.5
