"""Vectors and entries to test with, alike on every run."""

import hashlib
from collections.abc import Sequence

import numpy as np

from retrieval.types import Entry, EntryKind, Vectors

DIMENSION = 32


class HashEncoder:
    """An `Encoder` without a model: a text's vector is the sum of what its characters hash to. Same words, same way."""

    model_id = "hash@0#test"
    dimension = DIMENSION

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        return np.stack([self._vector(text) for text in texts]) if texts else np.zeros((0, DIMENSION), np.float32)

    def _vector(self, text: str) -> Vectors:
        seeds = [int.from_bytes(hashlib.sha256(c.encode()).digest()[:4], "big") for c in text] or [0]
        total = np.sum([np.random.default_rng(seed).standard_normal(DIMENSION) for seed in seeds], axis=0)
        return np.asarray(total / np.linalg.norm(total), np.float32)


def clustered_vectors(n: int, dimension: int = DIMENSION, seed: int = 0) -> Vectors:
    """Unit vectors in loose groups on one side of the sphere, as E5's are."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((max(1, n // 20), dimension)) + 1.5
    points = centres[random.integers(0, len(centres), n)] + 0.5 * random.standard_normal((n, dimension))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), np.float32)


def make_entry(article_id: str, text: str, kind: EntryKind = EntryKind.ARTICLE, number: int = 0) -> Entry:
    return Entry(f"{kind}:{article_id}:{number}", article_id, kind, text)
