"""Videos and recordings: looked up by their pictures, their sound and, where a model is configured, by what is said."""

from pathlib import Path

from bot.events import MediaMessage
from bot.handlers.looking_at_media import LookedUpMedia, decide_on
from bot.media.desk import MediaDesk
from bot.media.merging import LookedAt
from bot.media.reading import Reading, ReadText
from bot.media.watching import (
    MAX_BYTES,
    MAX_KEPT_BYTES,
    MediaFileError,
    passing_file,
    play_at_other_speeds,
    watch,
)
from bot.services import Services
from retrieval.pictures.index import Near

MAX_UNASKED_BYTES = 20_000_000
MAX_UNASKED_MS = 180_000
"""What is fetched though nobody asked: what is passed on in groups is short, and a longer one costs minutes of work."""


async def look_up_recording(event: MediaMessage, services: Services) -> LookedUpMedia:
    """Fetch, watch and listen. Raises what these raise."""
    desk = services.media
    with passing_file() as path:
        await desk.content.save(event.message_id, path, limit=MAX_BYTES)
        watched = await watch(path)
        same = desk.library.find_bytes(watched.sha256)
        near, sure = desk.library.find_recording(watched.frames, watched.sound)
        if watched.sound is not None and len(desk.library.sounds) and not (same or near or sure):
            near = await _find_at_other_speeds(desk, path)
        may_be_published = path.stat().st_size <= MAX_KEPT_BYTES
        heard = ReadText(Reading.NOTHING) if same or watched.sound is None else await desk.listener.listen(path)
    looked = LookedAt(same, near, sure, heard)
    return await decide_on(services, event, looked, watched.sha256, may_be_published=may_be_published)


async def find_known_recording(event: MediaMessage, services: Services) -> LookedUpMedia | None:
    """The same for one nobody asked about: nobody listens to what is said in it, and an unknown one is None.

    One at a time in this process, and none beside it: a group's videos must not keep those waiting who asked.
    """
    desk = services.media
    is_anything_known = len(desk.library.frames) or len(desk.library.sounds)
    if not is_anything_known or (event.duration_ms or 0) > MAX_UNASKED_MS or desk.unasked.locked():
        return None
    async with desk.unasked:
        with passing_file() as path:
            await desk.content.save(event.message_id, path, limit=MAX_UNASKED_BYTES)
            watched = await watch(path)
    same = desk.library.find_bytes(watched.sha256)
    near, sure = desk.library.find_recording(watched.frames, watched.sound)
    if not same and not sure:
        return None
    return await decide_on(services, event, LookedAt(same, near, sure, None), watched.sha256)


async def _find_at_other_speeds(desk: MediaDesk, path: Path) -> list[Near]:
    """None where it cannot be played so: by then it was watched, and the person is answered about that."""
    try:
        sounds = await play_at_other_speeds(path)
    except MediaFileError:
        return []
    return await desk.library.find_at_other_speeds(sounds)
