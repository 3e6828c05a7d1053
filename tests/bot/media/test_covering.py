"""What may tell who somebody is, is found in a picture and leaves nothing behind when it is covered."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.media.covering import (
    COLOUR,
    COLUMNS,
    MAX_AREAS,
    PADDING,
    cover,
    field_area,
    find_private_parts,
    hides_everything,
    mark_of,
    read_areas,
    words_left,
    write_areas,
)
from bot.media.reading import Reading, TextReader
from bot.media.words import SCALE, Area, lines_of
from retrieval.pictures.decoding import decode_picture, encode_for_keeping
from storage.personal_data import MASK, Kind
from tests.bot.media.notes_with_numbers import NUMBER, WORDS, draw_numbered_note, read_numbered_note

WHOLE = Area(0, 0, SCALE, SCALE)


def test_it_proposes_the_words_that_tell_who_somebody_is() -> None:
    number, name = find_private_parts(read_numbered_note().lines)
    assert (number.kind, number.words) == (Kind.PHONE, "0912345678")
    assert (name.kind, name.words) == (Kind.NAME, "王小明")
    assert number.areas == (Area(2361, 1540, 6945, 2160),)


def test_a_number_that_was_wrapped_has_a_cover_on_each_line() -> None:
    def row(line: int, left: int, word: str) -> str:
        return "\t".join(["5", "1", "1", "1", str(line), "1", str(left), str(line * 900), "4000", "500", "90", word])

    lines = lines_of("\n".join(["header", row(1, 1000, "電話"), row(1, 5500, "0912345"), row(2, 1000, "678")]))
    (part,) = find_private_parts(lines)
    assert [area.top for area in part.areas] == [840, 1740]


def test_a_number_in_a_line_that_is_too_unsure_to_be_looked_up_is_proposed() -> None:
    row = "\t".join(["5", "1", "1", "1", "1", "1", "0", "0", "900", "90", "4", "0912345678"])
    lines = lines_of(f"header\n{row}")
    assert [part.words for part in find_private_parts(lines)] == ["0912345678"]
    assert words_left(lines, []) == ""


def test_nothing_of_what_is_covered_is_in_the_pixels_or_in_the_file() -> None:
    """Two pictures that differ under the cover only come out as the very same bytes."""
    (number, _) = find_private_parts(read_numbered_note().lines)
    picture = decode_picture(draw_numbered_note())
    other = picture.copy()
    left, top, width, height = NUMBER
    other.paste(Image.effect_noise((width, height), 90).convert("RGB"), (left, top))
    assert picture.tobytes() != other.tobytes()
    covered = cover(picture, number.areas)
    assert encode_for_keeping(covered) == encode_for_keeping(cover(other, number.areas))
    pixels = np.asarray(covered)[top - PADDING : top + height + PADDING, left - PADDING : left + width + PADDING]
    assert {tuple(pixel) for pixel in pixels.reshape(-1, 3).tolist()} == {COLOUR}
    assert np.array_equal(np.asarray(covered)[:140], np.asarray(picture)[:140]), "what is above it stays"


def test_a_large_picture_is_covered_before_it_is_made_smaller() -> None:
    picture = Image.new("RGB", (3000, 2400), "white")
    picture.paste("red", (1000, 1000, 1400, 1200))
    kept = Image.open(io.BytesIO(encode_for_keeping(cover(picture, [Area(3333, 4166, 4667, 5000)]))))
    assert kept.size < picture.size
    red, green, _ = np.asarray(kept.convert("RGB"), np.int16).transpose(2, 0, 1)
    assert (red - green).max() < 20


def test_the_words_say_what_can_still_be_read() -> None:
    lines = read_numbered_note().lines
    number, name = find_private_parts(lines)
    assert words_left(lines, []) == read_numbered_note().text
    assert words_left(lines, number.areas) == f"{WORDS[0]}{WORDS[1]}{MASK}\n{WORDS[3]}"
    assert words_left(lines, [*number.areas, *name.areas]) == f"{WORDS[0]}{WORDS[1]}{MASK}\n{MASK}"
    assert words_left(lines, [WHOLE]) == ""


@pytest.mark.parametrize(
    "shares",
    [[(0.0, 0.28), (0.28, 0.56)], [(0.75, 1.0)], [(0.0, 0.05), (0.5, 0.56)]],
    ids=["two covers side by side", "its last quarter", "a little here and there"],
)
def test_a_number_of_which_a_part_is_covered_is_not_told_by_the_words(shares: list[tuple[float, float]]) -> None:
    lines = read_numbered_note().lines
    (number,) = (word.area for line in lines for word in line if word.text == WORDS[2])
    width = number.right - number.left
    covers = [
        replace(number, left=number.left + round(width * start), right=number.left + round(width * end))
        for start, end in shares
    ]
    assert words_left(lines, covers) == f"{WORDS[0]}{WORDS[1]}{MASK}\n{WORDS[3]}"


def test_words_that_a_cover_only_grazes_stay() -> None:
    lines = read_numbered_note().lines
    (number,) = (word.area for line in lines for word in line if word.text == WORDS[2])
    grazing = replace(number, right=number.left + round((number.right - number.left) * 0.05))
    assert words_left(lines, [grazing]) == read_numbered_note().text


def test_the_mark_changes_with_what_is_proposed() -> None:
    parts = find_private_parts(read_numbered_note().lines)
    assert mark_of(parts) != mark_of(parts[:1])


def test_areas_are_written_as_they_are_read() -> None:
    areas = (Area(0, 0, 500, 600), Area(9000, 9000, SCALE, SCALE))
    assert read_areas(write_areas(areas)) == areas


@pytest.mark.parametrize(
    "drawn",
    [
        "",
        ";;;;",
        "1,2,3",
        "1,2,3,4,5",
        "-5,-5,600,600",
        "0,0,1e9,1e9",
        "600,600,0,0",
        "0,0,5,5",
        "a,b,c,d",
        "٠,٠,٥٠٠,٥٠٠",
        "0,0,99999999999999999999,5",
        "<svg>,0,500,500",
        "0,0,NaN,500",
    ],
)
def test_what_is_no_area_is_dropped(drawn: str) -> None:
    assert read_areas(drawn) == ()


@given(st.text(alphabet="0123456789,;.-e ", max_size=600))
def test_whatever_is_sent_stays_within_the_picture(drawn: str) -> None:
    areas = read_areas(drawn)
    assert len(areas) <= MAX_AREAS
    assert all(0 <= one.left < one.right <= SCALE and 0 <= one.top < one.bottom <= SCALE for one in areas)
    assert cover(Image.new("RGB", (64, 48), "white"), areas).size == (64, 48)
    hides_everything(areas)


def test_only_so_many_are_taken() -> None:
    assert len(read_areas(";".join(["0,0,500,500"] * 5000))) == MAX_AREAS


@pytest.mark.parametrize("number", [-1, COLUMNS * 3, 9999])
def test_there_are_only_the_fields_that_are_shown(number: int) -> None:
    assert field_area(number, 3) is None


def test_the_fields_cover_the_whole_picture_and_none_is_left_out() -> None:
    fields = [area for number in range(COLUMNS * 3) if (area := field_area(number, 3))]
    assert hides_everything(fields)
    assert not hides_everything(fields[1:])
    assert hides_everything([WHOLE])
    assert not hides_everything([])


@pytest.mark.slow
async def test_a_reader_finds_no_number_in_a_covered_picture() -> None:
    """The whole way with the real reader: found where it stands, covered, and not to be read any more."""
    picture = decode_picture(draw_numbered_note())
    reader = TextReader(within_s=60)
    read = await reader.read(picture)
    assert read.reading == Reading.READ
    parts = find_private_parts(read.lines)
    assert "0912345678" in {part.words for part in parts}
    covered = cover(picture, [area for part in parts for area in part.areas])
    again = (await reader.read(decode_picture(encode_for_keeping(covered)))).text
    assert "血管" in again
    assert "5678" not in again
    assert "王小明" not in again
