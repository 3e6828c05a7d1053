"""Wordings that were surely an article's and that nobody agreed to publish: a keyed hash and how often it was seen.

Both functions run inside a transaction of the caller's and take a plain connection: a sighting is written with the end
of its event (see `storage/match_decisions.py`).
"""

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.tables import VariantAction, VariantLog, VariantSighting, utc_now

sightings: Table = VariantSighting.__table__  # type: ignore[attr-defined]
variant_log: Table = VariantLog.__table__  # type: ignore[attr-defined]

SURE_MATCH = "sure match"


def record_sighting(
    connection: Connection, *, article_id: str, key_hash: str, model_id: str, probability: float
) -> bool:
    """Count a wording of the article once more, and log it the first time; False where an editor has detached it."""
    now = utc_now()
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    seen = connection.scalar(
        upsert(sightings)
        .values(article_id=article_id, key_hash=key_hash, seen=1, first_seen_at=now, last_seen_at=now)
        .on_conflict_do_update(
            index_elements=["article_id", "key_hash"],
            set_={"seen": sightings.c.seen + 1, "last_seen_at": now},
            where=sightings.c.detached_at.is_(None),
        )
        .returning(sightings.c.seen)
    )
    if seen == 1:
        connection.execute(
            insert(variant_log).values(
                article_id=article_id,
                action=VariantAction.ATTACHED,
                key_hash=key_hash,
                actor=f"matcher:{model_id}",
                reason=SURE_MATCH,
                details={"probability": round(probability, 5)},
                created_at=now,
            )
        )
    return seen is not None


def forget_sighting(connection: Connection, article_id: str, key_hash: str) -> None:
    """Count a wording once less: its message was unsent, or the person said that it is another one."""
    one = (sightings.c.article_id == article_id, sightings.c.key_hash == key_hash)
    connection.execute(update(sightings).where(*one).values(seen=sightings.c.seen - 1))
    connection.execute(delete(sightings).where(*one, sightings.c.seen <= 0, sightings.c.detached_at.is_(None)))


def find_seen(connection: Connection, article_id: str, key_hash: str) -> int:
    """How often the wording was seen; 0 when never, or no more."""
    one = (sightings.c.article_id == article_id, sightings.c.key_hash == key_hash)
    return connection.scalar(select(sightings.c.seen).where(*one)) or 0
