"""The table of steps reads Prometheus' histograms."""

import pytest

from bot.metrics import Metrics
from scripts.bench.steps import find_buckets, percentile, print_steps


def test_it_reads_percentiles_between_the_bounds() -> None:
    buckets = [(1.0, 50.0), (2.0, 100.0), (float("inf"), 100.0)]
    assert percentile(buckets, 0.5) == pytest.approx(1.0)
    assert percentile(buckets, 0.75) == pytest.approx(1.5)


def test_it_says_no_more_than_the_last_bound_of_what_took_longer() -> None:
    assert percentile([(1.0, 1.0), (float("inf"), 2.0)], 0.99) == 1.0


def test_it_shows_the_steps_that_were_counted(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics()
    for seconds in (0.0011, 0.0012, 0.0013):
        metrics.step_seconds.labels("read").observe(seconds)
    metrics.step_seconds.labels("render").observe(0.3)
    shown = metrics.render().decode()
    assert percentile(find_buckets(shown, "chaming_step_seconds", {"step": "read"}), 0.5) == pytest.approx(0.00125)
    print_steps(shown)
    table = capsys.readouterr().out
    assert "| articles read | 3 | 1.25 |" in table
    assert "reply call" not in table
