"""The prepared encoder, made once and kept between runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.bundled_model import NAME
from retrieval.model_manifest import model_folder

KEPT = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="session")
def encoder_folder() -> Path:
    """The folder of the default encoder: made on first use (half a minute), by a process of its own, and kept.

    CHAMING_TEST_MODEL_DIR names another place to keep it, for whoever runs the tests from a fresh checkout each time.
    """
    kept = Path(os.environ.get("CHAMING_TEST_MODEL_DIR", KEPT))
    command = [sys.executable, "-m", "scripts", "model", "prepare", NAME]
    done = subprocess.run(command, env={**os.environ, "DATA_DIR": str(kept)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return model_folder(kept, NAME)
