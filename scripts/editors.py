"""What `chaming editor add` does."""

import asyncio
from datetime import UTC, datetime, timedelta

import click

from bot.settings import Settings
from moderation.console import audit
from moderation.console.editors import EditorError, add_editor
from moderation.console.sessions import make_link
from storage.database import open_database
from storage.migrations import migrate
from storage.tables import Role

LINK_LASTS = timedelta(days=1)


def add_and_link(settings: Settings, email: str, role: str, name: str) -> str:
    """Make the account, or change its role; returns a one-time sign-in link."""
    try:
        return asyncio.run(_add_and_link(settings, email, Role(role), name))
    except EditorError as error:
        raise click.ClickException(str(error)) from None


async def _add_and_link(settings: Settings, email: str, role: Role, name: str) -> str:
    database = open_database(settings.database_url)
    try:
        if settings.uses_sqlite:
            await migrate(database)
        now = datetime.now(UTC)
        async with database.transaction() as session:
            editor = await add_editor(session, email, role, now)
            editor.name = name or editor.name
            session.add(editor)
            token = await make_link(session, editor.id, now, LINK_LASTS)
            await audit.record(session, None, "add editor", f"editor:{editor.id}", {"role": role.value})
    finally:
        await database.close()
    return f"{settings.public_url}/review/sign-in/link?token={token}"
