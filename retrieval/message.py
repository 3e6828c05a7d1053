"""A message as the matcher sees it: its key, its links, and its passages with their units weighed."""

import hashlib
from dataclasses import dataclass

from retrieval.asking import without_frame
from retrieval.background import load_background
from retrieval.normalise import fold, key_of_folded, size_of
from retrieval.overlap import WeighedText, weigh_units
from retrieval.passages import remove_boilerplate, split_passages
from retrieval.texts import well_formed
from retrieval.units import MAX_CHARACTERS, unit_hashes
from retrieval.urls import canonical_urls, strip_urls

MIN_TEXT_KEY = 4
"""A text with a shorter key beside its links is its links."""


@dataclass(frozen=True)
class Passage:
    """One passage; `text` is what the encoder gets."""

    text: str
    key: str
    weighed: WeighedText


@dataclass(frozen=True)
class Message:
    """What was read from a message. `passages` is empty when there is nothing but links, emoji or white space."""

    key: str
    key_hash: str | None
    urls: tuple[str, ...]
    passages: tuple[Passage, ...]
    whole: Passage | None
    """All passages as one text, where there are several: one claim may be told over all of them."""

    @property
    def size(self) -> float:
        """How much it says, in Chinese characters: boilerplate and what frames a question say nothing."""
        return sum(size_of(passage.key) for passage in self.passages)


def text_to_encode(text: str) -> str:
    """Return what the encoder gets of an index entry: its own words, without links, boilerplate and what asks."""
    text = well_formed(text[:MAX_CHARACTERS])
    return without_frame(remove_boilerplate(strip_urls(text))) or text


def to_passage(text: str, folded: str | None = None) -> Passage:
    """Prepare one passage. `folded`: what it folds to, where that is known."""
    folded = fold(text) if folded is None else folded
    return Passage(text, key_of_folded(folded), weigh_units(unit_hashes(text, folded), load_background()))


def read_message(text: str) -> Message:
    """Read a message of any content and length; what lies beyond `MAX_CHARACTERS` is used for the exact key only."""
    text = well_formed(text)
    folded = fold(text)
    key = key_of_folded(folded)
    own_words = without_frame(remove_boilerplate(strip_urls(text[:MAX_CHARACTERS])))
    passages = [to_passage(own, folded if own == text else None) for own in split_passages(own_words)]
    passages = [passage for passage in passages if len(passage.key) >= MIN_TEXT_KEY]
    return Message(
        key=key,
        key_hash=hashlib.sha256(key.encode()).hexdigest() if key else None,
        urls=tuple(canonical_urls(text[:MAX_CHARACTERS])),
        passages=tuple(passages),
        whole=to_passage(own_words) if len(passages) > 1 else None,
    )
