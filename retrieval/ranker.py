"""Which articles make the same claim as a message, and how sure that is.

    message ─▶ key, links, passages ─┬─▶ exact key, canonical link
                                     ├─▶ lexical leg (a thread, while the encoder runs)
                                     └─▶ encoder ─▶ dense leg
                                          candidates ─▶ signals ─▶ probability ─▶ contradictions ─▶ band

The legs only propose; the signals of every proposal decide. An article is as good as its best
entry on the best passage.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.background import load_background
from retrieval.calibration import Calibration
from retrieval.contradiction import find_contradictions
from retrieval.message import Message, Passage, read_message
from retrieval.overlap import WeighedText, weigh_text
from retrieval.signals import FEATURES, signal_matrix
from retrieval.types import Band, Encoder, Entry, Match

CANDIDATES = 30
"""Proposals a leg makes for each passage."""
MIN_ANSWER_KEY = 8
"""A shorter message is only ever suggested: it says too little to be sure which claim it means."""
CHECKED = 5
"""Only the best matches are checked for contradictions: the others are no answers."""
CONTRADICTED_FACTOR = 0.5
EXACT = 0.999
SAME_LINK = 0.9
CACHED_ENTRIES = 20_000

Vector = NDArray[np.float32]


class SearchableIndex(Protocol):
    """What the ranker asks of `retrieval.index.MatchingIndex`. A slot is a small number that stands for an entry."""

    def exact(self, key_hash: str) -> Sequence[int]: ...

    def by_url(self, url: str) -> Sequence[int]: ...

    def lexical(self, key: str, k: int) -> Sequence[tuple[int, float]]: ...

    def dense(self, vector: Vector, k: int) -> Sequence[tuple[int, float]]: ...

    def entry(self, slot: int) -> Entry: ...

    def vector(self, slot: int) -> Vector: ...


@dataclass(frozen=True)
class _Scored:
    slot: int
    entry: Entry
    probability: float
    signals: dict[str, float]
    passage: Passage | None


class Ranker:
    """Ranks the articles of one index for a message whose passages are encoded already. One thread at a time."""

    def __init__(self, index: SearchableIndex, calibration: Calibration) -> None:
        self._index = index
        self._calibration = calibration
        self._weighed: OrderedDict[str, WeighedText] = OrderedDict()

    def match(self, text: str, encoder: Encoder, *, limit: int = 10) -> list[Match]:
        """Read, encode and rank in one go, in this thread: for the command line and for measuring."""
        message = read_message(text)
        vectors = list(encoder.encode([passage.text for passage in message.passages])) if message.passages else []
        return self.rank(message, vectors, self.propose_by_words(message), limit=limit)

    def propose_by_words(self, message: Message) -> list[list[int]]:
        """Return, for each passage, the slots the lexical leg proposes, and weigh them while the encoder runs."""
        proposals = [[slot for slot, _ in self._index.lexical(passage.key, CANDIDATES)] for passage in message.passages]
        for slot in {slot for slots in proposals for slot in slots}:
            self._weigh(self._index.entry(slot))
        return proposals

    def rank(
        self, message: Message, vectors: Sequence[Vector], lexical: Sequence[Sequence[int]], *, limit: int = 10
    ) -> list[Match]:
        """Return the articles that may make the same claim, best first. `lexical` is what `propose_by_words` gave."""
        scored = self._same_key_or_link(message)
        for passage, vector, slots in zip(message.passages, vectors, lexical, strict=True):
            near = [slot for slot, _ in self._index.dense(vector, CANDIDATES)]
            scored += self._score(passage, vector, list(dict.fromkeys([*near, *slots])))
        best = _best_of_each_article(scored)
        return self._judge(message, best)[:limit]

    def _same_key_or_link(self, message: Message) -> list[_Scored]:
        """Return what matches without any scoring: the same words, or the same link and hardly a word beside it."""
        if message.key_hash is None:
            return []
        found = [self._certain(slot, EXACT, {"exact": 1.0}) for slot in self._index.exact(message.key_hash)]
        if not message.passages:
            for url in message.urls:
                found += [self._certain(slot, SAME_LINK, {"same_link": 1.0}) for slot in self._index.by_url(url)]
        return found

    def _certain(self, slot: int, probability: float, signals: dict[str, float]) -> _Scored:
        return _Scored(slot, self._index.entry(slot), probability, signals, None)

    def _score(self, passage: Passage, vector: Vector, slots: Sequence[int]) -> list[_Scored]:
        if not slots:
            return []
        entries = [self._index.entry(slot) for slot in slots]
        dense = np.array([self._index.vector(slot) for slot in slots], np.float32) @ vector
        matrix = signal_matrix(passage.weighed, [self._weigh(entry) for entry in entries], dense)
        probabilities = self._calibration.probability(matrix)
        return [
            _Scored(slot, entry, float(probability), dict(zip(FEATURES, map(float, row), strict=True)), passage)
            for slot, entry, probability, row in zip(slots, entries, probabilities, matrix, strict=True)
        ]

    def _weigh(self, entry: Entry) -> WeighedText:
        """Return the entry's weighed units; the most recently used ones are kept."""
        weighed = self._weighed.pop(entry.text, None) or weigh_text(entry.text, load_background())
        self._weighed[entry.text] = weighed
        if len(self._weighed) > CACHED_ENTRIES:
            self._weighed.popitem(last=False)
        return weighed

    def _judge(self, message: Message, scored: Sequence[_Scored]) -> list[Match]:
        """Check the best for contradictions and give each its band, best first."""
        matches = [self._to_match(message, found, checked=rank < CHECKED) for rank, found in enumerate(scored)]
        return sorted(matches, key=lambda match: -match.probability)

    def _to_match(self, message: Message, found: _Scored, *, checked: bool) -> Match:
        contradictions: Sequence[tuple[str, str]] = ()
        probability = found.probability
        if checked and found.passage is not None and probability >= self._calibration.candidate:
            contradictions = find_contradictions(found.passage.text, found.entry.text)
        if contradictions:
            probability *= CONTRADICTED_FACTOR
        band = self._calibration.band(probability)
        if band is Band.ANSWER and (contradictions or len(message.key) < MIN_ANSWER_KEY):
            band = Band.CANDIDATE
        return Match(
            article_id=found.entry.article_id,
            probability=probability,
            band=band,
            entry_kind=found.entry.kind,
            entry_text=found.entry.text,
            signals=found.signals,
            contradictions=contradictions,
        )


def _best_of_each_article(scored: Iterable[_Scored]) -> list[_Scored]:
    best: dict[str, _Scored] = {}
    for found in scored:
        known = best.get(found.entry.article_id)
        if known is None or found.probability > known.probability:
            best[found.entry.article_id] = found
    return sorted(best.values(), key=lambda found: -found.probability)
