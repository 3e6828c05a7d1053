"""The contract of a `VectorIndex`, over FAISS and over the NumPy twin, and what only FAISS must show."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from retrieval import faiss_vectors
from retrieval.faiss_vectors import FaissVectorIndex
from retrieval.types import Vectors
from retrieval.vectors import NumpyVectorIndex, VectorIndex
from tests.retrieval.made import DIMENSION, clustered_vectors

KINDS = {"faiss": FaissVectorIndex, "numpy": NumpyVectorIndex}
FLOAT16 = 2e-3


@pytest.fixture
def small_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let FAISS leave the exact kind at 500 vectors already."""
    monkeypatch.setattr(faiss_vectors, "EXACT_UP_TO", 500)


@pytest.fixture(params=["faiss", "numpy", "faiss in lists"])
def index(request: pytest.FixtureRequest) -> VectorIndex:
    """An index of 1,000 vectors in slots 0–999; `vectors()` makes the same."""
    name, _, in_lists = request.param.partition(" in ")
    if in_lists:
        request.getfixturevalue("small_lists")
    made: VectorIndex = KINDS[name](DIMENSION)
    made.replace(range(1000), vectors(), defer=True)
    made.settle()
    return made


def vectors() -> Vectors:
    return clustered_vectors(1000)


def test_it_finds_a_vector_first_and_scores_by_inner_product(index: VectorIndex) -> None:
    slots, scores = index.search(vectors()[7], 5)

    assert slots[0] == 7
    assert scores == pytest.approx(vectors()[slots] @ vectors()[7], abs=FLOAT16)
    assert list(scores) == sorted(scores, reverse=True)


def test_it_returns_no_more_than_there_are() -> None:
    for kind in KINDS.values():
        made = kind(DIMENSION)
        assert made.search(vectors()[0], 10)[0].tolist() == []
        made.replace([4], vectors()[:1])
        assert made.search(vectors()[0], 10)[0].tolist() == [4]


def test_it_forgets_what_was_removed(index: VectorIndex) -> None:
    index.remove([7, 8, 5000])

    assert len(index) == 998
    assert {7, 8}.isdisjoint(index.search(vectors()[7], 100)[0].tolist())
    index.remove([7])
    assert len(index) == 998


def test_it_finds_what_was_replaced_under_its_new_vector_only(index: VectorIndex) -> None:
    opposite = -vectors()[7:8]
    index.replace([7], opposite)

    assert len(index) == 1000
    assert index.search(opposite[0], 1)[0].tolist() == [7]
    assert 7 not in index.search(vectors()[7], 100)[0]


def test_it_gives_vectors_back(index: VectorIndex) -> None:
    assert index.reconstruct([3, 1]) == pytest.approx(vectors()[[3, 1]], abs=FLOAT16)


def test_a_removed_row_is_readable_until_it_is_erased(index: VectorIndex) -> None:
    index.remove([3])
    assert index.reconstruct([3])[0] == pytest.approx(vectors()[3], abs=FLOAT16)
    index.erase([3])
    assert not index.reconstruct([3]).any()


def test_it_is_the_same_after_dump_and_load(index: VectorIndex) -> None:
    index.remove([5])
    again = type(index).from_dump(index.dump())
    again.replace([1000], -vectors()[:1])

    assert len(again) == 1000
    assert again.search(-vectors()[0], 1)[0].tolist() == [1000]
    assert again.search(vectors()[9], 10)[0].tolist() == index.search(vectors()[9], 10)[0].tolist()


def test_a_dump_holds_nothing_of_what_was_removed(index: VectorIndex) -> None:
    index.remove([5])

    assert not index.dump()["rows"][5].any()


def test_it_refuses_vectors_of_another_size(index: VectorIndex) -> None:
    with pytest.raises(ValueError, match="vectors of 32"):
        index.replace([0], np.zeros((1, 31), np.float32))


@pytest.mark.usefixtures("small_lists")
def test_faiss_leaves_the_exact_kind_when_it_has_grown() -> None:
    index = FaissVectorIndex(DIMENSION)
    index.replace(range(400), vectors()[:400])
    index.settle()
    assert index.is_exact

    index.replace(range(400, 1000), vectors()[400:])
    index.settle()
    assert not index.is_exact
    assert index.search(vectors()[700], 1)[0].tolist() == [700]


@pytest.mark.slow
@pytest.mark.usefixtures("small_lists")
def test_faiss_makes_its_lists_anew_when_there_are_many_times_more() -> None:
    index = FaissVectorIndex(DIMENSION)
    index.replace(range(600), vectors()[:600])
    index.settle()
    before = index.lists_searched
    index.replace(range(600, 8600), clustered_vectors(8000, seed=2), defer=True)
    index.settle()

    assert index.lists_searched[1] > before[1]


@pytest.mark.slow
def test_faiss_in_lists_finds_what_the_exact_twin_finds() -> None:
    stored = clustered_vectors(12_000, 64)
    queries = stored[:100] + 0.03 * np.random.default_rng(1).standard_normal((100, 64)).astype(np.float32)
    ours, exact = FaissVectorIndex(64), NumpyVectorIndex(64)
    for index in (ours, exact):
        index.replace(range(12_000), stored, defer=True)
        index.settle()
    assert not ours.is_exact

    found = [len(np.intersect1d(ours.search(q, 10)[0], exact.search(q, 10)[0])) for q in queries]
    assert sum(found) / (10 * len(queries)) >= 0.98


@pytest.mark.slow
def test_a_damaged_dump_is_refused() -> None:
    index = FaissVectorIndex(DIMENSION)
    index.replace(range(20_000), clustered_vectors(20_000), defer=True)
    dump = index.dump()
    dump["living"][:10] = False

    with pytest.raises(ValueError, match="rows"):
        FaissVectorIndex.from_dump(dump)


class Twins(RuleBasedStateMachine):
    """Whatever is done to both, FAISS in exact size and the twin find the same."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = clustered_vectors(40, seed=3)
        self.indexes: tuple[VectorIndex, ...] = (FaissVectorIndex(DIMENSION), NumpyVectorIndex(DIMENSION))

    @rule(slot=st.integers(0, 30), row=st.integers(0, 39), defer=st.booleans())
    def replace(self, slot: int, row: int, defer: bool) -> None:
        for index in self.indexes:
            index.replace([slot], self.pool[row : row + 1], defer=defer)
            index.settle()

    @rule(slots=st.lists(st.integers(0, 30), max_size=5, unique=True))
    def remove(self, slots: list[int]) -> None:
        for index in self.indexes:
            index.remove(slots)

    @rule()
    def reload(self) -> None:
        self.indexes = tuple(type(index).from_dump(index.dump()) for index in self.indexes)

    @invariant()
    def both_find_the_same(self) -> None:
        faiss, numpy = self.indexes
        assert len(faiss) == len(numpy)
        for query in self.pool[:3]:
            (_, scores), (_, exact) = faiss.search(query, 5), numpy.search(query, 5)
            assert scores == pytest.approx(exact, abs=FLOAT16)


TestTwins = Twins.TestCase
TestTwins.settings = settings(
    max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(autouse=True)
def _no_leftover_threads() -> Iterator[None]:
    """FAISS would use every core in a thread that never told it otherwise."""
    import faiss

    before = faiss.omp_get_max_threads()
    yield
    faiss.omp_set_num_threads(before)
