"""Faces are found wherever they are in a picture, and none where nobody is."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.media.faces import find_faces
from bot.media.words import SCALE
from scripts.bench.pictures.distortions import as_jpeg, in_viewer
from scripts.bench.pictures.made import draw_chat, draw_landscape, draw_note

pytestmark = pytest.mark.slow
"""Each asks the network, some more than once; a look takes it a fifth of a second."""

FACE = Path(__file__).parent / "faces" / "astronaut.jpg"
TEXT = "緊急通知：明天起全台超商停收現金，請大家告訴家人"


@cache
def landscape() -> Image.Image:
    return draw_landscape(np.random.default_rng(3)).resize((1200, 900))


def scene(*places: tuple[int, int], height: int = 220) -> Image.Image:
    """A landscape with the astronaut in it, her upper left corner at each of these places."""
    page = landscape().copy()
    person = Image.open(FACE)
    person = person.resize((round(person.width * height / person.height), height))
    for place in places:
        page.paste(person, place)
    return page


def holds(picture: Image.Image, x: float, y: float) -> bool:
    """Whether one of the areas lies around this pixel."""
    x, y = x * SCALE / picture.width, y * SCALE / picture.height
    return any(one.left < x < one.right and one.top < y < one.bottom for one in find_faces(picture))


@pytest.mark.parametrize("height", [60, 220, 800])
def test_it_finds_a_face_near_and_far(height: int) -> None:
    picture = scene((100, 60), height=height)
    assert holds(picture, 100 + height * 0.34, 60 + height * 0.5)
    assert len(find_faces(picture)) == 1


def test_it_finds_each_of_several() -> None:
    picture = scene((40, 40), (500, 300), (900, 600))
    assert [holds(picture, x + 75, y + 110) for x, y in [(40, 40), (500, 300), (900, 600)]] == [True] * 3
    assert len(find_faces(picture)) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: as_jpeg(picture, 15),
        lambda picture: picture.convert("L").convert("RGB"),
        lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        lambda picture: in_viewer(picture, np.random.default_rng(1)),
    ],
    ids=["encoded badly", "grey", "mirrored", "on a phone"],
)
def test_it_finds_it_after(change: Callable[[Image.Image], Image.Image]) -> None:
    assert len(find_faces(change(scene((500, 300))))) == 1


def test_it_finds_nobody_where_nobody_is() -> None:
    random = np.random.default_rng(4)
    for picture in (landscape(), draw_note(TEXT, random), draw_chat(TEXT, random)):
        assert find_faces(picture) == ()


@pytest.mark.parametrize("size", [(1, 1), (33, 2000), (3000, 20)])
def test_it_takes_pictures_of_any_shape(size: tuple[int, int]) -> None:
    assert find_faces(Image.new("RGB", size, "white")) == ()


def test_what_it_finds_stays_within_the_picture() -> None:
    (face,) = find_faces(Image.open(FACE).crop((20, 60, 120, 160)).resize((400, 400)))
    assert 0 <= face.left < face.right <= SCALE
    assert 0 <= face.top < face.bottom <= SCALE
