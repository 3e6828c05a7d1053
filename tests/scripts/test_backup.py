"""A backup is one moment of a database that is written to, and goes back whole or not at all."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from bot.settings import Settings
from retrieval.adaptation import ADAPTED_MODEL
from retrieval.calibration import CALIBRATION_PATH
from scripts import backup
from scripts.backup import is_current
from scripts.cli import main
from storage.database import Database, open_database
from storage.exports.staging import locked


def run(data_dir: Path, *arguments: str | Path, database_url: str = "", secret_key: str = "") -> Result:
    environment = {"DATA_DIR": str(data_dir), "DATABASE_URL": database_url, "SECRET_KEY": secret_key}
    return CliRunner().invoke(main, [str(one) for one in arguments], env=environment)


async def titles(path: Path) -> list[str]:
    database = open_database(f"sqlite+aiosqlite:///{path}")
    async with database.reading() as session:
        found = list(await session.scalars(text("SELECT title FROM category ORDER BY id")))
    await database.close()
    return found


@pytest.fixture
async def used(sqlite_database: Database) -> Database:
    """A database with a row that is still in the write-ahead log, kept open as a server does."""
    async with sqlite_database.transaction() as session:
        await session.execute(text("INSERT INTO category (id, title) VALUES ('1', '疾病')"))
    return sqlite_database


async def test_it_brings_back_what_a_running_server_had_written(used: Database, tmp_path: Path) -> None:
    data, lost, copy = tmp_path / "data", tmp_path / "new", tmp_path / "copies" / "monday"
    url = str(used.url)
    (data / "releases" / "1").mkdir(parents=True)
    (data / "releases" / "1" / "card.md").write_text("a release")
    done = run(data, "backup", copy, database_url=url)
    assert done.exit_code == 0, done.output
    async with used.transaction() as session:
        await session.execute(text("INSERT INTO category (id, title) VALUES ('2', 'later')"))
    (lost / "index").mkdir(parents=True)  # of the database that was lost, and further on than this one
    done = run(lost, "restore", copy)
    assert done.exit_code == 0, done.output
    assert await titles(lost / "chaming.db") == ["疾病"]
    assert (lost / "secret-key").read_text() == (data / "secret-key").read_text()
    assert (lost / "secret-key").stat().st_mode & 0o077 == copy.stat().st_mode & 0o077 == 0
    assert (lost / "releases" / "1" / "card.md").exists()
    assert not (lost / "index").exists()


async def test_it_replaces_neither_a_backup_nor_a_database(used: Database, tmp_path: Path) -> None:
    data, copy, url = tmp_path / "data", tmp_path / "copy", str(used.url)
    assert run(data, "backup", copy, database_url=url).exit_code == 0
    again = run(data, "backup", copy, database_url=url)
    assert (again.exit_code, again.output.count("\n")) == (1, 1)
    over = run(data, "restore", copy, database_url=url)
    assert (over.exit_code, over.output.count("\n")) == (1, 1)
    assert "move them to safety" in over.output


@pytest.fixture
def made(sqlite_template: Path, tmp_path: Path) -> Path:
    """A DATA_DIR with a database and its key, and the folder `copy` beside it with its backup."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(sqlite_template, data / "chaming.db")
    calibration = data / "models" / "my-model" / "calibration.json"
    calibration.parent.mkdir(parents=True)
    calibration.write_text("{}")
    with closing(sqlite3.connect(data / "chaming.db")) as database, database:
        database.execute(
            "INSERT INTO adopted_model (model_id, adopted_at, forced, report)"
            " VALUES ('my/model@0123456789ab#onnx-int8', '2026-01-01', 0, '{}')"
        )
    assert run(data, "backup", tmp_path / "copy").exit_code == 0
    return data


def test_it_overwrites_nothing_and_names_all_that_is_in_the_way(made: Path, tmp_path: Path) -> None:
    (made / "chaming.db").rename(tmp_path / "moved.db")
    in_the_way = {
        "chaming.db-wal": "what was written last",
        "secret-key": "k" * 32,
        "vapid-key": "v",
        "models/my-model/calibration.json": "[]",
        "releases/releases.json": "{}",
    }
    (tmp_path / "copy" / "releases").mkdir()
    (tmp_path / "copy" / "vapid-key").write_text("w")
    (tmp_path / "copy" / "releases" / "releases.json").write_text("[]")
    for name, content in in_the_way.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(content)
    done = run(made, "restore", tmp_path / "copy")
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert all(str(made / name).removesuffix("/releases.json") in done.output for name in in_the_way)
    assert {name: (made / name).read_text() for name in in_the_way} == in_the_way
    assert not (made / "chaming.db").exists()


def test_it_goes_back_beside_the_same_keys_with_the_calibration_and_names_the_encoder(
    made: Path, tmp_path: Path
) -> None:
    for path in made.glob("chaming.db*"):
        path.rename(tmp_path / path.name)
    (made / "models" / "my-model" / "calibration.json").unlink()
    done = run(made, "restore", tmp_path / "copy")
    assert done.exit_code == 0, done.output
    assert (made / "models" / "my-model" / "calibration.json").read_text() == "{}"
    assert "chaming model prepare my/model," in done.output
    assert (made / "chaming.db").stat().st_mode & 0o077 == 0


def test_it_says_when_the_encoder_came_with_an_earlier_version_of_the_program() -> None:
    shipped = json.loads(CALIBRATION_PATH.read_text(encoding="utf-8"))["model_id"]
    named = (None, "my/model@1#onnx-int8", shipped, f"{ADAPTED_MODEL}@1#onnx-int8")
    assert [is_current(adopted) for adopted in named] == [True, True, True, False]


def test_it_makes_no_key_and_goes_back_with_the_right_one_only(sqlite_template: Path, tmp_path: Path) -> None:
    data, copy, new, right = tmp_path / "data", tmp_path / "copy", tmp_path / "new", "r" * 32
    data.mkdir()
    shutil.copy(sqlite_template, data / "chaming.db")
    assert run(data, "backup", copy, secret_key=right).exit_code == 0
    assert right not in "".join(path.read_text("latin-1") for path in copy.iterdir())
    for wrong in ("", "w" * 32):
        done = run(new, "restore", copy, secret_key=wrong)
        assert (done.exit_code, done.output.count("\n")) == (1, 1)
        assert "Set SECRET_KEY to the one this backup was made with" in done.output
        assert not new.exists()
    assert run(new, "restore", copy, secret_key=right).exit_code == 0
    assert not (new / "secret-key").exists()


def test_a_key_in_the_backup_does_not_go_beside_another_that_is_set(made: Path, tmp_path: Path) -> None:
    done = run(tmp_path / "new", "restore", tmp_path / "copy", secret_key="w" * 32)
    assert done.exit_code == 1
    assert "unset it" in done.output
    assert not (tmp_path / "new").exists()


def test_it_leaves_out_a_key_file_that_is_not_the_key_in_use(made: Path, tmp_path: Path) -> None:
    assert run(made, "backup", tmp_path / "second", secret_key="r" * 32).exit_code == 0
    assert not (tmp_path / "second" / "secret-key").exists()


def test_it_copies_what_is_published_and_nothing_half_made(made: Path, tmp_path: Path) -> None:
    for name in (".staging/people.db", ".staging.json", "1/card.md"):
        (made / "releases" / name).parent.mkdir(parents=True, exist_ok=True)
        (made / "releases" / name).write_text("")
    assert run(made, "backup", tmp_path / "second").exit_code == 0
    copied = {path.name for path in (tmp_path / "second" / "releases").rglob("*")}
    assert copied == {"1", "card.md"}
    with locked(made / "releases"):
        done = run(made, "backup", tmp_path / "third")
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert not [path for path in tmp_path.iterdir() if "third" in path.name]


def test_it_goes_nowhere_among_the_releases(made: Path) -> None:
    done = run(made, "backup", made / "releases" / "backup")
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert not (made / "releases" / "backup").exists()


def test_it_names_only_the_first_release_that_cannot_be_copied(made: Path, tmp_path: Path) -> None:
    (made / "releases" / "1").mkdir(parents=True)
    for name in "ab":
        (made / "releases" / "1" / name).symlink_to(tmp_path / "nowhere")
    done = run(made, "backup", tmp_path / "second")
    assert (done.exit_code, done.output.count(str(made / "releases" / "1"))) == (1, 1)
    assert not (tmp_path / "second").exists()


def test_it_leaves_nothing_private_behind_when_the_disk_fails(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def fail(source: IO[bytes], target: IO[bytes], length: int) -> None:
        seen.append(os.fstat(target.fileno()).st_mode & 0o777)
        target.write(b"private")
        raise OSError("disk full")

    monkeypatch.setattr(shutil, "copyfileobj", fail)
    done = run(tmp_path / "new", "restore", tmp_path / "copy")
    assert (done.exit_code, seen) == (1, [0o600])
    assert not list((tmp_path / "new").glob("*chaming.db*"))
    assert not list((tmp_path / "new").glob(".*"))
    monkeypatch.undo()
    assert run(tmp_path / "new", "restore", tmp_path / "copy").exit_code == 0  # begun anew


async def test_it_holds_one_moment_while_others_write(used: Database, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(backup, "PAGES_AT_A_TIME", 5)
    settings = Settings(DATABASE_URL=str(used.url), DATA_DIR=tmp_path / "data")
    asked = []

    def write(done: int, pages: int) -> None:
        asked.append((done, pages))
        with closing(sqlite3.connect(str(used.path))) as database, database:
            database.execute("INSERT INTO category (id, title) VALUES (?, 'later')", (f"later-{len(asked)}",))

    backup.back_up(settings, tmp_path / "copy", write)
    assert [done for done, _ in asked] == sorted({done for done, _ in asked})  # never begun anew
    assert asked[-1][0] == asked[-1][1] > 5
    assert await titles(tmp_path / "copy" / "chaming.db") == ["疾病"]


def test_it_puts_back_no_damaged_backup(sqlite_template: Path, tmp_path: Path) -> None:
    copy, data = tmp_path / "copy", tmp_path / "data"
    data.mkdir()
    shutil.copy(sqlite_template, data / "chaming.db")
    assert run(data, "backup", copy).exit_code == 0
    with (copy / "chaming.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    done = run(tmp_path / "new", "restore", copy)
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert not (tmp_path / "new" / "chaming.db").exists()


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_it_says_what_to_do_with_postgresql(command: str, tmp_path: Path) -> None:
    environment = {"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://host/db", "SECRET_KEY": "k" * 32}
    (tmp_path / "copy").mkdir()
    sqlite3.connect(tmp_path / "copy" / "chaming.db").close()
    done = CliRunner().invoke(main, [command, str(tmp_path / "copy")], env=environment)
    assert done.exit_code == 1
    assert "pg_dump" in done.output


def test_it_says_that_there_is_nothing_to_copy_yet(tmp_path: Path) -> None:
    done = run(tmp_path / "data", "backup", tmp_path / "copy")
    assert done.exit_code == 1
    assert "no database" in done.output
    assert not (tmp_path / "copy").exists()
