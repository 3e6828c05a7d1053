"""What a page shows, read in one go: the way for readings that every page makes.

An `AsyncSession` on SQLite changes threads at each of its steps, some ten for one statement, and all pages share
one loop. `look` changes once, whatever the number of statements. They must be short, since the bot's answers look there
too: each finds what it needs by index. What grows with a table, or with what somebody has done, is for `reading()`.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from storage.database import Database

T = TypeVar("T")


async def look(database: Database, read: Callable[[Session], T]) -> T:
    """Return what `read` finds, in one consistent view."""
    return await database.look(partial(_in_session, read))


def _in_session(read: Callable[[Session], T], connection: Connection) -> T:
    with Session(connection, expire_on_commit=False) as session:
        return read(session)
