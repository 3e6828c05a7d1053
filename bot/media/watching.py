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
from pathlib import Path

import numpy as np
import orjson
from PIL import Image

from bot.media.programs import ProgramError, ProgramMissingError, run_program
from retrieval.pictures.hashing import MIN_QUALITY
from retrieval.pictures.pdq import hash_picture
from retrieval.sounds import Fingerprint

MAX_SECONDS = 600.0
MAX_BYTES = 60_000_000
MAX_KEPT_BYTES = 20_000_000
"""The largest file that is published: it stands in the database, and people load it on their phones."""

WITHIN_S = 20.0
SIDE = 256
"""Pixels of a frame's sides: hashing needs no more, and its grid is square whatever the picture's shape."""

MAX_FRAMES = 60
EVEN_STEP = 2.0
"""Of 255: a frame that differs from the one before by less is the same picture, and counted once."""

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
    frames: tuple[bytes, ...]
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


async def watch(path: Path) -> Watched:
    """Look at a file. Raises MediaFileError, and ProgramError when ffmpeg is missing or too slow."""
    facts = await _probe(path)
    frames = await _frames(path, facts.duration_s) if facts.width else ()
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


async def _frames(path: Path, duration_s: float) -> tuple[bytes, ...]:
    rate = min(1.0, MAX_FRAMES / duration_s)
    shape = f"fps={rate:.4f},scale={SIDE}:{SIDE}"
    command = ["ffmpeg", *SAFE_INPUT, "-i", str(path), "-an", "-vf", shape, "-frames:v", str(MAX_FRAMES)]
    raw = await _run([*command, "-pix_fmt", "gray", "-f", "rawvideo", "-"])
    return await asyncio.to_thread(_hash_frames, raw)


def _hash_frames(raw: bytes) -> tuple[bytes, ...]:
    """Hashes of the frames that are not like the one before; half a second's work for a long video."""
    pixels = np.frombuffer(raw, np.uint8)
    pixels = pixels[: len(pixels) // SIDE**2 * SIDE**2].reshape(-1, SIDE, SIDE)
    hashes: dict[bytes, None] = {}
    before = None
    for frame in pixels:
        if before is not None and float(np.abs(frame.astype(np.int16) - before).mean()) < EVEN_STEP:
            continue
        before = frame.astype(np.int16)
        hashed, worth = hash_picture(Image.fromarray(frame).convert("RGB"))
        if worth >= MIN_QUALITY:
            hashes[hashed] = None
    return tuple(hashes)


async def _sound(path: Path) -> Fingerprint | None:
    """The fingerprint; None where this ffmpeg was built without Chromaprint."""
    command = ["ffmpeg", *SAFE_INPUT, "-i", str(path), "-vn", "-ac", "1", "-f", "chromaprint", "-fp_format", "raw", "-"]
    try:
        raw = await _run(command)
    except UnplayableError:
        return None
    return np.frombuffer(raw[: len(raw) // 4 * 4], "<u4").astype(np.uint32)


async def _run(command: list[str]) -> bytes:
    try:
        return await run_program(command, within_s=WITHIN_S)
    except ProgramMissingError:
        raise
    except ProgramError as error:
        raise UnplayableError from error
