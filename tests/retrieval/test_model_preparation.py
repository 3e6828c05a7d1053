"""Preparing, on a model of two tiny layers so that each run takes a second."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval import model_preparation
from retrieval.model_manifest import FILES, MANIFEST, ModelPreparationError, check_manifest
from retrieval.model_preparation import STEPS, measure_parity, prepare_model
from retrieval.onnx_encoder import open_encoder
from retrieval.onnx_export import Quantisation
from retrieval.parity_texts import ODD_TEXTS, PARITY_TEXTS

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A sentence-transformers folder: a random BERT of 64 dimensions over single characters, with a query prompt."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    characters = sorted(set("".join(PARITY_TEXTS + ODD_TEXTS)) - {" ", "\n", "\t"})
    vocabulary = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *characters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        initializer_range=0.3,
    )
    BertModel(config).save_pretrained(folder / "bert")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(
        folder / "bert"
    )
    transformer = Transformer(str(folder / "bert"), max_seq_length=128)
    model = SentenceTransformer(modules=[transformer, Pooling(64)], prompts={"query": "問", "document": ""})
    model.save(str(folder / "model"))
    return str(folder / "model")


class Steps:
    """Remembers the progress reported."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, step: str, number: int, of: int) -> None:
        assert STEPS[number - 1] == step
        assert of == len(STEPS)
        self.seen.append(step)


def test_it_makes_a_sound_encoder_and_nothing_else(tiny_model: str, tmp_path: Path) -> None:
    folder, steps = tmp_path / "ready", Steps()
    manifest = prepare_model(tiny_model, folder, steps)

    assert steps.seen[:2] == list(STEPS[:2])
    assert steps.seen[-1] == STEPS[-1]
    assert check_manifest(folder) == manifest
    assert manifest.prompt == "問"
    assert manifest.max_tokens == 128
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, MANIFEST])
    assert open_encoder(folder).encode(["查明"]).shape == (1, 64)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["ready"]


def test_it_does_nothing_when_a_sound_one_is_there(tiny_model: str, tmp_path: Path) -> None:
    prepare_model(tiny_model, tmp_path / "ready")
    steps = Steps()
    prepare_model(tiny_model, tmp_path / "ready", steps)

    assert steps.seen == []


def test_it_makes_a_damaged_one_again(tiny_model: str, tmp_path: Path) -> None:
    first = prepare_model(tiny_model, tmp_path / "ready")
    (tmp_path / "ready" / FILES[0]).write_bytes(b"damaged")

    assert prepare_model(tiny_model, tmp_path / "ready").model_id == first.model_id
    check_manifest(tmp_path / "ready")


def test_it_goes_on_from_the_last_finished_step(
    tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(model_preparation, "quantise_onnx", stop)
        with pytest.raises(KeyboardInterrupt):
            prepare_model(tiny_model, tmp_path / "ready")
    assert not (tmp_path / "ready").exists()

    steps = Steps()
    prepare_model(tiny_model, tmp_path / "ready", steps)
    assert steps.seen[0] == "quantising"
    check_manifest(tmp_path / "ready")


def test_it_takes_a_finer_quantisation_when_the_coarse_one_is_too_far(
    tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil_int8(source: Path, target: Path, quantisation: Quantisation) -> None:
        original(source, target, Quantisation.FLOAT32)
        if quantisation is Quantisation.INT8:
            monkeypatch.setattr(model_preparation, "measure_parity", lambda *_: measure_parity(spoilt, spoilt[::-1]))
        else:
            monkeypatch.setattr(model_preparation, "measure_parity", measure_parity)

    original = model_preparation.quantise_onnx
    spoilt = np.eye(len(PARITY_TEXTS + ODD_TEXTS), dtype=np.float32)
    monkeypatch.setattr(model_preparation, "quantise_onnx", spoil_int8)

    assert prepare_model(tiny_model, tmp_path / "ready").quantisation == Quantisation.INT7


def test_it_says_so_when_the_export_does_something_else(
    tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_preparation, "PARITY_TEXTS", PARITY_TEXTS[::-1])
    monkeypatch.setattr(model_preparation, "measure_parity", lambda a, b: measure_parity(a, b[::-1]))

    with pytest.raises(ModelPreparationError, match="does not do the same"):
        prepare_model(tiny_model, tmp_path / "ready")
    assert not (tmp_path / "ready").exists()


def test_it_says_so_when_there_is_no_such_model(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()

    with pytest.raises(ModelPreparationError, match="nowhere"):
        prepare_model(str(nowhere), tmp_path / "ready")
