"""Why two texts were matched, for a reader: the passages that tell the same, with the words that both have marked.

Computed on request from the two texts alone, in a few milliseconds. Words are what a reader would take for words as far
as that goes without a segmenter: of scripts written without spaces the longest runs of characters that both passages
have, without the particles at their ends; of all others whole words. What every text has (可以, "the") is not counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import regex

from retrieval.background import load_background
from retrieval.contradiction import Difference, find_contradictions
from retrieval.marked_words import MarkedPassage, mark, words_missing
from retrieval.passages import remove_boilerplate
from retrieval.texts import well_formed
from retrieval.units import MAX_CHARACTERS, Hashes, unit_hashes
from retrieval.urls import canonical_urls, strip_urls

PASSAGE_CHARACTERS = 140
"""A passage shown is about this long: what a phone shows of it without scrolling."""
SENTENCE_CHARACTERS = 70
"""A longer sentence is cut at a comma or a space, or where it must."""
MIN_SENTENCE = 15
"""A shorter sentence goes with the next: it says nothing alone, and there may be thousands of them."""
MAX_WORDS = 6

_SENTENCE = regex.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")
_CLAUSE = regex.compile(rf".{{1,{SENTENCE_CHARACTERS}}}(?:[，,、：:]|\s|$)|.{{1,{SENTENCE_CHARACTERS}}}", regex.DOTALL)
_EDGE = " \t\u3000，,、：:。"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a reader may see of a match. Without a word in common the passages are the texts' beginnings."""

    message: MarkedPassage
    entry: MarkedPassage
    shared: tuple[str, ...]
    """Words both passages have, the most telling first, as the message writes them."""
    only_message: tuple[str, ...]
    only_entry: tuple[str, ...]
    """Telling words of one passage that the other lacks; none where nothing is shared, for then all differ."""
    contradictions: tuple[Difference, ...]
    """Pairs (words in the message, words in the entry) that make the two passages different claims."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    units: Hashes


def explain(message: str, entries: Sequence[str]) -> Explanation:
    """Explain a match of `message` with the one of `entries` (at least one) that shares most with it.

    Takes any text; no more than `MAX_CHARACTERS` of each is looked at.
    """
    message = _own_words(message)
    mine = list(_sentences(message))
    texts = [_own_words(entry) for entry in entries]
    read = [list(_sentences(text)) for text in texts]
    best = max(range(len(texts)), key=lambda place: _shared_weight(mine, read[place]))
    entry, theirs = texts[best], read[best]
    left = _best_passage(message, mine, _all_units(theirs))
    right = _best_passage(entry, theirs, unit_hashes(left) if left else _all_units(mine))
    marked, other = mark(left, right), mark(right, left)
    has_shared = bool(marked.words or other.words)
    return Explanation(
        message=marked,
        entry=other,
        shared=marked.words[:MAX_WORDS],
        only_message=words_missing(left, right)[:MAX_WORDS] if has_shared else (),
        only_entry=words_missing(right, left)[:MAX_WORDS] if has_shared else (),
        contradictions=tuple(find_contradictions(left, right)),
    )


def shared_links(message: str, entries: Sequence[str]) -> tuple[str, ...]:
    """Return the links that the message and any of the entries have, without scheme and trackers, in order."""
    known = {link for entry in entries for link in canonical_urls(entry[:MAX_CHARACTERS])}
    return tuple(link for link in canonical_urls(message[:MAX_CHARACTERS]) if link in known)


def _own_words(text: str) -> str:
    text = well_formed(text[:MAX_CHARACTERS])
    return remove_boilerplate(strip_urls(text)) or text.strip()


def _sentences(text: str) -> Iterator[_Sentence]:
    start = 0
    for sentence in _SENTENCE.finditer(text):
        if sentence.end() - start < MIN_SENTENCE and sentence.end() < len(text.rstrip()):
            continue
        for clause in _CLAUSE.finditer(text, start, sentence.end()):
            if clause.group().strip():
                yield _Sentence(clause.start(), clause.end(), unit_hashes(clause.group()))
        start = sentence.end()


def _all_units(sentences: Sequence[_Sentence]) -> Hashes:
    return np.concatenate([sentence.units for sentence in sentences]) if sentences else np.zeros(0, np.uint32)


def _weight(units: Hashes, others: Hashes) -> float:
    """The weight of the different units that stand among the others."""
    common = np.intersect1d(units, others)
    return float(load_background().weigh(common).sum()) if len(common) else 0.0


def _shared_weight(mine: Sequence[_Sentence], theirs: Sequence[_Sentence]) -> float:
    return _weight(_all_units(mine), _all_units(theirs))


def _best_passage(text: str, sentences: Sequence[_Sentence], others: Hashes) -> str:
    """Return the sentences in a row, about `PASSAGE_CHARACTERS` long, that hold most of the other text's units."""
    best, most = (0, 0), -1.0
    for first in range(len(sentences)):
        last = first
        while last + 1 < len(sentences) and sentences[last + 1].end - sentences[first].start <= PASSAGE_CHARACTERS:
            last += 1
        found = _weight(_all_units(sentences[first : last + 1]), others)
        if found > most:
            best, most = (first, last), found
    if not sentences:
        return ""
    first, last = best
    while most > 0 and first < last and not _weight(sentences[first].units, others):
        first += 1
    while most > 0 and first < last and not _weight(sentences[last].units, others):
        last -= 1
    start, end = sentences[first].start, sentences[last].end
    before, after = text[:start].strip(_EDGE), text[end:].strip()
    return ("…" if before else "") + " ".join(text[start:end].strip(_EDGE).split()) + ("…" if after else "")
