"""Themes: dense regions are found whatever lies between them, and named by what sets them apart."""

import numpy as np
import pytest

from retrieval.themes import clustering
from retrieval.themes.clustering import MIN_ARTICLES, NO_THEME, lay_out
from retrieval.themes.naming import name_themes, to_words

drawn = pytest.mark.slow
"""Imports scikit-learn, which takes a second."""


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def made(sizes: tuple[int, ...], alone: int, seed: int = 1) -> np.ndarray:
    """Tight bunches and rows by themselves, all on one side of the sphere as an encoder's are."""
    random = np.random.default_rng(seed)
    bunches = [random.normal(size=(1, 64)) + random.normal(scale=0.15, size=(size, 64)) for size in sizes]
    return unit(np.concatenate([*bunches, random.normal(size=(alone, 64))]) + 3.0)


@drawn
def test_it_finds_the_bunches() -> None:
    layout = lay_out(made((30, 18), 6))
    assert set(layout.themes[:30]) == {0}, "the largest is number 0"
    assert set(layout.themes[30:48]) == {1}
    assert set(layout.themes[48:]) <= {NO_THEME, 2}
    assert layout.places.min() >= 0
    assert layout.places.max() <= 1
    near = np.linalg.norm(layout.places[:30] - layout.places[:30].mean(axis=0), axis=1).mean()
    assert near < np.linalg.norm(layout.places[:30].mean(axis=0) - layout.places[30:48].mean(axis=0)) / 2


@drawn
def test_the_same_vectors_give_the_same_map() -> None:
    vectors = made((20, 20), 20)
    first, second = lay_out(vectors), lay_out(vectors)
    assert np.array_equal(first.themes, second.themes)
    assert np.array_equal(first.places, second.places)


@drawn
def test_many_articles_are_drawn_together_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "MAX_POINTS", 120)
    layout = lay_out(made((150, 100), 150))
    assert (len(layout.themes), len(np.unique(layout.places, axis=0))) == (400, 400)
    assert layout.themes.max() >= 0


@pytest.mark.parametrize("count", [0, 1, MIN_ARTICLES - 1])
def test_a_few_articles_have_no_theme(count: int) -> None:
    layout = lay_out(made((count,), 0) if count else np.zeros((0, 64), np.float32))
    assert (layout.themes == NO_THEME).all()
    assert layout.places.shape == (count, 2)


@drawn
def test_equal_vectors_are_no_obstacle() -> None:
    layout = lay_out(np.repeat(made((1,), 0), 40, axis=0))
    assert np.isfinite(layout.places).all()


def test_a_theme_is_named_by_what_others_do_not_say() -> None:
    stickers = [f"限時免費貼圖下載，趕快加入好友{n}" for n in range(6)]
    traffic = [f"7月1日起交通新制上路，闖紅燈罰款加重{n}" for n in range(6)]
    names = name_themes([*stickers, *traffic, "趕快看看這個影片"], [0] * 6 + [1] * 6 + [NO_THEME])
    assert set(names) == {0, 1}
    assert any("貼圖" in word for word in names[0])
    assert any("紅燈" in word or "交通" in word for word in names[1])
    pairs = [{word[i : i + 2] for i in range(len(word) - 1)} for word in names[0]]
    assert sum(map(len, pairs)) == len(set().union(*pairs)), "no two words say the same"


def test_words_are_runs_and_names_without_links() -> None:
    words = to_words("LINE 說 COVID-19 疫苗的 https://example.org/abcdef 副作用")
    assert {"covid-19", "疫苗", "副作用", "作用"} <= words
    assert not {"line", "example", "abcdef", "苗的", "的副"} & words


def test_texts_without_a_word_in_common_have_no_name() -> None:
    assert name_themes(["甲", "", "😀"], [0, 0, 0]) == {0: []}
