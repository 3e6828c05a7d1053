"""`chaming block`: who is not answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


@click.group()
def command() -> None:
    """Who is not answered: people, groups and rooms, by the pseudonym that logs and console show."""


@command.command()
@click.argument("chat")
@click.option("--reason", required=True, help="Why; for whoever looks at the list later.")
@click.option("--days", type=click.IntRange(1), help="For how long; without it until `chaming block remove`.")
def add(chat: str, reason: str, days: int | None) -> None:
    """Stop answering CHAT. Running processes follow within seconds."""
    from storage.blocked_chats import block_chat
    from storage.tables import utc_now

    until: datetime | None = utc_now() + timedelta(days=days) if days else None
    asyncio.run(_change(lambda session: block_chat(session, chat, reason, until)))
    click.echo(f"{chat} is not answered" + (f" for {days} days." if days else " any more."))


@command.command()
@click.argument("chat")
def remove(chat: str) -> None:
    """Answer CHAT again."""
    from storage.blocked_chats import unblock_chat

    if not asyncio.run(_change(lambda session: unblock_chat(session, chat))):
        raise click.ClickException(f"{chat} is not on the list.")
    click.echo(f"{chat} is answered again.")


@command.command(name="list")
def show() -> None:
    """Show the list: pseudonym, until when, why."""
    from storage.blocked_chats import list_blocked

    for row in asyncio.run(_change(list_blocked)):
        click.echo(f"{row.chat}\t{row.until or 'for good'}\t{row.reason}")


async def _change(act: Callable[[AsyncSession], Awaitable[T]]) -> T:
    from sqlalchemy.exc import SQLAlchemyError

    from scripts.settings_option import settings_or_exit
    from storage.database import open_database

    database = open_database(settings_or_exit().database_url)
    try:
        async with database.transaction() as session:
            return await act(session)
    except (SQLAlchemyError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise click.ClickException(f"The database cannot be used ({reason}). Was `chaming migrate` run?") from error
    finally:
        await database.close()
