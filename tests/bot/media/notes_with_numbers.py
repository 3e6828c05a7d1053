"""A picture of a note with a telephone number on it, and what tesseract would say of it."""

import io

from PIL import Image, ImageDraw

from bot.media.reading import ReadText, to_read_text
from bot.media.words import lines_of
from scripts.bench.pictures.made import SANS, font

SIZE = (720, 1000)
WORDS = ("聽說每天喝溫鹽水可以清血管", "請打", "0912345678", "找王小明先生")
PLACES = ((40, 60, 640, 50), (40, 160, 110, 50), (170, 160, 330, 50), (40, 260, 330, 50))
"""Left, top, width and height of each of them, in pixels."""
NUMBER = PLACES[2]


def draw_numbered_note() -> bytes:
    """The picture as a PNG: nothing is lost, so every pixel is known."""
    page = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(page)
    for words, (left, top, _, _) in zip(WORDS, PLACES, strict=True):
        pen.text((left, top), words, font=font(SANS, 46), fill="#111111", anchor="lt")
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def read_numbered_note() -> ReadText:
    def row(line: int, words: str, place: tuple[int, int, int, int]) -> str:
        return "\t".join(["5", "1", "1", "1", str(line), "1", *map(str, place), "92", words])

    page = "\t".join(["1", "1", "0", "0", "0", "0", "0", "0", *map(str, SIZE), "-1", ""])
    rows = [row(line, words, place) for line, words, place in zip((1, 2, 2, 3), WORDS, PLACES, strict=True)]
    return to_read_text(lines_of("\n".join(["header", page, *rows])))
