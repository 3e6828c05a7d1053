"""Draws the menus' pictures: `python -m scripts.line_menu.pictures`, after a word or a sign has changed.

A sign for each field and its words below, as large as the field allows. It needs Noto Sans CJK (Debian:
fonts-noto-cjk). What it has drawn lies beside it in git; each picture carries its words: a test sees when one is old.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from bot.menu import MenuItem, label_of
from bot.wording import Words, load_wordings
from scripts.line_menu.plan import COLUMNS, HEIGHT, ITEMS, ROWS, WIDTH

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc")
FACES = {"ja": 0, "zh_Hant": 3, "en": 3}
"""The font's faces: a character may look otherwise in Japan and in Taiwan."""
GROUND, INK, LINE_COLOUR, WORDS = "#FFFFFF", "#1A4F9C", "#C3C8D0", "#111111"
STROKE, LARGEST, LARGEST_OF_TWO, MARGIN, COLOURS = 38, 150, 130, 50, 16
SIGN_Y, WORDS_Y = 260, 625
"""Where in a field their middles are, of 843."""
TILE, SIGN = 500, 400
"""A sign is drawn on a tile of its own, and made smaller, which smooths its edges."""

Pen = ImageDraw.ImageDraw


def draw(words: Words) -> bytes:
    """One language's picture as PNG."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    pen = ImageDraw.Draw(picture)
    width, height = WIDTH // COLUMNS, HEIGHT // ROWS
    for column in range(1, COLUMNS):
        pen.line((column * width, 90, column * width, HEIGHT - 90), fill=LINE_COLOUR, width=6)
    pen.line((90, height, WIDTH - 90, height), fill=LINE_COLOUR, width=6)
    for place, item in enumerate(ITEMS):
        row, column = divmod(place, COLUMNS)
        x, y = column * width + width // 2, row * height
        picture.paste(_draw_sign(item), (x - SIGN // 2, y + SIGN_Y - SIGN // 2))
        _write(pen, x, y + WORDS_Y, words, item)
    return _to_png(picture, drawn_words(words))


def drawn_words(words: Words) -> str:
    """What a picture carries to say which words stand in it."""
    return "|".join(label_of(words, item) for item in ITEMS)


def _draw_sign(item: MenuItem) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE), GROUND)
    SIGNS[item](ImageDraw.Draw(tile), TILE // 2, TILE // 2)
    return tile.resize((SIGN, SIGN), Image.Resampling.LANCZOS)


def _write(pen: Pen, x: int, y: int, words: Words, item: MenuItem) -> None:
    """Put the label below its sign: in one line if it fits large, else in two."""
    label = label_of(words, item)
    lines = [label] if _fits(words, label, LARGEST) else label.rsplit(" ", 1)
    largest = LARGEST if len(lines) == 1 else LARGEST_OF_TWO
    size = next(size for size in range(largest, 0, -5) if all(_fits(words, line, size) for line in lines))
    pen.multiline_text(
        (x, y), "\n".join(lines), fill=WORDS, font=_font(words, size), anchor="mm", align="center", spacing=4
    )


def _fits(words: Words, line: str, size: int) -> bool:
    return _font(words, size).getlength(line) <= WIDTH // COLUMNS - 2 * MARGIN


def _font(words: Words, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size, index=FACES[words.language])


def _to_png(picture: Image.Image, told: str) -> bytes:
    note = PngImagePlugin.PngInfo()
    note.add_itxt("Description", told)
    out = BytesIO()
    picture.quantize(COLOURS).save(out, "PNG", optimize=True, pnginfo=note)
    return out.getvalue()


def _lamp(pen: Pen, x: int, y: int) -> None:
    pen.ellipse((x - 150, y - 210, x + 150, y + 90), outline=INK, width=STROKE)
    for down in (135, 195):
        pen.rounded_rectangle((x - 80, y + down, x + 80, y + down + STROKE), STROKE // 2, fill=INK)


def _list(pen: Pen, x: int, y: int) -> None:
    for down in (-160, 0, 160):
        pen.ellipse((x - 200, y + down - 30, x - 140, y + down + 30), fill=INK)
        pen.rounded_rectangle((x - 90, y + down - 17, x + 200, y + down + 17), 17, fill=INK)


def _question(pen: Pen, x: int, y: int) -> None:
    pen.ellipse((x - 210, y - 210, x + 210, y + 210), outline=INK, width=STROKE)
    pen.arc((x - 85, y - 130, x + 85, y + 40), 180, 90, fill=INK, width=STROKE)
    pen.line((x, y + 22, x, y + 80), fill=INK, width=STROKE)
    pen.ellipse((x - 22, y + 105, x + 22, y + 149), fill=INK)


def _globe(pen: Pen, x: int, y: int) -> None:
    pen.ellipse((x - 210, y - 210, x + 210, y + 210), outline=INK, width=STROKE)
    pen.ellipse((x - 95, y - 210, x + 95, y + 210), outline=INK, width=STROKE - 8)
    for down in (-85, 85):
        pen.line((x - 180, y + down, x + 180, y + down), fill=INK, width=STROKE - 8)


def _sliders(pen: Pen, x: int, y: int) -> None:
    for down, knob in ((-150, 70), (0, -80), (150, 20)):
        pen.rounded_rectangle((x - 200, y + down - 15, x + 200, y + down + 15), 15, fill=INK)
        pen.ellipse(
            (x + knob - 55, y + down - 55, x + knob + 55, y + down + 55), fill=GROUND, outline=INK, width=STROKE
        )


def _person(pen: Pen, x: int, y: int) -> None:
    pen.ellipse((x - 95, y - 215, x + 95, y - 25), outline=INK, width=STROKE)
    pen.arc((x - 200, y + 25, x + 200, y + 425), 180, 360, fill=INK, width=STROKE)
    pen.line((x - 200, y + 220, x + 200, y + 220), fill=INK, width=STROKE)


SIGNS: dict[MenuItem, Callable[[Pen, int, int], None]] = {
    MenuItem.TUTORIAL: _lamp,
    MenuItem.QUESTIONS: _list,
    MenuItem.HELP: _question,
    MenuItem.LANGUAGE: _globe,
    MenuItem.SETTINGS: _sliders,
    MenuItem.DATA: _person,
}


def main() -> None:
    folder = Path(__file__).parent
    for language, words in load_wordings().items():
        (folder / f"{language}.png").write_bytes(draw(words))
        print(f"{language}.png: {drawn_words(words)}")


if __name__ == "__main__":
    main()
