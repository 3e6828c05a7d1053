"""Who is not answered: people, groups and rooms, by their pseudonyms."""

from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import BlockedChat


async def load_blocked(session: AsyncSession, now: datetime) -> list[str]:
    """The chats that are blocked at this moment."""
    until = col(BlockedChat.until)
    rows = await session.scalars(select(col(BlockedChat.chat)).where(or_(until.is_(None), until > now)))
    return list(rows)


async def list_blocked(session: AsyncSession) -> list[BlockedChat]:
    """All rows, those whose time is over included, the newest first."""
    return list(await session.scalars(select(BlockedChat).order_by(col(BlockedChat.created_at).desc())))


async def block_chat(session: AsyncSession, chat: str, reason: str, until: datetime | None) -> None:
    """Block, or change reason and time of a block."""
    await session.merge(BlockedChat(chat=chat, reason=reason, until=until))


async def unblock_chat(session: AsyncSession, chat: str) -> bool:
    removed = await session.execute(
        delete(BlockedChat).where(col(BlockedChat.chat) == chat).returning(col(BlockedChat.chat))
    )
    return removed.first() is not None
