"""A backup is one moment of a database that is written to, and goes back whole or not at all."""

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from scripts.cli import main
from storage.database import Database, open_database


def run(data_dir: Path, *arguments: str | Path, database_url: str = "") -> Result:
    environment = {"DATA_DIR": str(data_dir), "DATABASE_URL": database_url, "SECRET_KEY": ""}
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
    assert "move it away" in over.output


def test_it_puts_back_no_damaged_backup(tmp_path: Path) -> None:
    copy, data = tmp_path / "copy", tmp_path / "data"
    assert run(data, "migrate").exit_code == 0
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
