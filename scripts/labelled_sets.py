"""The labelled sets that come with the project, in the form `chaming evaluate` measures.

They are what the shipped calibration was made with, so they compare encoders with each other; for how good one is,
bring labelled data of your own.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from retrieval.evaluate import LabelledSet, Pair, Query, load_folder
from scripts.bench.quality.sample import load_sample

SAMPLE = Path(__file__).parent / "sample"
READ_PAIRS = Path(__file__).parent / "bench" / "quality" / "read_pairs.jsonl"


def load_sets(folders: Iterable[Path]) -> dict[str, LabelledSet]:
    """The shipped sets and those in the folders, by name. Raises `EvaluationError`."""
    shipped = {"sample titles": load_titles(), "pairs read by eye": load_pairs()}
    return shipped | {str(folder): load_folder(folder) for folder in folders}


def load_titles() -> LabelledSet:
    """Link title → message, on the sample: half of the messages are left out, and nothing must match their titles."""
    sample = load_sample(SAMPLE)
    indexed = {article_id for place, article_id in enumerate(sample.messages) if place % 2 == 0}
    queries = [
        Query(article_id, max(titles, key=len), frozenset({article_id} & indexed))
        for article_id, titles in sample.titles.items()
    ]
    return LabelledSet([(id_, text) for id_, text in sample.messages.items() if id_ in indexed], queries, ())


def load_pairs() -> LabelledSet:
    """Pairs of real texts, near-misses among them, that a person read and judged."""
    rows = [json.loads(line) for line in READ_PAIRS.read_text(encoding="utf-8").splitlines()]
    pairs = [Pair(row["pair_id"], row["text_a"], row["text_b"], row["same_claim"]) for row in rows]
    return LabelledSet((), (), pairs)
