"""Another instance, whose releases are taken in."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database, open_database
from tests.storage.exports.conftest import _not_waiting_for_the_disk as _not_waiting_for_the_disk
from tests.storage.exports.instance import fill


@pytest.fixture
async def source(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """Its database, with a row or more in every table."""
    opened = open_database(f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path / 'source.db')}")
    await fill(opened)
    yield opened
    await opened.close()
