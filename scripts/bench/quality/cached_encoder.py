"""The prepared encoder with a memory on disk: benchmarks and training encode the same texts again and again."""

import hashlib
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from retrieval.onnx_encoder import EncodedText, OnnxEncoder
from retrieval.types import Vectors

COMMIT_EVERY = 500


class CachedEncoder:
    """An `Encoder` that also gives token vectors (in half precision, once they come from the cache)."""

    def __init__(self, encoder: OnnxEncoder, path: Path) -> None:
        self._encoder = encoder
        path.parent.mkdir(parents=True, exist_ok=True)
        self._cache = sqlite3.connect(path, timeout=120)
        self._cache.execute("PRAGMA journal_mode=WAL")
        self._cache.execute("CREATE TABLE IF NOT EXISTS encoded (key BLOB PRIMARY KEY, vector, spans, tokens)")

    @property
    def model_id(self) -> str:
        return self._encoder.model_id

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = [encoded.vector for encoded in self.encode_tokens(texts)]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), np.float32)

    def encode_tokens(self, texts: Sequence[str]) -> list[EncodedText]:
        return [self._find(text) or self._make(text) for text in texts]

    def warm(self, texts: Iterable[str], what: str) -> None:
        """Encode whatever is not there yet, saying how far it is."""
        missing = [text for text in dict.fromkeys(texts) if not self._has(text)]
        for done, text in enumerate(missing):
            self._make(text)
            if done % COMMIT_EVERY == 0:
                self._cache.commit()
                print(f"{what}: {done} of {len(missing)} texts encoded", file=sys.stderr)
        self._cache.commit()

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self.model_id}\0{text}".encode("utf-8", "replace")).digest()

    def _has(self, text: str) -> bool:
        return self._cache.execute("SELECT 1 FROM encoded WHERE key = ?", (self._key(text),)).fetchone() is not None

    def _find(self, text: str) -> EncodedText | None:
        row = self._cache.execute(
            "SELECT vector, spans, tokens FROM encoded WHERE key = ?", (self._key(text),)
        ).fetchone()
        if row is None:
            return None
        vector, spans, tokens = row
        return EncodedText(
            np.frombuffer(vector, np.float32),
            np.frombuffer(tokens, np.float16).reshape(-1, self.dimension).astype(np.float32),
            np.frombuffer(spans, np.int32).reshape(-1, 2),
        )

    def _make(self, text: str) -> EncodedText:
        encoded = self._encoder.encode_tokens([text])[0]
        self._cache.execute(
            "INSERT OR REPLACE INTO encoded VALUES (?, ?, ?, ?)",
            (
                self._key(text),
                encoded.vector.astype(np.float32).tobytes(),
                encoded.spans.astype(np.int32).tobytes(),
                encoded.tokens.astype(np.float16).tobytes(),
            ),
        )
        return encoded

    def commit(self) -> None:
        self._cache.commit()
