"""The chat that the tests of pictures, videos and recordings share."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.bot.media.album import Album, open_album


@pytest.fixture
async def album(sqlite_database: Database) -> AsyncIterator[Album]:
    async with open_album(sqlite_database) as opened:
        yield opened
