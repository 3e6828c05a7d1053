import json
from pathlib import Path

import numpy as np
import pytest

from retrieval.files import replace_folder
from retrieval.snapshot import (
    MANIFEST,
    SnapshotCorruptError,
    SnapshotMissingError,
    read_facts,
    read_snapshot,
    write_snapshot,
)

ARRAYS = {"numbers": np.arange(6, dtype=np.int32).reshape(2, 3), "nothing": np.zeros(0, np.float16)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a snapshot of change 5 lies."""
    write_snapshot(tmp_path / "index", {"seq": 5, "model_id": "m"}, ARRAYS)
    return tmp_path / "index"


def test_it_reads_what_was_written(folder: Path) -> None:
    facts, arrays = read_snapshot(folder)

    assert facts["seq"] == 5
    assert arrays.keys() == ARRAYS.keys()
    assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)
    assert arrays["numbers"].dtype == np.int32


def test_a_newer_one_takes_its_place_and_leaves_nothing_behind(folder: Path) -> None:
    write_snapshot(folder, {"seq": 6, "model_id": "m"}, ARRAYS)

    assert read_facts(folder)["seq"] == 6
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == ["index"]


def test_it_says_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(SnapshotMissingError):
        read_snapshot(tmp_path / "index")


def test_a_stop_while_writing_leaves_the_old_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("retrieval.snapshot.replace_folder", stop)
    with pytest.raises(KeyboardInterrupt):
        write_snapshot(folder, {"seq": 6, "model_id": "m"}, ARRAYS)

    assert read_snapshot(folder)[0]["seq"] == 5


def test_a_stop_between_the_two_renames_leaves_the_old_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = folder.with_name("new")
    new.mkdir()
    rename = Path.rename

    def stop_at_second(path: Path, target: Path) -> Path:
        if path == new:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stop_at_second)
    with pytest.raises(KeyboardInterrupt):
        replace_folder(new, folder)
    monkeypatch.undo()

    assert not folder.exists()
    assert read_snapshot(folder)[0]["seq"] == 5
    write_snapshot(folder, {"seq": 6, "model_id": "m"}, ARRAYS)
    assert read_snapshot(folder)[0]["seq"] == 6


@pytest.mark.parametrize("name", ["numbers.bin", MANIFEST])
@pytest.mark.parametrize("damage", ["missing", "shorter", "flipped", "empty"])
def test_it_refuses_a_damaged_one(folder: Path, name: str, damage: str) -> None:
    path = folder / name
    raw = bytearray(path.read_bytes())
    if damage == "missing" and name != MANIFEST:
        path.unlink()
    elif damage == "shorter":
        path.write_bytes(raw[: len(raw) // 2])
    elif damage == "flipped":
        raw[len(raw) // 2] ^= 0xFF
        path.write_bytes(raw)
    else:
        path.write_bytes(b"")

    with pytest.raises(SnapshotCorruptError):
        read_snapshot(folder)


def test_it_refuses_another_format(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"format": 99}))

    with pytest.raises(SnapshotCorruptError, match="format 99"):
        read_facts(folder)
