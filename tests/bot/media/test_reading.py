"""Words are read from pictures within limits, and only those that are certain."""

import asyncio
import os
import stat
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.media.programs import (
    ProgramFailedError,
    ProgramMissingError,
    ProgramTooSlowError,
    run_program,
)
from bot.media.reading import Reading, ReadText, TextReader, to_read_text, why_unreadable
from bot.media.words import Area, lines_of, placed_text, sure_lines, text_of
from retrieval.normalise import matching_key
from scripts.bench.pictures.made import draw_chat, draw_landscape, draw_note
from tests.waiting import until

pytestmark = pytest.mark.slow

TEXT = "聽說每天早上喝一杯溫鹽水可以清血管，醫院不會告訴你，請轉發給家人朋友！"


def program(folder: Path, script: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize("draw", [draw_note, draw_chat])
async def test_it_reads_a_picture_of_traditional_chinese(draw: object) -> None:
    assert await why_unreadable() is None
    picture = draw(TEXT, np.random.default_rng(2))  # type: ignore[operator]
    read = await TextReader(within_s=60).read(picture)
    assert read.reading == Reading.READ
    assert matching_key(TEXT) in matching_key(read.text)


async def test_it_reads_nothing_into_a_landscape() -> None:
    assert await TextReader(within_s=60).read(draw_landscape(np.random.default_rng(3))) == ReadText(Reading.NOTHING)


async def test_it_says_that_nothing_can_be_read_here() -> None:
    reader = TextReader("no-such-program")
    assert await reader.read(Image.new("RGB", (90, 90))) == ReadText(Reading.MISSING)
    assert "apt install tesseract-ocr tesseract-ocr-chi-tra" in str(await why_unreadable("no-such-program"))


async def test_it_says_that_the_language_is_missing(tmp_path: Path) -> None:
    assert "lacks Traditional Chinese" in str(await why_unreadable(program(tmp_path, "echo eng")))


async def test_it_gives_up_in_time(tmp_path: Path) -> None:
    reader = TextReader(program(tmp_path, "exec sleep 30"), within_s=0.3)
    began = time.monotonic()
    assert await reader.read(Image.new("RGB", (90, 90))) == ReadText(Reading.TOO_SLOW)
    assert time.monotonic() - began < 25


async def test_it_lets_only_so_many_wait(tmp_path: Path) -> None:
    reader = TextReader(program(tmp_path, "exec sleep 30"), within_s=0.5)
    read = await asyncio.gather(*(reader.read(Image.new("RGB", (90, 90))) for _ in range(20)))
    assert {each.reading for each in read} == {Reading.TOO_SLOW}


async def test_it_survives_a_program_that_fails(tmp_path: Path) -> None:
    reader = TextReader(program(tmp_path, "exit 3"))
    assert await reader.read(Image.new("RGB", (90, 90))) == ReadText(Reading.NOTHING)


def row(line: int, confidence: float, word: str, right: int = 50) -> str:
    """A row of tesseract's table for one word that ends so far to the right."""
    return "\t".join(["5", "1", "1", "1", str(line), "1", str(right), "0", "0", "9", str(confidence), word])


def read_of(*rows: str) -> str:
    return text_of(sure_lines(lines_of("\n".join(["header", *rows]))))


def test_it_leaves_out_lines_that_are_not_certain() -> None:
    rows = [row(1, 96, "喝"), row(1, 91, "溫水"), row(2, 9, "艸"), row(2, 14, "。"), row(3, 90, "LINE")]
    assert read_of(*rows, row(3, 88, "Pay", 100), "not a row") == "喝溫水\nLINE Pay"


def test_it_reads_nothing_where_all_of_it_is_doubtful() -> None:
    assert read_of(row(1, 25, "汪呈"), row(2, 20, "圖說圖說")) == ""


def test_it_joins_lines_that_were_only_wrapped() -> None:
    rows = [row(1, 96, "喝溫水", 95), row(2, 96, "會好。", 60), row(3, 96, "Made in", 100), row(4, 96, "Taiwan", 30)]
    assert read_of(*rows) == "喝溫水會好。\nMade in Taiwan"


def test_it_knows_where_each_word_stands() -> None:
    page = "\t".join(["1", "1", "0", "0", "0", "0", "0", "0", "200", "400", "-1", ""])
    word = "\t".join(["5", "1", "1", "1", "1", "1", "20", "40", "60", "8", "90", "電話"])
    text, (placed,) = placed_text(lines_of("\n".join(["header", page, word])))
    assert (text, placed.start, placed.end) == ("電話", 0, 2)
    assert placed.word.area == Area(1000, 1000, 4000, 1200)


def test_it_keeps_unsure_lines_apart_from_what_is_looked_up() -> None:
    lines = lines_of("\n".join(["header", row(1, 96, "喝溫水會好喔"), row(2, 9, "0912345678")]))
    read = to_read_text(lines)
    assert (read.text, len(read.lines)) == ("喝溫水會好喔", 2)


async def test_it_ends_a_program_that_will_not_end_with_all_it_has_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    slow = program(tmp_path, f"sleep 300 & echo $! > {child}.new; mv {child}.new {child}; sleep 300")
    for within_s in (0.2, 2, 20):  # a busy machine may not even have begun
        with pytest.raises(ProgramTooSlowError):
            await run_program([slow], within_s=within_s)
        if child.exists():
            break
    state = Path("/proc") / child.read_text().strip() / "stat"
    await until(lambda: not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z")


async def test_it_tells_a_missing_program_from_a_failing_one(tmp_path: Path) -> None:
    with pytest.raises(ProgramMissingError):
        await run_program(["/no/such/program"], within_s=1)
    with pytest.raises(ProgramFailedError):
        await run_program([program(tmp_path, "exit 1")], within_s=60)


async def test_it_hands_a_program_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "very secret")
    assert b"very secret" not in await run_program([program(tmp_path, "exec env")], within_s=60)
    assert os.environ["SECRET_KEY"] == "very secret"
