"""The chat that the tests of pictures, videos and recordings share."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.buttons import Buttons
from bot.media.desk import MediaDesk
from bot.media.library import MediaLibrary
from bot.media.listening import Listener
from bot.pseudonyms import Pseudonyms
from bot.settings import Settings
from bot.wording import load_wordings
from storage.database import Database
from storage.inbox import Inbox
from storage.payloads import derive_payload_key
from tests.bot.conversation import Conversation, build_services
from tests.bot.fakes import SECRET_KEY
from tests.bot.media.album import Album, FakeContent, FakeReader


@pytest.fixture
async def album(sqlite_database: Database) -> AsyncIterator[Album]:
    inbox = Inbox(
        sqlite_database, encryption_key=derive_payload_key(SECRET_KEY), owner="test", lease=timedelta(seconds=60)
    )
    await inbox.start()
    content, reader, library = FakeContent(), FakeReader(), MediaLibrary(sqlite_database)
    await library.load()
    desk = MediaDesk(content=content, library=library, reader=reader, listener=Listener(None))  # type: ignore[arg-type]
    services = build_services(
        sqlite_database,
        inbox,
        settings=Settings(PUBLIC_URL="https://chaming.example.tw", SECRET_KEY=SECRET_KEY),
        pseudonyms=Pseudonyms(SECRET_KEY),
        buttons=Buttons(SECRET_KEY),
        wordings=load_wordings(),
        media=desk,
    )
    chat = Conversation(services)
    chat.will_find()
    yield Album(chat, content, reader, library, sqlite_database)
    await desk.close()
    await inbox.close()
