"""Copies are counted as one, and people who merely agree are not."""

import numpy as np
import pytest

from moderation.alike import find_alike, keep_seniors
from moderation.rater_model import Ratings
from tests.moderation.test_rater_model import community


def join(*parts: tuple[int, dict[int, float]], raters: int, replies: int) -> Ratings:
    rows = [(rater, reply, score) for rater, scores in parts for reply, score in scores.items()]
    rater, reply, score = (np.array(column) for column in zip(*rows, strict=True))
    return Ratings(rater.astype(np.int64), reply.astype(np.int64), score.astype(np.float64), raters, replies)


def with_ring(honest: Ratings, scores: dict[int, float], size: int, disguise: int = 0) -> Ratings:
    """The honest community, and a ring of `size` accounts that each rate as `scores` says, and a little else."""
    random = np.random.default_rng(0)
    ring = []
    for number in range(size):
        others = random.choice(sorted(set(range(honest.replies)) - set(scores)), disguise, replace=False)
        ring.append((honest.raters + number, scores | dict.fromkeys(others.tolist(), 1.0)))
    extra = join(*ring, raters=honest.raters + size, replies=honest.replies)
    return Ratings(
        np.concatenate([honest.rater, extra.rater]),
        np.concatenate([honest.reply, extra.reply]),
        np.concatenate([honest.score, extra.score]),
        extra.raters,
        honest.replies,
    )


def test_it_finds_a_ring_that_promotes_what_others_reject() -> None:
    honest, _, leaning = community(60, 150, 50)
    bad = np.flatnonzero(leaning == 2)[:18].tolist()
    ring = with_ring(honest, dict.fromkeys(bad, 1.0), 6, disguise=3)
    assert find_alike(ring) == [list(range(60, 66))]


def test_it_finds_a_ring_that_suppresses_what_others_like() -> None:
    honest, _, leaning = community(60, 150, 50)
    good = np.flatnonzero(leaning == 0)[:18].tolist()
    assert find_alike(with_ring(honest, dict.fromkeys(good, 0.0), 6, disguise=3)) == [list(range(60, 66))]


def test_it_takes_no_two_honest_people_for_one_however_much_they_rate_together() -> None:
    for raters, replies, each in ((12, 60, 60), (60, 300, 300), (100, 60, 30), (400, 1_000, 60)):
        assert find_alike(community(raters, replies, each)[0]) == []


def test_it_finds_a_ring_that_spends_half_of_its_ratings_on_looking_honest() -> None:
    honest, _, leaning = community(200, 800, 40)
    bad = np.flatnonzero(leaning == 2)[:30].tolist()
    assert find_alike(with_ring(honest, dict.fromkeys(bad, 1.0), 8, disguise=30)) == [list(range(200, 208))]


def test_it_takes_hardly_any_colleagues_for_one_who_share_a_topic_and_a_camp() -> None:
    """Twenty times ten people rate two thirds of the same sixty answers among all others, and agree as a camp does."""
    merged = 0
    for seed in range(5):
        random = np.random.default_rng(seed)
        place = random.permutation(1_200)
        rows = [
            (10 * topic + person, place[reply], float(random.random() < (0.15 if reply % 4 == person % 2 else 0.9)))
            for topic in range(20)
            for person in range(10)
            for reply in 60 * topic + random.choice(60, 40, replace=False)
        ]
        rater, reply, score = (np.array(column) for column in zip(*rows, strict=True))
        merged += sum(len(group) - 1 for group in find_alike(Ratings(rater, reply, score, 200, 1_200)))
    assert merged <= 20, "of a thousand people, whose camp and topic could not be more alike"


def test_it_takes_no_consensus_for_a_ring() -> None:
    """Where nearly everything is good and everyone says so, agreeing proves nothing."""
    random = np.random.default_rng(3)
    score = np.where(random.random(20 * 200) < 0.97, 1.0, 0.0)
    everyone = Ratings(np.repeat(np.arange(20), 200), np.tile(np.arange(200), 20), score, 20, 200)
    assert find_alike(everyone) == []
    same = Ratings(everyone.rater, everyone.reply, np.ones(4_000), 20, 200)
    assert find_alike(same) == []


@pytest.mark.parametrize("raters", [4, 6, 12, 20])
def test_it_takes_no_small_community_that_agrees_for_one_person(raters: int) -> None:
    """Everyone rates everything, seven answers of ten are good, and one rating in a hundred is an accident."""
    replies = 60
    for seed in range(20):
        random = np.random.default_rng(seed)
        good = random.random(replies) < 0.7
        accident = random.random((raters, replies)) < 0.01
        rater, reply = np.divmod(np.arange(raters * replies), replies)
        honest = Ratings(rater, reply, np.where(good ^ accident, 1.0, 0.0).ravel(), raters, replies)
        assert find_alike(honest) == []


def test_it_asks_for_more_than_a_few_ratings_in_common() -> None:
    honest, _, leaning = community(60, 150, 50)
    bad = np.flatnonzero(leaning == 2)[:11].tolist()
    assert find_alike(with_ring(honest, dict.fromkeys(bad, 1.0), 6)) == []


def test_it_finds_a_small_ring_by_a_dozen_answers_in_common() -> None:
    honest, _, leaning = community(30, 180, 45)
    bad = np.flatnonzero(leaning == 2)[:12].tolist()
    assert find_alike(with_ring(honest, dict.fromkeys(bad, 1.0), 4)) == [list(range(30, 34))]


@pytest.mark.parametrize(("answers", "each"), [(20, 16), (24, 18), (13, 13)])
def test_it_takes_hardly_any_of_a_team_for_one_where_they_have_little_in_common_yet(answers: int, each: int) -> None:
    """Twenty teams of ten from two camps, each rating the same few answers among all others."""
    random = np.random.default_rng(0)
    place = random.permutation(20 * answers)
    rows = [
        (10 * team + person, place[reply], float(random.random() < (0.15 if reply % 4 == person % 2 else 0.9)))
        for team in range(20)
        for person in range(10)
        for reply in answers * team + random.choice(answers, each, replace=False)
    ]
    rater, reply, score = (np.array(column) for column in zip(*rows, strict=True))
    merged = sum(len(group) - 1 for group in find_alike(Ratings(rater, reply, score, 200, 20 * answers)))
    assert merged <= 6, "of two hundred people"


def test_it_counts_a_group_as_its_most_trusted_member_so_that_copying_waters_nobody_down() -> None:
    rank = {"trusted": (2, 40), "copy": (0, 900), "other copy": (0, 12), "alone": (1, 5)}
    assert keep_seniors([["copy", "trusted", "other copy"]], rank) == dict.fromkeys(
        ["copy", "trusted", "other copy"], "trusted"
    )


def test_it_finds_a_ring_that_is_most_of_those_who_rate_what_it_pushes() -> None:
    """Fifteen accounts among eight honest people at each answer: what they say looks like what everyone says."""
    honest, _, leaning = community(100, 300, 25)
    one_sided = np.flatnonzero(leaning != 0)[:24].tolist()
    ring = with_ring(honest, dict.fromkeys(one_sided, 1.0), 15, disguise=24)
    assert find_alike(ring) == [list(range(100, 115))]
