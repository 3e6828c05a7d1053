"""The labelled sets that come with the project, in the form `chaming evaluate` measures.

They are what the shipped calibration was made with, so they compare encoders with each other; for how good one is,
bring labelled data of your own.
"""

from collections.abc import Iterable
from pathlib import Path

from retrieval.evaluate import LabelledSet, Pair, Query, load_folder
from scripts.bench.quality.examples import english_rows, question_rows, read_pairs
from scripts.bench.quality.sample import load_sample

SAMPLE = Path(__file__).parent / "sample"


def load_sets(folders: Iterable[Path]) -> dict[str, LabelledSet]:
    """The shipped sets and those in the folders, by name. Raises `EvaluationError`."""
    shipped = {
        "sample titles": load_titles(),
        "pairs read by eye": load_pairs(),
        "questions beside reports": load_questions(),
        "posts in English": load_english(),
    }
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
    pairs = [Pair(row["pair_id"], row["text_a"], row["text_b"], row["same_claim"]) for row in read_pairs()]
    return LabelledSet((), (), pairs)


def load_questions() -> LabelledSet:
    """Questions about a report, and questions that come near it and are about something else."""
    pairs = [
        Pair(f"{number}:{kind}:{place}", text, row["report"], kind == "same")
        for number, row in enumerate(question_rows())
        for kind in ("same", "near")
        for place, text in enumerate(row[kind])
    ]
    return LabelledSet((), (), pairs)


def load_english() -> LabelledSet:
    """Posts in English among claims of which half only come near them, and each post beside both of its claims."""
    rows = english_rows()
    claims = [(f"{row['claim_id']}:{kind}", row[kind]) for row in rows for kind in ("claim", "near_miss")]
    queries = [Query(row["claim_id"], row["message"], frozenset({f"{row['claim_id']}:claim"})) for row in rows]
    pairs = [
        Pair(f"{row['claim_id']}:{kind}", row[kind], row["claim"], kind == "message")
        for row in rows
        for kind in ("message", "near_miss")
    ]
    return LabelledSet(claims, queries, pairs)
