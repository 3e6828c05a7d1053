"""`chaming evaluate --from-feedback`: from the database to the figures."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from retrieval.calibration import CALIBRATION_PATH
from retrieval.signals import FEATURES
from scripts.commands.evaluate_command import command
from scripts.evaluate import NOTHING_CHOSEN
from storage.database import open_database
from storage.tables import Choice, MatchDecision, MatchOutcome

SHIPPED = str(json.loads(CALIBRATION_PATH.read_text(encoding="utf-8"))["model_id"]) + "#onnx-int8"


@pytest.fixture
def installation(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty, migrated SQLite installation; its database's URL."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    return sqlite_url


def make(decision_id: str, model_id: str, choice: Choice | None, article_id: str | None = None) -> MatchDecision:
    """Two articles shown; the first with signals nothing would be answered for."""
    offers = [
        {
            "article_id": name,
            "probability": 0.97,
            "band": "answer",
            "contradicted": False,
            "short": False,
            "signals": dict.fromkeys(FEATURES, 0.0),
        }
        for name in ("first", "second")
    ]
    return MatchDecision(
        id=decision_id,
        outcome=MatchOutcome.CANDIDATES,
        model_id=model_id,
        offered=offers,
        choice=choice,
        chosen_article_id=article_id,
    )


def test_it_reports_by_model_and_judges_the_adopted_ones_again(installation: str) -> None:
    asyncio.run(
        _fill(
            installation,
            [
                make("1", SHIPPED, Choice.THIS, "first"),
                make("2", SHIPPED, Choice.NONE),
                make("3", SHIPPED, None),
                make("4", "other@1#onnx-int8", Choice.NONE),
            ],
        )
    )
    result = CliRunner().invoke(command, ["--from-feedback", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["feedback"]["n_decisions"] == 4
    assert report["feedback"]["n"] == 3
    ours, other = report["by_model"][SHIPPED], report["by_model"]["other@1#onnx-int8"]
    assert (ours["n_decisions"], ours["n"], ours["rank1_agreement"]) == (3, 2, 0.5)
    assert ours["still_answered"] == 0.0  # today's calibration sees nothing in those signals
    assert other["still_answered"] == 1.0  # no calibration for that one: as it was then


def test_it_prints_a_table(installation: str) -> None:
    asyncio.run(_fill(installation, [make("1", SHIPPED, Choice.NONE)]))
    result = CliRunner().invoke(command, ["--from-feedback"])
    assert "rank1_agreement" in result.stdout
    assert SHIPPED in result.stdout


def test_it_says_so_while_nobody_has_chosen(installation: str) -> None:
    asyncio.run(_fill(installation, [make("1", SHIPPED, None)]))
    result = CliRunner().invoke(command, ["--from-feedback"])
    assert result.exit_code == 0
    assert NOTHING_CHOSEN in result.stdout
    assert "1 messages" in result.stdout
    assert "0.000" not in result.stdout


def test_it_wants_a_folder_or_feedback_not_both(installation: str, tmp_path: Path) -> None:
    for arguments in ([], ["--from-feedback", str(tmp_path)]):
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 2
        assert "--from-feedback" in result.output


def test_a_database_without_tables_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    result = CliRunner().invoke(command, ["--from-feedback"])
    assert result.exit_code == 1
    assert "chaming migrate" in result.output


async def _fill(url: str, decisions: list[MatchDecision]) -> None:
    database = open_database(url)
    async with database.transaction() as session:
        session.add_all(decisions)
    await database.close()
