"""The command line: every subcommand is there, and its help costs no heavy import."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.exc import IntegrityError, OperationalError

from scripts.cli import COMMANDS, is_of_the_database, main

HEAVY = ("numpy", "pydantic", "sqlalchemy", "aiohttp", "onnxruntime", "faiss", "linebot", "torch")


@pytest.mark.parametrize("name", COMMANDS)
def test_it_has_help_for_every_command(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """By command: what heavy modules are there after its help, all commands asked in one fresh process."""
    probe = (
        "import json, sys\n"
        "from scripts.cli import COMMANDS, main\n"
        "imported = {}\n"
        "for name in COMMANDS:\n"
        "    try: main([name, '--help'])\n"
        f"    except SystemExit: imported[name] = [m for m in {HEAVY!r} if m in sys.modules]\n"
        "sys.exit(json.dumps(imported))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)
    found: dict[str, list[str]] = json.loads(done.stderr)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_its_help_imports_nothing_heavy(imported: dict[str, list[str]], name: str) -> None:
    assert imported[name] == []


@pytest.mark.parametrize(
    "arguments", [["match", "有人說喝醋可以治高血壓"], ["run-job", "retention"], ["block", "list"]]
)
def test_it_says_in_one_line_that_there_is_no_database(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "")
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 1
    assert shown.output.startswith("Error: ")
    assert shown.output.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["worker"], ["editor", "add", "a@example.org"], ["audit", "verify"]], ids=" ".join
)
def test_it_says_in_one_line_that_the_database_is_away(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody:x@/chaming?host={tmp_path}")  # no socket there
    monkeypatch.setenv("SECRET_KEY", "a key for tests, long enough")
    monkeypatch.setenv("LINE_CHANNEL_SECRET", "secret")
    monkeypatch.setenv("LINE_CHANNEL_ACCESS_TOKEN", "token")
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 1
    assert shown.output.startswith("Error: ")
    assert shown.output.count("\n") == 1


def test_it_hides_no_mistake_of_ours() -> None:
    assert is_of_the_database(OperationalError("SELECT 1", {}, Exception()))
    assert not is_of_the_database(FileNotFoundError(2, "No such file or directory", "model.onnx"))
    assert not is_of_the_database(IntegrityError("INSERT", {}, Exception()))
    assert not is_of_the_database(ValueError())


def test_it_ends_without_a_word_where_nobody_reads_on() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        command = [sys.executable, "-m", "scripts", "import", "--help"]
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(write)
    assert done.stderr == ""


def test_it_says_that_there_is_no_such_command() -> None:
    shown = CliRunner().invoke(main, ["explode"])
    assert shown.exit_code != 0
    assert "No such command" in shown.output
