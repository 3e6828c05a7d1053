"""Making the theme map: vectors and texts are read here, and laid out in a process of their own.

That process is the only one that imports scikit-learn, and it ends with the map: the bot that answers people meanwhile
loses neither memory nor its interpreter's lock to it.
"""

import asyncio
import importlib.util
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime

import numpy as np

from retrieval.themes.clustering import MIN_ARTICLES, NO_THEME, Layout, lay_out
from retrieval.themes.naming import name_themes
from storage.database import Database
from storage.exports.masking import Masker
from storage.index_entries import adopted_model
from storage.themes import MappedText, NewPlace, load_mapped_texts, save_map

MISSING = "scikit-learn is not installed, so there is no theme map: pip install -e '.[themes]'"


async def make_map(database: Database, now: datetime) -> str:
    """Make and store a new map; returns what came of it, in one line."""
    if importlib.util.find_spec("sklearn") is None:
        return MISSING
    async with database.reading() as session:
        model_id = await adopted_model(session)
    if model_id is None:
        return "no map: nothing has been encoded yet"
    texts = await _load_all(database, model_id)
    if len(texts) < MIN_ARTICLES:
        return f"no map: {len(texts)} articles are too few"
    layout, words = await _in_own_process(texts)
    places = [
        NewPlace(text.article_id, None if theme == NO_THEME else theme, x, y)
        for text, theme, (x, y) in zip(texts, layout.themes.tolist(), layout.places.tolist(), strict=True)
    ]
    await save_map(database, model_id, {theme: _public(each) for theme, each in words.items()}, places, now)
    return f"{len(words)} themes among {len(texts)} articles"


def _public(words: Sequence[str]) -> list[str]:
    """The words without any that is somebody's number or address."""
    masker = Masker()
    return [word for word in words if masker.mask(word) == word]


async def _load_all(database: Database, model_id: str) -> list[MappedText]:
    texts: list[MappedText] = []
    while True:
        async with database.reading() as session:
            page = await load_mapped_texts(session, model_id, texts[-1].article_id if texts else "")
        if not page:
            return texts
        texts += page


async def _in_own_process(texts: Sequence[MappedText]) -> tuple[Layout, dict[int, list[str]]]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_be_modest) as pool:
        arguments = ([text.vector for text in texts], [text.text for text in texts])
        return await asyncio.get_running_loop().run_in_executor(pool, lay_out_and_name, *arguments)


def _be_modest() -> None:
    """One thread, and after everybody else: people wait for answers, nobody for the map."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    os.nice(10)


def lay_out_and_name(vectors: Sequence[bytes], texts: Sequence[str]) -> tuple[Layout, dict[int, list[str]]]:
    """From stored vectors to the map, and its themes' words."""
    rows = [np.frombuffer(vector, "<f2") for vector in vectors]
    layout = lay_out(np.stack(rows).astype(np.float32) if rows else np.zeros((0, 1), np.float32))
    return layout, name_themes(texts, layout.themes.tolist())
