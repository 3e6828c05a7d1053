"""`chaming doctor`: what is well, what is worth a look, what keeps this installation from answering."""

import os
import re
import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.engine import URL

from bot.settings import Settings
from retrieval.adaptation import ADAPTED_MODEL
from retrieval.index import MatchingIndex
from retrieval.model_manifest import MANIFEST, model_folder
from scripts import doctor
from scripts.backup import FINGERPRINT
from scripts.cli import main
from scripts.doctor import check_addresses, check_backups, check_inbox, check_index, check_jobs, check_key, examine
from scripts.findings import Finding
from scripts.simulator.line import running_simulator
from storage.database import Database
from storage.tables import InboxEvent, JobRun, utc_now
from tests.retrieval.made import DIMENSION

KEY = "a key for tests, long enough"
NAMES = [str(field.validation_alias) for field in Settings.model_fields.values()]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DATA_DIR, not there yet, and no settings from anywhere else."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def run(**settings: str) -> Result:
    return CliRunner().invoke(main, ["doctor"], env=settings)


def marks(output: str, mark: str) -> list[str]:
    return re.findall(rf"^{mark} (.*)", output, re.MULTILINE)


async def findings(settings: Settings, *, line: bool = False) -> list[Finding]:
    return [finding async for finding in examine(settings, line=line)]


def test_it_says_of_an_empty_folder_what_is_to_be_done_and_makes_nothing(tmp_path: Path) -> None:
    done = run()
    assert done.exit_code == 1
    wrong = marks(done.output, "✗")
    assert [word for word in ("no database", "model prepare", "LINE_CHANNEL_SECRET") if word in " ".join(wrong)] == [
        "no database",
        "model prepare",
        "LINE_CHANNEL_SECRET",
    ]
    assert list(tmp_path.iterdir()) == []


def test_it_names_each_setting_that_is_wrong_and_repeats_no_secret() -> None:
    done = run(PORT="eighty", LINE_CHANNEL_SECRET="密鑰密鑰", SECRET_KEY="hunter2")
    assert done.exit_code == 1
    assert sorted(line.split()[0] for line in marks(done.output, "✗")) == ["LINE_CHANNEL_SECRET", "PORT", "SECRET_KEY"]
    assert "hunter2" not in done.output
    assert "密鑰" not in done.output


async def test_it_finds_what_is_wrong_inside(sqlite_database: Database, data_dir: Path) -> None:
    now = utc_now()
    async with sqlite_database.transaction() as session:
        session.add(JobRun(name="export", started_at=now, finished_at=now, outcome="PermissionError"))
        session.add(InboxEvent(event_id="1", timestamp=1, received_at=now - timedelta(hours=2)))
    found = await findings(Settings(DATA_DIR=data_dir, DATABASE_URL=str(sqlite_database.url), SECRET_KEY=KEY))
    texts = {finding.is_good: "\n".join(f.text for f in found if f.is_good is finding.is_good) for finding in found}
    assert "its schema is this version's (sqlite)" in texts[True]
    assert "export (PermissionError)" in texts[None]
    assert "1 messages wait in the inbox, the oldest for 120 minutes" in texts[False]
    assert "holds no answer" in texts[False]
    assert KEY not in str(found)


async def test_it_says_that_the_schema_is_older(tmp_path: Path) -> None:
    (tmp_path / "old.db").touch()
    settings = Settings(DATA_DIR=tmp_path, DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path / 'old.db'}", SECRET_KEY=KEY)
    assert [f.is_good for f in await findings(settings) if "is older" in f.text] == [None]  # `serve` migrates it


async def test_it_says_that_a_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database" * 1000)
    settings = Settings(DATA_DIR=tmp_path, DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path / 'text.db'}", SECRET_KEY=KEY)
    assert [f.is_good for f in await findings(settings) if "cannot be used" in f.text] == [False]


@pytest.mark.postgres
async def test_it_says_that_a_server_has_no_such_database(postgres_server: URL, tmp_path: Path) -> None:
    url = postgres_server.set(database="never_made").render_as_string(hide_password=False)
    found = await findings(Settings(DATA_DIR=tmp_path, DATABASE_URL=url, SECRET_KEY=KEY))
    assert [f.is_good for f in found if "cannot be used" in f.text] == [False]


@pytest.mark.model
async def test_it_finds_nothing_wrong_with_an_installation_that_can_answer(
    sqlite_database: Database, prepared_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").symlink_to(prepared_models)

    async def with_answers(settings: Settings) -> dict[str, object]:
        return await status(settings) | {"articles_in_database": 3}

    status = doctor.read_status
    monkeypatch.setattr(doctor, "read_status", with_answers)
    MatchingIndex("m@1#x", DIMENSION).save(tmp_path / "data" / "index")
    async with running_simulator() as line:
        line.channel.webhook_url = "http://127.0.0.1:1/callback"
        settings = Settings(
            **line.settings(),
            DATA_DIR=tmp_path / "data",
            DATABASE_URL=str(sqlite_database.url),
            SECRET_KEY=KEY,
            PUBLIC_URL="http://127.0.0.1:1",
        )
        found = await findings(settings, line=True)
    assert [finding for finding in found if finding.is_good is False] == []
    assert any("its manifest holds" in finding.text for finding in found)
    assert any("The token is good" in finding.text for finding in found)


def test_it_says_how_to_take_in_a_new_version_of_the_bundled_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, adopted = Settings(DATA_DIR=tmp_path, SECRET_KEY=KEY), f"{ADAPTED_MODEL}@1#onnx-int8"
    folder = model_folder(tmp_path, ADAPTED_MODEL)
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text('{"format": 1}')
    found = doctor.check_model(settings, adopted)
    assert (found.is_good, "format 1" in found.text) == (False, True)
    assert found.advice == f"chaming model prepare {ADAPTED_MODEL}, then chaming model adopt {ADAPTED_MODEL}"

    prepared = SimpleNamespace(model_id=f"{ADAPTED_MODEL}@2#onnx-int8")
    monkeypatch.setattr(doctor, "check_manifest", lambda _: prepared)
    monkeypatch.setattr(doctor, "find_calibration", lambda *_: None)
    found = doctor.check_model(settings, adopted)
    assert (found.is_good, found.advice) == (False, f"chaming model adopt {ADAPTED_MODEL}")


def test_it_refuses_a_folder_it_may_not_write_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert doctor.check_folder(tmp_path).is_good is False


@pytest.mark.parametrize(("free", "good"), [(10**8, False), (10**9, None), (10**10, True)])
def test_it_tells_how_full_the_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, good: bool | None
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 0, free))  # type: ignore[attr-defined]
    assert [finding.is_good for finding in doctor.check_disk(tmp_path / "not" / "there")] == [good]


def test_it_looks_at_who_may_read_the_key(data_dir: Path) -> None:
    settings = Settings(DATA_DIR=data_dir)
    assert check_key(settings).is_good is True
    (data_dir / "secret-key").chmod(0o644)
    assert check_key(settings).is_good is None


def test_it_wants_https_where_line_itself_delivers() -> None:
    keys = {"LINE_CHANNEL_SECRET": "s", "LINE_CHANNEL_ID": "1", "SECRET_KEY": KEY}
    for url, api, good in (
        ("http://bot.example.org", "https://api.line.me", False),
        ("https://bot.example.org", "https://api.line.me", True),
        ("http://localhost:8080", "http://127.0.0.1:9000", True),
    ):
        assert [f.is_good for f in check_addresses(Settings(**keys, PUBLIC_URL=url, LINE_API_URL=api))] == [good]


def test_it_takes_a_dead_process_for_a_failure_and_a_running_one_for_none() -> None:
    now = utc_now()
    running = JobRun(name="themes", lease_until=now + timedelta(minutes=1))
    assert check_jobs([running, JobRun(name="retention", outcome="3 deleted")], now).is_good is True
    assert "themes" in check_jobs([running], now + timedelta(hours=1)).text


def test_it_lets_messages_wait_a_moment() -> None:
    now = utc_now()
    assert check_inbox(3, now - timedelta(seconds=2), 0, now).is_good is True
    assert check_inbox(0, None, 2, now).is_good is None


def test_a_snapshot_that_cannot_be_used_keeps_nothing_from_answering() -> None:
    status: dict[str, object] = {"articles_in_database": 3, "problem": "It is damaged.", "entries": None}
    assert [finding.is_good for finding in check_index(status)] == [None]
    fresh = status | {"problem": None, "entries": 9, "changes_behind": 2}
    assert [finding.text for finding in check_index(fresh)] == [
        "The search index holds 9 entries, 2 changes behind, which a start takes in."
    ]


def test_it_tells_how_old_the_newest_backup_is(tmp_path: Path) -> None:
    assert "no backup" in check_backups(tmp_path, utc_now()).text
    (tmp_path / "monday").mkdir()
    (tmp_path / "monday" / FINGERPRINT).touch()
    assert check_backups(tmp_path, utc_now()).is_good is True
    assert "30 days" in check_backups(tmp_path, utc_now() + timedelta(days=30, minutes=1)).text
