"""Which encoder looks at which fold: the adaptation learns from the sample, so each fold has one that did not see it.

    python -m scripts.train_encoder SAMPLE_DIR --without-folds 3,4 --prepared FOLDER

makes such an encoder, and `--held-out 3,4=FOLDER` names it to training and benchmarks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from bot.settings import load_settings
from retrieval.model_manifest import ModelError, model_folder
from retrieval.onnx_encoder import open_encoder
from scripts.bench.quality.cached_encoder import CachedEncoder
from scripts.bench.quality.examples import FOLDS


@dataclass(frozen=True)
class Encoders:
    """`shipped` looks at what belongs to no fold, `of_fold` at each fold."""

    shipped: CachedEncoder
    of_fold: Mapping[int, CachedEncoder]

    def distinct(self) -> list[CachedEncoder]:
        """Return each encoder once."""
        return list({id(encoder): encoder for encoder in self.of_fold.values()}.values())

    def commit(self) -> None:
        for encoder in [self.shipped, *self.distinct()]:
            encoder.commit()


def read_held_out(values: Sequence[str]) -> dict[int, Path]:
    """Return the folder for each fold of `3,4=FOLDER`. Raises `click.BadParameter` where a value is not like that."""
    folders: dict[int, Path] = {}
    for value in values:
        folds, _, folder = value.partition("=")
        numbers = [int(fold) for fold in folds.split(",") if fold.isdigit() and int(fold) < FOLDS]
        if not folder or len(numbers) != len(folds.split(",")) or not Path(folder).is_dir():
            raise click.BadParameter(f"{value!r} is not like 3,4=FOLDER, with a prepared encoder's folder.")
        folders |= dict.fromkeys(numbers, Path(folder))
    return folders


def open_encoders(cache: Path, held_out: Mapping[int, Path]) -> Encoders:
    """Open the shipped encoder, and those that look at single folds in its place. Raises `click.ClickException`."""
    settings = load_settings()
    try:
        shipped = CachedEncoder(open_encoder(model_folder(settings.data_dir, settings.model), threads=2), cache)
        standing_in = {
            folder: CachedEncoder(open_encoder(folder, threads=2), cache, known_as=shipped.model_id)
            for folder in set(held_out.values())
        }
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    of_fold = {fold: standing_in[held_out[fold]] if fold in held_out else shipped for fold in range(FOLDS)}
    return Encoders(shipped, of_fold)
