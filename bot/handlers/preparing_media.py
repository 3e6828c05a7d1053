"""A picture, video or recording once more, as it would become public: fetched from LINE anew, read, covered, cleaned.

What of a picture may tell who somebody is has been covered before it is encoded, and its words masked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.drafts import Draft, draft_of
from bot.events import MediaMessage
from bot.handlers.asking import Asked, Person, ask_about, asks_too_much
from bot.media.content import ContentTooLargeError
from bot.media.covering import PrivatePart, cover, promise_of
from bot.media.desk import SeenPicture
from bot.media.reading import READ_WITH, ReadText
from bot.media.watching import MAX_KEPT_BYTES, Watched, clean_copy, passing_file, watch
from bot.media.words import Area
from bot.services import Services
from moderation.media_intake import MediaToPublish, take_in_media
from retrieval.pictures.decoding import encode_for_keeping
from retrieval.pictures.hashing import hashes_to_store
from storage.askers import ensure_asker
from storage.tables import ArticleType, HashKind

TYPES = {"video": ArticleType.VIDEO, "audio": ArticleType.AUDIO}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would become public, and what was read in it."""

    read: ReadText
    draft: Draft | None
    media: MediaToPublish
    parts: tuple[PrivatePart, ...] = ()
    """What of a picture is covered."""

    @property
    def mark(self) -> str | None:
        """The mark of words and covers; a consent that was given to others does not hold."""
        return promise_of(self.draft.public if self.draft else None, self.parts)


async def prepare_media(kept: MediaMessage, services: Services) -> Prepared:
    """Fetch and read it again. Raises what fetching, decoding and watching raise."""
    if kept.kind == "image":
        return await _prepare_picture(kept, services)
    return await _prepare_recording(kept, services)


async def publish_media(services: Services, person: Person, media: MediaToPublish) -> Asked:
    """Store it as an article, exactly as it was shown and agreed to, and let this person wait for an answer."""
    async with services.database.transaction() as session:
        return await publish_within(session, person, media)


async def publish_within(session: AsyncSession, person: Person, media: MediaToPublish) -> Asked:
    """The same in the session's own transaction, with whatever else belongs to it."""
    await ensure_asker(session, person.asker_id, person.line_user_id)
    if await asks_too_much(session, person):
        return Asked("too_many_questions")
    article = await take_in_media(session, media, contributor=person.asker_id)
    return await ask_about(session, person, article.id)


async def _prepare_picture(kept: MediaMessage, services: Services) -> Prepared:
    seen = await services.media.see(kept.message_id)
    read = await services.media.reader.read(seen.picture)
    draft = draft_of(read.text) if read.text else None
    parts = await services.media.find_private_parts(seen.picture, read)
    areas = [area for part in parts for area in part.areas]
    media = await asyncio.to_thread(picture_to_publish, seen, areas, draft.public if draft else None)
    return Prepared(read, draft, media, parts)


async def _prepare_recording(kept: MediaMessage, services: Services) -> Prepared:
    desk = services.media
    with passing_file() as path:
        await desk.content.save(kept.message_id, path, limit=MAX_KEPT_BYTES)
        watched = await watch(path, for_keeping=True)
        heard = await desk.listener.listen(path)
        copy = await clean_copy(path, kept.kind)
    if copy is None:
        raise ContentTooLargeError
    draft = draft_of(heard.text) if heard.text else None
    return Prepared(heard, draft, _recording_to_publish(kept.kind, watched, draft, copy, desk.listener.heard_with))


def picture_to_publish(seen: SeenPicture, areas: Sequence[Area], text: str | None) -> MediaToPublish:
    """Encoded from its pixels alone, with nothing left of these areas; found by its looks with and without covers."""
    shown = cover(seen.picture, areas)
    hashes = dict.fromkeys([*hashes_to_store(seen.picture), *(hashes_to_store(shown) if areas else ())])
    return MediaToPublish(
        type=ArticleType.IMAGE,
        text=text,
        content_type="image/jpeg",
        data=encode_for_keeping(shown),
        sha256=seen.sha256,
        hashes=[(HashKind.PICTURE, value) for value in hashes],
        width=seen.picture.width,
        height=seen.picture.height,
        read_with=READ_WITH,
    )


def _recording_to_publish(
    kind: str, watched: Watched, draft: Draft | None, copy: tuple[str, bytes], heard_with: str
) -> MediaToPublish:
    hashes = [(HashKind.FRAME, value) for value in watched.frames.to_keep]
    if watched.sound is not None and len(watched.sound):
        hashes.append((HashKind.SOUND, watched.sound.astype("<u4").tobytes()))
    return MediaToPublish(
        type=TYPES[kind],
        text=draft.public if draft else None,
        content_type=copy[0],
        data=copy[1],
        sha256=watched.sha256,
        hashes=hashes,
        width=watched.width,
        height=watched.height,
        duration_ms=round(watched.duration_s * 1000),
        read_with=heard_with,
    )
