"""Makes releases for the tests, as `chaming export` would."""

from datetime import datetime, timedelta
from pathlib import Path

from storage.database import Database, open_database
from storage.exports.manifest import Manifest
from storage.exports.release import ExportRequest, make_release
from storage.migrations import migrate
from storage.tables import Article
from tests.bot.data_pages.conftest import fill


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


async def publish_two(folder: Path, now: datetime) -> list[Manifest]:
    """Two releases of one epoch into `folder/releases`, oldest first: the second has one more article."""
    database = open_database(f"sqlite+aiosqlite:///{folder}/chaming.db")
    await migrate(database)
    await fill(database, now)
    first = await release(database, folder / "releases", now)
    async with database.transaction() as session:
        session.add(Article(id="later", text="<b>later</b>" + "長" * 500, created_at=now))
    second = await release(database, folder / "releases", now + timedelta(days=7))
    await database.close()
    return [first, second]
