"""The notebook for researchers runs from top to bottom on a release of the sample, and draws its three figures."""

import asyncio
import os
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbclient import NotebookClient

from scripts.cli import main
from storage.exports.manifest import list_releases

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOK = ROOT / "scripts" / "notebooks" / "for_researchers.ipynb"


@pytest.fixture
def release_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for arguments in (["import", "cofacts", str(ROOT / "scripts" / "sample")], ["export", str(tmp_path / "out")]):
        assert CliRunner().invoke(main, arguments).exit_code == 0
    return tmp_path / "out" / list_releases(tmp_path / "out")[0].release


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the notebook's own machinery
def test_the_notebook_runs_and_draws_three_figures(release_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAMING_RELEASE", str(release_folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(release_folder.parent / "hf"))
    monkeypatch.setenv("IPYTHONDIR", os.fspath(release_folder.parent / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=400, startup_timeout=400, resources={"metadata": {"path": str(release_folder)}}
    )
    asyncio.run(client.async_execute())
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3
    shown = "".join(output.get("data", {}).get("text/plain", "") for output in outputs)
    assert "NOT_RUMOR" in shown
    assert "imported" in shown
    assert "num_rows: 747" in shown
