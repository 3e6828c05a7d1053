"""The encoder's training does what it says: on toys, since the real model takes a quarter of an hour."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch.nn import functional

from retrieval.adaptation import adapted, load_adaptation, save_adaptation
from scripts.bert_layers import BertLayers, matrix_names, run_lower, run_upper
from scripts.train_encoder import Recipe, contrastive_loss, learning_rate_share, main, train
from scripts.training_texts import TrainingGroup

WIDTH, INNER, LAYERS, HEADS, LETTERS = 8, 16, 3, 2, 128
RECIPE = Recipe(epochs=15, batch=4, layers=2, rank=2, learning_rate=0.05)
CLAIMS = ("abab", "cdcd", "efef", "ghgh")


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def model() -> BertLayers:
    rows = {"word": LETTERS, "position": LETTERS, "token_type": 1}
    weights = {f"embeddings.{kind}_embeddings.weight": torch.randn(count, WIDTH) for kind, count in rows.items()}
    sizes = {"intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER)}
    for name in matrix_names(range(LAYERS)):
        part = name.removesuffix(".weight").split(".", 3)[3]
        weights[name] = torch.randn(sizes.get(part, (WIDTH, WIDTH))) / 2
        weights[name.replace("weight", "bias")] = torch.randn(len(weights[name])) / 4
    norms = [f"encoder.layer.{n}.{part}" for n in range(LAYERS) for part in ("attention.output", "output")]
    for name in ["embeddings", *norms]:
        weights |= {f"{name}.LayerNorm.weight": torch.rand(WIDTH) + 0.5, f"{name}.LayerNorm.bias": torch.randn(WIDTH)}
    return BertLayers(weights, LAYERS, HEADS, 1e-12, lambda text: [ord(letter) % LETTERS for letter in text[:24]])


@pytest.fixture
def groups() -> list[TrainingGroup]:
    return [TrainingGroup(claim, claim, (f"{claim}x", f"{claim}y"), (f"{claim}zz", f"zz{claim}")) for claim in CLAIMS]


def reference_layer(model: BertLayers, number: int) -> torch.nn.TransformerEncoderLayer:
    """torch's own encoder layer with the same weights."""
    layer = torch.nn.TransformerEncoderLayer(
        WIDTH, HEADS, INNER, dropout=0, activation="gelu", layer_norm_eps=model.eps, batch_first=True
    )
    own = {name.removeprefix(f"encoder.layer.{number}."): value for name, value in model.weights.items()}
    state = {}
    for kind in ("weight", "bias"):
        parts = [own[f"attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
        state[f"self_attn.in_proj_{kind}"] = torch.cat(parts)
        state[f"self_attn.out_proj.{kind}"] = own[f"attention.output.dense.{kind}"]
        state[f"linear1.{kind}"] = own[f"intermediate.dense.{kind}"]
        state[f"linear2.{kind}"] = own[f"output.dense.{kind}"]
        state[f"norm1.{kind}"] = own[f"attention.output.LayerNorm.{kind}"]
        state[f"norm2.{kind}"] = own[f"output.LayerNorm.{kind}"]
    layer.load_state_dict(state)
    return layer


def test_its_layers_do_what_a_transformer_does(model: BertLayers) -> None:
    hidden, lengths = torch.randn(2, 5, WIDTH), [5, 3]
    expected = hidden
    beyond = torch.arange(5)[None] >= torch.tensor(lengths)[:, None]
    for number in range(LAYERS):
        expected = reference_layer(model, number)(expected, src_key_padding_mask=beyond)
    got = model.run(hidden, lengths, range(LAYERS), model.weights)
    torch.testing.assert_close(got[~beyond], expected[~beyond], rtol=1e-4, atol=1e-5)


def test_a_text_gets_the_same_vector_whatever_stands_beside_it(model: BertLayers) -> None:
    texts = ["garlic", "phones spy on whoever talks", "tea"]
    kept = run_lower(model, texts, 1)
    weights = {name: value.to(torch.bfloat16) for name, value in model.weights.items()}
    together = run_upper(model, [kept[text] for text in texts], 1, weights)
    alone = torch.cat([run_upper(model, [run_lower(model, [text], 1)[text]], 1, weights) for text in texts])
    torch.testing.assert_close(together.norm(dim=1), torch.ones(3))
    assert functional.cosine_similarity(together, alone).min() > 0.999


def test_the_loss_is_what_its_formula_says() -> None:
    vectors = functional.normalize(torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0], [-1.0, 0.1]]), dim=1)
    owner, makes_claim = torch.tensor([0, 0, 0, 1, 1]), torch.tensor([True, True, False, True, True])
    alike = np.exp((vectors @ vectors.T).numpy() / 0.5)

    def lost(one: int, other: int, against: list[int]) -> float:
        return float(-np.log(alike[one, other] / (alike[one, other] + alike[one, against].sum())))

    expected = [lost(0, 1, [2, 3, 4]), lost(1, 0, [2, 3, 4]), lost(3, 4, [0, 1, 2]), lost(4, 3, [0, 1, 2])]
    assert contrastive_loss(vectors, owner, makes_claim, 0.5).item() == pytest.approx(np.mean(expected), abs=1e-5)


def test_a_near_text_is_pushed_away_from_the_claim() -> None:
    vectors = functional.normalize(torch.randn(3, 4), dim=1).requires_grad_()
    loss = contrastive_loss(vectors, torch.tensor([0, 0, 0]), torch.tensor([True, True, False]), 0.1)
    (gradient,) = torch.autograd.grad(loss, vectors)
    assert -gradient[2] @ (vectors[0] + vectors[1]) < 0


def test_the_learning_rate_rises_then_falls() -> None:
    shares = [learning_rate_share(step, 100) for step in range(100)]
    assert shares[0] < 0.2
    assert shares.index(max(shares)) == 9
    assert shares[9:] == sorted(shares[9:], reverse=True)
    assert min(shares) == pytest.approx(0.05)


def test_it_learns_to_tell_claims_from_what_is_near_them(model: BertLayers, groups: list[TrainingGroup]) -> None:
    arrays = train(model, groups, RECIPE)
    weights = adapted({name: value.numpy() for name, value in model.weights.items()}, arrays)

    def margin(weights: dict[str, torch.Tensor]) -> float:
        own = []
        for group in groups:
            kept = run_lower(model, [group.message, *group.same, *group.near], LAYERS - RECIPE.layers)
            in_16_bits = {name: value.to(torch.bfloat16) for name, value in weights.items()}
            vectors = run_upper(model, list(kept.values()), LAYERS - RECIPE.layers, in_16_bits)
            own.append((vectors[0] @ vectors[1:3].T).mean() - (vectors[0] @ vectors[3:].T).mean())
        return float(torch.stack(own).mean())

    before = margin(dict(model.weights))
    assert margin({name: torch.from_numpy(value) for name, value in weights.items()}) > before + 0.1


def test_what_it_saves_fits_the_upper_layers(model: BertLayers, groups: list[TrainingGroup], tmp_path: Path) -> None:
    save_adaptation(train(model, groups, RECIPE), tmp_path / "adaptation.npz")
    arrays = load_adaptation(tmp_path / "adaptation.npz")
    upper = matrix_names(range(LAYERS - RECIPE.layers, LAYERS))
    assert set(arrays) == {f"{name}.{part}" for name in upper for part in "AB"}
    for name in upper:
        rows, columns = model.weights[name].shape
        assert arrays[f"{name}.A"].shape == (RECIPE.rank, columns)
        assert arrays[f"{name}.B"].shape == (rows, RECIPE.rank)
        assert arrays[f"{name}.B"].any()


def test_it_learns_the_same_every_time(model: BertLayers, groups: list[TrainingGroup]) -> None:
    one, other = (train(model, groups, Recipe(epochs=1, batch=2, layers=1, rank=1)) for _ in range(2))
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("options", "said"), [(["--without-folds", "5"], "folds are numbers"), (["--without-folds", "3"], "does not ship")]
)
def test_it_refuses_what_would_ship_a_part_or_leave_out_no_fold(options: list[str], said: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(tmp_path), *options])
    assert result.exit_code == 2
    assert said in result.output
