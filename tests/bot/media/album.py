"""A chat in which pictures, videos and recordings are sent, over the real inbox, database and indexes."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import select
from sqlmodel import col

from bot.buttons import Buttons, Press
from bot.line_errors import LineError
from bot.media.content import ContentGoneError, ContentTooLargeError
from bot.media.desk import MediaDesk
from bot.media.library import MediaLibrary
from bot.media.listening import Listener
from bot.media.reading import Reading, ReadText
from bot.media.words import Area
from bot.outcome import HandlerResult
from bot.pseudonyms import Pseudonyms
from bot.settings import Settings
from bot.wording import load_wordings
from moderation.publish import publish
from scripts.bench.pictures.distortions import as_jpeg, resized
from scripts.bench.pictures.made import draw_landscape
from storage.database import Database
from storage.inbox import Inbox
from storage.payloads import derive_payload_key
from storage.tables import (
    Article,
    ArticleReply,
    ArticleType,
    Reply,
    ReplyState,
    Verdict,
    utc_now,
)
from tests.bot.conversation import ASKER, GROUP, OUTSIDER, Conversation, build_services
from tests.bot.fakes import SECRET_KEY, make_event

WORDS = "緊急通知：明天起全台超商停收現金，請大家告訴家人"
READ, WORDLESS = ReadText(Reading.READ, WORDS), ReadText(Reading.NOTHING)


@cache
def jpeg(seed: int, *, resized_to: float = 1.0) -> bytes:
    picture = resized(draw_landscape(np.random.default_rng(seed)), 0.5 * resized_to)
    out = io.BytesIO()
    as_jpeg(picture, 70).save(out, "JPEG")
    return out.getvalue()


def photo() -> bytes:
    return jpeg(21)


def same_smaller() -> bytes:
    return jpeg(21, resized_to=0.6)


def other() -> bytes:
    return jpeg(22)


@dataclass
class FakeContent:
    """What LINE would hand out, by message id."""

    held: dict[str, bytes | LineError] = field(default_factory=dict)

    async def fetch(self, message_id: str, *, limit: int) -> bytes:
        found = self.held.get(message_id, ContentGoneError(status=404))
        if isinstance(found, LineError):
            raise found
        if len(found) > limit:
            raise ContentTooLargeError
        return found

    async def save(self, message_id: str, path: Path, *, limit: int) -> None:
        await asyncio.to_thread(path.write_bytes, await self.fetch(message_id, limit=limit))

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class FakeReader:
    """Reads and finds what it was told to, whatever it is shown."""

    text: ReadText = WORDLESS
    faces: tuple[Area, ...] = ()

    async def read(self, picture: Image.Image) -> ReadText:
        return self.text

    def find_faces(self, picture: Image.Image) -> tuple[Area, ...]:
        return self.faces


@dataclass
class Album:
    """A chat in which pictures are sent."""

    chat: Conversation
    content: FakeContent
    reader: FakeReader
    library: MediaLibrary
    database: Database
    sent: int = 0

    async def send(
        self, data: bytes | LineError, *, user: str = ASKER, group: bool = False, **fields: Any
    ) -> HandlerResult:
        await self.library.catch_up()
        return await self.send_unfollowed(data, user=user, group=group, **fields)

    async def send_unfollowed(self, data: bytes | LineError, **fields: Any) -> HandlerResult:
        """Send it while the library does not follow the database."""
        return await self.chat.send(self.event(data, **fields))

    def event(
        self, data: bytes | LineError, *, user: str = ASKER, group: bool = False, **fields: Any
    ) -> dict[str, Any]:
        self.sent += 1
        message_id = f"picture{self.sent}"
        self.content.held[message_id] = data
        message = {"type": "image", "id": message_id, "quoteToken": "q", "contentProvider": {"type": "line"}} | fields
        source = {"type": "group", "groupId": GROUP, "userId": user} if group else {"type": "user", "userId": user}
        return make_event(source=source, message=message, timestamp=int(utc_now().timestamp() * 1000) + self.sent)

    async def publish(self, data: bytes | None = None, read: ReadText = WORDLESS) -> str:
        """Let the outsider send a picture in, and a volunteer answer it."""
        before, self.reader.text = self.reader.text, read
        asked = await self.send(photo() if data is None else data, user=OUTSIDER)
        await self.chat.press(self.chat.buttons(asked)[Press.AGREE_MEDIA], user=OUTSIDER)
        self.reader.text = before
        async with self.database.transaction() as session:
            article = (await session.scalars(select(Article).where(col(Article.type) == ArticleType.IMAGE))).one()
            reply = Reply(verdict=Verdict.RUMOR, text="這是合成的圖片", source="chaming")
            session.add(reply)
            await session.flush()
            session.add(ArticleReply(article_id=article.id, reply_id=reply.id))
            await session.flush()
            await publish(session, article.id, reply.id, ReplyState.VERIFIED)
        return article.id


@asynccontextmanager
async def open_album(database: Database) -> AsyncIterator[Album]:
    """A chat with the real handlers, inbox and library over a database; what LINE holds and what is read is told."""
    inbox = Inbox(database, encryption_key=derive_payload_key(SECRET_KEY), owner="test", lease=timedelta(seconds=60))
    await inbox.start()
    content, reader, library = FakeContent(), FakeReader(), MediaLibrary(database)
    await library.load()
    desk = MediaDesk(
        content=content,  # type: ignore[arg-type]
        library=library,
        reader=reader,  # type: ignore[arg-type]
        listener=Listener(None),
        find_faces=reader.find_faces,
    )
    services = build_services(
        database,
        inbox,
        settings=Settings(PUBLIC_URL="https://chaming.example.tw", SECRET_KEY=SECRET_KEY),
        pseudonyms=Pseudonyms(SECRET_KEY),
        buttons=Buttons(SECRET_KEY),
        wordings=load_wordings(),
        media=desk,
    )
    chat = Conversation(services)
    chat.will_find()
    yield Album(chat, content, reader, library, database)
    await desk.close()
    await inbox.close()
