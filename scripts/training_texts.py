"""The texts that the encoder's adaptation is learned from: a message of the sample with what makes its claim, and what
is near it and makes another.

Most of it was written for this (`written.jsonl`, see bench/quality/READ_PAIRS.md); the message's link title and its
reply are taken where they can be trusted to tell of it, and near-misses of its main sentence are made by program.
"""

import random
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retrieval.message import text_to_encode
from retrieval.normalise import bigrams, matching_key
from scripts.bench.quality.examples import MAX_REPLY_ARTICLES, Clusters, english_cluster, fold_of, fold_of_cluster
from scripts.bench.quality.made import main_sentence, make_near_misses
from scripts.bench.quality.sample import Sample

TELLING_TITLE = 0.35
"""The share of character pairs a link's title has in common with the message from which it surely tells of it: half of
the titles say something else ("LINE TODAY", an error page)."""
MADE = 3
"""Near-misses made by program that are kept of a message."""
USES_REPLY = 0.5
USES_SENTENCE = 0.6
"""How often a reply, and the main sentence with one near-miss of it, come in when the message is drawn."""


@dataclass(frozen=True)
class TrainingGroup:
    """A message's texts, as the encoder gets them: without links and boilerplate.

    `same` makes the message's claim and `near` does not. `sentence` is the message's main one, `made` its near-misses;
    either both are there or neither is.
    """

    cluster: str
    message: str
    same: tuple[str, ...]
    near: tuple[str, ...]
    reply: str | None = None
    sentence: str | None = None
    made: tuple[str, ...] = ()

    def texts(self) -> Iterator[str]:
        yield from (self.message, *self.same, *self.near, *self.made)
        yield from (text for text in (self.reply, self.sentence) if text)


@dataclass(frozen=True)
class TrainingText:
    """A text of a batch: which group of the batch it belongs to, and whether it makes that group's claim."""

    text: str
    owner: int
    makes_claim: bool


def training_groups(
    written: Iterable[Mapping[str, Any]], sample: Sample, clusters: Clusters, without_folds: Collection[int] = ()
) -> list[TrainingGroup]:
    """Return a group for every message that texts were written for, but those of clusters in the folds left out."""
    telling = telling_replies(sample)
    return [
        _group(row["article"], row, sample, clusters, telling)
        for row in written
        if row["article"] in sample.messages and fold_of(clusters, row["article"]) not in without_folds
    ]


def english_groups(rows: Iterable[Mapping[str, str]], without_folds: Collection[int] = ()) -> list[TrainingGroup]:
    """Return a group for every English claim that texts were written for, but those of topics in the folds left out."""
    return [
        TrainingGroup(
            cluster=english_cluster(row),
            message=text_to_encode(row["claim"]),
            same=tuple(text_to_encode(row[name]) for name in ("post", "retold")),
            near=tuple(text_to_encode(row[name]) for name in ("near_claim", "near_post", "near_close")),
        )
        for row in rows
        if fold_of_cluster(english_cluster(row)) not in without_folds
    ]


def telling_replies(sample: Sample) -> dict[str, str]:
    """Return, for each message, the first reply that was not used for many: it answers this one."""
    used: dict[str, int] = {}
    for reply_ids in sample.links.values():
        for reply_id in set(reply_ids):
            used[reply_id] = used.get(reply_id, 0) + 1
    first = {a: next((r for r in own if used[r] <= MAX_REPLY_ARTICLES), None) for a, own in sample.links.items()}
    return {article_id: sample.replies[reply_id] for article_id, reply_id in first.items() if reply_id}


def _group(
    article_id: str,
    written: Mapping[str, Mapping[str, str]],
    sample: Sample,
    clusters: Clusters,
    telling: Mapping[str, str],
) -> TrainingGroup:
    text = sample.messages[article_id]
    message = text_to_encode(text)
    titles = [t for t in sample.titles.get(article_id, ()) if _in_common(t, message) >= TELLING_TITLE][:1]
    rng = random.Random(article_id)
    sentence, made = main_sentence(text), [text_to_encode(one.text) for one in make_near_misses(text, rng)]
    rng.shuffle(made)
    return TrainingGroup(
        cluster=clusters.find(article_id),
        message=message,
        same=tuple(text_to_encode(one) for one in (*written["same"].values(), *titles)),
        near=tuple(text_to_encode(one) for one in written["near"].values()),
        reply=text_to_encode(telling[article_id]) if article_id in telling else None,
        sentence=text_to_encode(sentence) if sentence and made else None,
        made=tuple(made[:MADE]),
    )


def _in_common(one: str, other: str) -> float:
    """Return the share of the shorter text's character pairs that the other one has too."""
    pairs, others = set(bigrams(matching_key(one))), set(bigrams(matching_key(other)))
    return len(pairs & others) / max(1, min(len(pairs), len(others)))


def draw_batches(groups: list[TrainingGroup], size: int, rng: random.Random) -> Iterator[list[TrainingGroup]]:
    """Yield batches without end, each group about equally often. No cluster comes twice in a batch: what others in the
    batch say is taken for another claim."""
    size = min(size, len({group.cluster for group in groups}))
    left: list[TrainingGroup] = []
    while True:
        batch: dict[str, TrainingGroup] = {}
        while len(batch) < size:
            left = left or rng.sample(groups, len(groups))
            group = left.pop()
            batch.setdefault(group.cluster, group)
        yield list(batch.values())


def draw_texts(batch: list[TrainingGroup], rng: random.Random) -> list[TrainingText]:
    """Return the texts of a batch: all that was written, the rest by chance."""
    drawn = []
    for owner, group in enumerate(batch):
        claim, other = [group.message, *group.same], list(group.near)
        if group.reply and rng.random() < USES_REPLY:
            claim.append(group.reply)
        if group.sentence and rng.random() < USES_SENTENCE:
            claim.append(group.sentence)
            other.append(rng.choice(group.made))
        drawn += [TrainingText(text, owner, True) for text in claim]
        drawn += [TrainingText(text, owner, False) for text in other]
    return drawn
