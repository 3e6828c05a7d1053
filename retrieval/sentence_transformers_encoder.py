"""The door: any model that sentence-transformers can load, run by torch in float32.

Slow to import and to run, so it prepares, checks and adapts; what serves is `retrieval.onnx_encoder`.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

from retrieval import bundled_model
from retrieval.model_hub import find_obstacle
from retrieval.model_manifest import ModelPreparationError
from retrieval.texts import well_formed
from retrieval.types import Vectors

MAX_TOKENS = 512
"""Longer inputs are cut even where a model takes more: a chat cannot wait. Passages are the matcher's business."""


class SentenceTransformersEncoder:
    """An `Encoder` run by sentence-transformers. `name` is only how the model calls itself in `model_id`."""

    def __init__(self, model: SentenceTransformer, name: str) -> None:
        self.model = model.eval()
        self.max_tokens = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
        self.model.max_seq_length = self.max_tokens
        self._dimension = int(model.get_embedding_dimension() or 0)
        self.prompt = choose_prompt(self.model)
        self.weights_hash = hash_weights(self.model, self.prompt)
        self._model_id = f"{name}@{self.weights_hash[:12]}#torch-float32"

    @property
    def model_id(self) -> str:
        return self._model_id

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        prompted = [self.prompt + well_formed(text) for text in texts]
        vectors: Vectors = self.model.encode(prompted, prompt="", batch_size=8, normalize_embeddings=True)
        return vectors.astype(np.float32, copy=False)


def open_sentence_transformers(name: str) -> SentenceTransformersEncoder:
    """Load the model `name`: the bundled one, a folder, or a name that sentence-transformers downloads."""
    set_verbosity_error()  # type: ignore[no-untyped-call]
    disable_progress_bar()  # type: ignore[no-untyped-call]
    if name != bundled_model.NAME:
        return SentenceTransformersEncoder(_load(name), name)
    with TemporaryDirectory(prefix="chaming-model-") as folder:
        bundled_model.write_bundled_model(Path(folder))
        return SentenceTransformersEncoder(_load(folder), name)


def _load(name: str) -> SentenceTransformer:
    """Load a folder, or a model that is downloaded unless it was before; the hub is not waited for where it is away."""
    obstacle = find_obstacle(name)
    torch.manual_seed(0)  # weights a model lacks (a pooler nobody runs) are drawn at random, and are in the hash
    # Eager attention exports to plain matrix products, which measured 10 % faster at 300 tokens than the fused kind.
    kind = {"attn_implementation": "eager"}
    try:
        return SentenceTransformer(name, device="cpu", model_kwargs=kind, local_files_only=obstacle is not None)
    except Exception as error:  # the loaders raise anything
        if obstacle:
            raise ModelPreparationError(obstacle) from error
        raise


def choose_prompt(model: SentenceTransformer) -> str:
    """Return what goes before every text: the model's own prompt for queries, since both sides are messages."""
    prompts = model.prompts or {}
    return prompts.get("query") or prompts.get(model.default_prompt_name or "") or ""


def hash_weights(model: SentenceTransformer, prompt: str) -> str:
    """Return a SHA-256 over all weights and the prompt: two models with the same hash give the same vectors."""
    digest = hashlib.sha256(prompt.encode())
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().float().numpy()).data)
    return digest.hexdigest()
