"""What a person gets for a video or recording."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.buttons import Press
from bot.handlers import recordings
from bot.media.programs import ProgramMissingError
from bot.media.reading import Reading, ReadText
from bot.media.watching import UnplayableError
from moderation.publish import publish
from retrieval.types import Band
from scripts.bench.pictures.made import draw_landscape
from storage.media import find_media_bytes
from storage.tables import Article, ArticleReply, ArticleType, Reply, ReplyState, Verdict
from tests.bot.conversation import OUTSIDER, said
from tests.bot.makers import make_match
from tests.bot.media.album import WORDS, Album


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A video, the same made smaller, and its sound alone."""
    folder: Path = tmp_path_factory.mktemp("recordings")
    for number in range(8):
        draw_landscape(np.random.default_rng(80 + number)).resize((320, 240)).save(folder / f"{number}.jpg")
    ffmpeg(
        *("-framerate", "1", "-i", str(folder / "%d.jpg"), "-f", "lavfi"),
        *("-i", "aevalsrc='0.4*sin(2*PI*t*(300+120*floor(2*t)))':d=8"),
        *("-r", "8", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-c:a", "aac", str(folder / "video.mp4")),
    )
    ffmpeg("-i", str(folder / "video.mp4"), "-vf", "scale=240:180", "-crf", "34", str(folder / "smaller.mp4"))
    ffmpeg("-i", str(folder / "video.mp4"), "-vn", "-b:a", "48k", str(folder / "sound.m4a"))
    faster = ("-af", "aresample=22050,asetrate=23300")
    ffmpeg("-i", str(folder / "sound.m4a"), *faster, str(folder / "faster.m4a"))
    return {name.name: name.read_bytes() for name in folder.iterdir()}


async def answer(album: Album, kind: ArticleType) -> None:
    async with album.database.transaction() as session:
        article = (await session.scalars(select(Article).where(col(Article.type) == kind))).one()
        reply = Reply(verdict=Verdict.RUMOR, text="這是剪接過的", source="chaming")
        session.add(reply)
        await session.flush()
        session.add(ArticleReply(article_id=article.id, reply_id=reply.id))
        await session.flush()
        await publish(session, article.id, reply.id, ReplyState.VERIFIED)


async def test_a_video_goes_to_the_volunteers_and_its_answer_finds_a_smaller_copy(
    album: Album, files: dict[str, bytes]
) -> None:
    asked = await album.send(files["video.mp4"], user=OUTSIDER, type="video", duration=5000)
    assert "還找不到這段影片的查證" in said(asked)
    assert "聽不懂裡面說了什麼" in said(asked)
    pressed = await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA], user=OUTSIDER)
    assert pressed.outcome == "asked"
    waiting = await album.send(files["smaller.mp4"], type="video", duration=5000)
    assert waiting.outcome == "waiting"
    await answer(album, ArticleType.VIDEO)
    answered = await album.send(files["smaller.mp4"], type="video", duration=5000)
    assert answered.outcome == "answer"
    assert "這是剪接過的" in said(answered)
    async with album.database.reading() as session:
        article = (await session.scalars(select(Article))).one()
        shown = await find_media_bytes(session, article.id)
        assert shown is not None
        assert shown[0] == "video/mp4"


async def test_a_recording_is_known_by_its_sound(album: Album, files: dict[str, bytes]) -> None:
    asked = await album.send(files["sound.m4a"], user=OUTSIDER, type="audio", duration=5000)
    await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA], user=OUTSIDER)
    await answer(album, ArticleType.AUDIO)
    answered = await album.send(files["sound.m4a"] + b"\0" * 100, type="audio", duration=5000)
    assert answered.outcome == "answer"
    why = await album.chat.press(album.chat.buttons(answered)[Press.WHY])
    assert "看起來、聽起來就是您傳的內容" in said(why)


async def test_a_recording_that_was_made_faster_is_offered(album: Album, files: dict[str, bytes]) -> None:
    asked = await album.send(files["sound.m4a"], user=OUTSIDER, type="audio", duration=8000)
    await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA], user=OUTSIDER)
    await answer(album, ArticleType.AUDIO)
    assert (await album.send(files["faster.m4a"], type="audio", duration=8000)).outcome == "candidates"


async def test_what_cannot_be_played_faster_is_answered_about_all_the_same(
    album: Album, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was watched and listened to by then: nothing is wrong with the file."""

    async def play(path: Path) -> None:
        raise UnplayableError

    asked = await album.send(files["sound.m4a"], user=OUTSIDER, type="audio", duration=8000)
    await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA], user=OUTSIDER)
    monkeypatch.setattr(recordings, "play_at_other_speeds", play)
    unknown = await album.send(files["faster.m4a"], type="audio", duration=8000)
    assert unknown.outcome == asked.outcome
    assert Press.AGREE_MEDIA in album.chat.buttons(unknown)


async def test_what_is_said_finds_a_text_where_a_model_listens(
    album: Album, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listen(path: Path) -> ReadText:
        return ReadText(Reading.READ, WORDS)

    monkeypatch.setattr(album.chat.services.media.listener, "listen", listen)
    async with album.database.transaction() as session:
        article = Article(text=WORDS)
        reply = Reply(verdict=Verdict.RUMOR, text="超商沒有停收現金", source="chaming")
        session.add_all([article, reply])
        await session.flush()
        session.add(ArticleReply(article_id=article.id, reply_id=reply.id))
        await session.flush()
        await publish(session, article.id, reply.id, ReplyState.VERIFIED)
    album.chat.will_find(make_match(article.id, band=Band.ANSWER, probability=0.95))
    answered = await album.send(files["sound.m4a"], type="audio", duration=5000)
    assert answered.outcome == "answer"
    assert said(answered).startswith(f"我聽到的內容是：\n{WORDS}")


async def test_it_says_what_would_help_where_a_video_cannot_be_opened(album: Album) -> None:
    refused = await album.send(b"no video", type="video", duration=5000)
    assert refused.outcome == "content_unreadable"
    assert "標題、網址" in said(refused)


async def test_it_says_plainly_that_it_cannot_watch_without_ffmpeg(
    album: Album, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def watch(path: Path) -> None:
        raise ProgramMissingError("ffmpeg")

    monkeypatch.setattr(recordings, "watch", watch)
    told = await album.send(files["video.mp4"], type="video", duration=5000)
    assert told.outcome == "cannot_watch"
    assert "標題、網址" in said(told)


async def test_it_stays_silent_about_a_groups_videos(album: Album, files: dict[str, bytes]) -> None:
    assert (await album.send(files["video.mp4"], group=True, type="video", duration=5000)).messages == ()
