"""The prepared encoder with a memory on disk: benchmarks and training encode the same texts again and again."""

import hashlib
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from retrieval.types import Encoder, Vectors

COMMIT_EVERY = 500


@cache
def _open(path: Path) -> sqlite3.Connection:
    """Open the file once, however many encoders keep their vectors there: two connections would wait for each other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=120)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB)")
    return connection


class CachedEncoder:
    """An `Encoder` that keeps every vector it has made.

    `known_as` is the id it goes by where it stands in for another: an encoder that some folds had no part in takes the
    shipped one's place there, head and scorer included.
    """

    def __init__(self, encoder: Encoder, path: Path, known_as: str | None = None) -> None:
        self._encoder = encoder
        self._known_as = known_as
        self._cache = _open(path)

    @property
    def model_id(self) -> str:
        return self._known_as or self._encoder.model_id

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = [self._find(text) for text in texts]
        made = [self._make(text) if row is None else row for text, row in zip(texts, rows, strict=True)]
        return np.stack(made) if made else np.zeros((0, self.dimension), np.float32)

    def warm(self, texts: Iterable[str], what: str) -> None:
        """Encode whatever is not there yet, saying how far it is."""
        missing = [text for text in dict.fromkeys(texts) if self._find(text) is None]
        for done, text in enumerate(missing):
            self._make(text)
            if done % COMMIT_EVERY == 0:
                self._cache.commit()
                print(f"{what}: {done} of {len(missing)} texts encoded", file=sys.stderr)
        self._cache.commit()

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._encoder.model_id}\0{text}".encode("utf-8", "replace")).digest()

    def _find(self, text: str) -> Vectors | None:
        row = self._cache.execute("SELECT vector FROM vectors WHERE key = ?", (self._key(text),)).fetchone()
        return np.frombuffer(row[0], np.float32) if row else None

    def _make(self, text: str) -> Vectors:
        vector: Vectors = np.asarray(self._encoder.encode([text])[0], np.float32)
        self._cache.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?)", (self._key(text), vector.tobytes()))
        return vector

    def commit(self) -> None:
        self._cache.commit()
