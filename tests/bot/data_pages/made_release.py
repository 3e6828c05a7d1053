"""Makes releases of a database for the tests, as `chaming export` would."""

from datetime import datetime
from pathlib import Path

from storage.database import Database
from storage.exports.manifest import Manifest
from storage.exports.release import ExportRequest, make_release


async def release(database: Database, root: Path, now: datetime) -> Manifest:
    request = ExportRequest(
        root=root,
        instance="chaming",
        secret_key="a secret for tests, long enough",
        licence="CC-BY-SA-4.0",
        attribution="The volunteers of chaming",
    )
    made = await make_release(database, request, now)
    assert made
    return made
