"""The scheduled release: in a process of its own, once a week, and only when something changed."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import load_settings
from scripts.exports.run import export_when_due, recall_what_was_taken_back
from scripts.jobs import JOBS
from storage.database import open_database
from storage.exports.manifest import ReleaseError, list_releases
from storage.migrations import migrate
from storage.tables import utc_now
from tests.storage.exports.instance import fill


@pytest.mark.slow
async def test_it_releases_once_a_week_and_only_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("EXPORT_LICENCE", "CC0-1.0")
    settings = load_settings()
    database = open_database(settings.database_url)
    await migrate(database)
    await fill(database)
    await database.close()
    assert (await export_when_due(settings, utc_now())).startswith("released 1.0.0_")
    assert "is not a week old" in await export_when_due(settings, utc_now() + timedelta(days=6))
    assert await export_when_due(settings, utc_now() + timedelta(days=7)) == "nothing changed since the last release"
    assert await recall_what_was_taken_back(settings) == "nothing in any release was taken back since"
    (made,) = list_releases(tmp_path / "releases")
    assert (made.instance, made.licence) == ("localhost:8080", "CC0-1.0")
    (tmp_path / "releases" / made.release / "manifest.json").write_text("{}")
    with pytest.raises(ReleaseError, match="is no release"):
        await export_when_due(settings, utc_now())
    assert {"export", "recall"} <= set(JOBS)
