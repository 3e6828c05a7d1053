"""What a process needs to look at pictures, videos and recordings: made once, by the composition root."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog
from PIL import Image

from bot.media.content import ContentClient, open_content_client
from bot.media.covering import FACE, MAX_PARTS, PrivatePart, find_private_parts
from bot.media.faces import find_faces
from bot.media.library import MediaLibrary
from bot.media.listening import Listener, open_listener
from bot.media.reading import ReadText, TextReader, why_unreadable
from bot.media.watching import can_watch
from bot.media.words import Area
from bot.metrics import Metrics
from bot.settings import Settings
from retrieval.pictures.decoding import decode_picture
from retrieval.pictures.hashing import Region, regions_to_look_up
from storage.database import Database

MAX_PICTURE_BYTES = 12_000_000
"""LINE itself takes pictures of up to 10 MB from its apps."""

LOOK_WITHIN_S = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A picture, decoded, with what it is looked up by. Held for the length of one answer."""

    picture: Image.Image
    sha256: bytes
    regions: Mapping[bytes, Region]
    """Hashes of the whole and of its regions, as they are and mirrored, and which each is."""

    @property
    def hashes(self) -> list[bytes]:
        return list(self.regions)

    def part(self, number: int) -> Image.Image:
        """The region with this hash: a known picture in a screenshot is read without what stands around it."""
        return list(self.regions.values())[number].of(self.picture)


@dataclass(slots=True)
class MediaDesk:
    """Fetches, decodes and reads; the event loop waits for none of it."""

    content: ContentClient
    library: MediaLibrary
    reader: TextReader
    listener: Listener
    find_faces: Callable[[Image.Image], tuple[Area, ...]] = find_faces
    unasked: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a recording is watched that nobody asked about."""
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "pictures"))

    async def see(self, message_id: str) -> SeenPicture:
        """Fetch and decode a picture. Raises LineError, PictureError, and TimeoutError when it takes too long."""
        data = await self.content.fetch(message_id, limit=MAX_PICTURE_BYTES)
        async with asyncio.timeout(LOOK_WITHIN_S):
            return await asyncio.get_running_loop().run_in_executor(self._threads, see_picture, data)

    async def find_private_parts(self, picture: Image.Image, read: ReadText) -> tuple[PrivatePart, ...]:
        """What of a picture may tell who somebody is: words that were read in it, and faces. Raises TimeoutError."""
        async with asyncio.timeout(LOOK_WITHIN_S):
            faces = await asyncio.get_running_loop().run_in_executor(self._threads, self.find_faces, picture)
        return (*find_private_parts(read.lines), *(PrivatePart(FACE, "", (area,)) for area in faces))[:MAX_PARTS]

    async def run(self) -> None:
        """Keep what is known equal to the database, for ever; say once what cannot be done on this machine."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._say_what_is_missing())
            await self.library.run()

    async def _say_what_is_missing(self) -> None:
        why = await why_unreadable()
        if why is not None:
            log.warning("words_in_pictures_not_read", why=why)
        if not can_watch():
            log.warning("videos_not_watched", why="ffmpeg is not installed. On Debian: apt install ffmpeg")
        await self.listener.warm_up()

    async def close(self) -> None:
        await self.content.close()
        self.listener.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def open_media_desk(settings: Settings, database: Database, metrics: Metrics) -> MediaDesk:
    """Make the process' desk; call it inside the running loop, and close it. `library.run()` is the worker's."""
    return MediaDesk(
        content=open_content_client(settings, metrics),
        library=MediaLibrary(database),
        reader=TextReader(),
        listener=open_listener(settings),
    )


def see_picture(data: bytes) -> SeenPicture:
    """Decode and hash; the limits are `retrieval.pictures.decoding`'s. Raises PictureError."""
    picture = decode_picture(data)
    return SeenPicture(picture, hashlib.sha256(data).digest(), regions_to_look_up(picture))
