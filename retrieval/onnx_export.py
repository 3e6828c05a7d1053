"""From a sentence-transformers model to an ONNX file, as small as its accuracy on this machine allows."""

import contextlib
import io
import logging
import shutil
import warnings
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer

from retrieval.onnx_encoder import INPUTS, SENTENCE_OUTPUT

OPSET = 17


class Quantisation(StrEnum):
    """How the weights are kept; tried in this order until the result is near enough to its source.

    int8 is dynamic, per channel. Processors without VNNI add pairs of products in 16 bits, which overflows with
    8-bit weights: there 7 bits are nearer. A model that neither suits runs in float32, 2.5 times slower.
    Fusing the graph first made one thread no faster (18.0 against 16.5 ms at 100 characters), and block-wise 8- or
    4-bit weights are nearer to float32 (1.000 against .998) but take twice as long (31 ms).
    """

    INT8 = "int8"
    INT7 = "int7"
    FLOAT32 = "float32"


class _Traced(torch.nn.Module):
    """All the model's own modules (pooling too), with plain tensors in and out."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
        vector: torch.Tensor = features["sentence_embedding"]
        return vector


def export_onnx(model: SentenceTransformer, target: Path) -> None:
    """Write the model as float32 ONNX with free batch and length, giving the sentence vector."""
    example = torch.tensor([[0, 5, 6, 2], [0, 5, 2, 1]]), torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    free = {name: {0: "batch", 1: "length"} for name in INPUTS} | {SENTENCE_OUTPUT: {0: "batch"}}
    with torch.no_grad(), _quietly():
        torch.onnx.export(
            _Traced(model),
            example,
            str(target),
            input_names=list(INPUTS),
            output_names=[SENTENCE_OUTPUT],
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )


def quantise_onnx(source: Path, target: Path, quantisation: Quantisation) -> None:
    """Write the float32 file `source` to `target` with its weights kept as `quantisation` says."""
    if quantisation is Quantisation.FLOAT32:
        shutil.copyfile(source, target)
        return
    with _quietly():
        reduced = quantisation is Quantisation.INT7
        quantize_dynamic(source, target, per_channel=True, weight_type=QuantType.QInt8, reduce_range=reduced)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the exporters' chatter (tracer warnings, advice on preprocessing) off the user's screen."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
