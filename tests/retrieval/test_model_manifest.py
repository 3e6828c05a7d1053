import dataclasses
import json
from pathlib import Path

import pytest

from retrieval.adaptation import ADAPTED_MODEL, adaptation_of
from retrieval.files import sha256_of
from retrieval.model_manifest import (
    FILES,
    FORMAT,
    MANIFEST,
    Manifest,
    ModelMissingError,
    ModelOutdatedError,
    ModelRefusedError,
    Parity,
    check_manifest,
    find_ready,
    model_folder,
    write_manifest,
)

GOOD = Parity(texts=32, min_cosine=0.993, mean_cosine=0.997, same_neighbours=1.0, spread=0.19)


@pytest.fixture
def prepared(tmp_path: Path) -> tuple[Path, Manifest]:
    """A folder whose manifest holds, with files that are no model."""
    for name in FILES:
        (tmp_path / name).write_text(name)
    manifest = Manifest(
        format=FORMAT,
        model_id="made/up@0123#onnx-int8",
        source="made/up",
        adaptation="",
        prompt="query: ",
        dimension=8,
        max_tokens=512,
        quantisation="int8",
        files={name: sha256_of(tmp_path / name) for name in FILES},
        parity=GOOD,
        versions={"torch": "2"},
    )
    write_manifest(tmp_path, manifest)
    return tmp_path, manifest


def test_it_reads_what_was_written(prepared: tuple[Path, Manifest]) -> None:
    folder, manifest = prepared

    assert check_manifest(folder) == manifest
    assert find_ready("made/up", folder) == manifest


def test_it_is_not_ready_for_another_source(prepared: tuple[Path, Manifest]) -> None:
    assert find_ready("made/other", prepared[0]) is None


def test_it_says_what_to_do_when_nothing_was_prepared(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="chaming model prepare"):
        check_manifest(tmp_path / "nowhere")


@pytest.mark.parametrize("name", FILES)
def test_it_refuses_a_changed_file(prepared: tuple[Path, Manifest], name: str) -> None:
    (prepared[0] / name).write_text("changed")

    with pytest.raises(ModelRefusedError, match=name):
        check_manifest(prepared[0])


@pytest.mark.parametrize("name", FILES)
def test_it_refuses_a_missing_file(prepared: tuple[Path, Manifest], name: str) -> None:
    (prepared[0] / name).unlink()

    with pytest.raises(ModelRefusedError, match="missing"):
        check_manifest(prepared[0])


@pytest.mark.parametrize(
    "parity",
    [{"min_cosine": 0.98}, {"spread": 0.1}, {"same_neighbours": 0.96}, {"texts": 0}],
    ids=["too far", "too far for texts so near", "other neighbours", "never measured"],
)
def test_it_refuses_an_encoder_that_differs_from_its_source(
    prepared: tuple[Path, Manifest], parity: dict[str, float]
) -> None:
    folder, manifest = prepared
    write_manifest(folder, dataclasses.replace(manifest, parity=dataclasses.replace(GOOD, **parity)))

    with pytest.raises(ModelRefusedError, match="differs"):
        check_manifest(folder)


@pytest.mark.parametrize(("spread", "cosine"), [(0.19, 0.991), (0.57, 0.975)], ids=["texts near", "texts far apart"])
def test_it_takes_noise_by_how_far_texts_are_apart(
    prepared: tuple[Path, Manifest], spread: float, cosine: float
) -> None:
    folder, manifest = prepared
    parity = dataclasses.replace(GOOD, min_cosine=cosine, spread=spread)
    write_manifest(folder, dataclasses.replace(manifest, parity=parity))

    assert check_manifest(folder).parity.noise == pytest.approx((1 - cosine) / spread)
    write_manifest(folder, dataclasses.replace(manifest, parity=dataclasses.replace(parity, min_cosine=cosine - 0.005)))
    with pytest.raises(ModelRefusedError, match="differs"):
        check_manifest(folder)


def test_it_refuses_the_bundled_model_with_another_adaptation(prepared: tuple[Path, Manifest]) -> None:
    folder, manifest = prepared
    for made_with, is_ready in ((adaptation_of(ADAPTED_MODEL), True), ("of-another", False), ("", False)):
        write_manifest(folder, dataclasses.replace(manifest, source=ADAPTED_MODEL, adaptation=made_with))
        assert (find_ready(ADAPTED_MODEL, folder) is not None) == is_ready
    with pytest.raises(ModelOutdatedError, match=r"another adaptation.*chaming model prepare"):
        check_manifest(folder)


def test_it_says_what_to_do_with_what_an_earlier_version_prepared(prepared: tuple[Path, Manifest]) -> None:
    folder, manifest = prepared
    write_manifest(folder, dataclasses.replace(manifest, format=FORMAT - 1))

    with pytest.raises(ModelOutdatedError, match="chaming model prepare"):
        check_manifest(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 0}', json.dumps({"format": FORMAT})])
def test_it_refuses_a_manifest_it_cannot_read(prepared: tuple[Path, Manifest], content: str) -> None:
    (prepared[0] / MANIFEST).write_text(content)

    with pytest.raises(ModelRefusedError):
        check_manifest(prepared[0])


def test_it_gives_each_model_a_folder_of_its_own() -> None:
    names = ["intfloat/multilingual-e5-small", "/srv/models/mine", "../mine", "..", "模型"]
    folders = [model_folder(Path("data"), name) for name in names]

    assert len(set(folders)) == len(names)
    assert all(folder.parent == Path("data/models") and folder.name not in ("", ".", "..") for folder in folders)
