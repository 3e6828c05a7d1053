"""What a video shows and a recording sounds like, by ffmpeg in a process of its own: frames, fingerprint, clean copy.

MediaFileError
├── TooLongError
└── UnplayableError
"""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import orjson

from bot.media.frames import SIDE, Frames, hash_frames
from bot.media.programs import ProgramError, ProgramMissingError, run_program
from retrieval.sounds import Fingerprint

MAX_SECONDS = 600.0
MAX_BYTES = 60_000_000
MAX_KEPT_BYTES = 20_000_000
"""The largest file that is published: it stands in the database, and people load it on their phones."""

WITHIN_S = 20.0
MAX_FRAMES = 60

OTHER_SPEEDS = tuple(round(1 + step / 200, 3) for step in range(-14, 15) if step)
"""Up to 7 % either way: whoever plays a sound faster, to get round a filter, does not make it sound like another voice.
In half per cents, since a fingerprint bears a quarter of one (scripts/bench/RESULTS.md)."""

SPEED_WITHIN_S = 30.0
"""Of the sound: what differs a little in speed drifts apart, and this takes a third of a second of CPU time."""

SOUND_RATE = 11_025
"""Chromaprint hears no more of a sound than this rate holds."""

SAFE_INPUT = ("-v", "error", "-nostdin", "-protocol_whitelist", "file,pipe")
"""A playlist inside a file must not make ffmpeg open anything else."""

FORMATS = ("mov", "mp4", "m4a", "3gp", "matroska", "webm", "mp3", "aac", "ogg", "wav", "flac", "amr", "avi", "mpegts")


class MediaFileError(Exception):
    """A video or recording cannot be looked at."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class TooLongError(MediaFileError):
    """The video or recording is longer than what is looked at."""


class UnplayableError(MediaFileError):
    """The file is no video and no recording, or is broken."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a video or recording is known again by."""

    sha256: bytes
    frames: Frames
    """Hashes of its pictures, evenly spaced, one for each that is not like the one before; none of a recording."""
    sound: Fingerprint | None
    duration_s: float
    width: int | None = None
    height: int | None = None


def can_watch() -> bool:
    """Whether ffmpeg is there at all."""
    return shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None


@contextmanager
def passing_file() -> Iterator[Path]:
    """A file that nobody else may read and that is gone afterwards, however this ends."""
    with tempfile.TemporaryDirectory(prefix="chaming-media-") as folder:
        yield Path(folder) / "file"


async def watch(path: Path, *, for_keeping: bool = False) -> Watched:
    """Look at a file, and closer where it is to be found again later.

    Raises MediaFileError, and ProgramError when ffmpeg is missing or too slow.
    """
    facts = await _probe(path)
    frames = await _frames(path, facts.duration_s, for_keeping) if facts.width else Frames()
    sound = await _sound(path) if facts.has_sound else None
    digest = await asyncio.to_thread(_digest, path)
    return Watched(digest, frames, sound, facts.duration_s, facts.width, facts.height)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


async def clean_copy(path: Path, kind: str) -> tuple[str, bytes] | None:
    """Content type and bytes of a copy without what was written into the file; None when it is too large to publish."""
    target = path.with_name("copy.mp4")
    video = ("-map", "0:v:0") if kind == "video" else ("-vn",)
    command = ["ffmpeg", *SAFE_INPUT, "-i", str(path), *video, "-map", "0:a:0?", "-map_metadata", "-1"]
    command += ["-map_chapters", "-1", "-fflags", "+bitexact", "-c", "copy", "-movflags", "+faststart", "-f", "mp4"]
    await _run([*command, "-y", str(target)])
    if target.stat().st_size > MAX_KEPT_BYTES:
        return None
    data = await asyncio.to_thread(target.read_bytes)
    return ("video/mp4" if kind == "video" else "audio/mp4"), data


@dataclass(frozen=True, slots=True)
class _Facts:
    duration_s: float
    width: int | None
    height: int | None
    has_sound: bool


async def _probe(path: Path) -> _Facts:
    wanted = "format=duration,format_name:stream=codec_type,width,height"
    told = await _run(
        [
            "ffprobe",
            "-v",
            "error",
            "-protocol_whitelist",
            "file,pipe",
            "-show_entries",
            wanted,
            "-of",
            "json",
            str(path),
        ]
    )
    found = orjson.loads(told)
    described, streams = found.get("format", {}), found.get("streams", [])
    if not set(str(described.get("format_name", "")).split(",")) & set(FORMATS):
        raise UnplayableError
    duration_s = float(described.get("duration") or 0)
    if duration_s > MAX_SECONDS:
        raise TooLongError
    video: dict[str, int] = next((one for one in streams if one.get("codec_type") == "video"), {})
    has_sound = any(one.get("codec_type") == "audio" for one in streams)
    if duration_s <= 0 or not (video or has_sound):
        raise UnplayableError
    return _Facts(duration_s, video.get("width"), video.get("height"), has_sound)


async def _frames(path: Path, duration_s: float, for_keeping: bool) -> Frames:
    rate = min(1.0, MAX_FRAMES / duration_s)
    shape = f"fps={rate:.4f},scale={SIDE}:{SIDE}"
    command = ["ffmpeg", *SAFE_INPUT, "-i", str(path), "-an", "-vf", shape, "-frames:v", str(MAX_FRAMES)]
    raw = await _run([*command, "-pix_fmt", "gray", "-f", "rawvideo", "-"])
    return await asyncio.to_thread(partial(hash_frames, raw, with_cuts=for_keeping))


async def _sound(path: Path) -> Fingerprint | None:
    """The fingerprint; None where this ffmpeg was built without Chromaprint."""
    command = ["ffmpeg", *SAFE_INPUT, "-i", str(path), "-vn", "-ac", "1", "-f", "chromaprint", "-fp_format", "raw", "-"]
    try:
        raw = await _run(command)
    except UnplayableError:
        return None
    return _to_fingerprint(raw)


async def play_at_other_speeds(path: Path) -> tuple[Fingerprint, ...]:
    """Fingerprints of its beginning as it would sound slower and faster; raises what `watch` raises."""
    numbers = range(len(OTHER_SPEEDS))
    copies = "".join(f"[c{each}]" for each in numbers)
    graph = [f"[0:a:0]aresample={SOUND_RATE},asplit={len(OTHER_SPEEDS)}{copies}"]
    command = ["ffmpeg", *SAFE_INPUT, "-t", f"{SPEED_WITHIN_S:.0f}", "-i", str(path)]
    wanted = [path.with_name(f"speed{each}") for each in numbers]
    for each, speed in zip(numbers, OTHER_SPEEDS, strict=True):
        graph.append(f"[c{each}]asetrate={round(SOUND_RATE * speed)},aresample={SOUND_RATE}[s{each}]")
    command += ["-y", "-filter_complex", ";".join(graph)]
    for each in numbers:
        command += ["-map", f"[s{each}]", "-ac", "1", "-f", "chromaprint", "-fp_format", "raw", str(wanted[each])]
    await _run(command)
    return tuple(_to_fingerprint(one.read_bytes()) for one in wanted)


def _to_fingerprint(raw: bytes) -> Fingerprint:
    return np.frombuffer(raw[: len(raw) // 4 * 4], "<u4").astype(np.uint32)


async def _run(command: list[str]) -> bytes:
    try:
        return await run_program(command, within_s=WITHIN_S)
    except ProgramMissingError:
        raise
    except ProgramError as error:
        raise UnplayableError from error
