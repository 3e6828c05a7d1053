"""Measure matching on labelled queries and labelled pairs, as they are: no database, no setting, no fitting.

A folder holds `articles.jsonl` with `queries.jsonl`, or `pairs.jsonl`, or both (see `load_folder`).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.types import Band, Match

Report = dict[str, dict[str, float]]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are."""

DEPTH = 10


class EvaluationError(Exception):
    """The folder to evaluate cannot be read."""

    def __str__(self) -> str:
        return super().__str__() or str(self.__doc__)


@dataclass(frozen=True, slots=True)
class Query:
    """A message and the articles that answer it; `relevant` is empty when nothing should match."""

    query_id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, and whether a person judged them the same claim."""

    pair_id: str
    text_a: str
    text_b: str
    same_claim: bool


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """What a folder holds. `articles` are (id, text); an id may stand on several lines, one for each of its texts."""

    articles: Sequence[tuple[str, str]]
    queries: Sequence[Query]
    pairs: Sequence[Pair]


class PairJudgement(Protocol):
    """What `retrieval.pairs.judge_pair` gives for one pair."""

    @property
    def probability(self) -> float: ...

    @property
    def contradictions(self) -> Sequence[tuple[str, str]]: ...


def _read_lines(path: Path) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Yield (where, object) for each line, raising `EvaluationError` with file and line where one is no object."""
    # Only \n ends a line here: splitlines() would cut at U+2028 too, which may stand in JSON's texts as it is.
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:  # nested too deep, it is no row of ours either
            raise EvaluationError(f"{where}: not JSON ({error}).") from error
        if not isinstance(row, dict):
            raise EvaluationError(f"{where}: not an object.")
        yield where, row


def _id(value: object) -> str | None:
    """Return an id, which may be written as a number; None where it is neither text nor a whole number."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    value = row.get(name)
    if name.endswith("_id"):
        value = _id(value)
    if not isinstance(value, str):
        raise EvaluationError(f"{where}: {name} is missing or no text.")
    return value


def _relevant(row: Mapping[str, Any], where: str) -> frozenset[str]:
    value = row.get("relevant")
    if not isinstance(value, list):
        raise EvaluationError(f"{where}: relevant is missing or no list.")
    ids = [_id(article_id) for article_id in value]
    if None in ids:
        raise EvaluationError(f"{where}: relevant holds what is no article id.")
    return frozenset(article_id for article_id in ids if article_id is not None)


def _same_claim(row: Mapping[str, Any], where: str) -> bool:
    value = row.get("same_claim")
    if value not in (True, False):
        raise EvaluationError(f"{where}: same_claim is missing or neither true nor false.")
    return bool(value)


def load_folder(folder: Path) -> LabelledSet:
    """Read a folder of labelled data, raising `EvaluationError` with the file and line at fault. Articles without
    queries, or queries without articles, are left out where there are pairs."""
    articles, queries, pairs = (folder / f"{name}.jsonl" for name in ("articles", "queries", "pairs"))
    both = articles.is_file() and queries.is_file()
    if not pairs.is_file() and not both:
        if articles.is_file() or queries.is_file():
            raise EvaluationError(f"{folder} needs articles.jsonl and queries.jsonl together.")
        raise EvaluationError(f"{folder} holds neither articles.jsonl with queries.jsonl nor pairs.jsonl.")
    try:
        labelled = LabelledSet(
            articles=[
                (_text(row, "article_id", where), _text(row, "text", where)) for where, row in _read_lines(articles)
            ]
            if both
            else (),
            queries=[
                Query(_text(row, "query_id", where), _text(row, "text", where), _relevant(row, where))
                for where, row in _read_lines(queries)
            ]
            if both
            else (),
            pairs=[
                Pair(
                    _text(row, "pair_id", where),
                    _text(row, "text_a", where),
                    _text(row, "text_b", where),
                    _same_claim(row, where),
                )
                for where, row in _read_lines(pairs)
            ]
            if pairs.is_file()
            else (),
        )
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{folder} cannot be read ({error}).") from error
    if not labelled.queries and not labelled.pairs:
        raise EvaluationError(f"{folder} holds no query and no pair.")
    return labelled


def _share(count: int, of: int) -> float:
    return count / of if of else 0.0


def rank_of_relevant(matches: Sequence[Match], relevant: frozenset[str]) -> int | None:
    """Return the place, from 1, of the first relevant match; None when there is none."""
    return next((rank for rank, match in enumerate(matches, 1) if match.article_id in relevant), None)


def outcome_of(matches: Sequence[Match], relevant: frozenset[str]) -> str:
    """Return what the asker gets, as one of the report's names: the first sure match, else all that may be it."""
    answer = next((match for match in matches if match.band is Band.ANSWER), None)
    if answer is not None:
        return "answered_right" if answer.article_id in relevant else "answered_wrong"
    offered = {match.article_id for match in matches if match.band is Band.CANDIDATE}
    if not offered:
        return "silent"
    return "candidates_right" if offered & relevant else "candidates_wrong"


def measure_retrieval(results: Iterable[tuple[Query, Sequence[Match]]]) -> dict[str, float]:
    """Sum up queries and what was matched to them; see the README for what each figure means."""
    ranks: list[int | None] = []
    outcomes = dict.fromkeys(("answered_right", "answered_wrong", "candidates_right", "candidates_wrong", "silent"), 0)
    unmatched = falsely_answered = 0
    for query, matches in results:
        outcome = outcome_of(matches, query.relevant)
        if query.relevant:
            ranks.append(rank_of_relevant(matches[:DEPTH], query.relevant))
            outcomes[outcome] += 1
        else:
            unmatched += 1
            falsely_answered += outcome == "answered_wrong"
    found = [rank for rank in ranks if rank is not None]
    return {
        "n_queries": len(ranks) + unmatched,
        "n_no_match": unmatched,
        **{f"success@{k}": _share(sum(rank <= k for rank in found), len(ranks)) for k in (1, 5, 10)},
        "mrr@10": sum(1 / rank for rank in found) / max(1, len(ranks)),
        **{name: _share(count, len(ranks)) for name, count in outcomes.items()},
        "false_answer_rate": _share(falsely_answered, unmatched),
    }


def area_under_roc(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Return the chance that a random true pair scores above a random false one, ties counting half."""
    positives, negatives = np.sort(scores[labels]), np.sort(scores[~labels])
    if not len(positives) or not len(negatives):
        return 0.0
    below = np.searchsorted(negatives, positives, side="left")
    tied = np.searchsorted(negatives, positives, side="right") - below
    return float((below + tied / 2).sum() / len(positives) / len(negatives))


def measure_pairs(judged: Iterable[tuple[Pair, PairJudgement]], threshold: float) -> dict[str, float]:
    """Sum up pairs: one is accepted from `threshold` on, unless something contradicts it.

    For the AUROC a contradicted pair keeps its order among the contradicted, below all others.
    """
    rows = [(pair.same_claim, verdict.probability, bool(verdict.contradictions)) for pair, verdict in judged]
    labels = np.array([same for same, _, _ in rows], bool)
    scores = np.array([probability - contradicted for _, probability, contradicted in rows], float)
    accepted = scores >= threshold
    right = int((accepted & labels).sum())
    return {
        "n": len(rows),
        "accuracy": _share(int((accepted == labels).sum()), len(rows)),
        "precision": _share(right, int(accepted.sum())),
        "recall": _share(right, int(labels.sum())),
        "false_accept_rate": _share(int((accepted & ~labels).sum()), int((~labels).sum())),
        "auroc": area_under_roc(scores, labels),
        "threshold": threshold,
    }
