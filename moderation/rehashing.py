"""Pictures published before are hashed anew when hashing has learned to give more: from the bytes their pages show.

In small steps, and resumable: each picture is marked in the transaction that adds its hashes. Hashing is done beside
the loop, with no transaction open.
"""

import asyncio

from moderation.announcing import announce_texts
from retrieval.pictures.decoding import PictureError, decode_picture
from retrieval.pictures.hashing import VERSION, hashes_to_store
from storage.database import Database
from storage.media import add_picture_hashes, find_stored_media, load_hashed_before

AT_ONCE = 50
"""Pictures looked for at once."""
A_RUN = 500
"""Pictures in one run of the job: a minute or two of one core."""


async def hash_pictures_anew(database: Database, most: int = A_RUN) -> tuple[int, int]:
    """Hash pictures that an older version has hashed; how many were looked at, and how many of them got more hashes."""
    looked_at = with_more = 0
    while looked_at < most:
        async with database.reading() as session:
            article_ids = await load_hashed_before(session, VERSION, min(AT_ONCE, most - looked_at))
        if not article_ids:
            break
        for article_id in article_ids:
            with_more += await _hash_anew(database, article_id)
        looked_at += len(article_ids)
    return looked_at, with_more


async def _hash_anew(database: Database, article_id: str) -> bool:
    async with database.reading() as session:
        stored = await find_stored_media(session, article_id)
    hashes = await asyncio.to_thread(_hash, *stored) if stored else []
    async with database.transaction() as session:
        leads_to = await add_picture_hashes(session, article_id, hashes, VERSION)
        if leads_to is not None:
            await announce_texts(session, [leads_to])
    return leads_to is not None


def _hash(content_type: str, data: bytes) -> list[bytes]:
    """Nothing of what is no picture: recordings are known again otherwise."""
    if not content_type.startswith("image/"):
        return []
    try:
        return hashes_to_store(decode_picture(data))
    except PictureError:  # and it will be none the next time
        return []
