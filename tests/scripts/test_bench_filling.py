"""Fillers are as many as are wanted, as real texts lie, and near none of them."""

import numpy as np
import pytest

from retrieval.types import EntryKind, Vectors
from scripts.bench.filling import CLAUSE, LONGEST_CLAUSE, FillerMaker, cut_clauses

TEXTS = [
    f"第{number}則消息說，某地的{number}號商店明天起停止營業，請大家不要再去。據說老闆欠了{number}萬元沒有還"
    for number in range(60)
]


def make_vectors() -> Vectors:
    """Unit rows that all lie on one side, as an encoder's do."""
    rows = np.random.default_rng(0).standard_normal((len(TEXTS), 384)) / np.sqrt(384) * 0.5
    rows[:, 0] += 1
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_it_makes_articles_with_a_reply_and_a_vector_for_each_entry() -> None:
    fillers, vectors = FillerMaker(TEXTS, make_vectors()).make(range(5, 9))
    assert [filler.article_id for filler in fillers] == ["filler-5", "filler-6", "filler-7", "filler-8"]
    assert [entry.kind for entry in fillers[0].entries] == [EntryKind.ARTICLE, EntryKind.REPLY]
    assert {entry.article_id for entry in fillers[0].entries} == {"filler-5"}
    assert vectors.shape == (8, 384)
    assert len({filler.text for filler in fillers}) == 4


def test_its_vectors_are_spread_as_the_real_ones_and_none_is_a_copy() -> None:
    real = make_vectors()
    _, made = FillerMaker(TEXTS, real).make(range(500))
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert np.median(made[:400] @ made[400:800].T) == pytest.approx(np.median(real @ real.T), abs=0.02)
    assert np.median((made @ real.T).max(axis=1)) < 0.97


def test_it_makes_the_same_ones_every_time() -> None:
    one, other = (FillerMaker(TEXTS, make_vectors()).make(range(20))[0] for _ in range(2))
    assert one == other


def test_it_cuts_texts_into_clauses_without_links() -> None:
    clauses = list(
        cut_clauses(
            "短，再短，但是這一句就夠長了可以自己成立。看 https://example.com/a 這裡寫了一些別的事情喔！" + "長" * 90
        )
    )
    assert [len(clause) >= CLAUSE for clause in clauses] == [True] * len(clauses)
    assert max(map(len, clauses)) == LONGEST_CLAUSE
    assert "example" not in "".join(clauses)
