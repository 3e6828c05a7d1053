"""Other ways to match, beside ours: each leg alone, their naive combinations, and two peers' published rules.

Cofacts: Elasticsearch `more_like_this` over CJK bigrams (at most 25 query terms, `minimum_should_match` 10<70%),
then the Sørensen–Dice similarity of the bigram sets; an article is opened by itself at ≥ 0.95.
Meedan (Alegre and Check): cosine ≥ 0.95 confirms and ≥ 0.75 suggests; lexical overlap 0.875 and 0.70 likewise; a text
of fewer than 16 Han characters is only suggested. The cosines belong to its own encoder: shown as they are, and
re-fitted to ours: from .96 on, none of the pairs read by eye is another claim.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from retrieval.message import read_message, text_to_encode
from retrieval.normalise import bigrams, matching_key
from retrieval.types import Vectors

Scores = NDArray[np.float64]

RRF_K = 60
COFACTS_TERMS = 25
COFACTS_OPEN = 0.95
MEEDAN_CONFIRM = 0.95
MEEDAN_REFITTED = 0.96
MEEDAN_MIN_HAN = 16
_HAN = regex.compile(r"\p{Han}")


@dataclass(frozen=True)
class Ranked:
    """A ranking: entry numbers best first, and whether the recipe answers with the first (None: it has no rule)."""

    order: NDArray[np.int64]
    answers: bool | None = None


class Corpus:
    """Texts with what all recipes need of them."""

    def __init__(self, texts: Sequence[str], vectors: Vectors) -> None:
        keys = [matching_key(text_to_encode(text)) for text in texts]
        self.vectors = vectors
        self.sets = [frozenset(bigrams(key)) for key in keys]
        self.frequency = Counter(pair for found in self.sets for pair in found)
        self._tfidf = TfidfVectorizer(analyzer=bigrams, sublinear_tf=True)
        self._weights: csr_matrix = self._tfidf.fit_transform(keys)

    def lexical(self, key: str) -> Scores:
        """Return every text's TF-IDF cosine over character bigrams."""
        return np.asarray((self._weights @ self._tfidf.transform([key]).T).toarray().ravel(), float)


def best(scores: Scores, k: int = 10) -> NDArray[np.int64]:
    return np.argsort(-scores, kind="stable")[:k]


def _ranks(scores: Scores) -> Scores:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks


def _cofacts(corpus: Corpus, key: str) -> Ranked:
    own = frozenset(bigrams(key))
    known = [pair for pair in own if corpus.frequency[pair]]
    terms = sorted(known, key=lambda pair: corpus.frequency[pair])[:COFACTS_TERMS]
    needed = len(terms) if len(terms) <= 10 else int(len(terms) * 0.7)
    scores = np.full(len(corpus.sets), -1.0)
    for number, found in enumerate(corpus.sets):
        if terms and sum(term in found for term in terms) >= needed:
            scores[number] = 2 * len(own & found) / (len(own) + len(found))
    order = best(scores)
    order = order[scores[order] >= 0]
    return Ranked(order, bool(len(order)) and scores[order[0]] >= COFACTS_OPEN)


def _meedan(corpus: Corpus, text: str, key: str, cosines: Scores, confirm: float) -> Ranked:
    own = frozenset(bigrams(key))
    overlap = np.array([len(own & found) / max(1, min(len(own), len(found))) for found in corpus.sets])
    order = best(np.maximum(cosines, overlap * confirm / 0.875))
    sure = bool(cosines[order[0]] >= confirm or overlap[order[0]] >= 0.875)
    return Ranked(order, sure and len(_HAN.findall(text)) >= MEEDAN_MIN_HAN)


def rank_all(corpus: Corpus, text: str, vector: Vectors) -> dict[str, Ranked]:
    """Return each recipe's ranking of the corpus for one message."""
    own = text_to_encode(text)
    key = matching_key(own)
    cosines = np.asarray(corpus.vectors @ vector, float)
    words = corpus.lexical(key)
    fused = 1 / (RRF_K + _ranks(cosines)) + 1 / (RRF_K + _ranks(words))
    return {
        "dense": Ranked(best(cosines)),
        "lexical": Ranked(best(words)),
        "naive sum": Ranked(best(cosines + words)),
        "rank fusion": Ranked(best(fused)),
        "Cofacts": _cofacts(corpus, key),
        "Meedan": _meedan(corpus, own, key, cosines, MEEDAN_CONFIRM),
        "Meedan, re-fitted": _meedan(corpus, own, key, cosines, MEEDAN_REFITTED),
    }


def first_vector(text: str, encode: Callable[[Sequence[str]], Vectors]) -> Vectors | None:
    """Return the vector of a message's first passage; None when there is nothing to encode."""
    passages = read_message(text).passages
    row: Vectors | None = encode([passages[0].text])[0] if passages else None
    return row
