"""What people chose, judged as it was then and by the calibration of today."""

import json
from dataclasses import replace

import pytest

from retrieval.calibration import CALIBRATION_PATH, Calibration, load_calibration
from retrieval.feedback import Chosen, Offer, judge_again, measure_feedback
from retrieval.ranker import CONTRADICTED_FACTOR
from retrieval.signals import FEATURES
from retrieval.types import Band


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    """The shipped calibration, with thresholds every probability is above."""
    model_id = json.loads(CALIBRATION_PATH.read_text(encoding="utf-8"))["model_id"]
    return replace(load_calibration(model_id), answer=0.0, candidate=0.0)


def make_offer(article_id: str = "a", band: Band = Band.ANSWER, **fields: object) -> Offer:
    return Offer(article_id, 0.9, band, dict.fromkeys(FEATURES, 0.9), **fields)  # type: ignore[arg-type]


def test_it_counts_agreement_and_what_would_be_answered_again() -> None:
    rows = [
        Chosen("m", [make_offer("a"), make_offer("b")], "a"),
        Chosen("m", [make_offer("a"), make_offer("b")], "b"),
        Chosen("m", [make_offer("a")], None),
        Chosen("m", [make_offer("a", Band.CANDIDATE)], None),
    ]
    figures = measure_feedback(rows, None)
    assert (figures["n"], figures["n_positive"], figures["n_negative"]) == (4, 2, 2)
    assert figures["rank1_agreement"] == 0.25
    assert figures["still_answered"] == 0.5
    assert figures["still_answered_low"] < 0.5 < figures["still_answered_high"]


def test_no_choices_are_no_figures() -> None:
    figures = measure_feedback([], None)
    assert (figures["n"], figures["rank1_agreement"], figures["still_answered_high"]) == (0, 0.0, 1.0)


def test_todays_thresholds_judge_recorded_signals(calibration: Calibration) -> None:
    recorded = make_offer(band=Band.CANDIDATE)
    assert judge_again(recorded, calibration) is Band.ANSWER
    assert judge_again(recorded, replace(calibration, answer=1.1, candidate=1.1)) is Band.NOTHING
    assert judge_again(recorded, None) is Band.CANDIDATE


def test_what_was_found_by_looks_or_sound_keeps_its_band(calibration: Calibration) -> None:
    for signal in ("picture", "sound"):
        recorded = make_offer(band=Band.CANDIDATE)
        seen = replace(recorded, signals={**recorded.signals, signal: 0.97})
        assert judge_again(seen, calibration) is Band.CANDIDATE


def test_a_near_copy_is_judged_again_without_its_vectors(calibration: Calibration) -> None:
    recorded = make_offer(band=Band.CANDIDATE)
    copy = replace(recorded, signals={name: value for name, value in recorded.signals.items() if name != "dense"})
    assert judge_again(copy, calibration) is Band.ANSWER
    assert judge_again(copy, replace(calibration, answer=1.1, candidate=1.1)) is Band.NOTHING


def test_what_is_short_or_contradicted_is_never_answered_again(calibration: Calibration) -> None:
    assert judge_again(make_offer(is_short=True), calibration) is Band.CANDIDATE
    assert judge_again(make_offer(contradicted=True), calibration) is Band.CANDIDATE
    strict = replace(calibration, candidate=CONTRADICTED_FACTOR + 0.01, answer=0.99)
    assert judge_again(make_offer(contradicted=True), strict) is Band.NOTHING


def test_the_same_words_and_the_same_link_need_no_scorer(calibration: Calibration) -> None:
    for signal in ("exact", "same_link"):
        offer = Offer("a", 0.9, Band.CANDIDATE, {signal: 1.0})
        assert judge_again(offer, replace(calibration, answer=0.85, candidate=0.1)) is Band.ANSWER


def test_signals_of_another_release_keep_their_band(calibration: Calibration) -> None:
    assert judge_again(Offer("a", 0.9, Band.NOTHING, {"old": 1.0}), calibration) is Band.NOTHING
