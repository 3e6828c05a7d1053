"""An installation for benchmarks is made where nothing else is."""

from pathlib import Path

import pytest

from scripts.bench.installation import make_installation


def test_it_empties_no_folder_that_somebody_else_filled(tmp_path: Path) -> None:
    (tmp_path / "chaming.db").write_text("somebody's")
    with pytest.raises(FileExistsError, match="another folder"):
        make_installation(tmp_path, 1_000)
    assert (tmp_path / "chaming.db").read_text() == "somebody's"
