"""The change of the bundled encoder's weights: what is kept, what fits, and what a wrong file is told."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.adaptation import (
    ADAPTATION_PATH,
    ADAPTED_MODEL,
    AdaptationError,
    adaptation_of,
    adapted,
    load_adaptation,
    save_adaptation,
)

NAME = "encoder.layer.1.output.dense.weight"
LARGEST = 4_000_000
"""Bytes: it lies in the repository, and every version of it stays there."""


def made(rank: int = 2, rows: int = 3, columns: int = 4) -> dict[str, NDArray[np.float16]]:
    numbers = np.random.default_rng(1)
    down, up = numbers.normal(size=(rank, columns)), numbers.normal(size=(rows, rank))
    return {f"{NAME}.A": down.astype(np.float16), f"{NAME}.B": up.astype(np.float16)}


def weights() -> dict[str, NDArray[np.float32]]:
    return {NAME: np.ones((3, 4), np.float32), "pooler.dense.bias": np.zeros(4, np.float32)}


def test_it_adds_the_product_to_the_named_weight_and_leaves_the_others(tmp_path: Path) -> None:
    save_adaptation(made(), tmp_path / "a.npz")
    arrays, before = load_adaptation(tmp_path / "a.npz"), weights()
    after = adapted(before, arrays)

    change = made()[f"{NAME}.B"].astype(np.float32) @ made()[f"{NAME}.A"].astype(np.float32)
    assert after[NAME] == pytest.approx(1 + change)
    assert after[NAME].dtype == np.float32
    assert after["pooler.dense.bias"] is before["pooler.dense.bias"]
    assert (before[NAME] == 1).all()


def test_its_id_tells_one_adaptation_from_another(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.npz", "same.npz", "other.npz")]
    for path, arrays in zip(paths, (made(), dict(reversed(made().items())), made(rank=1)), strict=True):
        save_adaptation(arrays, path)
    one, same, other = (adaptation_of(ADAPTED_MODEL, path) for path in paths)

    assert one == same != other
    assert adaptation_of("org/another", paths[0]) == ""


@pytest.mark.parametrize(
    ("name", "rows"), [("encoder.layer.9.output.dense.weight", 3), (NAME, 5)], ids=["no such weight", "other shape"]
)
def test_it_refuses_another_models_adaptation(name: str, rows: int) -> None:
    arrays = {name + key.removeprefix(NAME): values for key, values in made(rows=rows).items()}
    with pytest.raises(AdaptationError, match=name):
        adapted(weights(), arrays)


@pytest.mark.parametrize(
    "arrays",
    [
        {f"{NAME}.A": made()[f"{NAME}.A"]},
        {**made(), "mean": np.zeros(4, np.float16)},
        {f"{NAME}.A": made(rank=1)[f"{NAME}.A"], f"{NAME}.B": made()[f"{NAME}.B"]},
        {f"{NAME}.A": np.zeros(4, np.float16), f"{NAME}.B": made()[f"{NAME}.B"]},
        {**made(), f"{NAME}.B": np.full((3, 2), np.nan, np.float16)},
    ],
    ids=["half of a pair", "something else", "ranks that differ", "no matrix", "no number"],
)
def test_it_keeps_and_reads_only_what_can_be_applied(arrays: dict[str, NDArray[np.float16]], tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(AdaptationError):
        save_adaptation(arrays, path)
    assert not path.exists()
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    with pytest.raises(AdaptationError):
        load_adaptation(path)


@pytest.mark.parametrize("content", [None, b"", b"text", b"PK\x03\x04 and then nothing"])
def test_it_says_which_file_it_cannot_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AdaptationError, match=r"a\.npz cannot be read"):
        load_adaptation(path)


def test_the_shipped_one_is_small_and_can_be_applied_to_something() -> None:
    arrays = load_adaptation()

    assert ADAPTATION_PATH.stat().st_size < LARGEST
    assert all(values.dtype == np.float16 for values in arrays.values())
    names = {array.rpartition(".")[0] for array in arrays}
    shapes = {name: (len(arrays[f"{name}.B"]), arrays[f"{name}.A"].shape[1]) for name in names}
    assert adapted({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, arrays).keys() == names
