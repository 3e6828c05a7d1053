"""The job that draws the theme map: from stored vectors to a map that is shown."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from retrieval.themes.clustering import MIN_ARTICLES
from scripts import themes
from scripts.themes import MISSING, make_map
from storage.database import Database
from storage.index_entries import adopt_model, save_embeddings
from storage.tables import Article, Embedding, Status
from storage.themes import find_map
from tests.storage.exports.instance import release

NOW = datetime(2026, 3, 20, tzinfo=UTC)


async def fill(database: Database, count: int) -> None:
    """Two bunches of articles, each with a vector; one article is blocked, and one variant has a vector too."""
    random = np.random.default_rng(3)
    middles = random.normal(size=(2, 32))
    async with database.transaction() as session:
        await adopt_model(session, "model")
        for number in range(count):
            text = f"限時免費貼圖下載 {number}" if number % 2 else f"闖紅燈罰款加重 {number}"
            status = Status.BLOCKED if number == 0 else Status.NORMAL
            session.add(Article(id=f"a{number:03}", text=text, status=status, created_at=NOW))
        await session.flush()
        rows = middles[np.arange(count) % 2] + random.normal(scale=0.1, size=(count, 32))
        vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("<f2")
        await save_embeddings(
            session,
            [
                Embedding(
                    entry_id=f"article:a{number:03}",
                    model_id="model",
                    article_id=f"a{number:03}",
                    text_hash="h",
                    vector=vectors[number].tobytes(),
                )
                for number in range(count)
            ],
        )


async def test_it_draws_and_names_the_themes(sqlite_database: Database) -> None:
    await fill(sqlite_database, 41)
    assert await make_map(sqlite_database, NOW) == "2 themes among 40 articles"
    async with sqlite_database.reading() as session:
        found = await find_map(session, 100)
    assert found
    assert {place.article_id for place in found.places} == {f"a{number:03}" for number in range(1, 41)}
    theme_of = {place.article_id: place.number for place in found.places}
    assert theme_of["a001"] != theme_of["a002"]
    assert any("貼圖" in word for word in found.words[theme_of["a001"] or 0])


async def test_a_release_holds_the_map_as_the_job_drew_it(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database, 41)
    await make_map(sqlite_database, NOW)
    async with sqlite_database.reading() as session:
        found = await find_map(session, 100)
    assert found
    made = await release(sqlite_database, tmp_path / "releases", formats=("parquet",))
    released = pq.read_table(tmp_path / "releases" / made.release / "parquet/article_themes.parquet").to_pylist()
    shown = {(place.article_id, place.number, place.x, place.y) for place in found.places}
    assert {(row["article_id"], row["theme"], row["x"], row["y"]) for row in released} == shown
    assert all(json.loads(row["words"]) == found.words[row["theme"]] for row in released if row["theme"] is not None)
    assert len(released) == 40, "the blocked article is not among them"


async def test_nothing_is_drawn_of_too_little(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nothing has been encoded" in await make_map(sqlite_database, NOW)
    await fill(sqlite_database, MIN_ARTICLES)
    assert await make_map(sqlite_database, NOW) == f"no map: {MIN_ARTICLES - 1} articles are too few"
    monkeypatch.setattr(themes.importlib.util, "find_spec", lambda name: None)
    assert await make_map(sqlite_database, NOW) == MISSING
    async with sqlite_database.reading() as session:
        assert await find_map(session, 100) is None
