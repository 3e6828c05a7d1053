"""The words in a picture, by tesseract in a process of its own: Traditional Chinese, with figures and Latin among it.

A picture is read within a time limit or not at all; lines it is not sure of are left out. Words that were read are
shown to the person as read, so that a slip is seen.
"""

import asyncio
import io
import os
import shutil
from dataclasses import dataclass, field
from enum import StrEnum

import structlog
from PIL import Image, ImageOps

from bot.media.programs import ProgramError, ProgramMissingError, ProgramTooSlowError, run_program
from bot.media.words import Line, lines_of, sure_lines, text_of
from retrieval.normalise import matching_key

PROGRAM = "tesseract"
LANGUAGE = "chi_tra"
READ_WITH = f"{PROGRAM} {LANGUAGE}"
ONE_BLOCK = "6"
"""Page segmentation: lines below each other. Looking for columns (3) and for scattered words (11) reads less right."""

READ_WITHIN_S = 15.0
MAX_WAITING = 8
MIN_WIDTH, MAX_WIDTH = 400, 1600
MAX_PIXELS = 8_000_000

MIN_KEY = 4
"""Characters of the matching key: less says nothing that could be looked up."""

log = structlog.get_logger()


class Reading(StrEnum):
    """How reading a picture ended."""

    READ = "read"
    NOTHING = "nothing"
    """There are no words in it, or none that are certain."""
    TOO_SLOW = "too_slow"
    """It took too long, or too many pictures are waiting."""
    MISSING = "missing"
    """The program or its Chinese is not installed here."""


@dataclass(frozen=True, slots=True)
class ReadText:
    """What was read; `text` is empty unless it is READ."""

    reading: Reading
    text: str = ""
    lines: tuple[Line, ...] = field(default=(), compare=False, repr=False)
    """All words of a picture and where they stand, those that are too unsure to be looked up as well."""


class TextReader:
    """Reads pictures, one for each processor at a time."""

    def __init__(self, program: str = PROGRAM, *, within_s: float = READ_WITHIN_S) -> None:
        self._program = program
        self._within_s = within_s
        self._running = asyncio.Semaphore(max(1, (os.cpu_count() or 1) // 2))
        self._waiting = 0

    async def read(self, picture: Image.Image) -> ReadText:
        if shutil.which(self._program) is None:
            return ReadText(Reading.MISSING)
        if self._waiting >= MAX_WAITING:
            return ReadText(Reading.TOO_SLOW)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._within_s), self._running:
                table = await self._run(await asyncio.to_thread(prepare, picture))
        except (TimeoutError, ProgramTooSlowError):
            return ReadText(Reading.TOO_SLOW)
        except ProgramMissingError:
            return ReadText(Reading.MISSING)
        except ProgramError as error:
            log.warning("picture_not_read", error=type(error).__name__)
            return ReadText(Reading.NOTHING)
        finally:
            self._waiting -= 1
        return to_read_text(lines_of(table))

    async def _run(self, picture: bytes) -> str:
        command = [self._program, "stdin", "stdout", "-l", LANGUAGE, "--psm", ONE_BLOCK, "tsv"]
        return (await run_program(command, within_s=self._within_s, data=picture)).decode("utf-8", "replace")


async def why_unreadable(program: str = PROGRAM) -> str | None:
    """One line about what is missing to read pictures; None when nothing is."""
    hint = "pictures are matched by how they look only. On Debian: apt install tesseract-ocr tesseract-ocr-chi-tra"
    if shutil.which(program) is None:
        return f"tesseract is not installed: {hint}"
    try:
        languages = await run_program([program, "--list-langs"], within_s=10.0)
    except ProgramError:
        return f"tesseract does not run: {hint}"
    return None if LANGUAGE in languages.decode().split() else f"tesseract lacks Traditional Chinese: {hint}"


def prepare(picture: Image.Image) -> bytes:
    """Grey, at a size at which letters are neither dots nor posters."""
    grey = ImageOps.grayscale(picture)
    scale = min(max(1.0, MIN_WIDTH / grey.width), 2.0)
    scale = min(scale, MAX_WIDTH / grey.width, (MAX_PIXELS / (grey.width * grey.height)) ** 0.5)
    if scale != 1.0:
        size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
        grey = grey.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    grey.save(out, "PNG", compress_level=1)
    return out.getvalue()


def to_read_text(lines: tuple[Line, ...]) -> ReadText:
    """What was read, by the lines that are sure enough."""
    text = text_of(sure_lines(lines))
    is_worth_it = len(matching_key(text)) >= MIN_KEY
    return ReadText(Reading.READ, text, lines) if is_worth_it else ReadText(Reading.NOTHING, lines=lines)
