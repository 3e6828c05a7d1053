"""What the bundled encoder was taught for this task: a change of some of its matrices, kept apart from its weights.

For each changed matrix W the file holds two narrow ones, `NAME.A` (rank, columns) and `NAME.B` (rows, rank), float16;
the encoder is run with W + B·A (low-rank adaptation: Hu et al., 2021). `scripts/train_encoder.py` makes the file.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from retrieval.files import sha256_of

ADAPTATION_PATH = Path(__file__).parent / "adaptation.npz"
ADAPTED_MODEL = "intfloat/multilingual-e5-small"
"""The model that the shipped file belongs to: the bundled one. Its name stays the same, its weights' hash does not."""
ID_LENGTH = 12

Arrays = Mapping[str, NDArray[np.float16]]
Tensors = dict[str, NDArray[np.float32]]


class AdaptationError(ValueError):
    """The file is no adaptation, or one of another model: make it again with scripts/train_encoder.py."""


def adaptation_of(model: str, path: Path = ADAPTATION_PATH) -> str:
    """Return the short id of the adaptation that this program gives the model of this name; "" for none."""
    return sha256_of(path)[:ID_LENGTH] if model == ADAPTED_MODEL else ""


def load_adaptation(path: Path = ADAPTATION_PATH) -> Arrays:
    """Read the arrays, two for each changed matrix. Raises `AdaptationError`."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, TypeError, BadZipFile) as error:
        raise AdaptationError(f"{path.name} cannot be read ({error}). {AdaptationError.__doc__}") from error
    _check(arrays)
    return arrays


def save_adaptation(arrays: Arrays, path: Path = ADAPTATION_PATH) -> None:
    """Write the arrays; the same ones always give the same bytes. Raises `AdaptationError`."""
    kept = {name: arrays[name].astype(np.float16) for name in sorted(arrays)}
    _check(kept)
    with path.open("wb") as file:
        np.savez(file, **kept)  # type: ignore[arg-type]  # its own flag is no name of a weight


def adapted(tensors: Mapping[str, NDArray[np.float32]], arrays: Arrays) -> Tensors:
    """Return all the weights, the changed ones with their change. Raises `AdaptationError` where one does not fit."""
    changed = dict(tensors)
    for name, down, up in _pairs(arrays):
        if name not in tensors:
            raise AdaptationError(f"The model has no weight {name}. {AdaptationError.__doc__}")
        if tensors[name].shape != (len(up), down.shape[1]):
            said = f"{name} has the shape {tensors[name].shape}, its change {(len(up), down.shape[1])}."
            raise AdaptationError(f"{said} {AdaptationError.__doc__}")
        changed[name] = tensors[name] + up.astype(np.float32) @ down.astype(np.float32)
    return changed


def _check(arrays: Arrays) -> None:
    """See that matrices come in pairs that can be multiplied, whatever model they belong to."""
    for name, down, up in _pairs(arrays):
        if down.ndim != 2 or up.ndim != 2 or len(down) != up.shape[1]:
            raise AdaptationError(f"{name}: shapes {up.shape} and {down.shape} do not fit. {AdaptationError.__doc__}")
        if not (np.isfinite(down).all() and np.isfinite(up).all()):
            raise AdaptationError(f"{name} holds a number that is none. {AdaptationError.__doc__}")


def _pairs(arrays: Arrays) -> Iterator[tuple[str, NDArray[np.float16], NDArray[np.float16]]]:
    names = {array.rpartition(".")[0] for array in arrays}
    if odd := {f"{name}.{part}" for name in names for part in "AB"} ^ set(arrays):
        raise AdaptationError(f"{min(odd)} has no counterpart. {AdaptationError.__doc__}")
    return ((name, arrays[f"{name}.A"], arrays[f"{name}.B"]) for name in sorted(names))
