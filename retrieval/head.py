"""The head: a linear map behind the encoder that makes its vectors tell texts of one field apart.

Most of what differs between two vectors is what differs between any two texts (language, length, tone). The head holds
back each direction by how much forwarded messages spread along it anyway, or one language lies from another. It was
fitted on texts alone, no label in it (`scripts/train_head.py`); vectors are stored as the encoder gives them and mapped
where they are compared.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.calibration import same_model
from retrieval.types import Vectors

HEAD_PATH = Path(__file__).parent / "head.npz"
RIDGE = 2.0
"""Compared: 0.3, 1, 2, 3 and 10. Less suits Chinese by .005 and harms what comes in Vietnamese or English."""


@dataclass(frozen=True)
class Head:
    """Maps unit rows to unit rows of the same width."""

    matrix: NDArray[np.float32]

    def apply(self, vectors: Vectors) -> Vectors:
        mapped = vectors @ self.matrix
        unit: Vectors = mapped / np.maximum(np.linalg.norm(mapped, axis=-1, keepdims=True), 1e-12)
        return unit

    @property
    def head_id(self) -> str:
        """Names the map: what was mapped by another is not comparable."""
        return hashlib.sha256(self.matrix.tobytes()).hexdigest()[:12]


class NoHead:
    """For an encoder that none was fitted for: its vectors as they are."""

    head_id = ""

    def apply(self, vectors: Vectors) -> Vectors:
        return vectors


def fit_head(vectors: Vectors, languages: Sequence[Vectors] = ()) -> Head:
    """Fit the map on texts' vectors, shape (n, dimension), and on vectors of the same texts in several languages.

    Whitening with twice the mean spread as ridge: directions that hold much are held back, those that hold little are
    not blown up. Along what tells one language from another texts are held to spread as far as the languages lie
    apart, so that a message is near its claim in another language too. The middle stays in: taken out, it left noise
    of short texts where their meaning had been.
    """
    cov = np.cov((vectors - vectors.mean(axis=0)).T)
    ridge = RIDGE * np.trace(cov) / len(cov)
    if languages:
        cov += np.cov(np.array([rows.mean(axis=0) for rows in languages]).T)
    spread, directions = np.linalg.eigh(cov)
    matrix = directions * np.sqrt(ridge / (np.maximum(spread, 0) + ridge))
    return Head(matrix.astype(np.float32))


def save_head(head: Head, model_id: str, path: Path = HEAD_PATH) -> None:
    with path.open("wb") as file:
        np.savez(file, model_id=model_id, matrix=head.matrix.astype(np.float16))


@cache
def find_head(model_id: str) -> Head | NoHead:
    """Return the shipped head when it was fitted for this encoder."""
    with np.load(HEAD_PATH, allow_pickle=False) as content:
        if not same_model(str(content["model_id"]), model_id):
            return NoHead()
        return Head(content["matrix"].astype(np.float32))
