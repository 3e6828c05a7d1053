"""Pictures to measure on, made from a seed: texts as they are passed on, and landscapes as a camera would see them.

Texts are drawn in Debian's Noto fonts, in four looks: a plain note, a coloured card, a chat's screenshot with its bar,
avatar and bubble, and large outlined words on a landscape, as greetings are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = Path("/usr/share/fonts/opentype/noto")
SANS, SANS_BOLD, SERIF = "NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Regular.ttc"
TRADITIONAL = 3
"""The number of Taiwan's glyphs within Noto's collections."""


@dataclass(frozen=True, slots=True)
class Look:
    """One way in which a text becomes a picture."""

    name: str
    draw: Callable[[str, Generator], Image.Image]


@lru_cache(maxsize=32)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / name), size, index=TRADITIONAL)


def wrap(text: str, letters: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Lines that fit the width, broken between any two characters as Chinese is."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for character in paragraph:
            if letters.getlength(line + character) > width:
                lines.append(line)
                line = ""
            line += character
        lines.append(line)
    return lines


def draw_note(text: str, random: Generator) -> Image.Image:
    """Dark words on white, as a notes app shows them."""
    return _draw_lines(text, random, paper="white", ink="#111111", typeface=SANS, size=int(random.integers(26, 38)))


def draw_card(text: str, random: Generator) -> Image.Image:
    """Light or dark words on one colour."""
    paper, ink = (("#8b1a1a", "#fff6d8"), ("#0f3d5c", "#ffffff"), ("#fff3b0", "#20201f"), ("#dff3e4", "#123b1e"))[
        int(random.integers(4))
    ]
    face = (SANS_BOLD, SERIF)[int(random.integers(2))]
    return _draw_lines(text, random, paper=paper, ink=ink, typeface=face, size=int(random.integers(32, 48)))


def draw_chat(text: str, random: Generator) -> Image.Image:
    """A phone's screenshot of a chat: a bar, an avatar, a name and one white bubble on blue."""
    width, size = 1080, int(random.integers(38, 46))
    letters = font(SANS, size)
    lines = wrap(text, letters, 720)
    height = 330 + int(len(lines) * size * 1.4)
    page = Image.new("RGB", (width, height + 160), "#8cabd9")
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, width, 150), fill="#7a96c2")
    pen.text((90, 60), "幸福一家人 (6)", font=font(SANS_BOLD, 44), fill="#101820")
    hue = tuple(int(value) for value in random.integers(60, 230, 3))
    pen.ellipse((30, 190, 130, 290), fill=hue)
    pen.text((160, 185), "阿姨", font=font(SANS, 30), fill="#223")
    pen.rounded_rectangle((155, 235, 155 + 790, height + 20), 40, fill="white")
    _write(pen, lines, letters, (190, 260), "#111111", size)
    pen.text((960, height - 30), "下午 3:21", font=font(SANS, 24), fill="#335")
    return page


def draw_greeting(text: str, random: Generator) -> Image.Image:
    """Large outlined words on a landscape."""
    page = draw_landscape(random).resize((1080, 1080))
    size = int(min(88, max(40, 1080 / (len(text) / 6 + 4) ** 0.9)))
    letters = font(SANS_BOLD, size)
    lines = wrap(text[:160], letters, 960)
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        pen.text(
            (60, 70 + number * size * 1.35), line, font=letters, fill="#fff27a", stroke_width=4, stroke_fill="#30123f"
        )
    return page


def draw_landscape(random: Generator) -> Image.Image:
    """Sky, hills and things in front, with a camera's grain and blur: no two seeds alike."""
    width, height = ((1280, 960), (960, 1280), (1200, 1200))[int(random.integers(3))]
    top, bottom = random.uniform(60, 255, 3), random.uniform(40, 220, 3)
    fade = np.linspace(0, 1, height)[:, None, None]
    pixels = (top * (1 - fade) + bottom * fade) * np.ones((height, width, 1))
    pixels += _clouds(random, height, width)[..., None] * random.uniform(20, 70)
    page = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(page)
    for layer in range(int(random.integers(1, 4))):
        ridge = _ridge(random, width) * height * 0.25 + height * (0.45 + 0.15 * layer)
        colour = tuple(int(value) for value in random.integers(10, 170, 3))
        pen.polygon([(0, height), *((x, float(y)) for x, y in enumerate(ridge)), (width, height)], fill=colour)
    for _ in range(int(random.integers(4, 12))):
        x, y, r = random.uniform(0, width), random.uniform(height * 0.2, height), random.uniform(20, 200)
        colour = tuple(int(value) for value in random.integers(0, 255, 3))
        shape = pen.ellipse if random.random() < 0.6 else pen.rectangle
        shape((x - r, y - r * random.uniform(0.4, 1.5), x + r, y + r), fill=colour)
    page = page.filter(ImageFilter.GaussianBlur(float(random.uniform(0.5, 2.5))))
    grain = random.normal(0, 5, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(page, np.float64) + grain, 0, 255).astype(np.uint8))


LOOKS: Sequence[Look] = (
    Look("note", draw_note),
    Look("card", draw_card),
    Look("chat", draw_chat),
    Look("greeting", draw_greeting),
)


def _draw_lines(text: str, random: Generator, *, paper: str, ink: str, typeface: str, size: int) -> Image.Image:
    letters = font(typeface, size)
    width = int(random.integers(640, 1000))
    lines = wrap(text, letters, width - 80)
    page = Image.new("RGB", (width, 90 + int(len(lines) * size * 1.4)), paper)
    _write(ImageDraw.Draw(page), lines, letters, (40, 40), ink, size)
    return page


def _write(
    pen: ImageDraw.ImageDraw,
    lines: Sequence[str],
    letters: ImageFont.FreeTypeFont,
    at: tuple[int, int],
    ink: str,
    size: int,
) -> None:
    for number, line in enumerate(lines):
        pen.text((at[0], at[1] + number * size * 1.4), line, font=letters, fill=ink)


def _clouds(random: Generator, height: int, width: int) -> NDArray[np.float64]:
    total = np.zeros((height, width))
    for octave in (4, 8, 16, 32):
        coarse = Image.fromarray(random.normal(0, 1, (octave, octave)).astype(np.float32))
        total += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float64) / octave * 4
    return total


def _ridge(random: Generator, width: int) -> NDArray[np.float64]:
    at = np.linspace(0, 1, width)
    waves = [np.sin(at * random.uniform(2, 30) + random.uniform(0, 6)) / (k + 1) for k in range(5)]
    return np.asarray(np.sum(waves, axis=0) / 2)
