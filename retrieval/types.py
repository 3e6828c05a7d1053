"""The types at retrieval's seams: what goes into the index, and what comes out of a match."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Unit-length rows, shape (n, dimension)."""

Vector = NDArray[np.float32]
"""One unit-length vector, shape (dimension,)."""

Encode = Callable[[Sequence[str]], Vectors]
"""An `Encoder`'s `encode`."""


class EntryKind(StrEnum):
    """What an index entry's text is, seen from the article it leads to."""

    ARTICLE = "article"
    VARIANT = "variant"
    TITLE = "title"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Entry:
    """One text in the index. A match on it leads to `article_id`."""

    entry_id: str
    """Stable across rebuilds: the kind and the row's ids, e.g. `article:ID` or `reply:REPLY_ID:ARTICLE_ID`."""
    article_id: str
    kind: EntryKind
    text: str


class Band(StrEnum):
    """What a match is good for: answered at once, offered as one of several, or nothing."""

    ANSWER = "answer"
    CANDIDATE = "candidate"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Match:
    """One article that may be the same claim as the message, best entry first."""

    article_id: str
    probability: float
    """Calibrated probability, 0–1, that the article makes the same claim as the message."""
    band: Band
    entry_kind: EntryKind
    entry_text: str
    """The text of the entry (or of its passage) that matched best."""
    signals: Mapping[str, float] = field(default_factory=dict)
    """Per-signal scores by name, e.g. `exact`, `dense`, `lexical`."""
    contradictions: Sequence[tuple[str, str]] = ()
    """Pairs (words in the message, words in the entry) that make it a different claim; empty: none found."""
    too_short: bool = False
    """Too little is said, on either side, to be sure of it, whatever the probability."""


class Encoder(Protocol):
    """Text to unit vectors. Both implementations pass one contract test."""

    @property
    def model_id(self) -> str:
        """Names the weights and how they are run; vectors under different ids never meet in one index."""
        ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit rows, shape (len(texts), dimension). Any text is accepted, the empty one too."""
        ...


TellCopies = Callable[[list[Match]], Awaitable[None]]
"""Takes the answers that need no encoder, as soon as they are known; returns once more than them is asked for."""
