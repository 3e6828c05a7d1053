"""What LINE may do to a picture, video or recording before the bot has it, through LINE: for each of the three.

The bot runs in the test's own process, as in `test_branches`; what is sent is only ever as large as the test needs.
"""

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from bot import processing
from bot.bubbles import media as bubbles
from bot.handlers import looking_at_media, recordings
from bot.media import desk
from scripts.bench.recordings.made import ffmpeg
from scripts.simulator.people import Happening
from scripts.simulator.world import User
from storage.tables import Article, InboxEvent
from tests.acceptance.library import WITHIN_S, comes_true, words
from tests.acceptance.test_branches import SAY, Bot, bot

__all__ = ["bot"]

KINDS = ["image", "video", "audio"]
PICTURES = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=5:d=2")
SOUND = ("-f", "lavfi", "-i", "sine=d=2")
A_WHILE = 30.0
"""How long LINE is not ready: longer than the tests let it be."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One of each kind, which nobody knows."""
    folder = tmp_path_factory.mktemp("sent")
    ffmpeg(*PICTURES, "-frames:v", "1", str(folder / "image.jpg"))
    ffmpeg(*PICTURES, *SOUND, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-c:a", "aac", str(folder / "video.mp4"))
    ffmpeg(*SOUND, "-c:a", "aac", str(folder / "audio.m4a"))
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def askers(bot: Bot) -> dict[str, User]:
    """One for each kind, so that what is said about one is not taken for an answer to another."""
    return {kind: bot.line.add_user(kind) for kind in KINDS}


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is another thing than what these tests are about, and must not be told as "too slow"."""
    monkeypatch.setattr(looking_at_media, "LOOK_UP_WITHIN_S", WITHIN_S)
    monkeypatch.setattr(processing, "HANDLER_TIMEOUT_S", WITHIN_S)


async def send(bot: Bot, user: User, kind: str, data: bytes) -> Happening:
    if kind == "image":
        return await bot.line.send_image(user, data)
    return await (bot.line.send_video if kind == "video" else bot.line.send_audio)(user, data)


async def said(bot: Bot, user: User, count: int = 1) -> str:
    return words(await bot.line.wait_for_messages(user, count, timeout=WITHIN_S))


def fetched(bot: Bot) -> list[str]:
    return [each.path for each in bot.line.requests if each.path.endswith("/content")]


def content_refused(bot: Bot, status: int) -> int:
    """How often LINE handed out no content for this reason: the bot asked in good faith."""
    refused = [each for each in bot.line.refusals if each.path.endswith("/content") and each.status == status]
    for each in refused:
        bot.line.requests.remove(each)
    return len(refused)


async def test_what_line_still_prepares_is_asked_for_again_and_then_looked_at(
    bot: Bot, askers: dict[str, User], files: dict[str, bytes]
) -> None:
    async with bot.running():
        bot.line.content_delay = A_WHILE
        for kind in KINDS:
            await send(bot, askers[kind], kind, files[kind])
        await bot.line.wait_until(lambda: len(set(fetched(bot))) == len(KINDS))
        held = bot.line.platform.media
        held.update({message_id: replace(each, ready_at=0.0) for message_id, each in held.items()})
        for kind in KINDS:
            assert SAY(bubbles.NOT_FOUND[kind]) in await said(bot, askers[kind], 2)
    assert len(fetched(bot)) >= 2 * len(KINDS)


async def test_what_line_has_no_more_is_asked_for_once_more(
    bot: Bot, askers: dict[str, User], files: dict[str, bytes]
) -> None:
    async with bot.running():
        bot.line.content_delay = A_WHILE
        for kind in KINDS:
            await send(bot, askers[kind], kind, files[kind])
            bot.line.platform.media.clear()
        for kind in KINDS:
            assert SAY(bubbles.GONE) in await said(bot, askers[kind])
    assert content_refused(bot, 404) == len(KINDS)


async def test_what_is_taken_back_while_it_is_fetched_gets_no_word_and_leaves_nothing(
    bot: Bot, askers: dict[str, User], files: dict[str, bytes]
) -> None:
    async with bot.running():
        bot.line.content_delay = A_WHILE
        sent = [await send(bot, askers[kind], kind, files[kind]) for kind in KINDS]
        await bot.line.wait_until(lambda: len(set(fetched(bot))) == len(KINDS))
        for each in sent:
            assert each.posted is not None
            await bot.line.unsend(each.posted)
        assert await comes_true(lambda: _keeps_nothing(bot))
        assert await bot.has_handled("content_unsent")
    assert [bot.line.messages(user) for user in askers.values()] == [[], [], []]
    assert await bot.count(Article) == 0
    assert content_refused(bot, 410) == len(KINDS)


async def _keeps_nothing(bot: Bot) -> bool:
    """Whether all is handled and of no event is known what was in it."""
    async with bot.database.reading() as session:
        kept = select(func.count()).where(col(InboxEvent.outcome).is_(None) | col(InboxEvent.payload).is_not(None))
        return await session.scalar(kept) == 0


async def test_what_is_too_large_or_cannot_be_opened_is_said_with_what_would_help(
    bot: Bot, askers: dict[str, User], files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MAX_PICTURE_BYTES", 500)
    monkeypatch.setattr(recordings, "MAX_BYTES", 500)
    async with bot.running():
        for kind in KINDS:
            await send(bot, askers[kind], kind, files[kind])
            assert SAY(bubbles.TOO_LARGE[kind]) in await said(bot, askers[kind])
            await send(bot, askers[kind], kind, b"neither a picture nor a sound")
            assert SAY(bubbles.UNREADABLE[kind]) in await said(bot, askers[kind], 2)
