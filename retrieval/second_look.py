"""The second look at the few best candidates: the signals of the first, and late interaction between tokens.

It costs one run of the encoder for each candidate it has not seen lately, so it is kept for where it decides something.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.background import load_background
from retrieval.late_interaction import TOKEN_SIGNALS, TokenText, token_signals, weigh_tokens
from retrieval.overlap import WeighedText, nearest_stretch
from retrieval.signals import FEATURES, Matrix
from retrieval.types import Vectors

SECOND_FEATURES = (*FEATURES, *TOKEN_SIGNALS)
"""The second scorer's columns, in order."""

STRETCH_FACTOR = 1.6
MIN_STRETCH = 60
MAX_STRETCH = 240
"""Characters of a long entry that are looked at: those nearest to the message, somewhat more than it has itself."""

CACHED = 500


class EncodedTokens(Protocol):
    """What `retrieval.onnx_encoder.EncodedText` has."""

    @property
    def vector(self) -> Vectors: ...

    @property
    def tokens(self) -> Vectors: ...

    @property
    def spans(self) -> NDArray[np.int32]: ...


EncodeTokens = Callable[[Sequence[str]], Sequence[EncodedTokens]]


def stretch_of(query: WeighedText, query_text: str, entry_text: str) -> str:
    """Return the part of the entry that is compared token by token."""
    width = min(MAX_STRETCH, max(MIN_STRETCH, int(len(query_text) * STRETCH_FACTOR)))
    return nearest_stretch(query, entry_text, width, load_background())


def to_token_text(text: str, encoded: EncodedTokens) -> TokenText:
    """Weigh the tokens of a text that was encoded already."""
    return weigh_tokens(text, np.asarray(encoded.tokens, np.float32), encoded.spans, load_background())


class TokenCache:
    """Token vectors of the texts looked at most recently: the messages of the day ask for the same candidates."""

    def __init__(self, size: int = CACHED) -> None:
        self._size = size
        self._lock = Lock()
        self._known: OrderedDict[str, TokenText] = OrderedDict()

    def find(self, text: str) -> TokenText | None:
        with self._lock:
            if (known := self._known.get(text)) is not None:
                self._known.move_to_end(text)
            return known

    def keep(self, text: str, tokens: TokenText) -> TokenText:
        """Keep the tokens of a text, dropping what was not asked for longest, and return them."""
        with self._lock:
            self._known[text] = tokens
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return tokens

    def get(self, text: str, encode: EncodeTokens) -> TokenText:
        """Return the text's tokens, encoding it in this thread when it was not seen lately."""
        return self.find(text) or self.keep(text, to_token_text(text, encode([text])[0]))


def second_matrix(first: Matrix, query: TokenText, entries: Sequence[TokenText]) -> Matrix:
    """Return the rows of the first look with the token signals appended."""
    tokens = np.array([token_signals(query, entry) for entry in entries], np.float32)
    return np.concatenate([first, tokens], axis=1)
