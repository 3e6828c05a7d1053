"""`chaming editor add` and `chaming audit verify`, as somebody who sets up an instance uses them."""

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scripts.cli import main


@pytest.fixture
def instance(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DATA_DIR with a migrated, empty database."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PUBLIC_URL", "https://bot.example.org")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.usefixtures("instance")
def test_it_makes_the_first_editor_and_prints_a_link() -> None:
    added = call("editor", "add", "First@Example.org", "--role", "trusted")
    assert added.exit_code == 0
    assert added.stdout.startswith("https://bot.example.org/review/sign-in/link?token=")
    again = call("editor", "add", "first@example.org", "--role", "administrator")
    assert (again.exit_code, again.stdout == added.stdout) == (0, False)
    refused = call("editor", "add", "nonsense")
    assert (refused.exit_code, "no e-mail address" in refused.stderr) == (1, True)


@pytest.mark.usefixtures("instance")
def test_it_finds_an_audit_log_that_was_cut(tmp_path: Path) -> None:
    for role in ("trusted", "moderator"):
        call("editor", "add", "first@example.org", "--role", role)
    whole = call("audit", "verify")
    assert whole.stdout.startswith("2 entries, whole")
    last_hash = whole.stdout.split()[-1]
    assert call("audit", "verify", "--expect", last_hash).exit_code == 0
    with sqlite3.connect(tmp_path / "chaming.db") as database:
        database.execute("DROP TRIGGER audit_entry_no_delete")
        database.execute("DELETE FROM audit_entry WHERE seq = 2")
    database.close()
    assert call("audit", "verify").exit_code == 0, "a cut end leaves a whole chain"
    cut = call("audit", "verify", "--expect", last_hash)
    assert (cut.exit_code, "cut" in cut.stderr) == (1, True)
