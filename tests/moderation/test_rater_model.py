"""The raters' model minimises the loss it states, the same way every time, and quickly."""

import time
from dataclasses import replace

import numpy as np
import pytest

from moderation.rater_model import Fit, Ratings, fit_model, measure_loss

CAMP = 0.6


def community(raters: int, replies: int, each: int, seed: int = 1) -> tuple[Ratings, np.ndarray, np.ndarray]:
    """Two camps; a reply is good (0), bad (2), or liked by one camp only (1, −1). Returns ratings, sides, leanings."""
    random = np.random.default_rng(seed)
    rater = np.repeat(np.arange(raters), each)
    reply = np.concatenate([random.choice(replies, each, replace=False) for _ in range(raters)])
    side = np.where(np.arange(raters) < CAMP * raters, 1, -1)
    leaning = random.choice([0, 0, 1, -1, 2], replies)
    liked = np.select([leaning[reply] == 0, leaning[reply] == 2], [0.9, 0.1], np.nan)
    liked = np.where(np.isnan(liked), np.where(leaning[reply] == side[rater], 0.9, 0.15), liked)
    score = np.where(random.random(len(rater)) < liked, 1.0, np.where(random.random(len(rater)) < 0.3, 0.5, 0.0))
    return Ratings(rater, reply, score, raters, replies), side, leaning


def spelled_out_loss(ratings: Ratings, fit: Fit) -> float:
    """The loss term by term, as it is written."""
    errors = [
        (
            r
            - (
                fit.mean
                + fit.rater_intercepts[u]
                + fit.reply_intercepts[n]
                + fit.rater_factors[u] * fit.reply_factors[n]
            )
        )
        ** 2
        for u, n, r in zip(ratings.rater, ratings.reply, ratings.score, strict=True)
    ]
    intercepts = fit.mean**2 + np.mean(fit.rater_intercepts**2) + np.mean(fit.reply_intercepts**2)
    factors = np.mean(fit.rater_factors**2) + np.mean(fit.reply_factors**2)
    return float(np.mean(errors) + 0.15 * intercepts + 0.03 * factors)


def test_it_minimises_the_loss_as_written() -> None:
    """At the minimum no parameter can be moved either way and lower it."""
    ratings, _, _ = community(20, 40, 15)
    fit = fit_model(ratings)
    assert fit.loss == pytest.approx(spelled_out_loss(ratings, fit), rel=1e-12)
    for name in ("rater_intercepts", "rater_factors", "reply_intercepts", "reply_factors"):
        for index in range(len(getattr(fit, name))):
            for step in (0.003, -0.003):
                moved = getattr(fit, name).copy()
                moved[index] += step
                assert spelled_out_loss(ratings, replace(fit, **{name: moved})) > fit.loss, name
    for step in (0.001, -0.001):
        assert spelled_out_loss(ratings, replace(fit, mean=fit.mean + step)) > fit.loss


def test_it_finds_the_same_minimum_from_any_seed() -> None:
    ratings, _, _ = community(60, 200, 30)
    fits = [fit_model(ratings, seed=seed) for seed in range(4)]
    assert max(fit.loss for fit in fits) - min(fit.loss for fit in fits) < 1e-6
    again = fit_model(ratings, seed=0)
    assert np.array_equal(again.rater_factors, fits[0].rater_factors)


def test_it_tells_the_camps_apart_and_the_good_from_the_one_sided() -> None:
    ratings, side, leaning = community(100, 300, 40)
    fit = fit_model(ratings)
    assert np.array_equal(np.sign(fit.rater_factors), side), "the larger camp is the positive one"
    good, one_sided = leaning == 0, np.abs(leaning) == 1
    assert fit.reply_intercepts[good].mean() > fit.reply_intercepts[one_sided].mean() + 0.15
    assert np.abs(fit.reply_factors[one_sided]).mean() > 3 * np.abs(fit.reply_factors[good]).mean()


def test_it_draws_a_reply_towards_zero_as_at_the_first_fit_however_many_ratings_there_are_later() -> None:
    """A reply rated helpful five times stands where it stood, though others have ten times the ratings now."""
    few, _, _ = community(40, 200, 20)
    first = fit_model(few)
    many, _, _ = community(40, 200, 160)
    assert many.per_reply == pytest.approx(8 * few.per_reply)
    ratings = Ratings(
        np.concatenate([many.rater, np.arange(5)]),
        np.concatenate([many.reply, np.full(5, 200)]),
        np.concatenate([many.score, np.ones(5)]),
        40,
        201,
    )
    scaled = fit_model(ratings, ratings_per_reply=first.ratings_per_reply)
    unscaled = fit_model(ratings)
    assert scaled.ratings_per_reply == first.ratings_per_reply
    assert scaled.reply_intercepts[200] > 2 * unscaled.reply_intercepts[200], "eight times the penalty holds it down"
    assert scaled.loss == pytest.approx(measure_loss(ratings, scaled))


def test_it_is_not_troubled_by_raters_without_ratings_and_refuses_none_at_all() -> None:
    nobody = np.zeros(0, np.int64)
    with pytest.raises(ValueError, match="no ratings"):
        fit_model(Ratings(nobody, nobody, np.zeros(0), 0, 0))
    one = fit_model(Ratings(np.array([1]), np.array([0]), np.array([1.0]), 3, 2))
    assert one.rater_intercepts[[0, 2]].tolist() == [0, 0]
    assert np.isfinite(one.loss)


def test_it_knows_no_second_side_where_nobody_ever_disagreed() -> None:
    """So such a community verifies nothing yet; its answers stay provisional."""
    ratings = Ratings(np.repeat(np.arange(12), 20), np.tile(np.arange(20), 12), np.ones(240), 12, 20)
    assert set(np.sign(fit_model(ratings).rater_factors)) == {1.0}


@pytest.mark.slow
def test_it_refits_160_000_ratings_in_seconds() -> None:
    ratings, side, _ = community(2_000, 16_000, 80)
    started = time.process_time()
    fit = fit_model(ratings)
    assert time.process_time() - started < 10
    assert len(ratings.score) == 160_000
    assert np.mean(np.sign(fit.rater_factors) == side) > 0.99
