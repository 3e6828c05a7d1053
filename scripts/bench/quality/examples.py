"""Labelled examples from the sample: (query, entry, same claim or not), with the cluster each belongs to.

Where they come from:
- pools: a message against the titles of links, a title against messages, a message against replies and against other
  messages. What belongs together by the sample's own links is the same, the nearest others are not;
- pairs read by eye, and the labelled pairs;
- positives and near-misses made by program.

The links are not gold (a stock reply, a title that says nothing; two articles about one rumour), so whoever trains on
the pools drops what a first model finds implausible. A cluster joins articles that share a reply, a link or most of
their words; it never crosses a fold.
"""

import json
import random
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.background import load_background
from retrieval.evaluate import load_folder
from retrieval.index import MatchingIndex
from retrieval.lexical import LexicalIndex
from retrieval.message import read_message, text_to_encode
from retrieval.normalise import matching_key
from retrieval.overlap import compare, weigh_text
from retrieval.types import Encoder, Entry, EntryKind
from retrieval.urls import canonical_urls
from scripts.bench.quality.made import main_sentence, make_near_misses, make_positives
from scripts.bench.quality.sample import Sample

READ_PAIRS = Path(__file__).with_name("read_pairs.jsonl")
READ_LATER = Path(__file__).with_name("read_later.jsonl")
READ_TITLES = Path(__file__).with_name("read_titles.jsonl")
SHARED_REPLIES = Path(__file__).with_name("shared_replies.jsonl")
QUESTIONS = Path(__file__).with_name("questions.jsonl")
ENGLISH = Path(__file__).with_name("english.jsonl")
WRITTEN = Path(__file__).with_name("written.jsonl")
WRITTEN_ENGLISH = Path(__file__).with_name("written_english.jsonl")
FOLDS = 5
POOL = 6
"""Nearest entries by each leg that make a pool."""
UNLINKED_REPLIES = 2500
WITHHELD = 400
"""Messages held against all others: nothing there answers them, but for what the sample does not know."""
REPLIED = 350
MADE_MESSAGES = 500
ASKED = 700
STYLES = ("question", "retold")
"""How what was written asks about its message among all others."""
NEAR = 12
"""Messages with the most telling words in common that are looked at for one cluster."""
SAME_WORDS = 0.5
"""Share of words in common from which two articles are one cluster."""
MAX_REPLY_ARTICLES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A query (one passage) and an entry's text; `task` says where it comes from, `query_id` which pool."""

    query: str
    entry: str
    same: bool
    cluster: str
    task: str
    query_id: str


class Clusters:
    """Union-find over ids."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def find(self, name: str) -> str:
        while (parent := self._parent.setdefault(name, name)) != name:
            self._parent[name] = self._parent[parent]
            name = parent
        return name

    def join(self, one: str, other: str) -> None:
        self._parent[self.find(one)] = self.find(other)


def fold_of(clusters: Clusters, name: str) -> int:
    """Return the fold a cluster is in: the same on every run, whatever else there is."""
    return fold_of_cluster(clusters.find(name))


def fold_of_cluster(cluster: str) -> int:
    """Return the fold of what is known by its cluster alone."""
    return zlib.crc32(cluster.encode()) % FOLDS


def build_index(texts: Iterable[tuple[str, str]], encoder: Encoder) -> MatchingIndex:
    """Index (id, text) pairs, several texts an id allowed."""
    index = MatchingIndex(encoder.model_id, encoder.dimension)
    by_id: dict[str, list[str]] = {}
    for name, text in texts:
        by_id.setdefault(name, []).append(text)
    articles = [
        (name, [Entry(f"{name}:{n}", name, EntryKind.ARTICLE, text) for n, text in enumerate(own)])
        for name, own in by_id.items()
    ]
    index.replace_many(articles, encoder.encode([text_to_encode(e.text) for _, entries in articles for e in entries]))
    return index


def nearest(index: MatchingIndex, text: str, encoder: Encoder, k: int = POOL) -> list[Entry]:
    """Return the entries that either leg proposes for the first passage of a text."""
    passages = read_message(text).passages
    if not passages:
        return []
    vector = encoder.encode([passages[0].text])[0]
    slots = [slot for slot, _ in index.dense(vector, k)] + [slot for slot, _ in index.lexical(passages[0].key, k)]
    return [index.entry(slot) for slot in dict.fromkeys(slots)]


def find_clusters(sample: Sample) -> Clusters:
    """Join articles that share a substantive reply, a link, or most of their words, or that were read as the same.

    No encoder has a part in it: one that learns from the sample would move the border between what it may see and not.
    """
    clusters = Clusters()
    of_reply: dict[str, str] = {}
    of_link: dict[str, str] = {}
    for row in read_pairs():
        if row["same_claim"]:
            clusters.join(row["source_a"], row["source_b"])
    ids, words = list(sample.messages), LexicalIndex()
    words.replace(range(len(ids)), [matching_key(text_to_encode(text)) for text in sample.messages.values()])
    weighed = [weigh_text(text, load_background()) for text in sample.messages.values()]
    for number, (article_id, text) in enumerate(sample.messages.items()):
        for reply_id in sample.links.get(article_id, ()):
            clusters.join(article_id, of_reply.setdefault(reply_id, article_id))
        for link in canonical_urls(text):
            clusters.join(article_id, of_link.setdefault(link, article_id))
        passages = read_message(text).passages
        near = [slot for slot, _ in words.search(passages[0].key, NEAR) if slot != number] if passages else []
        if near:
            overlap = compare(weighed[number], [weighed[slot] for slot in near])
            for slot, window in zip(near, np.minimum(overlap.window_q, overlap.window_e), strict=True):
                if window >= SAME_WORDS:
                    clusters.join(article_id, ids[slot])
    return clusters


def _pool_examples(
    task: str,
    queries: Iterable[tuple[str, str, frozenset[str]]],
    index: MatchingIndex,
    encoder: Encoder,
    clusters: Clusters,
    excluded: Iterable[str] = (),
) -> Iterator[Example]:
    """Yield each query (id, text, the entry ids that belong to it) against what the legs propose for it."""
    left_out = set(excluded)
    for query_id, text, relevant in queries:
        passages = read_message(text).passages
        if not passages:
            continue
        for entry in nearest(index, text, encoder):
            if entry.article_id in left_out and entry.article_id == query_id:
                continue
            same = entry.article_id in relevant
            yield Example(passages[0].text, entry.text, same, clusters.find(query_id), task, f"{task}:{query_id}")


def pool_examples(sample: Sample, encoder: Encoder, clusters: Clusters, messages: MatchingIndex) -> Iterator[Example]:
    """Yield the examples of all pools."""
    titles = build_index(((a, t) for a, own in sample.titles.items() for t in own), encoder)
    own = [(article_id, text, frozenset({article_id})) for article_id, text in sample.messages.items()]
    rows = random.Random(6).sample(written_rows(), ASKED)
    asked = [(r["article"], r["same"][STYLES[n % 2]], frozenset({r["article"]})) for n, r in enumerate(rows)]
    yield from _pool_examples("question>message", asked, messages, encoder, clusters)
    with_title = [row for row in own if row[0] in sample.titles]
    yield from _pool_examples("message>title", with_title, titles, encoder, clusters)
    reverse = [(a, title, frozenset({a})) for a, own_titles in sample.titles.items() for title in own_titles[:1]]
    yield from _pool_examples("title>message", reverse, messages, encoder, clusters)
    withheld = [(a, t, frozenset[str]()) for a, t, _ in random.Random(2).sample(own, WITHHELD)]
    yield from _pool_examples("message>message", withheld, messages, encoder, clusters, sample.messages)
    articles_of: dict[str, set[str]] = {}
    for article_id, reply_ids in sample.links.items():
        for reply_id in reply_ids:
            articles_of.setdefault(reply_id, set()).add(article_id)
    telling = {r: a for r, a in articles_of.items() if len(a) <= MAX_REPLY_ARTICLES}
    unlinked = random.Random(3).sample(sorted(sample.replies.keys() - articles_of.keys()), UNLINKED_REPLIES)
    replies = build_index(((r, sample.replies[r]) for r in [*telling, *unlinked]), encoder)
    linked = [(a, sample.messages[a], frozenset(r for r in sample.links[a] if r in telling)) for a in sample.links]
    chosen = random.Random(4).sample([row for row in linked if row[2]], REPLIED)
    yield from _pool_examples("message>reply", chosen, replies, encoder, clusters)


def read_pairs() -> list[dict[str, Any]]:
    """Return the pairs read by eye; `source_a` and `source_b` are the articles (or replies) they come from."""
    return [json.loads(line) for line in READ_PAIRS.read_text(encoding="utf-8").splitlines()]


def read_later() -> list[dict[str, Any]]:
    """Return the pairs read after everything was fitted, which nothing learns from (see READ_PAIRS.md)."""
    return [json.loads(line) for line in READ_LATER.read_text(encoding="utf-8").splitlines()]


def shared_replies() -> dict[str, frozenset[str]]:
    """Return, for each message that shares a telling reply and, read by eye, its claim with another, all messages that
    make it (see READ_PAIRS.md)."""
    rows = [json.loads(line) for line in SHARED_REPLIES.read_text(encoding="utf-8").splitlines()]
    same, claims = [row for row in rows if row["same_claim"]], Clusters()
    for row in same:
        claims.join(row["article_a"], row["article_b"])
    everybody = {row[side] for row in same for side in ("article_a", "article_b")}
    asked = dict.fromkeys(row[side] for row in same if "found" not in row for side in ("article_a", "article_b"))
    return {a: frozenset(b for b in everybody - {a} if claims.find(a) == claims.find(b)) for a in asked}


def read_titles(task: str) -> dict[str, frozenset[str] | None]:
    """Return, for each query of a task that some method failed and that was read by eye, what else answers it; None
    where its title and its message do not tell of one claim, so that nobody could find the one by the other (see
    READ_PAIRS.md)."""
    rows = [json.loads(line) for line in READ_TITLES.read_text(encoding="utf-8").splitlines()]
    return {
        row["query"]: frozenset([*row.get("same", ()), *row.get("unsure", ())]) if row["own"] == "told" else None
        for row in rows
        if row["task"] == task
    }


def pair_examples(clusters: Clusters, labelled: Path | None) -> Iterator[Example]:
    """Yield the pairs read by eye, and the labelled pairs where that folder is there, both ways round."""
    for row in read_pairs():
        cluster = clusters.find(row["source_a"])
        for one, other in ((row["text_a"], row["text_b"]), (row["text_b"], row["text_a"])):
            yield Example(one, other, row["same_claim"], cluster, "read pairs", row["pair_id"])
    for pair in load_folder(labelled).pairs if labelled else ():
        for one, other in ((pair.text_a, pair.text_b), (pair.text_b, pair.text_a)):
            passages = read_message(one).passages
            if passages and read_message(other).passages:
                cluster = f"labelled:{pair.text_a[:12]}"
                yield Example(passages[0].text, other, pair.same_claim, cluster, "labelled pairs", pair.pair_id)


def english_rows() -> list[dict[str, str]]:
    """Return claims in English, each with a message that makes it and one that is near it (see READ_PAIRS.md)."""
    return [json.loads(line) for line in ENGLISH.read_text(encoding="utf-8").splitlines()]


def question_rows() -> list[dict[str, Any]]:
    """Return reports with questions about them and questions near them (see READ_PAIRS.md)."""
    return [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


def written_rows() -> list[dict[str, Any]]:
    """Return, for messages of the sample by `article`, texts written to make the `same` claim and texts `near` it that
    make another, each by its style (see READ_PAIRS.md). They belong to the cluster of their article."""
    return [json.loads(line) for line in WRITTEN.read_text(encoding="utf-8").splitlines()]


def written_english_rows() -> list[dict[str, str]]:
    """Return claims in English with texts that make them and texts near them, to learn from (see READ_PAIRS.md); their
    cluster is that of their topic, as for `english_rows`."""
    return [json.loads(line) for line in WRITTEN_ENGLISH.read_text(encoding="utf-8").splitlines()]


def english_cluster(row: Mapping[str, str]) -> str:
    """Claims of one topic are one cluster."""
    return f"english:{row['topic']}"


def english_examples() -> Iterator[Example]:
    """Yield each message and each near miss against the claim, both ways round; a topic is a cluster."""
    for row in english_rows():
        for text, same in ((row["message"], True), (row["near_miss"], False)):
            for one, other in ((text, row["claim"]), (row["claim"], text)):
                query = read_message(one).passages[0].text
                yield Example(query, other, same, english_cluster(row), "english pairs", row["claim_id"])


def written_examples(sample: Sample, clusters: Clusters) -> Iterator[Example]:
    """Yield each written text against its message, both ways round, and against another text about it.

    What is written in another language is left out: shared words tell nothing there, see `retrieval.other_language`.
    """
    for row in written_rows():
        article_id, message = row["article"], sample.messages[row["article"]]
        passages = read_message(message).passages
        for style, other in (("question", "title"), ("title", "retold"), ("retold", "question")):
            for side in ("same", "near"):
                written, same = read_message(row[side][style]).passages, side == "same"
                ways = [(written, message), (passages, row[side][style]), (written, row["same"][other])]
                for query, entry in ways:
                    if query:
                        cluster, query_id = clusters.find(article_id), f"written:{article_id}"
                        yield Example(query[0].text, entry, same, cluster, f"written {style}s", query_id)


def made_examples(sample: Sample, clusters: Clusters, seed: int = 1) -> Iterator[Example]:
    """Yield made positives against their message, and made near-misses against its sentence or the whole of it."""
    rng = random.Random(seed)
    ids = sorted(sample.messages)
    for article_id in rng.sample(ids, MADE_MESSAGES):
        text, other = sample.messages[article_id], sample.messages[rng.choice(ids)]
        made = make_positives(text, other, rng)
        chosen = rng.sample(made, 3) + [m for m in made if m.kind in {"question", "summary"}]
        sentence = main_sentence(text)
        for one in chosen:
            passages = read_message(one.text).passages
            if passages and one.kind != "pasted":
                yield Example(passages[0].text, text, True, clusters.find(article_id), "made positives", one.kind)
        for one in make_near_misses(text, rng):
            against: Sequence[str] = (sentence, text) if sentence else (text,)
            yield Example(one.text, rng.choice(against), False, clusters.find(article_id), "made near-misses", one.kind)
