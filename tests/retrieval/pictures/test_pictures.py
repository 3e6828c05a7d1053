"""Pictures are decoded within limits, and known again after what phones do to them."""

import io
import struct
import zlib
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image, ImageOps

from retrieval.pictures.decoding import (
    MAX_KEPT_PIXELS,
    MAX_SIDE,
    TooManyPixelsError,
    UnreadablePictureError,
    decode_picture,
    encode_for_keeping,
)
from retrieval.pictures.hashing import hashes_to_look_up, hashes_to_store, regions_to_look_up
from retrieval.pictures.index import LIKELY, SURE, Near, PictureIndex
from retrieval.pictures.pdq import distance, hash_picture
from retrieval.pictures.regions import find_regions
from scripts.bench.pictures.distortions import DISTORTIONS
from scripts.bench.pictures.made import draw_landscape

pytestmark = pytest.mark.slow

SOMETIMES_MISSED = {"cropped by up to 20 %", "cropped by up to 10 %", "two stickers and a word"}
"""What the bench counts instead."""


@lru_cache
def landscape(seed: int) -> Image.Image:
    return draw_landscape(np.random.default_rng(seed))


@lru_cache
def index_of_six() -> PictureIndex:
    index = PictureIndex()
    for seed in range(6):
        index.replace_article(f"article {seed}", hashes_to_store(landscape(seed)))
    return index


def encoded(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG whose few bytes say it is this large."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((width // 8 + 2) * min(height, 100)))
    chunks = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("size", [(100_000, 100_000), (50_000, 50_000), (7_000, 7_000), (MAX_SIDE + 1, 2)])
def test_it_refuses_a_bomb_by_what_it_says_it_will_become(size: tuple[int, int]) -> None:
    with pytest.raises(TooManyPixelsError):
        decode_picture(png_of(*size))


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", encoded(landscape(1))[:2000]],
    ids=["nothing", "only a name", "a drawing", "a document", "half a picture"],
)
def test_it_refuses_what_is_no_whole_picture(data: bytes) -> None:
    with pytest.raises(UnreadablePictureError):
        decode_picture(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_it_reads_what_phones_send(kind: str) -> None:
    assert decode_picture(encoded(landscape(1), kind)).size == landscape(1).size


def test_it_turns_a_picture_upright_and_keeps_nothing_else_of_what_a_camera_wrote() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    exif[0x010E] = "at home"
    exif.get_ifd(0x8825)[1] = "N"
    raw = encoded(landscape(2), exif=exif)
    assert b"at home" in raw
    picture = decode_picture(raw)
    kept = encode_for_keeping(picture)
    assert picture.size == landscape(2).size[::-1]
    assert b"at home" not in kept
    assert not Image.open(io.BytesIO(kept)).getexif()


def test_it_shows_what_is_transparent_on_white() -> None:
    see_through = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    assert decode_picture(encoded(see_through, "PNG")).getpixel((5, 5)) == (255, 255, 255)


def test_it_keeps_no_more_pixels_than_are_needed_to_read_it() -> None:
    kept = Image.open(io.BytesIO(encode_for_keeping(Image.new("RGB", (1000, 10_000)))))
    assert kept.width * kept.height <= MAX_KEPT_PIXELS * 1.01
    assert kept.height / kept.width == pytest.approx(10, rel=0.01)


def test_it_hashes_as_the_original_does() -> None:
    """Bits the bindings to Meta's own code gave for this gradient with a square on it."""
    plane = np.add.outer(np.arange(256), np.arange(256)) / 2
    plane[60:120, 100:220] = 255
    picture = Image.fromarray(np.repeat(plane.astype(np.uint8)[:, :, None], 3, axis=2))
    assert hash_picture(picture)[0].hex() == REFERENCE


REFERENCE = "6a94639c639c639c9c639c63956b639c9c63639c639c639c9c639c639c63639c"


def test_it_finds_no_worth_in_an_even_surface() -> None:
    even = Image.new("RGB", (400, 300), "#88aa99")
    assert hash_picture(even)[1] == 0
    assert hashes_to_store(even) == hashes_to_look_up(even) == []


@pytest.mark.parametrize("name", [name for name in DISTORTIONS if name not in SOMETIMES_MISSED])
def test_it_knows_a_picture_again_after(name: str) -> None:
    changed = DISTORTIONS[name](landscape(3), np.random.default_rng(5))
    found = index_of_six().find(hashes_to_look_up(changed), within=LIKELY)
    assert [near.article_id for near in found] == ["article 3"]


def test_a_mirrored_picture_is_turned_back_to_be_read() -> None:
    picture = landscape(3)
    regions = regions_to_look_up(ImageOps.mirror(picture))
    (near,) = index_of_six().find(list(regions))
    turned = list(regions.values())[near.by].of(ImageOps.mirror(picture))
    assert near.distance <= SURE
    assert turned.tobytes() == picture.tobytes()


@pytest.mark.parametrize("turned", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
def test_a_turned_picture_is_turned_back_to_be_read(turned: Image.Transpose) -> None:
    sent = landscape(3).transpose(turned)
    regions = regions_to_look_up(sent)
    (near,) = index_of_six().find(list(regions))
    assert near.distance <= SURE
    assert list(regions.values())[near.by].of(sent).tobytes() == landscape(3).tobytes()


@pytest.mark.parametrize("box", [(0.08, 0.03, 0.02, 0.07), (0.02, 0.09, 0.06, 0.03), (0.1, 0.1, 0.1, 0.1)])
def test_it_knows_a_picture_that_was_cropped_unevenly(box: tuple[float, float, float, float]) -> None:
    picture, (left, top, right, bottom) = landscape(3), box
    width, height = picture.size
    sent = picture.crop((int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom))))
    found = index_of_six().find(hashes_to_look_up(sent), within=LIKELY)
    assert [near.article_id for near in found] == ["article 3"]


def test_it_finds_the_picture_between_a_viewers_bars() -> None:
    picture = landscape(4).resize((1080, 810))
    page = Image.new("RGB", (1080, 1600), "black")
    page.paste(picture, (0, 400))
    whole, inner = find_regions(page)[:2]
    assert whole == (0, 0, 1080, 1600)
    assert max(abs(a - b) for a, b in zip(inner, (0, 400, 1080, 1210), strict=True)) <= 12


def test_it_forgets_an_articles_old_hashes() -> None:
    index = PictureIndex()
    old, new = hash_picture(landscape(1))[0], hash_picture(landscape(2))[0]
    index.replace_article("A", [old])
    index.replace_article("B", [old, new])
    index.replace_article("A", [new])
    assert {near.article_id for near in index.find([old], within=0)} == {"B"}
    index.replace_article("B", [])
    assert index.find([old], within=0) == []
    assert index.find([new], within=0) == [Near("A", 0)]
    assert len(index) == 1


def test_it_orders_by_distance_and_says_how_far_each_is() -> None:
    one = hash_picture(landscape(1))[0]
    other = bytes([one[0] ^ 0b111]) + one[1:]
    index = PictureIndex()
    index.replace_article("near", [one])
    index.replace_article("nearer", [other])
    assert distance(one, other) == 3
    assert index.find([other], within=SURE) == [Near("nearer", 0), Near("near", 3)]
    assert index.find([other], within=2) == [Near("nearer", 0)]
