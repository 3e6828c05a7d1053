"""Intervals of shares, against published figures."""

import pytest

from retrieval.intervals import difference, wilson


@pytest.mark.parametrize(
    ("count", "of", "expected"),
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611)), (29, 29, (0.8830, 1.0))],
)
def test_it_gives_wilsons_interval(count: int, of: int, expected: tuple[float, float]) -> None:
    """Table I of Newcombe 1998 (Statistics in Medicine 17:857), method 3."""
    assert wilson(count, of) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [((56, 70), (48, 80), (0.0524, 0.3339)), ((9, 10), (3, 10), (0.1705, 0.8090)), ((10, 10), (0, 20), (0.6791, 1.0))],
)
def test_it_gives_newcombes_interval(
    now: tuple[int, int], before: tuple[int, int], expected: tuple[float, float]
) -> None:
    """Table II of Newcombe 1998 (Statistics in Medicine 17:873), method 10."""
    assert difference(*now, *before) == pytest.approx(expected, abs=5e-5)


def test_nothing_counted_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert difference(0, 0, 5, 10) == (-1.0, 1.0)
