"""What people and phones do to a picture on its way, each as a function of the picture and a seed."""

import io
from collections.abc import Callable, Mapping

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from scripts.bench.pictures.made import SANS, SANS_BOLD, font

Distortion = Callable[[Image.Image, Generator], Image.Image]


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def resized(picture: Image.Image, scale: float) -> Image.Image:
    size = (max(48, round(picture.width * scale)), max(48, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def sent_on(picture: Image.Image, random: Generator) -> Image.Image:
    """As a chat app passes it on: smaller, and encoded anew, twice."""
    return as_jpeg(as_jpeg(resized(picture, 0.7), 75), 60)


def bordered(picture: Image.Image, random: Generator) -> Image.Image:
    """A phone shows it in full: bars of one colour above and below."""
    colour = ("black", "white", "#1c1c1e")[int(random.integers(3))]
    height = max(picture.height, int(picture.width * random.uniform(1.2, 2.0)))
    page = Image.new("RGB", (picture.width, height + 200), colour)
    page.paste(picture, (0, (height + 200 - picture.height) // 2))
    return as_jpeg(page, 80)


def in_viewer(picture: Image.Image, random: Generator) -> Image.Image:
    """A screenshot of a picture viewer: bars, the clock, a name above, buttons below."""
    shown = picture.resize((1080, max(200, round(picture.height * 1080 / picture.width))))
    page = Image.new("RGB", (1080, shown.height + 620), "black")
    page.paste(shown, (0, 310))
    pen = ImageDraw.Draw(page)
    pen.text((40, 20), "3:21", font=font(SANS_BOLD, 40), fill="white")
    pen.text((380, 130), "阿姨", font=font(SANS_BOLD, 44), fill="white")
    pen.text((380, 190), "今天 下午 2:07", font=font(SANS, 30), fill="#aaaaaa")
    for number in range(4):
        pen.ellipse(
            (120 + number * 240, shown.height + 470, 180 + number * 240, shown.height + 530), outline="white", width=5
        )
    return as_jpeg(page, 80)


def cropped(picture: Image.Image, share: float, random: Generator) -> Image.Image:
    """Cut off in all by this share, spread over the four sides by chance."""
    left, right = np.sort(random.uniform(0, share / 2, 2))
    up, down = np.sort(random.uniform(0, share / 2, 2))
    width, height = picture.size
    box = (int(width * left), int(height * up), int(width * (1 - right)), int(height * (1 - down)))
    return as_jpeg(picture.crop(box), 80)


def stickered(picture: Image.Image, random: Generator) -> Image.Image:
    """Two emoji-like discs and a word on it."""
    page, side = picture.copy(), min(picture.size)
    pen = ImageDraw.Draw(page)
    for _ in range(2):
        r = side * random.uniform(0.05, 0.1)
        x, y = random.uniform(0, picture.width), random.uniform(0, picture.height)
        pen.ellipse((x - r, y - r, x + r, y + r), fill="#ffcc33", outline="#aa7700", width=3)
    pen.text((side * 0.05, picture.height * 0.9), "轉發！", font=font(SANS_BOLD, max(20, side // 16)), fill="red")
    return as_jpeg(page, 80)


def marked(picture: Image.Image, random: Generator) -> Image.Image:
    """A half transparent name across it."""
    layer = Image.new("RGBA", picture.size)
    pen = ImageDraw.Draw(layer)
    size = max(24, picture.width // 12)
    for at in range(0, picture.height, size * 5):
        pen.text((picture.width * 0.15, at), "早安小站 轉載", font=font(SANS_BOLD, size), fill=(255, 255, 255, 70))
    return as_jpeg(Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB"), 80)


DISTORTIONS: Mapping[str, Distortion] = {
    "encoded anew, JPEG 30": lambda picture, random: as_jpeg(picture, 30),
    "sent on: 70 %, JPEG 75 and 60": sent_on,
    "to 40 % of its width": lambda picture, random: as_jpeg(resized(picture, 0.4), 80),
    "to 25 % of its width": lambda picture, random: as_jpeg(resized(picture, 0.25), 80),
    "brighter, more contrast": lambda picture, random: ImageEnhance.Contrast(
        ImageEnhance.Brightness(picture).enhance(1.15)
    ).enhance(1.25),
    "black and white": lambda picture, random: picture.convert("L").convert("RGB"),
    "blurred": lambda picture, random: picture.filter(ImageFilter.GaussianBlur(3)),
    "bars above and below": bordered,
    "screenshot of a viewer": in_viewer,
    "two stickers and a word": stickered,
    "watermark": marked,
    "mirrored": lambda picture, random: as_jpeg(ImageOps.mirror(picture), 80),
    "turned by a quarter": lambda picture, random: as_jpeg(picture.transpose(Image.Transpose.ROTATE_270), 80),
    "upside down": lambda picture, random: as_jpeg(picture.transpose(Image.Transpose.ROTATE_180), 80),
    "cropped by up to 4 %": lambda picture, random: cropped(picture, 0.04, random),
    "cropped by up to 10 %": lambda picture, random: cropped(picture, 0.10, random),
    "cropped by up to 20 %": lambda picture, random: cropped(picture, 0.20, random),
}
