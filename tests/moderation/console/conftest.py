"""The console over a fresh database, and people who sign in to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from storage.database import Database
from storage.tables import Role
from tests.moderation.console.desk import Desk, Volunteer, open_desk

SignIn = Callable[..., Awaitable[Volunteer]]


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    async with open_desk(sqlite_database) as opened:
        yield opened


@pytest.fixture
async def sign_in(desk: Desk) -> AsyncIterator[SignIn]:
    """`await sign_in(Role.TRUSTED)`: a person of that role, in a browser of their own."""
    async with AsyncExitStack() as stack:

        async def enter(role: Role = Role.REVIEWER, **given: str) -> Volunteer:
            return await stack.enter_async_context(desk.sign_in(role, **given))

        yield enter


@pytest.fixture
async def volunteer(sign_in: SignIn) -> Volunteer:
    return await sign_in(Role.REVIEWER, name="Vol")


@pytest.fixture
async def second_volunteer(sign_in: SignIn) -> Volunteer:
    return await sign_in(Role.REVIEWER, name="Second")


@pytest.fixture
async def moderator(sign_in: SignIn) -> Volunteer:
    return await sign_in(Role.MODERATOR, name="Mod")
