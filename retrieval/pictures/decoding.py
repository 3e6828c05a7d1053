"""From a file's bytes to pixels, with limits: what is too large, broken or no picture is refused before it is decoded.

    PictureError
    ├── TooManyPixelsError
    └── UnreadablePictureError

What leaves here has no EXIF any more: the rotation in it is applied, the rest (place, time, camera) is dropped.
"""

import io
import warnings

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""What phones send. Every further decoder is further code that a stranger's bytes would run through."""

MAX_PIXELS = 40_000_000
"""The largest phone camera's usual picture, and a screenshot of 25 screens one below the other."""

MAX_KEPT_PIXELS = 4_000_000
MAX_SIDE = 20_000
QUALITY = 85

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class PictureError(Exception):
    """The bytes cannot be used as a picture."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class TooManyPixelsError(PictureError):
    """The picture has more pixels than are decoded here."""


class UnreadablePictureError(PictureError):
    """The bytes are no picture of a kind that is decoded here, or are broken."""


def decode_picture(data: bytes) -> Image.Image:
    """The picture, upright, in RGB, on white where it is transparent. Of a moving picture: its first frame."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the check below is stricter
            opened = Image.open(io.BytesIO(data), formats=FORMATS)
        with opened:
            if opened.width * opened.height > MAX_PIXELS or max(opened.size) > MAX_SIDE:
                raise TooManyPixelsError
            return _to_rgb(ImageOps.exif_transpose(opened))
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise TooManyPixelsError from error
    except Exception as error:  # decoders raise whatever a broken file leads them to
        raise UnreadablePictureError from error


def encode_for_keeping(picture: Image.Image) -> bytes:
    """The JPEG that is stored and shown: made from the pixels alone, and no larger than is needed to read it."""
    shrink = min(1.0, (MAX_KEPT_PIXELS / (picture.width * picture.height)) ** 0.5)
    if shrink < 1:
        size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
        picture = white
    rgb = picture.convert("RGB")
    rgb.info.clear()
    return rgb
