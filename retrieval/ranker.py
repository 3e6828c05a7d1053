"""Which articles make the same claim as a message, and how sure that is.

    message ─▶ key, links, passages ─┬─▶ exact key, canonical link
                                     ├─▶ lexical leg (a thread, while the encoder runs)
                                     └─▶ encoder ─▶ dense leg
        proposals ─▶ first look: signals ─▶ second look at the doubtful few: tokens ─▶ contradictions ─▶ band

The legs only propose; the signals of every proposal decide. An article is as good as its best
entry on the best passage.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.background import load_background
from retrieval.calibration import Calibration
from retrieval.contradiction import find_contradictions
from retrieval.late_interaction import TOKEN_SIGNALS, TokenText
from retrieval.message import Message, text_to_encode
from retrieval.normalise import matching_key
from retrieval.overlap import WeighedText, weigh_text
from retrieval.second_look import second_matrix, stretch_of
from retrieval.signals import FEATURES, Matrix, signal_matrix
from retrieval.types import Band, Entry, Match

CANDIDATES = 20
"""Proposals a leg makes for each passage."""
MIN_ANSWER_SIZE = 10.0
"""A shorter message, or one that matched a shorter entry, is only ever offered candidates: too little is said to be
sure which claim is meant. Of 1,000 messages held against all others, most of the sure mistakes were of this kind."""
LETTERS_A_CHARACTER = 3
"""Letters of an alphabet that say as much as one Chinese character."""
DOUBTFUL = (0.1, 0.985)
SECOND_LOOKS = 2
"""Only the best matches whose first probability lies between are looked at again: each costs a run of the encoder."""
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
class Scored:
    """An article's best entry on the message's best passage, and what the looks so far say about it."""

    entry: Entry
    probability: float
    signals: dict[str, float]
    row: Matrix | None = None
    """The first look's signals; None when nothing was scored (the same words, the same link)."""
    passage: int = -1


class Ranker:
    """Ranks the articles of one index. Every step is called from one thread at a time."""

    def __init__(self, index: SearchableIndex, calibration: Calibration) -> None:
        self._index = index
        self._calibration = calibration
        self._weighed: OrderedDict[str, WeighedText] = OrderedDict()

    def propose_by_words(self, message: Message) -> list[list[int]]:
        """Return the slots the lexical leg proposes for each passage, and for the whole where there are several.

        They are weighed at once, while the encoder runs.
        """
        texts = [*message.passages, *([message.whole] if message.whole else [])]
        proposals = [[slot for slot, _ in self._index.lexical(text.key, CANDIDATES)] for text in texts]
        for slot in {slot for slots in proposals for slot in slots}:
            self._weigh(self._index.entry(slot).text)
        return proposals

    def first_look(self, message: Message, vectors: Sequence[Vector], lexical: Sequence[Sequence[int]]) -> list[Scored]:
        """Return each proposed article's best entry, most probable first. `lexical`: what `propose_by_words` gave."""
        scored = self._same_key_or_link(message)
        proposed: dict[int, None] = dict.fromkeys(slot for slots in lexical for slot in slots)
        for number, (passage, vector, slots) in enumerate(zip(message.passages, vectors, lexical, strict=False)):
            near = [slot for slot, _ in self._index.dense(vector, CANDIDATES)]
            scored += self._score(passage.weighed, [vector], list(dict.fromkeys([*near, *slots])), first_passage=number)
            proposed |= dict.fromkeys(near)
        if message.whole is not None:
            scored += self._score(message.whole.weighed, vectors, list(proposed))
        return _best_of_each_article(scored)

    def doubtful(self, message: Message, scored: Sequence[Scored]) -> list[tuple[int, str]]:
        """Return (place in `scored`, stretch of text to compare token by token) of what deserves a second look."""
        chosen = []
        sure = bool(scored) and scored[0].probability > DOUBTFUL[1]
        for place, found in enumerate(() if sure else scored[:SECOND_LOOKS]):
            if found.row is not None and DOUBTFUL[0] <= found.probability <= DOUBTFUL[1]:
                passage, text = message.passages[found.passage], text_to_encode(found.entry.text)
                stretch = stretch_of(passage.weighed, passage.text, self._weigh(found.entry.text), text)
                chosen.append((place, stretch))
        return chosen

    def second_look(
        self, scored: Sequence[Scored], looked_at: Sequence[tuple[int, TokenText, TokenText]]
    ) -> list[Scored]:
        """Return `scored` with what comparing tokens says; `looked_at` holds (place, passage's tokens, stretch's).

        The first look's order stands: it knows the whole texts, and nothing overtakes by not having been looked at.
        The second says how sure to be of what comes first.
        """
        result = list(scored)
        for place, query, stretch in looked_at:
            found = scored[place]
            if found.row is not None:
                row = second_matrix(found.row[None, :], query, [stretch])
                tokens = dict(zip(TOKEN_SIGNALS, map(float, row[0, len(FEATURES) :]), strict=True))
                probability = float(self._calibration.second.probability(row)[0])
                result[place] = replace(found, probability=probability, signals=found.signals | tokens)
        for place in range(1, len(result)):
            if result[place].probability > result[place - 1].probability:
                result[place] = replace(result[place], probability=result[place - 1].probability)
        return result

    def judge(self, message: Message, scored: Iterable[Scored], limit: int) -> list[Match]:
        """Check the best for contradictions and give each its band, best first."""
        best = sorted(scored, key=lambda found: -found.probability)[: limit + CHECKED]
        matches = [self._to_match(message, found, checked=rank < CHECKED) for rank, found in enumerate(best)]
        return sorted(matches, key=lambda match: -match.probability)[:limit]

    def _same_key_or_link(self, message: Message) -> list[Scored]:
        """Return what matches without any scoring: the same words, or the same link and hardly a word beside it."""
        if message.key_hash is None:
            return []
        found = [Scored(self._index.entry(slot), EXACT, {"exact": 1.0}) for slot in self._index.exact(message.key_hash)]
        if not message.passages:
            for url in message.urls:
                slots = self._index.by_url(url)
                found += [Scored(self._index.entry(slot), SAME_LINK, {"same_link": 1.0}) for slot in slots]
        return found

    def _score(
        self, query: WeighedText, vectors: Sequence[Vector], slots: Sequence[int], *, first_passage: int = 0
    ) -> list[Scored]:
        """Score entries against one passage, or against the whole message with the vectors of all its passages."""
        if not slots:
            return []
        entries = [self._index.entry(slot) for slot in slots]
        cosines = np.array([self._index.vector(slot) for slot in slots], np.float32) @ np.array(vectors).T
        matrix = signal_matrix(query, [self._weigh(entry.text) for entry in entries], cosines.max(axis=1))
        probabilities = self._calibration.first.probability(matrix)
        passages = first_passage + cosines.argmax(axis=1)
        return [
            Scored(entry, float(probability), dict(zip(FEATURES, map(float, row), strict=True)), row, int(passage))
            for entry, probability, row, passage in zip(entries, probabilities, matrix, passages, strict=True)
        ]

    def _weigh(self, text: str) -> WeighedText:
        """Return an entry's weighed units; the most recently used ones are kept."""
        weighed = self._weighed.pop(text, None) or weigh_text(text_to_encode(text), load_background())
        self._weighed[text] = weighed
        if len(self._weighed) > CACHED_ENTRIES:
            self._weighed.popitem(last=False)
        return weighed

    def _says_enough(self, message: Message, found: Scored) -> bool:
        """Whether both texts are long enough to be sure of; a bare link says which page it is."""
        if not message.passages:
            return True
        return min(_size(message.key), _size(matching_key(text_to_encode(found.entry.text)))) >= MIN_ANSWER_SIZE

    def _to_match(self, message: Message, found: Scored, *, checked: bool) -> Match:
        contradictions: Sequence[tuple[str, str]] = ()
        probability = found.probability
        is_offered = probability >= self._calibration.candidate
        if checked and found.row is not None and is_offered:
            contradictions = find_contradictions(message.passages[found.passage].text, found.entry.text)
        if contradictions:
            probability *= CONTRADICTED_FACTOR
        band = self._calibration.band(probability)
        too_short = is_offered and not self._says_enough(message, found)
        if band is Band.ANSWER and (contradictions or too_short):
            band = Band.CANDIDATE
        return Match(
            article_id=found.entry.article_id,
            probability=probability,
            band=band,
            entry_kind=found.entry.kind,
            entry_text=found.entry.text,
            signals=found.signals,
            contradictions=contradictions,
            too_short=too_short,
        )


def _size(key: str) -> float:
    """Return how much a key says, in Chinese characters."""
    letters = sum(character.isascii() for character in key)
    return len(key) - letters + letters / LETTERS_A_CHARACTER


def _best_of_each_article(scored: Iterable[Scored]) -> list[Scored]:
    best: dict[str, Scored] = {}
    for found in scored:
        known = best.get(found.entry.article_id)
        if known is None or found.probability > known.probability:
            best[found.entry.article_id] = found
    return sorted(best.values(), key=lambda found: -found.probability)
