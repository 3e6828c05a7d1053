"""The hot path: a prepared encoder run by onnxruntime. Imports no torch and no transformers.

Texts are run one at a time, on purpose. The int8 artefact measures the range of its inputs while it runs, over the
whole batch, so a text's vector would depend on what happened to be encoded beside it (cosine down to .992, where a
negated claim lies at .979), and on a CPU a batch is no faster: 31 texts/s one by one, 31 in pairs, 22 in batches of 32,
with four times the memory. More throughput comes from more threads calling `encode` at once, which is safe.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from retrieval.model_manifest import (
    REFERENCE,
    TOKENIZER,
    WEIGHTS,
    Manifest,
    ModelRefusedError,
    check_manifest,
)
from retrieval.parity_texts import PARITY_TEXTS
from retrieval.texts import well_formed
from retrieval.types import Vectors

SENTENCE_OUTPUT = "sentence_embedding"
INPUTS = ("input_ids", "attention_mask")
PROBE_TEXTS = 2


class OnnxEncoder:
    """An `Encoder` over a session that is already open. Safe to call from several threads at once."""

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer, manifest: Manifest) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._manifest = manifest
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(manifest.max_tokens)

    @property
    def model_id(self) -> str:
        return self._manifest.model_id

    @property
    def dimension(self) -> int:
        return self._manifest.dimension

    @property
    def max_tokens(self) -> int:
        """What lies beyond so many tokens, prompt included, is not seen: cut long texts into passages first."""
        return self._manifest.max_tokens

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text would be without a limit, prompt and special tokens included."""
        encoding = self._tokenize(text)
        return len(encoding.ids) + sum(len(more.ids) for more in encoding.overflowing)

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = _unit(self._run(self._tokenize(text))[0])
        return vectors

    def _tokenize(self, text: str) -> Encoding:
        return self._tokenizer.encode(self._manifest.prompt + well_formed(text))

    def _run(self, encoding: Encoding) -> Vectors:
        ids = np.array([encoding.ids], np.int64)
        outputs: list[Vectors] = self._session.run(
            [SENTENCE_OUTPUT], dict(zip(INPUTS, (ids, np.ones_like(ids)), strict=True))
        )
        return outputs[0]


def open_encoder(folder: Path, *, threads: int = 1) -> OnnxEncoder:
    """Open the encoder prepared in `folder`, with `threads` threads inside each run.

    Raises `ModelMissingError` when nothing was prepared there, and `ModelRefusedError` when a file is missing or
    changed, the recorded parity is too low, or this machine's onnxruntime does not give the recorded vectors.
    """
    manifest = check_manifest(folder)
    encoder = build_encoder(folder, manifest, threads=threads)
    reference = np.load(folder / REFERENCE, allow_pickle=False)[:PROBE_TEXTS]
    cosines = np.sum(encoder.encode(PARITY_TEXTS[:PROBE_TEXTS]) * reference, axis=1)
    if not manifest.parity.is_near(float(cosines.min())):
        raise ModelRefusedError(
            f"The encoder in {folder} gives other vectors on this machine than it was made to "
            f"(cosine {cosines.min():.3f}). Run `chaming model prepare` here."
        )
    return encoder


def build_encoder(folder: Path, manifest: Manifest, *, threads: int = 1) -> OnnxEncoder:
    """Open the files in `folder` without checking them: `open_encoder` is the way in for everyone but preparation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(folder / WEIGHTS), sess_options=options, providers=["CPUExecutionProvider"]
        )
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # both libraries raise their own undocumented classes, or Exception itself
        raise ModelRefusedError(f"The encoder in {folder} cannot be opened: {error}") from error
    return OnnxEncoder(session, tokenizer, manifest)


def _unit(vectors: Vectors) -> Vectors:
    """Scale to unit length along the last axis; a zero vector stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)
    return unit
