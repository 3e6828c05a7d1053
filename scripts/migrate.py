"""Migrating from the command line."""

import asyncio

import click
from sqlalchemy.exc import SQLAlchemyError

from bot.settings import SettingsError, load_settings
from storage.database import DatabaseError, open_database
from storage.migrations import migrate


def run_migrate() -> None:
    """Migrate the database of the settings; any failure is one clear line."""
    try:
        url = load_settings().database_url
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    try:
        asyncio.run(_migrate(url))
    except (DatabaseError, SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"The database cannot be migrated: {str(error).splitlines()[0]}") from error


async def _migrate(url: str) -> None:
    database = open_database(url)
    try:
        await migrate(database)
    finally:
        await database.close()
