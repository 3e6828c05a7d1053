"""The shipped calibration: read, refused with another encoder, and scored as scikit-learn would."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.calibration import CALIBRATION_PATH, CalibrationError, Trees, load_calibration
from retrieval.signals import FEATURES
from retrieval.types import Band

SHIPPED = json.loads(CALIBRATION_PATH.read_text(encoding="utf-8"))["model_id"]


def test_it_is_refused_with_another_encoder() -> None:
    with pytest.raises(CalibrationError, match="belongs to"):
        load_calibration("another/model@0123#onnx-int8")


def test_it_does_not_mind_how_the_encoder_is_quantised() -> None:
    assert load_calibration(SHIPPED.partition("#")[0] + "#another").model_id == SHIPPED


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"model_id": 1}'])
def test_it_is_refused_when_damaged(tmp_path: Path, content: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(content)
    with pytest.raises(CalibrationError):
        load_calibration(SHIPPED, path)


def test_it_has_its_thresholds_in_order() -> None:
    calibration = load_calibration(SHIPPED)
    assert 0 < calibration.candidate < calibration.answer < 1
    assert 0 < calibration.pair < 1
    probabilities = (calibration.answer, calibration.candidate, calibration.candidate / 2)
    assert [calibration.band(p) for p in probabilities] == [Band.ANSWER, Band.CANDIDATE, Band.NOTHING]


def test_it_is_surer_of_a_copy_than_of_a_stranger() -> None:
    calibration = load_calibration(SHIPPED)
    good = {name: 0.0 if "gap" in name else 1.0 for name in FEATURES}
    sizes = {"weight_q": 5.0, "weight_e": 5.0, "weight_shared": 5.0}
    copy = [(good | sizes)[name] for name in FEATURES]
    stranger = [{"dense": 0.8, "weight_q": 5.0, "weight_e": 5.0}.get(name, 1 - good[name]) for name in FEATURES]
    sure, unsure = calibration.scorer.probability(np.array([copy, stranger], np.float32))
    assert sure > 0.9 > 0.1 > unsure


def test_it_ends_each_row_in_the_leaf_a_walk_ends_in() -> None:
    content = json.loads(CALIBRATION_PATH.read_text(encoding="utf-8"))["scorer"]["trees"]
    matrix = np.random.default_rng(0).normal(size=(50, len(FEATURES))).astype(np.float32)
    walked = [content["baseline"] + sum(_walk(content, tree, row) for tree in range(80)) for row in matrix]
    assert Trees.from_json(content).raw(matrix) == pytest.approx(np.array(walked), abs=1e-4)


def _walk(content: dict[str, list[list[float]]], tree: int, row: NDArray[np.float32]) -> float:
    node = 0
    while content["left"][tree][node] != node:
        goes_left = row[int(content["feature"][tree][node])] <= np.float32(content["threshold"][tree][node])
        node = int(content["left" if goes_left else "right"][tree][node])
    return content["value"][tree][node]


def test_it_refuses_trees_with_more_leaves_than_it_has_bits_for() -> None:
    comb = {"feature": 0, "threshold": 0.0, "value": 0.0}
    nodes = 39  # inner nodes 0–18, each with a leaf on its left and the next node on its right
    left = [19 + i for i in range(19)] + list(range(19, nodes))
    right = [i + 1 for i in range(18)] + [38] + list(range(19, nodes))
    content = {name: [[value] * nodes] for name, value in comb.items()} | {"left": [left], "right": [right]}
    with pytest.raises(ValueError, match="20 leaves"):
        Trees.from_json(content | {"baseline": 0.0})
