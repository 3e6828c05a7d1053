"""Videos and recordings are known again after what apps do to them, and their files are handled within limits."""

import asyncio
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

from bot.media import bundled_speech, listening, watching
from bot.media.bundled_speech import BundledSpeechMissingError, prepare_bundled_speech
from bot.media.frames import SIDE, Frames, hash_frames
from bot.media.listening import Listener, open_listener
from bot.media.reading import Reading, ReadText
from bot.media.recordings import match_other_speeds, match_recording
from bot.media.watching import TooLongError, UnplayableError, Watched, clean_copy, play_at_other_speeds, watch
from bot.settings import Settings, SettingsError
from retrieval.pictures.index import SURE, PictureIndex
from retrieval.sounds import SILENCE, Fingerprint, SoundIndex
from scripts.bench.pictures.made import draw_landscape

SECONDS = 12


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos of six pictures each with a sweeping sound, and what an app makes of the first."""
    made = tmp_path_factory.mktemp("videos")
    for name, first, tune in (
        ("one", 40, "sin(2*PI*t*(300+90*floor(t)))"),
        ("two", 60, "sin(2*PI*t*(900-40*floor(t)))"),
    ):
        for number in range(6):
            picture = draw_landscape(np.random.default_rng(first + number)).resize((480, 360))
            picture.save(made / f"{name}{number}.jpg")
        ffmpeg(
            *("-framerate", "0.5", "-i", str(made / f"{name}%d.jpg"), "-f", "lavfi"),
            *("-i", f"aevalsrc='0.4*sin(2*PI*t*({tune}))+0.1*sin(2*PI*t*{first}*7)':d={SECONDS}"),
            *("-metadata", "comment=at home"),
            *("-r", "10", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-c:a", "aac", str(made / f"{name}.mp4")),
        )  # fmt: skip
    one = ("-i", str(made / "one.mp4"))
    ffmpeg(*one, "-vf", "scale=320:240", "-crf", "36", "-b:a", "48k", "-ss", "1.3", str(made / "sent_on.mp4"))
    bars = "scale=360:270,pad=360:780:0:255:black,drawbox=x=20:y=20:w=90:h=24:color=white:t=fill"
    for name, change in (
        ("mirrored", "hflip"),
        ("cropped", "crop=iw*0.92:ih*0.92"),
        ("with_bars", bars),
        ("mirrored_with_bars", f"hflip,{bars}"),
    ):
        ffmpeg(*one, "-vf", change, "-crf", "30", "-c:a", "copy", str(made / f"{name}.mp4"))
    ffmpeg(*one, "-vn", "-b:a", "48k", str(made / "one.m4a"))
    ffmpeg(*one, "-i", str(made / "two.mp4"), "-map", "0:v", "-map", "1:a", "-c", "copy", str(made / "dubbed.mp4"))
    return made


async def looked_at(path: Path, *, for_keeping: bool = False) -> Watched:
    return await watch(path, for_keeping=for_keeping)


async def known(folder: Path) -> tuple[PictureIndex, SoundIndex]:
    frames, sounds = PictureIndex(), SoundIndex()
    for name in ("one", "two"):
        watched = await looked_at(folder / f"{name}.mp4", for_keeping=True)
        frames.replace_article(name, watched.frames.to_keep)
        assert watched.sound is not None
        sounds.replace_article(name, [watched.sound])
    return frames, sounds


@pytest.mark.slow
async def test_it_knows_a_video_that_was_made_smaller_and_cut(folder: Path) -> None:
    sent = await looked_at(folder / "sent_on.mp4")
    near, sure = match_recording(sent.frames, sent.sound, *await known(folder))
    assert near == []
    assert [article_id for article_id, _ in sure] == ["one"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mirrored", "cropped", "with_bars", "mirrored_with_bars"])
async def test_it_knows_a_video_by_other_views_of_it(folder: Path, name: str) -> None:
    sent = await looked_at(folder / f"{name}.mp4")
    near, sure = match_recording(sent.frames, sent.sound, *await known(folder))
    assert near == []
    assert [article_id for article_id, _ in sure] == ["one"]


@pytest.mark.slow
async def test_a_video_that_was_kept_with_bars_is_found_without_them(folder: Path) -> None:
    kept = PictureIndex()
    kept.replace_article("one", (await looked_at(folder / "with_bars.mp4", for_keeping=True)).frames.to_keep)
    sent = await looked_at(folder / "sent_on.mp4")
    near, sure = match_recording(sent.frames, None, kept, SoundIndex())
    assert near == []
    assert [article_id for article_id, _ in sure] == ["one"]


@pytest.mark.slow
async def test_it_only_offers_the_same_pictures_with_another_voice(folder: Path) -> None:
    dubbed = await looked_at(folder / "dubbed.mp4")
    near, sure = match_recording(dubbed.frames, dubbed.sound, *await known(folder))
    assert {one.article_id for one in near} == {"one", "two"}
    assert all(one.distance > SURE for one in near)
    assert sure == []


@pytest.mark.slow
async def test_it_knows_a_recording_by_its_sound(folder: Path) -> None:
    sent = await looked_at(folder / "one.m4a")
    assert sent.frames.to_keep == ()
    near, heard = match_recording(sent.frames, sent.sound, *await known(folder))
    assert near == []
    assert [article_id for article_id, _ in heard] == ["one"]


@pytest.mark.slow
@pytest.mark.parametrize("by", [1.06, 1.0325, 0.945])
async def test_it_offers_a_sound_that_was_made_faster_or_slower(folder: Path, tmp_path: Path, by: float) -> None:
    changed = tmp_path / "changed.m4a"
    ffmpeg("-i", str(folder / "one.m4a"), "-af", f"aresample=22050,asetrate={22050 * by:.0f}", str(changed))
    _, sounds = await known(folder)
    assert match_recording(Frames(), (await looked_at(changed)).sound, PictureIndex(), sounds) == ([], [])
    near = match_other_speeds(await play_at_other_speeds(changed), sounds)
    assert [one.article_id for one in near] == ["one"]
    assert near[0].distance > SURE


def slideshow(seed: int) -> bytes:
    """Eight pages of one template as grey pixels: the same photo on white, with other captions under it."""
    random = np.random.default_rng(seed)
    photo = draw_landscape(np.random.default_rng(5)).convert("L").resize((160, 80))
    pages = []
    for _ in range(8):
        page = np.full((SIDE, SIDE), 255, np.uint8)
        page[16:96, 48:208] = np.asarray(photo)
        for top in range(112, 232, 20):
            begin, end = int(random.integers(8, 100)), int(random.integers(120, 248))
            page[top : top + int(random.integers(6, 18)), begin:end] = 0
        pages.append(page)
    return np.stack(pages).tobytes()


def music() -> Fingerprint:
    return np.random.default_rng(9).integers(0, 2**32, 300, dtype=np.uint32)


def test_two_slideshows_of_one_template_are_not_the_same() -> None:
    """All that they share between their bars is the photo: one picture, which is not enough for eight."""
    kept, sent = hash_frames(slideshow(1), with_cuts=True), hash_frames(slideshow(2))
    assert [len(view) for view in sent.views] == [8, 8, 1, 1]
    frames, sounds = PictureIndex(), SoundIndex()
    frames.replace_article("one", kept.to_keep)
    sounds.replace_article("one", [music()])
    assert match_recording(sent, None, frames, sounds) == ([], [])
    near, sure = match_recording(sent, music(), frames, sounds)
    assert [one.article_id for one in near] == ["one"]
    assert sure == []
    assert [article_id for article_id, _ in match_recording(kept, music(), frames, sounds)[1]] == ["one"]


def test_a_silent_video_is_known_by_its_pictures_as_one_without_sound_is() -> None:
    kept, silence = hash_frames(slideshow(1), with_cuts=True), np.full(300, SILENCE)
    frames, sounds = PictureIndex(), SoundIndex()
    frames.replace_article("one", kept.to_keep)
    sounds.replace_article("one", [silence])
    near, sure = match_recording(kept, silence, frames, sounds)
    assert near == []
    assert [article_id for article_id, _ in sure] == ["one"]


@pytest.mark.slow
async def test_silence_at_the_end_is_not_the_silence_at_the_beginning_of_another(tmp_path: Path) -> None:
    """As ffmpeg's Chromaprint hears it, from files in the codec that LINE hands out."""

    async def heard(tune: str, filters: str) -> Fingerprint:
        path = tmp_path / "file.m4a"
        ffmpeg(*("-f", "lavfi", "-i", f"aevalsrc='0.4*{tune}':d=8", "-af", filters, str(path)))
        sound = (await looked_at(path)).sound
        assert sound is not None
        return sound

    rising, falling = "sin(2*PI*t*(300+90*floor(2*t)))", "sin(2*PI*t*(1500-70*floor(3*t)))"
    known, sent = await heard(rising, "adelay=6000:all=1"), await heard(falling, "apad=pad_dur=6")
    assert known[0] == sent[-1] == SILENCE
    sounds = SoundIndex()
    sounds.replace_article("known", [known])
    assert sounds.find(sent) == []
    assert [one.article_id for one in sounds.find(await heard(rising, "anull"))] == ["known"]


@pytest.mark.slow
async def test_it_publishes_no_more_than_is_seen_and_heard(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes((folder / "one.mp4").read_bytes())
    assert b"at home" in path.read_bytes()
    copy = await clean_copy(path, "video")
    assert copy is not None
    content_type, data = copy
    assert content_type == "video/mp4"
    assert b"at home" not in data
    assert b"ftyp" in data[:16]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a video",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile x",
    ],
    ids=["nothing", "text", "a playlist", "a list of files"],
)
async def test_it_opens_nothing_but_videos_and_recordings(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(UnplayableError):
        await watch(tmp_path / "file")


@pytest.mark.slow
async def test_it_refuses_what_is_too_long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MAX_SECONDS", 5.0)
    with pytest.raises(TooLongError):
        await watch(folder / "one.mp4")


class Segment:
    def __init__(self, text: str, no_speech_prob: float = 0.1) -> None:
        self.text, self.no_speech_prob = text, no_speech_prob


class Model:
    """Hears what it was told to."""

    def __init__(self, *segments: Segment) -> None:
        self.segments = segments

    def transcribe(self, audio: str, **options: object) -> tuple[tuple[Segment, ...], None]:
        return self.segments, None


async def test_it_writes_down_what_is_said_and_not_what_is_imagined() -> None:
    model = Model(Segment(" 大家快把這段話轉給家人"), Segment("請訂閱按讚", 0.9))
    assert await Listener("tiny", model).listen(Path("x")) == ReadText(Reading.READ, "大家快把這段話轉給家人")
    assert await Listener("tiny", Model()).listen(Path("x")) == ReadText(Reading.NOTHING)


async def test_it_says_that_it_cannot_listen_without_a_model() -> None:
    assert await Listener(None).listen(Path("x")) == ReadText(Reading.MISSING)


def test_it_names_the_package_that_a_model_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"\[speech\]"):
        open_listener(Settings(SPEECH_MODEL="small", SECRET_KEY="long enough for a test"))


@pytest.mark.slow
async def test_it_looks_at_many_files_at_once(folder: Path) -> None:
    watched = await asyncio.gather(*(watch(folder / "one.mp4") for _ in range(3)))
    assert len({one.sha256 for one in watched}) == 1


class BrokenModel:
    def transcribe(self, audio: str, **options: object) -> tuple[tuple[Segment, ...], None]:
        raise RuntimeError("unable to open file 'model.bin'")


async def test_it_goes_on_without_speech_where_the_model_fails() -> None:
    assert await Listener("tiny", BrokenModel()).listen(Path("x")) == ReadText(Reading.MISSING)


class SlowModel:
    """Is not done before it is told to be."""

    def __init__(self) -> None:
        self.may_end = threading.Event()

    def transcribe(self, audio: str, **options: object) -> tuple[tuple[Segment, ...], None]:
        self.may_end.wait(300)
        return (Segment("太晚了太晚了"),), None


async def test_a_busy_model_keeps_nothing_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's own threads fetch names and write files: a model that is not done must leave them alone."""
    monkeypatch.setattr(listening, "LISTEN_WITHIN_S", 0.1)
    model = SlowModel()
    listener = Listener("tiny", model)
    heard = await asyncio.gather(*(listener.listen(Path("x")) for _ in range(40)))
    assert set(heard) == {ReadText(Reading.TOO_SLOW)}
    try:
        async with asyncio.timeout(60):
            await asyncio.to_thread(Path.cwd)
    finally:
        model.may_end.set()
        listener.close()


SAID = Path(__file__).parent / "sounds" / "said.m4a"
"""“ting shuo mei tian zao shang he yi bei …”, spoken by espeak-ng."""


@pytest.mark.slow
async def test_the_bundled_model_hears_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real library with the real weights: put together from their packages, loaded, and understood."""
    monkeypatch.setattr(listening, "LISTEN_WITHIN_S", 120.0)
    listener = Listener("bundled", folder=tmp_path / "speech-model")
    await listener.warm_up()
    heard = await listener.listen(SAID)
    listener.close()
    assert heard.reading == Reading.READ
    assert "每天早上喝一杯" in heard.text


@pytest.mark.slow
async def test_it_says_what_a_model_has_to_be_where_it_is_not_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener(str(tmp_path / "no-model"))
    await listener.warm_up()
    assert "SPEECH_MODEL cannot be loaded" in caplog.text
    assert await listener.listen(SAID) == ReadText(Reading.MISSING)
    listener.close()


@pytest.mark.slow
def test_bundled_weights_that_are_others_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled_speech, "SHA256", "0" * 64)
    with pytest.raises(BundledSpeechMissingError, match=r"chaming\[speech\]"):
        prepare_bundled_speech(tmp_path / "speech-model")
    assert list(tmp_path.iterdir()) == []
