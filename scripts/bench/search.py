"""Search alone: latency, recall@10, memory and build time of both legs as the index grows, and how fast they grow.

    python -m scripts.bench.search [--data DIR] [--sizes 10000,100000,1000000] [--vectors FILE]

Texts and vectors are made from real ones (DIR holds Cofacts' open data; the shipped sample is the default). A vector is
a real one moved by the differences between real neighbours, so that it lies where another text about the same could;
a query is a stored vector moved once more, to a cosine of .96, which is how far a paraphrase lies. A text is cut
together from two real ones. `--vectors` names a file where the real vectors are kept between runs.
"""

import argparse
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from retrieval.faiss_vectors import FaissVectorIndex
from retrieval.lexical import LexicalIndex
from retrieval.normalise import matching_key
from retrieval.types import Vectors
from scripts.bench.real_texts import SAMPLE, load_vectors, read_texts

QUERIES = 300
QUERY_COSINE = 0.96
LENGTHS = (20, 100, 400)
CHUNK = 50_000


@dataclass(frozen=True)
class Figures:
    """What was measured at one size; times in milliseconds, (p50, p99), unless named otherwise."""

    size: int
    lists: tuple[int, int]
    dense: tuple[float, float]
    recall: float
    dense_build_s: float
    dense_mb: float
    lexical: dict[int, tuple[float, float]]
    lexical_build_s: float
    lexical_mb: float
    change: tuple[float, float]
    load_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SAMPLE)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--models", type=Path, default=Path("data"), help="the DATA_DIR with the prepared encoder")
    parser.add_argument("--vectors", type=Path)
    arguments = parser.parse_args()
    texts = read_texts(arguments.data)
    real = load_vectors(texts, arguments.models, arguments.vectors)
    figures = [measure(int(size), texts, real) for size in arguments.sizes.split(",")]
    show(figures, len(texts))


class Mover:
    """Moves vectors by the differences between real neighbours."""

    def __init__(self, real: Vectors, seed: int = 0) -> None:
        self._real = real
        self._random = np.random.default_rng(seed)
        exact = faiss.IndexFlatIP(real.shape[1])
        exact.add(real)
        self._near: NDArray[np.int64] = exact.search(real, 12)[1]

    def make(self, count: int) -> Vectors:
        chosen = self._random.integers(0, len(self._real), count)
        return self.move(self._real[chosen], self._random.uniform(0.88, 0.99, (count, 1)).astype(np.float32))

    def move(self, vectors: Vectors, cosine: Vectors | float) -> Vectors:
        """Return vectors at this cosine from the given ones."""
        direction = np.zeros_like(vectors)
        for _ in range(3):
            one = self._random.integers(0, len(self._real), len(vectors))
            other = self._near[one, self._random.integers(1, 12, len(vectors))]
            direction += self._real[one] - self._real[other]
        direction -= np.sum(direction * vectors, axis=1, keepdims=True) * vectors
        direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9
        moved: Vectors = (vectors * cosine + direction * np.sqrt(1 - np.square(cosine))).astype(np.float32)
        return moved


def measure(size: int, texts: Sequence[str], real: Vectors) -> Figures:
    print(f"{size:,} …", flush=True)
    mover = Mover(real)
    vectors = np.concatenate([mover.make(min(CHUNK, size - start)) for start in range(0, size, CHUNK)])
    queries = mover.move(vectors[np.random.default_rng(1).integers(0, size, QUERIES)], QUERY_COSINE)
    nearest = nearest_ten(vectors, queries)

    index = FaissVectorIndex(vectors.shape[1])
    started = time.perf_counter()
    for start in range(0, size, CHUNK):
        index.replace(range(start, min(size, start + CHUNK)), vectors[start : start + CHUNK], defer=True)
    index.settle()
    dense_build = time.perf_counter() - started
    found: list[NDArray[np.int64]] = []
    dense = timed(lambda query: found.append(index.search(query, 10)[0]), queries)
    recall = sum(len(np.intersect1d(one, other)) for one, other in zip(found, nearest, strict=True)) / nearest.size
    dump = index.dump()
    started = time.perf_counter()
    FaissVectorIndex.from_dump(dump)
    dense_load = time.perf_counter() - started
    del vectors

    lexical, lexical_figures, lexical_build = measure_lexical(size, texts)
    lexical_dump = lexical.dump()
    started = time.perf_counter()
    LexicalIndex.from_dump(lexical_dump)

    def change(number: int) -> None:
        """What replacing one text costs: out of both legs, and in again."""
        for leg in (index, lexical):
            leg.remove([number])
        lexical.replace([number], [texts[number % len(texts)][:200]])
        index.replace([number], queries[:1])

    return Figures(
        size=size,
        lists=index.lists_searched,
        dense=dense,
        recall=recall,
        dense_build_s=dense_build,
        dense_mb=megabytes(dump),
        lexical=lexical_figures,
        lexical_build_s=lexical_build,
        lexical_mb=megabytes(lexical_dump),
        load_s=dense_load + time.perf_counter() - started,
        change=timed(change, range(100)),
    )


def measure_lexical(size: int, texts: Sequence[str]) -> tuple[LexicalIndex, dict[int, tuple[float, float]], float]:
    """Build the lexical leg over made texts and search it with messages of several lengths."""
    choose = random.Random(0)
    keys = [matching_key(text) for text in texts]

    def made() -> str:
        return choose.choice(keys)[: choose.randrange(20, 200)] + choose.choice(keys)[: choose.randrange(10, 120)]

    index = LexicalIndex()
    build = 0.0
    for start in range(0, size, CHUNK):
        some = [made() for _ in range(min(CHUNK, size - start))]
        started = time.perf_counter()
        index.replace(range(start, start + len(some)), some, defer=True)
        build += time.perf_counter() - started
    started = time.perf_counter()
    index.settle()
    build += time.perf_counter() - started
    figures = {}
    for length in LENGTHS:
        messages = ["".join(made() for _ in range(6))[:length] for _ in range(QUERIES)]
        figures[length] = timed(lambda message: index.search(message, 30), messages)
    return index, figures, build


def nearest_ten(vectors: Vectors, queries: Vectors) -> NDArray[np.int64]:
    exact = faiss.IndexFlatIP(vectors.shape[1])
    exact.add(vectors)
    found: NDArray[np.int64] = exact.search(queries, 10)[1]
    return found


def timed(work: Callable[..., object], items: Sequence[object] | Vectors) -> tuple[float, float]:
    """p50 and p99 in milliseconds, after a few calls that do not count."""
    took = []
    for item in items:
        started = time.perf_counter()
        work(item)
        took.append((time.perf_counter() - started) * 1000)
    counted = took[len(took) // 20 :]
    return float(np.median(counted)), float(np.quantile(counted, 0.99))


def megabytes(arrays: dict[str, NDArray[np.generic]]) -> float:
    return sum(array.nbytes for array in arrays.values()) / 1e6


def exponent(figures: Sequence[Figures], of: Callable[[Figures], float]) -> str:
    """The b of time ∝ n^b between the first size and the last."""
    first, last = figures[0], figures[-1]
    return f"{math.log(of(last) / of(first)) / math.log(last.size / first.size):.2f}" if last.size > first.size else "–"


def show(figures: Sequence[Figures], real: int) -> None:
    rows: list[tuple[str, Callable[[Figures], str], Callable[[Figures], float] | None]] = [
        ("dense: lists searched", lambda f: f"{f.lists[0]}/{f.lists[1]}", None),
        ("dense: p50 / p99 ms", lambda f: f"{f.dense[0]:.2f} / {f.dense[1]:.2f}", lambda f: f.dense[0]),
        ("dense: recall@10", lambda f: f"{f.recall:.4f}", None),
        ("dense: build s", lambda f: f"{f.dense_build_s:.1f}", lambda f: f.dense_build_s),
        ("dense: MB", lambda f: f"{f.dense_mb:.0f}", lambda f: f.dense_mb),
        *(
            (
                f"lexical, {length} characters: p50 / p99 ms",
                lambda f, n=length: f"{f.lexical[n][0]:.2f} / {f.lexical[n][1]:.2f}",
                lambda f, n=length: f.lexical[n][0],
            )
            for length in LENGTHS
        ),
        ("lexical: build s", lambda f: f"{f.lexical_build_s:.1f}", lambda f: f.lexical_build_s),
        ("lexical: MB", lambda f: f"{f.lexical_mb:.0f}", lambda f: f.lexical_mb),
        ("replace one, both legs: p50 / p99 ms", lambda f: f"{f.change[0]:.2f} / {f.change[1]:.2f}", None),
        ("load both legs s", lambda f: f"{f.load_s:.2f}", lambda f: f.load_s),
    ]
    table = Table(title=f"Search over vectors and texts made from {real:,} real ones, one thread, k = 10 and 30")
    for column in ("", *(f"{f.size:,}" for f in figures), "exponent"):
        table.add_column(column, justify="right" if column else "left")
    for name, cell, growing in rows:
        table.add_row(name, *(cell(f) for f in figures), exponent(figures, growing) if growing else "")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
