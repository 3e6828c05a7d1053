"""`chaming index` and `chaming model` as a person meets them, short of the work that takes a model."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from retrieval.index import MatchingIndex
from scripts.cli import main
from tests.retrieval.made import DIMENSION


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DATA_DIR, not there yet, and no settings from anywhere else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("MODEL", raising=False)
    return tmp_path / "data"


@pytest.fixture
def migrated(sqlite_template: Path, data_dir: Path) -> None:
    """A migrated, empty database in the DATA_DIR."""
    data_dir.mkdir()
    shutil.copy(sqlite_template, data_dir / "chaming.db")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_index_status_says_when_the_database_was_never_made() -> None:
    done = run("index", "status")

    assert done.exit_code == 1
    assert "chaming migrate" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.usefixtures("migrated")
def test_index_status_says_when_there_is_no_snapshot() -> None:
    done = run("index", "status", "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["entries"] is None
    assert "no snapshot" in done.stderr


@pytest.mark.usefixtures("migrated")
def test_index_status_tells_what_the_snapshot_holds(data_dir: Path) -> None:
    MatchingIndex("m@1#x", DIMENSION).save(data_dir / "index")
    done = run("index", "status", "--json")

    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["entries"], report["seq"], report["changes_behind"], report["problem"]) == (0, 0, 0, None)


@pytest.mark.usefixtures("migrated")
def test_index_rebuild_says_when_the_model_is_missing() -> None:
    done = run("index", "rebuild")

    assert done.exit_code == 1
    assert "chaming model prepare" in done.stderr


def test_model_status_says_when_it_is_missing() -> None:
    done = run("model", "status", "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["ready"] is False
    assert "chaming model prepare" in done.stderr


@pytest.mark.model
def test_model_status_tells_what_was_prepared(data_dir: Path, encoder_folder: Path) -> None:
    (data_dir / "models").mkdir(parents=True)
    (data_dir / "models" / encoder_folder.name).symlink_to(encoder_folder)
    done = run("model", "status", "--json")

    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["ready"]
    assert 0 < report["manifest"]["parity"]["spread"] < 1
    assert "384 dimensions" in run("model", "status").stdout


@pytest.mark.model
def test_model_prepare_does_nothing_when_it_is_there(data_dir: Path, encoder_folder: Path) -> None:
    (data_dir / "models").mkdir(parents=True)
    (data_dir / "models" / encoder_folder.name).symlink_to(encoder_folder)
    done = run("model", "prepare")

    assert done.exit_code == 0, done.stderr
    assert "is ready" in done.stderr
