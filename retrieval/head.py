"""The head: a linear map behind the encoder that makes its vectors tell texts of one field apart.

E5's vectors all lie on one side of the sphere, and most of what differs between two of them is what differs between
any two texts (language, length, tone). The head takes out the mean and holds back each direction by how much forwarded
messages spread along it anyway. It was fitted on texts alone, no label in it (`scripts/train_head.py`); vectors are
stored as the encoder gives them, and mapped where they are compared.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.calibration import same_model
from retrieval.types import Vectors

HEAD_PATH = Path(__file__).parent / "head.npz"


@dataclass(frozen=True)
class Head:
    """Maps unit rows to unit rows of the same width."""

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    def apply(self, vectors: Vectors) -> Vectors:
        mapped = (vectors - self.mean) @ self.matrix
        unit: Vectors = mapped / np.maximum(np.linalg.norm(mapped, axis=-1, keepdims=True), 1e-12)
        return unit

    @property
    def head_id(self) -> str:
        """Names the map: what was mapped by another is not comparable."""
        return hashlib.sha256(self.mean.tobytes() + self.matrix.tobytes()).hexdigest()[:12]


class NoHead:
    """For an encoder that none was fitted for: its vectors as they are."""

    head_id = ""

    def apply(self, vectors: Vectors) -> Vectors:
        return vectors


def fit_head(vectors: Vectors) -> Head:
    """Fit the map on texts' vectors, shape (n, dimension).

    Whitening with as much ridge as the mean spread: directions that hold much are held back, those that hold little
    are not blown up, so that a language the texts hardly hold is not turned into noise.
    """
    mean = vectors.mean(axis=0)
    spread, directions = np.linalg.eigh(np.cov((vectors - mean).T))
    matrix = directions * np.sqrt(spread.mean() / (spread + spread.mean()))
    return Head(mean.astype(np.float32), matrix.astype(np.float32))


def save_head(head: Head, model_id: str, path: Path = HEAD_PATH) -> None:
    with path.open("wb") as file:
        np.savez(file, model_id=model_id, mean=head.mean, matrix=head.matrix.astype(np.float16))


@cache
def find_head(model_id: str) -> Head | NoHead:
    """Return the shipped head when it was fitted for this encoder."""
    with np.load(HEAD_PATH, allow_pickle=False) as content:
        if not same_model(str(content["model_id"]), model_id):
            return NoHead()
        return Head(content["mean"], content["matrix"].astype(np.float32))
