"""One table: our matching, its legs, their naive combinations and two peers' recipes, on tasks made from the sample.

    python -m scripts.bench.quality SAMPLE_DIR [--folds DIR] [--held-out 3,4=FOLDER]… [--bare FOLDER] [--cache FILE]

With `--folds DIR` (made by `scripts.train_matcher --folds DIR`) every query is matched by the scorer that was fitted
without its cluster, and with `--held-out` by an encoder that was adapted without it; without them what is shipped is
used, which has seen the sample: then the figures flatter. `--bare` is the encoder as its authors made it: the rivals'.
"""

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import numpy as np

from retrieval.calibration import CALIBRATION_PATH, Calibration, load_calibration
from retrieval.evaluate import outcome_of
from retrieval.head import find_head
from retrieval.index import MatchingIndex
from retrieval.matcher import BlockingMatcher
from retrieval.message import text_to_encode
from retrieval.normalise import matching_key
from retrieval.onnx_encoder import open_encoder
from retrieval.types import Entry, EntryKind, Match, Vectors
from scripts.bench.quality.cached_encoder import CachedEncoder
from scripts.bench.quality.examples import (
    FOLDS,
    MAX_REPLY_ARTICLES,
    Clusters,
    build_index,
    english_cluster,
    english_rows,
    find_clusters,
    fold_of,
    read_titles,
    shared_replies,
)
from scripts.bench.quality.held_out import Encoders, open_encoders, read_held_out
from scripts.bench.quality.made import make_near_misses, make_positives
from scripts.bench.quality.pair_table import load_pair_sets, show_pairs
from scripts.bench.quality.pictures import write_pictures
from scripts.bench.quality.recipes import Corpus, Ranked, best, first_vector, rank_all
from scripts.bench.quality.sample import Sample, load_sample

BOOTSTRAPS = 1000
MADE = 300
UNLINKED = 3000
OURS = "ours"


@dataclass(frozen=True)
class Task:
    """Entries (id, text) and queries (id, text, the ids that answer it: none when it is withheld)."""

    name: str
    entries: Sequence[tuple[str, str]]
    queries: Sequence[tuple[str, str, frozenset[str]]]
    alone: bool = False
    """Each query is an entry itself, and is taken out while it is asked about."""


@dataclass
class Tally:
    """What one method did on one task, query by query."""

    right: list[bool] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    answered_right: list[bool] = field(default_factory=list)
    judged: list[tuple[float, bool]] = field(default_factory=list)
    """Probability of the best match, and whether it is right; ours only."""


def interval(values: Sequence[bool], seed: int = 0) -> tuple[float, float, float]:
    """Return the mean with its 95 % bootstrap interval."""
    row = np.array(values, float)
    means = np.random.default_rng(seed).choice(row, (BOOTSTRAPS, len(row))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(row.mean()), float(low), float(high)


def make_tasks(sample: Sample, clusters: Clusters) -> list[Task]:
    """Return the tasks, alike on every run."""
    rng = random.Random(7)
    messages = list(sample.messages.items())
    titles = [(a, max(own, key=len)) for a, own in sample.titles.items()]
    members: dict[str, set[str]] = {}
    for article_id in sample.messages:
        members.setdefault(clusters.find(article_id), set()).add(article_id)
    family = {a: frozenset(members[clusters.find(a)]) for a in sample.messages}
    articles_of: dict[str, set[str]] = {}
    for article_id, reply_ids in sample.links.items():
        for reply_id in reply_ids:
            articles_of.setdefault(reply_id, set()).add(article_id)
    telling = {r for r, a in articles_of.items() if len(a) <= MAX_REPLY_ARTICLES}
    # A reply that is there twice under two ids is right under either: only one of them stays, the linked one.
    by_key = {matching_key(sample.replies[r]): r for r in sorted(sample.replies.keys() - articles_of.keys())}
    for linked in telling:
        by_key.pop(matching_key(sample.replies[linked]), None)
    others = rng.sample(sorted(by_key.values()), UNLINKED)
    made = [(a, rng.choice(messages)[0]) for a, _ in rng.sample(messages, MADE)]
    positives = [
        (a, p.text, family[a] | (family[other] if p.kind == "pasted" else frozenset()))
        for a, other in made
        for p in rng.sample(make_positives(sample.messages[a], sample.messages[other], rng), 2)
    ]
    misses = [(a, m.text, frozenset[str]()) for a, _ in made for m in make_near_misses(sample.messages[a], rng)[:2]]
    by_links = [
        Task("message → title", titles, [(a, sample.messages[a], family[a]) for a, _ in titles]),
        Task("title → message", messages, [(a, title, family[a]) for a, title in titles]),
    ]
    return [
        *map(_as_read, by_links),
        Task(
            "message → reply",
            [(r, sample.replies[r]) for r in [*sorted(telling), *others]],
            [
                (a, sample.messages[a], frozenset(replies) & telling)
                for a, replies in sample.links.items()
                if set(replies) & telling
            ],
        ),
        Task(
            "message → message", messages, [(a, sample.messages[a], s) for a, s in shared_replies().items()], alone=True
        ),
        Task("made positives → message", messages, positives),
        Task("made near-misses → message", messages, misses),
        _posts_in_english(),
    ]


def _as_read(task: Task) -> Task:
    """Leave out the queries whose title says nothing of the message, and take for right what was read as right."""
    read = read_titles(task.name)
    queries = [(a, text, found | (read.get(a) or frozenset())) for a, text, found in task.queries]
    return replace(task, queries=[query for query in queries if read.get(query[0], query[2]) is not None])


def _posts_in_english() -> Task:
    """Return posts to be found among claims of which half are near misses."""
    rows = english_rows()
    entries = [(row["claim_id"] + name, row[name]) for row in rows for name in ("claim", "near_miss")]
    queries = [(english_cluster(row), row["message"], frozenset({row["claim_id"] + "claim"})) for row in rows]
    return Task("English post → claim", entries, queries)


@dataclass(frozen=True)
class _Side:
    """A task's entries as one of our encoders sees them."""

    encoder: CachedEncoder
    index: MatchingIndex
    mapped: Vectors
    """Behind the head, in the entries' order."""

    def rank(self, text: str) -> Ranked | None:
        """Rank by this encoder's cosines alone."""
        vector = first_vector(text, self.encoder.encode)
        if vector is None:
            return None
        return Ranked(best(np.asarray(self.mapped @ find_head(self.encoder.model_id).apply(vector), float)))


def _see(task: Task, encoder: CachedEncoder) -> _Side:
    texts = [text_to_encode(text) for _, text in task.entries]
    encoder.warm(texts, task.name)
    mapped = find_head(encoder.model_id).apply(encoder.encode(texts))
    return _Side(encoder, build_index(task.entries, encoder), mapped)


def _match_alone(matcher: BlockingMatcher, side: _Side, entry: tuple[str, str]) -> Sequence[Match]:
    """Match an entry's text against all other entries."""
    name, text = entry
    side.index.replace_article(name, (), side.mapped[:0])
    matches = matcher.match(text)
    vector = side.encoder.encode([text_to_encode(text)])
    side.index.replace_article(name, [Entry(f"{name}:0", name, EntryKind.ARTICLE, text)], vector)
    return matches


def run_task(
    task: Task, encoders: Encoders, bare: CachedEncoder, calibrations: Mapping[int, Calibration], clusters: Clusters
) -> dict[str, Tally]:
    """Rank every query by every recipe, with the bare encoder, and by ours."""
    bare.warm((text_to_encode(text) for _, text in task.entries), task.name)
    corpus = Corpus([t for _, t in task.entries], bare.encode([text_to_encode(t) for _, t in task.entries]))
    ids = [entry_id for entry_id, _ in task.entries]
    sides = {id(encoder): _see(task, encoder) for encoder in encoders.distinct()}
    side_of = {fold: sides[id(encoder)] for fold, encoder in encoders.of_fold.items()}
    matchers = {k: BlockingMatcher(side_of[k].index, side_of[k].encoder.encode, c) for k, c in calibrations.items()}
    tallies: dict[str, Tally] = {}
    for done, (query_id, text, relevant) in enumerate(task.queries):
        fold, own = fold_of(clusters, query_id), ids.index(query_id) if task.alone else -1
        if task.alone:
            matches = _match_alone(matchers[fold], side_of[fold], task.entries[own])
        else:
            matches = matchers[fold].match(text)
        ours = tallies.setdefault(OURS, Tally())
        outcome = outcome_of(matches, relevant)
        ours.right.append(bool(matches) and matches[0].article_id in relevant)
        ours.judged.append((matches[0].probability if matches else 0.0, ours.right[-1]))
        ours.answered.append(outcome.startswith("answered"))
        ours.answered_right.append(outcome == "answered_right")
        vector, adapted = first_vector(text, bare.encode), side_of[fold].rank(text)
        rivals = {"our vectors alone": adapted} if adapted else {}
        for name, ranked in (rivals | rank_all(corpus, text, vector) if vector is not None else {}).items():
            tally = tallies.setdefault(name, Tally())
            order = ranked.order[ranked.order != own]
            right = bool(len(order)) and ids[order[0]] in relevant
            tally.right.append(right)
            answers = bool(ranked.answers) and not task.alone  # its rule was asked about the message itself
            tally.answered.append(answers)
            tally.answered_right.append(answers and right)
        if done % 200 == 0:
            encoders.commit()
            print(f"{task.name}: {done} of {len(task.queries)}", file=sys.stderr)
    encoders.commit()
    bare.commit()
    return tallies


def show(task: Task, tallies: Mapping[str, Tally]) -> None:
    """Print one task's rows."""
    print(f"\n{task.name} ({len(task.queries)} queries, {len(task.entries)} entries)\n")
    print("| method | success@1 [95 %] | answered | of them right |\n|---|---|---|---|")
    for name, tally in tallies.items():
        mean, low, high = interval(tally.right)
        rate = f"{mean:.3f} [{low:.3f}, {high:.3f}]" if any(relevant for _, _, relevant in task.queries) else "–"
        answered = sum(tally.answered)
        share = f"{answered / len(tally.answered):.3f}" if answered else "–"
        print(f"| {name} | {rate} | {share} | {sum(tally.answered_right) / answered if answered else 0:.3f} |")


def load_calibrations(folder: Path | None, model_id: str) -> dict[int, Calibration]:
    """Return the scorer to use for each fold's queries."""
    paths: dict[int, Path] = {k: folder / f"{k}.json" if folder else CALIBRATION_PATH for k in range(FOLDS)}
    return {fold: load_calibration(model_id, path) for fold, path in paths.items()}


@click.command()
@click.argument("sample_dir", type=click.Path(exists=True, path_type=Path))
@click.option("--folds", type=click.Path(exists=True, path_type=Path), help="Scorers fitted without one fold each.")
@click.option("--labelled", type=click.Path(exists=True, path_type=Path), help="A folder with pairs.jsonl.")
@click.option("--cache", type=click.Path(path_type=Path), default=Path("data/encoded.sqlite3"), show_default=True)
@click.option(
    "--pictures", type=click.Path(path_type=Path), help="Draw risk–coverage and reliability into this folder."
)
@click.option("--held-out", multiple=True, help="3,4=FOLDER: a prepared encoder that had no part in these folds.")
@click.option("--bare", "bare_folder", type=click.Path(exists=True, path_type=Path), help="The rivals' encoder.")
@click.option("--task", "only", help="Only the tasks whose name holds this.")
def main(
    sample_dir: Path,
    folds: Path | None,
    labelled: Path | None,
    cache: Path,
    pictures: Path | None,
    held_out: tuple[str, ...],
    bare_folder: Path | None,
    only: str | None,
) -> None:
    """Print the table for the sample in SAMPLE_DIR."""
    encoders = open_encoders(cache, read_held_out(held_out))
    bare = CachedEncoder(open_encoder(bare_folder, threads=2), cache) if bare_folder else encoders.shipped
    sample = load_sample(sample_dir)
    calibrations = load_calibrations(folds, encoders.shipped.model_id)
    clusters = find_clusters(sample)
    tasks, pairs = {}, {}
    for chosen in load_pair_sets(sample, clusters, labelled):
        if not only or only in chosen.name:
            pairs[chosen.name] = show_pairs(chosen, encoders, bare, calibrations)
    for task in make_tasks(sample, clusters):
        if not only or only in task.name:
            tallies = run_task(task, encoders, bare, calibrations, clusters)
            show(task, tallies)
            tasks[task.name] = tallies[OURS].judged
    if pictures:
        drawn = {name: judged for name, judged in tasks.items() if "title" in name or "made positives" in name}
        write_pictures(pictures, drawn, pairs)


if __name__ == "__main__":
    main()
