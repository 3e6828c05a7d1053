"""The one-factor model of who finds what helpful: r̂ = μ + i_u + i_n + f_u·f_n.

A rating is explained by how generous its rater is (i_u), how good the reply is (i_n), and a product that is positive
when rater and reply lean to the same side. What is left in i_n is what people of different leanings agree on: the idea
of Community Notes' "bridging" (Wojcik et al. 2022, arXiv:2210.15723). The loss is

    mean over ratings of (r − r̂)² + .15 (μ² + mean_u i_u² + mean_n i_n²) + .03 (mean_u f_u² + mean_n f_n²)

At a refit the replies' means are scaled by the first fit's ratings per reply ÷ today's, so that a reply with so many
ratings is drawn towards zero as much as it was then, however the number of ratings per reply has changed since.

The loss is minimised by alternating ridge regressions, each solved exactly: no step size, no epochs, no randomness but
the seeded direction from which the search for the factor starts.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

INTERCEPT_PENALTY = 0.15
FACTOR_PENALTY = 0.03
MAX_SWEEPS = 2_000
TOLERANCE = 1e-9
"""Stop when ten sweeps lower the loss by less than this share of it."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings as three parallel arrays: rater and reply by index from 0, score 0 to 1."""

    rater: Indices
    reply: Indices
    score: Floats
    raters: int
    replies: int

    @property
    def per_reply(self) -> float:
        return len(self.score) / self.replies


@dataclass(frozen=True, slots=True)
class Fit:
    """The parameters that minimise the loss, by index. Factors' signs are set so that most raters are positive."""

    mean: float
    rater_intercepts: Floats
    rater_factors: Floats
    reply_intercepts: Floats
    reply_factors: Floats
    ratings_per_reply: float
    """The ratio that scales the reply terms: the first fit's, to be handed to the next."""
    loss: float
    sweeps: int


def fit_model(ratings: Ratings, *, ratings_per_reply: float | None = None, seed: int = 0) -> Fit:
    """Fit the model; `ratings_per_reply` is the first fit's ratio, None at the first. Raises `ValueError` on none."""
    if not len(ratings.score):
        raise ValueError("there are no ratings to fit")
    start = Fit(
        mean=0.0,
        rater_intercepts=np.zeros(ratings.raters),
        rater_factors=np.zeros(ratings.raters),
        reply_intercepts=np.zeros(ratings.replies),
        reply_factors=np.zeros(ratings.replies),
        ratings_per_reply=ratings_per_reply or ratings.per_reply,
        loss=np.inf,
        sweeps=0,
    )
    intercepts = _descend(ratings, start)
    return _orient(_descend(ratings, _add_direction(ratings, intercepts, seed)))


def measure_loss(ratings: Ratings, fit: Fit) -> float:
    """The loss as written above."""
    replies = len(ratings.score) / fit.ratings_per_reply  # as many as there would be at the first fit's ratio
    error = float(np.mean(_residuals(ratings, fit) ** 2))
    intercepts = fit.mean**2 + _square(fit.rater_intercepts) / ratings.raters + _square(fit.reply_intercepts) / replies
    factors = _square(fit.rater_factors) / ratings.raters + _square(fit.reply_factors) / replies
    return error + INTERCEPT_PENALTY * intercepts + FACTOR_PENALTY * factors


def _descend(ratings: Ratings, fit: Fit) -> Fit:
    fit = replace(fit, loss=measure_loss(ratings, fit))
    while fit.sweeps < MAX_SWEEPS:
        before = fit.loss
        for _ in range(10):
            fit = _sweep(ratings, fit)
        fit = replace(fit, loss=measure_loss(ratings, fit), sweeps=fit.sweeps + 10)
        if before - fit.loss <= TOLERANCE * before:
            break
    return fit


def _sweep(ratings: Ratings, fit: Fit) -> Fit:
    """Solve for the mean, then for every rater, then for every reply, the rest held fixed."""
    number = len(ratings.score)
    rest = ratings.score - _explained(ratings, fit)
    mean = float(np.sum(rest)) / (number * (1 + INTERCEPT_PENALTY))
    left = ratings.score - mean
    rater_intercepts, rater_factors = _solve(
        ratings.rater,
        ratings.raters,
        left - fit.reply_intercepts[ratings.reply],
        fit.reply_factors[ratings.reply],
        number / ratings.raters,
    )
    reply_intercepts, reply_factors = _solve(
        ratings.reply,
        ratings.replies,
        left - rater_intercepts[ratings.rater],
        rater_factors[ratings.rater],
        fit.ratings_per_reply,
    )
    return replace(
        fit,
        mean=mean,
        rater_intercepts=rater_intercepts,
        rater_factors=rater_factors,
        reply_intercepts=reply_intercepts,
        reply_factors=reply_factors,
    )


def _solve(owner: Indices, owners: int, target: Floats, weight: Floats, ratio: float) -> tuple[Floats, Floats]:
    """Each owner's intercept and factor: a ridge regression of `target` on 1 and `weight`, two by two, all at once.

    `ratio` turns the mean over owners into a sum beside the sum over ratings.
    """

    def total(values: Floats) -> Floats:
        return _total(owner, values, owners)

    a = np.bincount(owner, minlength=owners) + INTERCEPT_PENALTY * ratio
    b, c = total(weight), total(weight * weight) + FACTOR_PENALTY * ratio
    x, y = total(target), total(weight * target)
    determinant = a * c - b * b
    return (c * x - b * y) / determinant, (a * y - b * x) / determinant


def _add_direction(ratings: Ratings, fit: Fit, seed: int) -> Fit:
    """Start the factors along the direction in which what is left over varies most (power iteration).

    From zero no alternation ever leaves zero. Starting where people differ also chooses the minimum that is about
    differences: since factors are cheaper than intercepts, there is another one where they carry the common mean.
    """
    left = _residuals(ratings, fit)
    reply = np.random.default_rng(seed).standard_normal(ratings.replies)
    rater = np.zeros(ratings.raters)
    for _ in range(50):
        rater = _unit(_total(ratings.rater, left * reply[ratings.reply], ratings.raters))
        reply = _total(ratings.reply, left * rater[ratings.rater], ratings.replies)
        strength = float(np.sqrt(_square(reply)))
        reply = _unit(reply)
    root = np.sqrt(strength)
    return replace(fit, rater_factors=rater * root, reply_factors=reply * root)


def _orient(fit: Fit) -> Fit:
    """The two signs are interchangeable; let the larger side be the positive one, at each refit again."""
    if np.sum(np.sign(fit.rater_factors)) >= 0:
        return fit
    return replace(fit, rater_factors=-fit.rater_factors, reply_factors=-fit.reply_factors)


def _residuals(ratings: Ratings, fit: Fit) -> Floats:
    return ratings.score - fit.mean - _explained(ratings, fit)


def _explained(ratings: Ratings, fit: Fit) -> Floats:
    """What the model says of each rating, less the mean."""
    product = fit.rater_factors[ratings.rater] * fit.reply_factors[ratings.reply]
    intercepts: Floats = fit.rater_intercepts[ratings.rater] + fit.reply_intercepts[ratings.reply]
    return intercepts + product


def _total(owner: Indices, values: Floats, owners: int) -> Floats:
    """The sum of each owner's values."""
    return np.asarray(np.bincount(owner, values, minlength=owners), np.float64)


def _square(values: Floats) -> float:
    return float(values @ values)


def _unit(values: Floats) -> Floats:
    length = np.sqrt(_square(values))
    return values / length if length else values
