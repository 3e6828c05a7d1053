"""From signals to a calibrated probability, and from a probability to a band. Learned offline, scored with numpy.

The file is made by `scripts/train_matcher.py` and belongs to one encoder: cosines of another mean something else, so it
is refused with any other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.second_look import SECOND_FEATURES
from retrieval.signals import Matrix
from retrieval.types import Band

CALIBRATION_PATH = Path(__file__).parent / "calibration.json"


class CalibrationError(Exception):
    """The calibration file does not fit the encoder or the program: make it again with scripts/train_matcher.py."""

    def __str__(self) -> str:
        return super().__str__() or str(self.__doc__)


@dataclass(frozen=True)
class Trees:
    """Boosted decision trees as flat arrays, one row a tree. A leaf is its own child: every walk has one length."""

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    depth: int
    baseline: float

    def raw(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return each row's log-odds before calibration."""
        trees = np.arange(len(self.feature))[None, :]
        node = np.zeros((len(matrix), len(self.feature)), np.int32)
        rows = np.arange(len(matrix))[:, None]
        for _ in range(self.depth):
            goes_left = matrix[rows, self.feature[trees, node]] <= self.threshold[trees, node]
            node = np.where(goes_left, self.left[trees, node], self.right[trees, node])
        return np.asarray(self.baseline + self.value[trees, node].sum(axis=1), np.float64)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Trees":
        return cls(
            feature=np.array(content["feature"], np.int32),
            threshold=np.array(content["threshold"], np.float32),
            left=np.array(content["left"], np.int32),
            right=np.array(content["right"], np.int32),
            value=np.array(content["value"], np.float32),
            depth=int(content["depth"]),
            baseline=float(content["baseline"]),
        )


@dataclass(frozen=True)
class Scorer:
    """A logistic regression and boosted trees over the same signals; the mean of their log-odds counts."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float
    trees: Trees

    def probability(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return each row's probability of being the same claim."""
        odds = (matrix - self.mean) / self.scale @ self.weights + self.bias
        odds = (odds + self.trees.raw(matrix)) / 2
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), np.float64)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Scorer":
        return cls(
            mean=np.array(content["mean"]),
            scale=np.array(content["scale"]),
            weights=np.array(content["weights"]),
            bias=float(content["bias"]),
            trees=Trees.from_json(content["trees"]),
        )


@dataclass(frozen=True)
class Calibration:
    """The scorers for the first and the second look (`retrieval.second_look`), and the thresholds."""

    model_id: str
    first: Scorer
    second: Scorer
    answer: float
    """Probability from which a match is an answer."""
    candidate: float
    """Probability from which a match is offered."""
    pair: float
    """Probability from which two texts alone make the same claim."""

    def band(self, probability: float) -> Band:
        if probability >= self.answer:
            return Band.ANSWER
        return Band.CANDIDATE if probability >= self.candidate else Band.NOTHING


def same_model(one: str, other: str) -> bool:
    """Whether two model ids name the same weights; how they are quantised moves a cosine by less than is calibrated."""
    return one.partition("#")[0] == other.partition("#")[0]


def find_calibration(model_id: str, folder: Path) -> Calibration:
    """Read the calibration beside the prepared encoder in `folder`; the shipped one where there is none of its own.

    Raises `CalibrationError` when it belongs to another encoder or to other signals.
    """
    own = folder / CALIBRATION_PATH.name
    return load_calibration(model_id, own if own.is_file() else CALIBRATION_PATH)


def load_calibration(model_id: str, path: Path = CALIBRATION_PATH) -> Calibration:
    """Read the file, raising `CalibrationError` when it belongs to another encoder or to other signals."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not same_model(str(content["model_id"]), model_id):
            raise CalibrationError(
                f"{path.name} belongs to {content['model_id']}, the encoder is {model_id}: train the matcher for it."
            )
        if tuple(content["features"]) != SECOND_FEATURES:
            raise CalibrationError(f"{path.name} was made for other signals. {CalibrationError.__doc__}")
        return Calibration(
            model_id=content["model_id"],
            first=Scorer.from_json(content["first"]),
            second=Scorer.from_json(content["second"]),
            **{name: float(content["thresholds"][name]) for name in ("answer", "candidate", "pair")},
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CalibrationError(f"{path} cannot be read ({error}).") from error
