"""How a reply read before it was corrected."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Reply, ReplyVersion


async def keep_version(session: AsyncSession, reply: Reply) -> None:
    """Keep what the reply says now, before it says something else."""
    newest = await session.scalar(select(func.max(ReplyVersion.version)).where(col(ReplyVersion.reply_id) == reply.id))
    session.add(
        ReplyVersion(
            reply_id=reply.id,
            version=(newest or 0) + 1,
            verdict=reply.verdict,
            text=reply.text,
            reference=reply.reference,
            contributor=reply.contributor,
        )
    )
