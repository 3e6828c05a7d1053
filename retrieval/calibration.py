"""From signals to a calibrated probability, and from a probability to a band. Learned offline, scored with numpy.

The file is made by `scripts/train_matcher.py` and belongs to one encoder: cosines of another mean something else, so it
is refused with any other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.signals import FEATURES, Matrix
from retrieval.types import Band

CALIBRATION_PATH = Path(__file__).parent / "calibration.json"


THRESHOLDS = ("answer", "candidate", "pair", "unlike", "meant", "meant_ahead", "meant_surely")
NODE_FIELDS = ("feature", "threshold", "left", "right", "value")
MAX_LEAVES = 16
ALL_LEAVES = np.uint16(0xFFFF)
_PATTERNS = np.arange(1 << MAX_LEAVES)
LOWEST_BIT = np.log2(np.maximum(_PATTERNS & -_PATTERNS, 1)).astype(np.int8)
"""The number of the lowest bit of each pattern."""


class CalibrationError(Exception):
    """The calibration file does not fit the encoder or the program: make it again with scripts/train_matcher.py."""

    def __str__(self) -> str:
        return super().__str__() or str(self.__doc__)


@dataclass(frozen=True)
class Trees:
    """Boosted decision trees as flat arrays, one row a tree, walked without walking.

    Every inner node is asked at once. A row that goes right at a node cannot reach the leaves on its left: each such
    answer strikes them off, and the leftmost leaf that is left is where the row ends (Lucchese et al., QuickScorer,
    2015). A tree has at most 16 leaves.
    """

    feature: NDArray[np.intp]
    """Which column each inner node asks about, shape (trees, nodes); unused nodes strike nothing."""
    threshold: NDArray[np.float32]
    struck: NDArray[np.uint16]
    """The leaves that stay when a row goes right at the node, one bit each, the leftmost leaf lowest."""
    value: NDArray[np.float32]
    """The leaves' values from left to right, shape (trees, 16)."""
    baseline: float

    def raw(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return each row's log-odds before calibration."""
        goes_left = matrix[:, self.feature] <= self.threshold
        reachable = np.bitwise_and.reduce(np.where(goes_left, ALL_LEAVES, self.struck), axis=2)
        leaf = LOWEST_BIT[reachable]
        return np.asarray(self.baseline + self.value[np.arange(len(self.value)), leaf].sum(axis=1), np.float64)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Trees":
        walked = [_walk(*tree) for tree in zip(*(content[name] for name in NODE_FIELDS), strict=True)]
        nodes = max(1, *(len(inner) for inner, _ in walked))
        feature = np.zeros((len(walked), nodes), np.intp)
        threshold = np.full((len(walked), nodes), np.inf, np.float32)
        struck = np.full((len(walked), nodes), ALL_LEAVES, np.uint16)
        value = np.zeros((len(walked), MAX_LEAVES), np.float32)
        for row, (inner, leaves) in enumerate(walked):
            for place, node in enumerate(inner):
                feature[row, place], threshold[row, place], struck[row, place] = node
            value[row, : len(leaves)] = leaves
        return cls(feature, threshold, struck, value, float(content["baseline"]))


def _walk(
    feature: Sequence[int],
    threshold: Sequence[float],
    left: Sequence[int],
    right: Sequence[int],
    value: Sequence[float],
) -> tuple[list[tuple[int, float, int]], list[float]]:
    """Return a tree's inner nodes (column, threshold, leaves that stay on the right) and its leaves, left to right.

    In the file a leaf is its own child.
    """
    inner: list[tuple[int, float, int]] = []
    leaves: list[float] = []

    def visit(node: int) -> None:
        if left[node] == node:
            leaves.append(value[node])
            return
        before = len(leaves)
        visit(left[node])
        on_the_left = ((1 << len(leaves)) - 1) & ~((1 << before) - 1)
        inner.append((feature[node], threshold[node], int(ALL_LEAVES) & ~on_the_left))
        visit(right[node])

    visit(0)
    if len(leaves) > MAX_LEAVES:
        raise ValueError(f"a tree of {len(leaves)} leaves, more than {MAX_LEAVES}")
    return inner, leaves


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
    """The scorer and the thresholds."""

    model_id: str
    scorer: Scorer
    answer: float
    """Probability from which a match is an answer."""
    candidate: float
    """Probability from which a match is offered."""
    pair: float
    """Probability from which two texts alone make the same claim."""
    unlike: float
    """The cosine that the least alike near copies of one claim have: one in a hundred has less."""
    meant: float
    """The cosine from which a message in another language may mean an article (`retrieval.other_language`)."""
    meant_ahead: float
    """How far such an article must be ahead of the next."""
    meant_surely: float
    """The cosine from which it surely does."""

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
        if tuple(content["features"]) != FEATURES:
            raise CalibrationError(f"{path.name} was made for other signals. {CalibrationError.__doc__}")
        return Calibration(
            model_id=content["model_id"],
            scorer=Scorer.from_json(content["scorer"]),
            **{name: float(content["thresholds"][name]) for name in THRESHOLDS},
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CalibrationError(f"{path} cannot be read ({error}).") from error
