"""Which articles make the same claim as a message, and how sure that is.

    message ─▶ key, links, passages ─┬─▶ exact key, canonical link
                                     ├─▶ lexical leg, and what its proposals share (a thread) ─▶ near copies
                                     └─▶ encoder, where near copies do not tell ─▶ dense leg
        proposals ─▶ signals ─▶ probability ─▶ contradictions ─▶ band

The legs only propose; the signals of every proposal decide. An article is as good as its best
entry on the best passage.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.background import load_background
from retrieval.calibration import Calibration
from retrieval.checks import Checks
from retrieval.contradiction import Difference
from retrieval.link_evidence import MAX_ARTICLES, is_page
from retrieval.message import Message, Passage, text_to_encode
from retrieval.normalise import matching_key, size_of
from retrieval.other_language import is_chinese, is_foreign, probability_of, stand_out
from retrieval.overlap import WeighedText, weigh_many
from retrieval.signals import FEATURES, Matrix, add_dense, are_near_copies, word_signals
from retrieval.types import Band, Entry, Match, Vector
from retrieval.units import Hashes

CANDIDATES = 20
"""Proposals a leg makes for each passage."""
MIN_ANSWER_SIZE = 10.0
"""A shorter message, or one that matched a shorter entry, is only ever offered candidates: too little is said to be
sure which claim is meant. Of 1,000 messages held against all others, most of the sure mistakes were of this kind."""
CHECKED = 5
"""Only the best matches are checked for contradictions: the others are no answers."""
CONTRADICTED_FACTOR = 0.5
EXACT = 0.999
SAME_LINK = 0.9


class SearchableIndex(Protocol):
    """What the ranker asks of `retrieval.index.MatchingIndex`. A slot is a small number that stands for an entry."""

    def exact(self, key_hash: str) -> Sequence[int]: ...

    def by_url(self, url: str) -> Sequence[int]: ...

    def lexical(self, key: str, k: int) -> Sequence[tuple[int, float]]: ...

    def dense(self, vector: Vector, k: int) -> Sequence[tuple[int, float]]: ...

    def entry(self, slot: int) -> Entry: ...

    def article_id(self, slot: int) -> str: ...

    def units(self, slot: int) -> Hashes: ...

    def cosines(self, slots: Sequence[int], vectors: Vector) -> Vector: ...


@dataclass(frozen=True)
class Proposed:
    """What the lexical leg proposes for one text, and the signals of it that need no vector."""

    slots: Sequence[int]
    words: Matrix


@dataclass(frozen=True)
class ByWords:
    """All that is known of a message before it is encoded: proposals for each passage, and for the whole at the end."""

    proposed: Sequence[Proposed]
    checks: Checks


@dataclass(frozen=True)
class Scored:
    """An article's best entry on the message's best passage, and what was found about it."""

    slot: int
    article_id: str
    probability: float
    row: Matrix | None = None
    """The signals, without `dense` where nothing was encoded; None when nothing was scored (same words, same link)."""
    passage: int = -1
    more: Mapping[str, float] = field(default_factory=dict)
    """Signals beside the scored ones."""
    contradictions: Sequence[Difference] = ()

    @property
    def signals(self) -> dict[str, float]:
        row = () if self.row is None else self.row
        return dict(zip(FEATURES[len(FEATURES) - len(row) :], map(float, row), strict=True)) | dict(self.more)


class Ranker:
    """Ranks the articles of one index. Keeps nothing between two messages."""

    def __init__(self, index: SearchableIndex, calibration: Calibration) -> None:
        self._index = index
        self._calibration = calibration

    def propose_by_words(self, message: Message) -> ByWords:
        """Return what the lexical leg proposes for each passage, and for the whole where there are several."""
        texts = [*message.passages, *([message.whole] if message.whole else [])]
        return ByWords([self._propose(text.key, text.weighed) for text in texts], Checks(message, self._index.entry))

    def _propose(self, key: str, query: WeighedText) -> Proposed:
        slots = [slot for slot, _ in self._index.lexical(key, CANDIDATES)]
        return Proposed(slots, word_signals(query, self._weigh(slots)))

    def same_words(self, key_hash: str | None) -> list[Scored]:
        """Return the articles that say the very same."""
        slots = self._index.exact(key_hash) if key_hash else ()
        found = (Scored(slot, self._index.article_id(slot), EXACT, more={"exact": 1.0}) for slot in slots)
        return _best_of_each_article(found)

    def near_copies(self, message: Message, words: ByWords) -> list[Scored]:
        """Return the articles whose near copy the message is and which are an answer whatever the encoder says.

        They are scored as if the encoder found them as little alike as near copies ever are (`Calibration.unlike`).
        Empty where there is more than one passage, or where what differs from any near copy contradicts it: then the
        whole look must tell.
        """
        if len(message.passages) != 1:
            return []
        found = self._score_unheard(words.proposed[0], are_near_copies(words.proposed[0].words))
        checked = [self._check(words.checks, copy) for copy in found[:CHECKED]]
        if any(copy.contradictions for copy in checked):
            return []
        return [copy for copy in checked if copy.probability >= self._calibration.answer]

    def check_ahead(self, message: Message, words: ByWords, *, until: Callable[[], bool]) -> None:
        """Look for what contradicts the proposals that are probably the best ones, as long as there is time."""
        scored = [
            found
            for number, proposed in enumerate(words.proposed[: len(message.passages)])
            for found in self._score_unheard(proposed, np.ones(len(proposed.slots), np.bool_), passage=number)
        ]
        for found in _best_of_each_article(scored)[:CHECKED]:
            if until():
                return
            self._check(words.checks, found)

    def _score_unheard(self, proposed: Proposed, chosen: NDArray[np.bool_], *, passage: int = 0) -> list[Scored]:
        """Score the chosen proposals as if the encoder found them as little alike as near copies ever are."""
        slots = [slot for slot, is_chosen in zip(proposed.slots, chosen, strict=True) if is_chosen]
        if not slots:
            return []
        words = proposed.words[chosen]
        odds = self._calibration.scorer.probability(add_dense(words, np.full(len(slots), self._calibration.unlike)))
        return _best_of_each_article(
            Scored(slot, self._index.article_id(slot), float(probability), row, passage)
            for slot, probability, row in zip(slots, odds, words, strict=True)
        )

    def look(self, message: Message, vectors: Sequence[Vector], by_words: ByWords) -> list[Scored]:
        """Return each proposed article's best entry, most probable first, the best checked for contradictions.

        `by_words` is what `propose_by_words` gave.
        """
        proposed = by_words.proposed
        scored = [*self.same_words(message.key_hash), *self._same_link(message)]
        everything: dict[int, None] = dict.fromkeys(slot for one in proposed for slot in one.slots)
        for number, (passage, vector, words) in enumerate(zip(message.passages, vectors, proposed, strict=False)):
            nearest = self._index.dense(vector, CANDIDATES)
            near = [slot for slot, _ in nearest]
            scored += self._by_meaning(passage, nearest)
            scored += self._score(passage.weighed, [vector], near, words, first_passage=number)
            everything |= dict.fromkeys(near)
        if message.whole is not None:
            scored += self._score(message.whole.weighed, vectors, list(everything), proposed[-1])
        best = _best_of_each_article([*scored, *self._linked(message, scored)])
        return [self._check(by_words.checks, found) for found in best[:CHECKED]] + best[CHECKED:]

    def judge(self, message: Message, scored: Sequence[Scored], limit: int) -> list[Match]:
        """Give each of the best its band, best first.

        What shares less with the message than an article that contradicts it is no answer: it tells the same story
        with less in it, and cannot know of the detail that differs.
        """
        matches, contradicted = [], set[int]()
        for found in scored[: limit + CHECKED]:
            matches.append(self._to_match(message, found, may_answer=found.passage not in contradicted))
            if found.contradictions:
                contradicted.add(found.passage)
        return sorted(matches, key=lambda match: -match.probability)[:limit]

    def _same_link(self, message: Message) -> list[Scored]:
        """Return the messages with the same link, where this one holds hardly a word beside it."""
        urls = () if message.passages else message.urls
        return [
            Scored(slot, self._index.article_id(slot), SAME_LINK, more={"same_link": 1.0})
            for url in urls
            for slot in self._index.by_url(url)
        ]

    def _by_meaning(self, passage: Passage, nearest: Sequence[tuple[int, float]]) -> list[Scored]:
        """Return the Chinese messages that a passage in another language seems to tell; only ever offered."""
        if not is_foreign(passage.text):
            return []
        chinese = [(slot, cosine) for slot, cosine in nearest if is_chinese(self._index.entry(slot).text)]
        found = stand_out([(self._index.article_id(slot), slot, cosine) for slot, cosine in chinese], self._calibration)
        return [
            Scored(slot, article_id, probability_of(cosine, self._calibration), more={"meaning": cosine})
            for article_id, slot, cosine in found
        ]

    def _linked(self, message: Message, scored: Sequence[Scored]) -> list[Scored]:
        """Return the messages with the same page or video that would not be offered by their words.

        They are only ever offered: the same video may be spoken of in two ways.
        """
        offered = {found.article_id for found in scored if found.probability >= self._calibration.candidate}
        probability = (self._calibration.candidate + self._calibration.answer) / 2
        found: list[Scored] = []
        for url in filter(is_page, message.urls if message.passages else ()):
            slots = {self._index.article_id(slot): slot for slot in self._index.by_url(url)}
            if len(slots) <= MAX_ARTICLES:
                found += [
                    Scored(slot, article_id, probability, more={"shared_link": 1.0})
                    for article_id, slot in slots.items()
                    if article_id not in offered
                ]
        return found

    def _score(
        self,
        query: WeighedText,
        vectors: Sequence[Vector],
        slots: Sequence[int],
        proposed: Proposed,
        *,
        first_passage: int = 0,
    ) -> list[Scored]:
        """Score `slots` and what was proposed by words against one passage, or against the whole message with the
        vectors of all its passages."""
        known = set(proposed.slots)
        fresh = [slot for slot in slots if slot not in known]
        all_slots = [*proposed.slots, *fresh]
        if not all_slots:
            return []
        words = np.concatenate([proposed.words, word_signals(query, self._weigh(fresh))])
        cosines = self._index.cosines(all_slots, np.array(vectors))
        matrix = add_dense(words, cosines.max(axis=1))
        probabilities = self._calibration.scorer.probability(matrix)
        passages = first_passage + cosines.argmax(axis=1)
        return [
            Scored(slot, self._index.article_id(slot), float(probability), row, int(passage))
            for slot, probability, row, passage in zip(all_slots, probabilities, matrix, passages, strict=True)
        ]

    def _weigh(self, slots: Sequence[int]) -> list[WeighedText]:
        return weigh_many([self._index.units(slot) for slot in slots], load_background())

    def _check(self, checks: Checks, found: Scored) -> Scored:
        """Look for what contradicts a match that would be offered."""
        if found.row is None or found.probability < self._calibration.candidate:
            return found
        return replace(found, contradictions=checks.of(found.passage, found.slot))

    def _says_enough(self, message: Message, entry: Entry) -> bool:
        """Whether both texts are long enough to be sure of; a bare link says which page it is."""
        if not message.passages:
            return True
        return min(message.size, size_of(matching_key(text_to_encode(entry.text)))) >= MIN_ANSWER_SIZE

    def _to_match(self, message: Message, found: Scored, *, may_answer: bool) -> Match:
        entry = self._index.entry(found.slot)
        is_offered = found.probability >= self._calibration.candidate
        too_short = is_offered and not self._says_enough(message, entry)
        probability = found.probability * (CONTRADICTED_FACTOR if found.contradictions else 1)
        band = self._calibration.band(probability)
        if band is Band.ANSWER and (found.contradictions or too_short or not may_answer):
            band = Band.CANDIDATE
        return Match(
            article_id=found.article_id,
            probability=probability,
            band=band,
            entry_kind=entry.kind,
            entry_text=entry.text,
            signals=found.signals,
            contradictions=found.contradictions,
            too_short=too_short,
        )


def _best_of_each_article(scored: Iterable[Scored]) -> list[Scored]:
    best: dict[str, Scored] = {}
    for found in scored:
        known = best.get(found.article_id)
        if known is None or found.probability > known.probability:
            best[found.article_id] = found
    return sorted(best.values(), key=lambda found: -found.probability)
