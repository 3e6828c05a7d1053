"""The labelled sets that come with the project, which the gate before another encoder measures on."""

import json
from pathlib import Path

from scripts.labelled_sets import load_english, load_questions, load_sets


def test_the_gate_measures_on_every_set_that_comes_with_the_project(tmp_path: Path) -> None:
    row = {"pair_id": "p", "text_a": "喝熱水殺病毒", "text_b": "喝熱水可以殺病毒", "same_claim": True}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    sets = load_sets([tmp_path])
    assert list(sets) == [
        "sample titles",
        "pairs read by eye",
        "questions beside reports",
        "posts in English",
        str(tmp_path),
    ]
    assert all(one.queries or one.pairs for one in sets.values())


def test_a_question_stands_beside_its_report_once() -> None:
    pairs = load_questions().pairs
    assert len({pair.pair_id for pair in pairs}) == len(pairs)
    assert {pair.same_claim for pair in pairs} == {True, False}


def test_each_post_in_english_is_looked_for_among_near_misses() -> None:
    english = load_english()
    known = dict(english.articles)
    assert all(query.relevant <= known.keys() for query in english.queries)
    assert len(english.articles) == 2 * len(english.queries)
    assert sum(pair.same_claim for pair in english.pairs) == len(english.queries)
