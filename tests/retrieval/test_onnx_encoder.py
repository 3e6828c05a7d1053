"""What only the serving encoder does: refuse what is not sound, and stay light."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from retrieval.files import sha256_of
from retrieval.model_manifest import FILES, MANIFEST, REFERENCE, WEIGHTS, ModelRefusedError
from retrieval.onnx_encoder import open_encoder

pytestmark = pytest.mark.model

SERVE = """
import sys
from pathlib import Path
from retrieval.onnx_encoder import open_encoder
open_encoder(Path(sys.argv[1])).encode(["查明"])
heavy = {"torch", "transformers", "sentence_transformers", "onnx", "sentencepiece"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.fixture
def copied(encoder_folder: Path, tmp_path: Path) -> Path:
    """A prepared encoder of one's own to spoil; the big file is linked until it is replaced."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in (*FILES, MANIFEST):
        os.link(encoder_folder / name, folder / name) if name == WEIGHTS else shutil.copy(encoder_folder / name, folder)
    return folder


def declare(folder: Path, name: str) -> None:
    """Write the file's present hash into the manifest, as somebody would who changed both."""
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][name] = sha256_of(folder / name)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_it_imports_nothing_that_is_only_for_preparing(encoder_folder: Path) -> None:
    subprocess.run([sys.executable, "-c", SERVE, str(encoder_folder)], check=True)


def test_it_refuses_vectors_other_than_it_was_made_to_give(copied: Path) -> None:
    reference = np.load(copied / REFERENCE)
    np.save(copied / REFERENCE, reference[::-1])
    declare(copied, REFERENCE)

    with pytest.raises(ModelRefusedError, match="other vectors"):
        open_encoder(copied)


def test_it_refuses_weights_that_are_no_model(copied: Path) -> None:
    (copied / WEIGHTS).unlink()
    (copied / WEIGHTS).write_bytes(b"not a model")
    declare(copied, WEIGHTS)

    with pytest.raises(ModelRefusedError, match="cannot be opened"):
        open_encoder(copied)


def test_it_refuses_a_file_that_changed_since(copied: Path) -> None:
    (copied / REFERENCE).write_bytes(b"other")

    with pytest.raises(ModelRefusedError, match="not the file"):
        open_encoder(copied)
