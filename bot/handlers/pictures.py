"""Pictures: looked up by how they look and by the words in them."""

from dataclasses import replace

from bot.events import MediaMessage
from bot.handlers.looking_at_media import LookedUpMedia, decide_on
from bot.media.merging import LookedAt
from bot.media.reading import Reading, ReadText
from bot.services import Services
from retrieval.pictures.index import SURE


async def look_up_picture(event: MediaMessage, services: Services) -> LookedUpMedia:
    """Fetch, look and read. Raises what fetching and decoding raise."""
    desk = services.media
    seen = await desk.see(event.message_id)
    same = desk.library.find_bytes(seen.sha256)
    near = desk.library.pictures.find(seen.hashes)
    shown = seen.part(near[0].by) if near and near[0].distance <= SURE else seen.picture
    read = ReadText(Reading.NOTHING) if same else await desk.reader.read(shown)
    found = await decide_on(services, event, LookedAt(same, near, (), read), seen.sha256)
    return replace(found, parts=await desk.find_private_parts(seen.picture, read)) if found.is_unknown else found


async def find_known_picture(event: MediaMessage, services: Services) -> LookedUpMedia | None:
    """The same for a picture nobody asked about: read only where it looks like a known one, and None otherwise."""
    desk = services.media
    if not len(desk.library.pictures):
        return None
    seen = await desk.see(event.message_id)
    same = desk.library.find_bytes(seen.sha256)
    near = desk.library.pictures.find(seen.hashes, within=SURE)
    if not near and not same:
        return None
    read = ReadText(Reading.NOTHING) if same else await desk.reader.read(seen.part(near[0].by))
    return await decide_on(services, event, LookedAt(same, near, (), read), seen.sha256)
