"""Every test of the bot logs as a running process does: without what people wrote."""

import logging
from collections.abc import Iterator

import pytest

from bot.logs import configure_logs


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    handlers = logging.getLogger().handlers[:]
    configure_logs("debug")
    yield
    logging.getLogger().handlers[:] = handlers
