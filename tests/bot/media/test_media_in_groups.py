"""Pictures, videos and recordings in a group: silent unless mentioned or sure."""

from typing import Any

import pytest

from bot.buttons import Press
from bot.media.content import ContentGoneError
from storage.tables import ArticleType
from tests.bot.conversation import ASKER, GROUP, OUTSIDER, said
from tests.bot.fakes import make_event
from tests.bot.media.album import Album, other, photo, same_smaller
from tests.bot.media.test_recordings_in_chat import answer, files

__all__ = ["files"]

ME = {"index": 0, "length": 3, "type": "user", "isSelf": True, "userId": "U" + "f" * 32}
SOURCE = {"type": "group", "groupId": GROUP, "userId": ASKER}


def mention(quoted: str) -> dict[str, Any]:
    """Somebody calls the bot about a message."""
    message = {"type": "text", "id": "900", "quoteToken": "q", "text": "@查明 真的嗎", "quotedMessageId": quoted}
    return make_event(source=SOURCE, message={**message, "mention": {"mentionees": [ME]}})


async def test_a_called_bot_looks_at_the_picture_that_is_quoted(album: Album) -> None:
    await album.publish()
    await album.send(same_smaller(), group=True)
    told = await album.chat.send(mention(f"picture{album.sent}"))
    assert told.outcome == "group_called"
    assert "這是合成的圖片" in said(told)


async def test_a_called_bot_says_that_it_found_nothing(album: Album) -> None:
    assert (await album.send(other(), group=True)).messages == ()
    told = await album.chat.send(mention(f"picture{album.sent}"))
    assert told.outcome == "group_called"
    assert "找不到" in said(told)


async def test_a_picture_that_was_taken_back_or_is_gone_is_not_looked_at(album: Album) -> None:
    await album.send(photo(), group=True)
    quoted = f"picture{album.sent}"
    album.content.held[quoted] = ContentGoneError(status=404)
    assert "再傳一次" in said(await album.chat.send(mention(quoted)))
    await album.chat.send(make_event(source=SOURCE, type="unsend", unsend={"messageId": quoted}))
    told = await album.chat.send(mention(quoted))
    assert told.outcome == "quoted_unknown"


async def test_a_picture_that_is_not_remembered_is_explained(album: Album) -> None:
    told = await album.chat.send(mention("picture77"))
    assert told.outcome == "quoted_unknown"
    assert "引用" in said(told)


async def know_the_video(album: Album, files: dict[str, bytes]) -> None:
    asked = await album.send(files["video.mp4"], user=OUTSIDER, type="video", duration=8000)
    await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA], user=OUTSIDER)
    await answer(album, ArticleType.VIDEO)


async def test_a_group_is_warned_of_a_video_that_is_surely_false(album: Album, files: dict[str, bytes]) -> None:
    await know_the_video(album, files)
    warned = await album.send(files["smaller.mp4"], group=True, type="video", duration=8000)
    assert warned.outcome == "group_warned"
    assert "這是剪接過的" in said(warned)
    only_its_sound = await album.send(files["sound.m4a"], group=True, type="audio", duration=8000)
    assert only_its_sound.outcome == "group_warned"


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"no video", {"duration": 8000}),
        (ContentGoneError(status=410), {"duration": 8000}),
        ("smaller.mp4", {"duration": 400_000}),
        ("smaller.mp4", {"duration": 8000, "contentProvider": {"type": "external"}}),
    ],
    ids=["broken", "taken back", "too long", "kept by an app"],
)
async def test_it_stays_silent_about_any_other_video(
    album: Album, files: dict[str, bytes], data: Any, fields: dict[str, Any]
) -> None:
    await know_the_video(album, files)
    sent = files[data] if isinstance(data, str) else data
    assert (await album.send(sent, group=True, type="video", **fields)).outcome == "group_silent"


async def test_it_does_not_fetch_a_groups_video_while_it_knows_none(album: Album) -> None:
    told = await album.send(ValueError("fetched"), group=True, type="video", duration=8000)  # type: ignore[arg-type]
    assert told.outcome == "group_silent"
