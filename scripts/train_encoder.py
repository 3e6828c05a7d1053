"""Make `retrieval/adaptation.npz`: teach the bundled encoder what one claim is in other words, and what only looks it.

    python -m scripts.train_encoder SAMPLE_DIR [--without-folds 3,4] [--out FILE] [--prepared FOLDER]

A text of a claim should lie nearest to the other texts of that claim, and further from texts about the same food, firm
or person that claim something else. The upper layers' matrices each get a change of low rank (LoRA: Hu et al. 2021,
https://arxiv.org/abs/2106.09685), learned by InfoNCE with several positives (van den Oord et al. 2018,
https://arxiv.org/abs/1807.03748): a batch's other messages are the negatives, and each message's own near-misses. The
texts are those of `scripts.training_texts`; the layers below do not change.

It takes about 17 minutes and 3 GB on two cores. Afterwards the encoder is another one: prepare it anew, then run
`scripts.train_head` and `scripts.train_matcher`. What is to be measured must not have been learned from: leave out the
folds that it lies in (no cluster crosses one), prepare an encoder with what was learned from the others, and name it to
them as `--held-out 3,4=FOLDER`.
"""

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from retrieval.adaptation import ADAPTATION_PATH, save_adaptation
from retrieval.bundled_model import write_bundled_model
from scripts.bench.quality.examples import FOLDS, find_clusters, written_english_rows, written_rows
from scripts.bench.quality.sample import load_sample
from scripts.bert_layers import BertLayers, bundled_layers, in_16_bits, matrix_names, run_lower, run_upper
from scripts.training_texts import (
    TrainingGroup,
    TrainingText,
    draw_batches,
    draw_texts,
    english_groups,
    training_groups,
)

EPOCHS = 2.0
BATCH = 24
"""Messages a step; each brings about eleven texts."""
TEMPERATURE = 0.04
"""What cosines are divided by: the lower, the more the nearest wrong texts count."""
LAYERS = 6
"""Upper layers that are changed, of the model's twelve."""
RANK = 16
SCALE = 2.0
"""What the learned product is multiplied by (LoRA's alpha over rank)."""
SHARE = 0.5
"""How much of the learned change is kept: halfway between the encoder as it was and as it became, it has most of what
was learned and hardly loses on texts unlike those (Wortsman et al. 2022, https://arxiv.org/abs/2109.01903)."""
LEARNING_RATE = 5e-4
WEIGHT_DECAY = 0.01
WARM_UP = 0.1
"""The share of steps in which the learning rate rises; from there on it falls in a line, to `LEAST_RATE` of it."""
LEAST_RATE = 0.05
LARGEST_GRADIENT = 1.0
MAX_TOKENS = 112
NOTHING = -1e9
"""What a masked-out logit is: finite, so that a text without negatives has a gradient too."""
SEED = 0
REPORT_EVERY = 10


@dataclass(frozen=True)
class Recipe:
    """How to train."""

    epochs: float = EPOCHS
    batch: int = BATCH
    temperature: float = TEMPERATURE
    layers: int = LAYERS
    rank: int = RANK
    learning_rate: float = LEARNING_RATE
    seed: int = SEED

    def steps(self, groups: int) -> int:
        return max(1, int(self.epochs * groups / self.batch))


class LowRankChange:
    """For each matrix W a change B·A of low rank; B begins at zero, so that nothing is changed."""

    def __init__(self, weights: dict[str, Tensor], rank: int) -> None:
        self._weights = weights
        self._down, self._up = {}, {}
        for name, matrix in weights.items():
            rows, columns = matrix.shape
            self._down[name] = torch.nn.Parameter(torch.randn(rank, columns) / math.sqrt(columns))
            self._up[name] = torch.nn.Parameter(torch.zeros(rows, rank))

    def parameters(self) -> list[torch.nn.Parameter]:
        return [*self._down.values(), *self._up.values()]

    def changed(self) -> dict[str, Tensor]:
        """Return the matrices with their change."""
        return {name: w + SCALE * (self._up[name] @ self._down[name]) for name, w in self._weights.items()}

    def arrays(self) -> dict[str, NDArray[np.float16]]:
        """Return the change as it is kept: NAME.A of shape (rank, columns), NAME.B, with scale and share multiplied in,
        of shape (rows, rank)."""
        down = {f"{name}.A": a.detach().half().numpy() for name, a in self._down.items()}
        return down | {f"{name}.B": (SHARE * SCALE * b.detach()).half().numpy() for name, b in self._up.items()}


def contrastive_loss(vectors: Tensor, owner: Tensor, makes_claim: Tensor, temperature: float) -> Tensor:
    """Return how far texts of one claim lie from one another, against all that makes another claim.

    For each text that makes its owner's claim, and each other such text: minus the log of its share among itself and
    the negatives, which are all texts of other owners and the owner's own near ones. `vectors` are unit rows.
    """
    alike = vectors @ vectors.T / temperature
    own = owner[:, None] == owner
    together = own & makes_claim[:, None] & makes_claim
    together.fill_diagonal_(False)
    apart = ~own | (makes_claim[:, None] != makes_claim)
    against = torch.logsumexp(alike.masked_fill(~apart, NOTHING), dim=1, keepdim=True)
    lost = (torch.logaddexp(alike, against) - alike).masked_fill(~together, 0)
    mean: Tensor = (lost.sum(1)[makes_claim] / together.sum(1)[makes_claim]).mean()
    return mean


def learning_rate_share(step: int, steps: int) -> float:
    """Return the share of the learning rate that counts at a step."""
    return min(1.0, (step + 1) / (WARM_UP * steps)) * max(LEAST_RATE, 1 - step / steps)


def train(model: BertLayers, groups: list[TrainingGroup], recipe: Recipe) -> dict[str, NDArray[np.float16]]:
    """Learn the change of the upper layers' matrices from the groups and return its arrays."""
    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    first = model.layers - recipe.layers
    names = matrix_names(range(first, model.layers))
    change = LowRankChange({name: model.weights[name] for name in names}, recipe.rank)
    fixed = in_16_bits({name: w for name, w in model.weights.items() if name.startswith("encoder.")})
    kept = run_lower(model, list(dict.fromkeys(text for group in groups for text in group.texts())), first)
    click.echo(f"{len(groups)} messages, {len(kept)} texts, {sum(map(len, kept.values()))} tokens", err=True)
    steps, began, losses = recipe.steps(len(groups)), time.monotonic(), []
    optimiser = torch.optim.AdamW(change.parameters(), lr=recipe.learning_rate, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: learning_rate_share(step, steps))
    for step, batch in zip(range(steps), draw_batches(groups, recipe.batch, rng), strict=False):
        texts = draw_texts(batch, rng)
        vectors = run_upper(model, [kept[one.text] for one in texts], first, fixed | in_16_bits(change.changed()))
        loss = _loss(vectors, texts, recipe.temperature)
        _descend(loss, change, optimiser)
        schedule.step()
        losses.append(loss.item())
        if step % REPORT_EVERY == 0:
            recent = losses[-REPORT_EVERY:]
            mean, passed = sum(recent) / len(recent), time.monotonic() - began
            click.echo(f"step {step} of {steps}: loss {mean:.3f}, {passed:.0f} s", err=True)
    return change.arrays()


def _loss(vectors: Tensor, texts: Sequence[TrainingText], temperature: float) -> Tensor:
    owner = torch.tensor([one.owner for one in texts])
    return contrastive_loss(vectors, owner, torch.tensor([one.makes_claim for one in texts]), temperature)


def _descend(loss: Tensor, change: LowRankChange, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(change.parameters(), LARGEST_GRADIENT)
    optimiser.step()


def _to_folds(_context: click.Context, _parameter: click.Parameter, value: str) -> list[int]:
    folds = [fold.strip() for fold in value.split(",") if fold.strip()]
    if not all(fold.isdecimal() and int(fold) < FOLDS for fold in folds):
        raise click.BadParameter(f"folds are numbers from 0 to {FOLDS - 1}, such as 3,4")
    return [int(fold) for fold in folds]


@click.command()
@click.argument("sample_dir", type=click.Path(exists=True, path_type=Path))
@click.option("--without-folds", default="", callback=_to_folds, help="Folds not to learn from, such as 3,4.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the adaptation, if not where it ships.")
@click.option("--prepared", type=click.Path(path_type=Path), help="Where to prepare an encoder with it, to measure.")
@click.option("--limit", type=int, help="Learn from the first messages only: to see that it runs.")
@click.option("--threads", type=int, default=2, show_default=True)
def main(
    sample_dir: Path, without_folds: list[int], out: Path | None, prepared: Path | None, limit: int | None, threads: int
) -> None:
    """Learn the encoder's adaptation from the sample in SAMPLE_DIR and what was written for its messages."""
    if (without_folds or limit) and not (out or prepared):
        raise click.UsageError("What was learned from a part does not ship: name --out or --prepared.")
    torch.set_num_threads(threads)
    sample = load_sample(sample_dir)
    groups = training_groups(written_rows(), sample, find_clusters(sample), without_folds)
    groups = [*groups, *english_groups(written_english_rows(), without_folds)][:limit]
    arrays = train(bundled_layers(MAX_TOKENS), groups, Recipe())
    with TemporaryDirectory() as work:
        path = out or (Path(work) / ADAPTATION_PATH.name if prepared else ADAPTATION_PATH)
        save_adaptation(arrays, path)
        click.echo(f"{path}: {path.stat().st_size} bytes", err=True)
        if prepared:
            from retrieval.model_preparation import prepare_model  # seconds to import

            write_bundled_model(Path(work) / "model", path)
            click.echo(prepare_model(str(Path(work) / "model"), prepared).model_id, err=True)


if __name__ == "__main__":
    main()
