"""An export that is cut off, anywhere: nothing half-published, and the next one goes on and ends the same."""

import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlmodel import col

from storage.database import Database
from storage.exports import staging
from storage.exports.manifest import ReleaseError, check_files, list_releases, read_manifest
from storage.exports.release import make_release
from storage.exports.staging import locked
from storage.tables import ReplyRequest
from tests.storage.exports.instance import NOW, fill, release, request


class Interrupted(BaseException):
    """Like a kill: nothing of ours catches it."""


class Fuse:
    """Burns through at the nth step. Steps are batches read, parts finished and files brought to disk."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.taken = 0

    def step(self, *_: object) -> None:
        self.taken += 1
        self.left -= 1
        if self.left == 0:
            raise Interrupted


async def export(database: Database, root: Path, fuse: Fuse, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = staging.sync_file

    def sync_and_step(path: Path) -> None:
        fuse.step()
        sync(path)

    with monkeypatch.context() as patched:
        patched.setattr(staging, "sync_file", sync_and_step)
        await make_release(database, request(root), NOW, fuse.step)


async def test_ten_interruptions_at_random_points_change_nothing(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(sqlite_database)
    whole = Fuse(-1)
    await export(sqlite_database, tmp_path / "whole", whole, monkeypatch)
    expected = {file.path: file.sha256 for file in list_releases(tmp_path / "whole")[0].files}
    points = random.Random(7).sample(range(1, whole.taken), 10)
    root = tmp_path / "cut"
    for point in points:
        shutil.rmtree(root, ignore_errors=True)
        for steps in (point, 3):  # cut off, and soon after it went on cut off again
            with pytest.raises(Interrupted):
                await export(sqlite_database, root, Fuse(steps), monkeypatch)
            published = [path for path in root.iterdir() if not path.name.startswith(".")]
            for folder in (path for path in published if path.is_dir()):
                check_files(folder, read_manifest(folder))  # what has its name is whole
            if published:
                break
        if not published:
            await export(sqlite_database, root, Fuse(-1), monkeypatch)
        manifest = list_releases(root)[0]
        assert {file.path: file.sha256 for file in manifest.files} == expected
        assert not (root / ".staging").exists()


async def test_it_goes_on_where_it_was(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(sqlite_database)
    with pytest.raises(Interrupted):
        await export(sqlite_database, tmp_path, Fuse(60), monkeypatch)
    seen: list[str] = []
    await make_release(sqlite_database, request(tmp_path), NOW, lambda name, done, total: seen.append(name))
    assert "tombstones" in seen
    assert "categories" not in seen


async def test_it_begins_anew_when_somebody_took_something_back_meanwhile(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(sqlite_database)
    with pytest.raises(Interrupted):
        await export(sqlite_database, tmp_path, Fuse(60), monkeypatch)
    async with sqlite_database.transaction() as session:
        await session.execute(delete(ReplyRequest).where(col(ReplyRequest.contributor) == "asker-one"))
    seen: list[str] = []
    await make_release(sqlite_database, request(tmp_path), NOW, lambda name, done, total: seen.append(name))
    assert "categories" in seen


async def test_an_index_that_was_not_written_is_made_by_the_next(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    await release(sqlite_database, tmp_path)
    (tmp_path / "releases.json").unlink()
    await release(sqlite_database, tmp_path, NOW + timedelta(days=1))
    assert (tmp_path / "releases.json").read_text().count('"release"') == 2


async def test_two_exports_do_not_meet(sqlite_database: Database, tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(ReleaseError, match="another export"):
        await release(sqlite_database, tmp_path)
