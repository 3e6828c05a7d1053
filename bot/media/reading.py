"""The words in a picture, by tesseract in a process of its own: Traditional Chinese, with figures and Latin among it.

A picture is read within a time limit or not at all; lines it is not sure of are left out. Words that were read are
shown to the person as read, so that a slip is seen.
"""

import asyncio
import io
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import regex
import structlog
from PIL import Image, ImageOps

from bot.media.programs import ProgramError, ProgramMissingError, ProgramTooSlowError, run_program
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

MIN_CONFIDENCE, MIN_LINE_CONFIDENCE = 30.0, 15.0
"""Of 100, over the letters of a picture and of a line. Leaves and clouds come to 3–16; notes, cards and chats to 39–91,
with lines of 20 among them that are read right all the same, since rare characters are never sure."""

FULL_LINE = 0.85
"""Of the text's width: a shorter line is a paragraph's last."""

MIN_KEY = 4
"""Characters of the matching key: less says nothing that could be looked up."""

CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{P}，。！？：；]")

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
        text = text_of(table)
        return ReadText(Reading.READ, text) if len(matching_key(text)) >= MIN_KEY else ReadText(Reading.NOTHING)

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


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    confidence: float
    right: int
    """Its right edge, in pixels."""


def text_of(table: str) -> str:
    """The lines of tesseract's table (TSV) that it is sure enough of; those that were only wrapped are one again."""
    lines: defaultdict[tuple[str, ...], list[_Word]] = defaultdict(list)
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():
            word = _Word(cells[11].strip(), float(cells[10]), int(cells[6]) + int(cells[8]))
            lines[tuple(cells[1:5])].append(word)
    if _confidence([word for words in lines.values() for word in words]) < MIN_CONFIDENCE:
        return ""
    return _unwrapped([words for words in lines.values() if _confidence(words) >= MIN_LINE_CONFIDENCE])


def _unwrapped(lines: Sequence[Sequence[_Word]]) -> str:
    """A line that reaches the right edge of the text goes on in the next one."""
    edge = max((words[-1].right for words in lines), default=0)
    paragraphs: list[list[str]] = [[]]
    for words in lines:
        paragraphs[-1] += [word.text for word in words]
        if words[-1].right < edge * FULL_LINE:
            paragraphs.append([])
    return "\n".join(_joined(paragraph) for paragraph in paragraphs if paragraph)


def _confidence(words: Sequence[_Word]) -> float:
    """The mean over their letters."""
    letters = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / max(letters, 1)


def _joined(words: Sequence[str]) -> str:
    """Words in a row: a space only between two that are both of an alphabet."""
    line = ""
    for word in words:
        gap = " " if line and not CJK.match(line[-1]) and not CJK.match(word[0]) else ""
        line += gap + word
    return line
