"""Writing many rows at once, exactly as they are."""

from collections.abc import Sequence

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel


async def insert_rows(session: AsyncSession, rows: Sequence[SQLModel]) -> None:
    """Insert rows of one table. An empty field stays empty: a session would put today's date where None was meant.

    Numbers that the database gives out are left to it. No mapper event runs.
    """
    if not rows:
        return
    await session.flush()
    table: Table = type(rows[0]).__table__  # type: ignore[attr-defined]
    numbered = table.autoincrement_column
    omitted = {numbered.key} if numbered is not None else set()
    await session.execute(insert(table), [row.model_dump(exclude=omitted) for row in rows])
