"""The pictures, videos and recordings that are known, held in memory and kept equal to the database.

It follows the same change log as the text index, so what is published is found within a second and what is withdrawn
or taken back is gone as fast. There is no snapshot: reading all hashes takes a moment (scripts/bench/RESULTS.md).
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import structlog

from bot.media.frames import Frames
from bot.media.recordings import match_other_speeds, match_recording
from retrieval.pictures.index import Near, PictureIndex
from retrieval.sounds import Fingerprint, SoundIndex
from storage.database import Database
from storage.index_changes import LogTrimmedError, latest_seq, load_changes
from storage.media import StoredHash, load_hashed_articles, load_media_hashes
from storage.tables import HashKind

POLL_S = 0.25
PAUSE_S = 2.0
CHANGES_AT_ONCE = 256
ARTICLES_AT_ONCE = 2_000

log = structlog.get_logger()


class MediaLibrary:
    """Three ways to an article: the same bytes, a picture like it, the same sound."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loaded = asyncio.Event()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._loaded.clear()
        self._seq = 0
        self._bytes: dict[bytes, str] = {}
        self._bytes_of: dict[str, list[bytes]] = {}
        self.pictures = PictureIndex()
        self.frames = PictureIndex()
        self.sounds = SoundIndex()

    async def wait_ready(self) -> None:
        """Wait without end where the database is away: whoever answers somebody bounds it."""
        await self._loaded.wait()

    def find_bytes(self, sha256: bytes) -> str | None:
        """The article with exactly this file."""
        return self._bytes.get(sha256)

    def find_recording(self, frames: Frames, sound: Fingerprint | None) -> tuple[list[Near], list[tuple[str, float]]]:
        """The articles with the same video or recording; see `bot.media.recordings`."""
        return match_recording(frames, sound, self.frames, self.sounds)

    async def find_at_other_speeds(self, sounds: Sequence[Fingerprint]) -> list[Near]:
        """The articles with the same sound at another speed, each once; others have their turn after each speed."""
        found: dict[str, Near] = {}
        for sound in sounds:
            found |= {near.article_id: near for near in match_other_speeds([sound], self.sounds)}
            await asyncio.sleep(0)
        return list(found.values())

    async def run(self) -> None:
        """Load all there is, then follow for ever; a database that is away for a while is waited for."""
        while True:
            try:
                if not self._loaded.is_set():
                    await self.load()
                while await self.catch_up():
                    pass
            except LogTrimmedError:  # longer without the database than the log is kept
                log.error("media_cut_off", seq=self._seq)
                self._begin_anew()
            except Exception:
                log.exception("media_not_followed", seq=self._seq)
                await asyncio.sleep(PAUSE_S)
            await asyncio.sleep(POLL_S)

    async def load(self) -> None:
        """Take in everything. What changes meanwhile is taken in again from the log."""
        async with self._database.reading() as session:
            self._seq = await latest_seq(session)
            articles = await load_hashed_articles(session)
        for start in range(0, len(articles), ARTICLES_AT_ONCE):
            await self._take_in(articles[start : start + ARTICLES_AT_ONCE])
        self._loaded.set()

    async def catch_up(self) -> int:
        """Take in the next changes and return how many there were."""
        async with self._database.reading() as session:
            changes = await load_changes(session, self._seq, CHANGES_AT_ONCE)
        if changes:
            await self._take_in(list(dict.fromkeys(change.article_id for change in changes)))
            self._seq = changes[-1].seq or self._seq
        return len(changes)

    async def _take_in(self, article_ids: list[str]) -> None:
        async with self._database.reading() as session:
            found = await load_media_hashes(session, article_ids)
        for article_id, hashes in found.items():
            try:
                self._replace(article_id, hashes)
            except ValueError:  # a hash that is none, from wherever: the other articles' are not to wait for it
                log.exception("media_not_taken_in", article_id=article_id)

    def _replace(self, article_id: str, hashes: list[StoredHash]) -> None:
        by_kind: defaultdict[HashKind, list[bytes]] = defaultdict(list)
        for stored in hashes:
            by_kind[stored.kind].append(stored.value)
        for old in self._bytes_of.pop(article_id, []):
            with contextlib.suppress(KeyError):
                del self._bytes[old]
        if by_kind[HashKind.BYTES]:
            self._bytes_of[article_id] = by_kind[HashKind.BYTES]
            self._bytes.update(dict.fromkeys(by_kind[HashKind.BYTES], article_id))
        self.pictures.replace_article(article_id, by_kind[HashKind.PICTURE])
        self.frames.replace_article(article_id, by_kind[HashKind.FRAME])
        self.sounds.replace_article(article_id, [to_fingerprint(value) for value in by_kind[HashKind.SOUND]])


def to_fingerprint(stored: bytes) -> Fingerprint:
    """The stored form, little-endian 32-bit numbers, as an array."""
    return np.frombuffer(stored, "<u4").astype(np.uint32)
