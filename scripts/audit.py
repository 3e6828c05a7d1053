"""What `chaming audit verify` does."""

import asyncio

import click

from bot.settings import Settings
from moderation.console.audit import Verified, holds_hash, verify
from storage.database import open_database


def verify_log(settings: Settings, expected: str | None) -> str:
    """Walk the chain; returns a line with its last hash, or raises with what is wrong."""
    found, is_there = asyncio.run(_verify(settings, expected))
    if found.broken_at is not None:
        raise click.ClickException(f"The audit log is broken at entry {found.broken_at}.")
    if not is_there:
        raise click.ClickException(f"The chain is whole, but {expected} is not in it: it was written anew, or cut.")
    return f"{found.entries} entries, whole. Last hash: {found.last_hash}"


async def _verify(settings: Settings, expected: str | None) -> tuple[Verified, bool]:
    database = open_database(settings.database_url)
    try:
        async with database.reading() as session:
            return await verify(session), expected is None or await holds_hash(session, expected)
    finally:
        await database.close()
