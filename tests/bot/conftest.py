"""Every test of the bot logs as a running process does: without what people wrote. And a chat with the handlers."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.buttons import Buttons
from bot.logs import configure_logs
from bot.pseudonyms import Pseudonyms
from bot.settings import Settings
from bot.wording import load_wordings
from storage.database import Database
from storage.inbox import Inbox
from storage.payloads import derive_payload_key
from tests.bot.conversation import Conversation, build_services
from tests.bot.fakes import SECRET_KEY


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    handlers = logging.getLogger().handlers[:]
    configure_logs("debug")
    yield
    logging.getLogger().handlers[:] = handlers


@asynccontextmanager
async def talking(database: Database) -> AsyncIterator[Conversation]:
    """A conversation with the real handlers and the real inbox over a database; nothing is found until it is told."""
    inbox = Inbox(database, encryption_key=derive_payload_key(SECRET_KEY), owner="test", lease=timedelta(seconds=60))
    await inbox.start()
    services = build_services(
        database,
        inbox,
        settings=Settings(PUBLIC_URL="https://chaming.example.tw", SECRET_KEY=SECRET_KEY),
        pseudonyms=Pseudonyms(SECRET_KEY),
        buttons=Buttons(SECRET_KEY),
        wordings=load_wordings(),
    )
    conversation = Conversation(services)
    conversation.will_find()
    yield conversation
    await services.newcomers.close()
    await inbox.close()


@pytest.fixture
async def chat(sqlite_database: Database) -> AsyncIterator[Conversation]:
    async with talking(sqlite_database) as conversation:
        yield conversation


@pytest.fixture
async def anywhere(database: Database) -> AsyncIterator[Conversation]:
    """The same on each database in turn."""
    async with talking(database) as conversation:
        yield conversation
