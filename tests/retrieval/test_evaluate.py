"""The figures of `chaming evaluate`, and what it makes of files that are not as they should be."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from retrieval.evaluate import (
    EvaluationError,
    Pair,
    Query,
    area_under_roc,
    load_folder,
    measure_pairs,
    measure_retrieval,
)
from retrieval.types import Band, EntryKind, Match


@dataclass(frozen=True)
class Verdict:
    probability: float
    contradictions: tuple[tuple[str, str], ...] = ()


def found(article_id: str, band: Band, probability: float = 0.5) -> Match:
    return Match(article_id, probability, band, EntryKind.ARTICLE, "")


def query(*relevant: str) -> Query:
    return Query("q", "", frozenset(relevant))


def test_it_measures_ranks_whatever_the_bands_and_outcomes_by_them() -> None:
    report = measure_retrieval(
        [
            (query("a"), [found("a", Band.ANSWER)]),
            (query("a"), [found("b", Band.ANSWER), found("a", Band.CANDIDATE)]),
            (query("a"), [found("b", Band.CANDIDATE), found("a", Band.CANDIDATE)]),
            (query("a"), [found("b", Band.CANDIDATE), found("a", Band.NOTHING)]),
            (query("a"), [found("a", Band.NOTHING)]),
            (query("a"), []),
            (query(), [found("b", Band.ANSWER)]),
            (query(), [found("b", Band.CANDIDATE)]),
        ]
    )
    assert report["n_queries"] == 8
    assert report["n_no_match"] == 2
    assert report["success@1"] == pytest.approx(2 / 6)
    assert report["success@5"] == report["success@10"] == pytest.approx(5 / 6)
    assert report["mrr@10"] == pytest.approx((1 + 0.5 + 0.5 + 0.5 + 1) / 6)
    outcomes = {"answered_right": 1, "answered_wrong": 1, "candidates_right": 1, "candidates_wrong": 1, "silent": 2}
    assert {name: report[name] for name in outcomes} == pytest.approx({name: n / 6 for name, n in outcomes.items()})
    assert report["false_answer_rate"] == 0.5


def test_it_does_not_accept_a_contradicted_pair() -> None:
    report = measure_pairs(
        [
            (Pair("1", "", "", True), Verdict(0.9)),
            (Pair("2", "", "", True), Verdict(0.2)),
            (Pair("3", "", "", False), Verdict(0.95, (("3杯", "8杯"),))),
            (Pair("4", "", "", False), Verdict(0.6)),
        ],
        threshold=0.5,
    )
    assert report == {
        "n": 4,
        "accuracy": 0.5,
        "precision": 0.5,
        "recall": 0.5,
        "false_accept_rate": 0.5,
        "auroc": 0.75,
        "threshold": 0.5,
    }


def test_it_counts_ties_as_half() -> None:
    labels = np.array([True, False, True, False])
    assert area_under_roc(np.array([1.0, 1.0, 0.5, 0.5]), labels) == 0.5
    assert area_under_roc(np.array([1.0, 0.0, 1.0, 0.0]), labels) == 1


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "holds neither"),
        ({"articles": ""}, "together"),
        ({"pairs": "\n"}, "no query and no pair"),
        ({"articles": '{"article_id": "1", "text": "a"}', "queries": ""}, "no query and no pair"),
        ({"pairs": "{"}, "pairs.jsonl, line 1: not JSON"),
        ({"pairs": "\n[]"}, "pairs.jsonl, line 2: not an object"),
        ({"pairs": '{"pair_id": "1", "text_a": "a", "text_b": "b"}'}, "same_claim"),
        ({"pairs": '{"pair_id": "1", "text_a": "a", "text_b": 2, "same_claim": true}'}, "text_b"),
        ({"pairs": "[" * 100_000 + "]" * 100_000}, "pairs.jsonl, line 1: not JSON"),
        ({"pairs": '{"pair_id": null, "text_a": "a", "text_b": "b", "same_claim": true}'}, "line 1: pair_id"),
        ({"queries": '{"query_id": "1", "text": "a", "relevant": []}'}, "together"),
        ({"articles": '{"article_id": "1", "text": "a"}', "queries": '{"query_id": "1", "text": "a"}'}, "relevant"),
        *(
            (
                {
                    "articles": '{"article_id": "1", "text": "a"}',
                    "queries": f'{{"query_id": "1", "text": "a", "relevant": ["1", {no_id}]}}',
                },
                "queries.jsonl, line 1: relevant",
            )
            for no_id in ("null", "true", "1.5", "[]")
        ),
    ],
)
def test_it_names_the_line_that_is_wrong(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    for name, content in files.items():
        (tmp_path / f"{name}.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(EvaluationError, match=problem):
        load_folder(tmp_path)


def test_it_reads_numbers_as_ids_and_a_byte_order_mark_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "articles.jsonl").write_text('\ufeff{"article_id": 7, "text": "a"}\n', encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text('{"query_id": 1, "text": "a", "relevant": [7]}\n', encoding="utf-8")
    labelled = load_folder(tmp_path)
    assert labelled.articles == [("7", "a")]
    assert labelled.queries == [Query("1", "a", frozenset({"7"}))]


@pytest.mark.parametrize(
    "rest",
    [
        {"articles": '{"article_id": "1", "text": "a"}'},
        {"queries": '{"query_id": "1", "text": "a", "relevant": ["1"]}'},
    ],
)
def test_it_reads_pairs_beside_half_of_what_retrieval_needs(tmp_path: Path, rest: dict[str, str]) -> None:
    pairs = '{"pair_id": "p", "text_a": "a", "text_b": "b", "same_claim": false}'
    for name, content in {"pairs": pairs, **rest}.items():
        (tmp_path / f"{name}.jsonl").write_text(content, encoding="utf-8")
    labelled = load_folder(tmp_path)
    assert labelled.pairs == [Pair("p", "a", "b", False)]
    assert (labelled.articles, labelled.queries) == ((), ())


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_it_reads_texts_with_separators_that_json_leaves_as_they_are(tmp_path: Path, separator: str) -> None:
    text = f"柿子{separator}牛奶"
    row = json.dumps({"pair_id": "p", "text_a": text, "text_b": "", "same_claim": True}, ensure_ascii=False)
    (tmp_path / "pairs.jsonl").write_text(row + "\r\n", encoding="utf-8", newline="")
    assert load_folder(tmp_path).pairs == [Pair("p", text, "", True)]
