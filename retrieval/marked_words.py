"""The words of a passage that another passage has too, found without a segmenter, and where they stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from retrieval.background import load_background
from retrieval.normalise import fold
from retrieval.units import unit_hashes

TELLING = 3.5
"""Weight from which a unit tells something: 可以, 我們, "the" lie below, 醫生, 一起, "doctor" above."""
MIN_WORD = 2
MAX_WORD = 16
"""Characters of a stretch without spaces that still reads as words; a longer one is a sentence."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_TOKEN = regex.compile(
    rf"(?P<number>[0-9０-９]+(?:[.,:/][0-9０-９]+)*[%％]?)"
    rf"|(?P<character>[{_UNSPACED}々〇ー]\p{{M}}*)"
    rf"|(?P<word>[\p{{L}}--[{_UNSPACED}]][[\p{{L}}\p{{M}}]--[{_UNSPACED}]]*)",
    regex.VERSION1,
)
_PARTICLES = frozenset(
    "的了是在和跟與与或而就也都很被把將将及並并呢嗎吗吧啊呀哦喔這这那个個之其所以為为于於對对从從到のはがをにでともやて"
)
_WITHIN_WORDS = frozenset(" -'’.")
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class MarkedPassage:
    """A passage in pieces, one after the other; `words` are the marked ones, each once, the most telling first."""

    pieces: tuple[tuple[str, bool], ...]
    """(text, whether the other passage has it)."""
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    folded: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Run:
    """Tokens `first` to before `last`."""

    first: int
    last: int


def mark(passage: str, other: str) -> MarkedPassage:
    """Mark the words of `passage` that `other` has."""
    tokens = _tokens(passage)
    runs = list(_common_runs(passage, tokens, _joined(_tokens(other))))
    spans = [(tokens[run.first].start, tokens[run.last - 1].end) for run in runs]
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [(passage[end:start], False), (passage[start:stop], True)]
        end = stop
    pieces.append((passage[end:], False))
    return MarkedPassage(tuple(piece for piece in pieces if piece[0]), _ranked(passage[a:b] for a, b in spans))


def words_missing(passage: str, other: str) -> tuple[str, ...]:
    """Return the telling words of `passage` that `other` lacks, the most telling first."""
    tokens = _tokens(passage)
    in_both = {
        place for run in _common_runs(passage, tokens, _joined(_tokens(other))) for place in range(run.first, run.last)
    }
    stretches = [_trim(tokens, run) for run in _stretches(tokens, in_both)]
    words = (passage[tokens[run.first].start : tokens[run.last - 1].end] for run in stretches if run.first < run.last)
    held = _joined(_tokens(other))
    return _ranked(
        word
        for word in words
        if MIN_WORD <= len(word) <= MAX_WORD and _joined(_tokens(word)) not in held and _is_telling(word)
    )


@lru_cache(maxsize=20_000)
def _fold_one(piece: str) -> str:
    return fold(piece)


def _tokens(text: str) -> list[_Token]:
    found = ((token, _fold_one(token.group())) for token in _TOKEN.finditer(text))
    return [_Token(token.start(), token.end(), folded, token.lastgroup or "") for token, folded in found if folded]


def _joined(tokens: Sequence[_Token]) -> str:
    return _SEPARATOR + "".join(token.folded + _SEPARATOR for token in tokens)


def _common_runs(passage: str, tokens: Sequence[_Token], other: str) -> Iterator[_Run]:
    """Yield the longest runs of tokens that the other text has in a row, from left to right, those that tell something.

    A run ends with the clause. A single character is no word, a single word or number is one.
    """
    place = 0
    while place < len(tokens):
        last = place
        while last < len(tokens) and _joined(tokens[place : last + 1]) in other:
            last += 1
            if last < len(tokens) and not _follows(passage, tokens[last - 1], tokens[last]):
                break
        run = _trim(tokens, _Run(place, last))
        if _is_word(tokens, run):
            yield run
        place = max(last, place + 1)


def _follows(passage: str, one: _Token, other: _Token) -> bool:
    """Whether two tokens stand side by side: nothing between them, or between words a space or the like."""
    between = passage[one.end : other.start]
    return not between or (between in _WITHIN_WORDS and "character" not in (one.kind, other.kind))


def _is_word(tokens: Sequence[_Token], run: _Run) -> bool:
    found = tokens[run.first : run.last]
    if not found or (len(found) == 1 and found[0].kind == "character"):
        return False
    return any(token.kind == "number" for token in found) or _is_telling("".join(t.folded for t in found))


def _is_telling(word: str) -> bool:
    return any(character.isdigit() for character in word) or _weight(word) >= TELLING


def _weight(word: str) -> float:
    """How telling the most telling unit in it is."""
    return float(load_background().weigh(unit_hashes(word)).max())


def _trim(tokens: Sequence[_Token], run: _Run) -> _Run:
    """Leave out particles at both ends."""
    first, last = run.first, run.last
    while first < last and tokens[first].folded in _PARTICLES:
        first += 1
    while first < last and tokens[last - 1].folded in _PARTICLES:
        last -= 1
    return _Run(first, last)


def _stretches(tokens: Sequence[_Token], without: set[int]) -> Iterator[_Run]:
    """Yield the stretches of neighbouring characters, and the single words, that are not among `without`."""
    first = None
    for place, token in enumerate(tokens):
        ends = place in without or "word" in (token.kind, tokens[place - 1].kind)
        if first is not None and (ends or token.start != tokens[place - 1].end):
            yield _Run(first, place)
            first = None
        if first is None and place not in without:
            first = place
    if first is not None:
        yield _Run(first, len(tokens))


def _ranked(words: Iterator[str]) -> tuple[str, ...]:
    """Return each word once, the most telling first; what stands within a longer one is not said twice."""
    ranked = sorted(dict.fromkeys(words), key=_weight, reverse=True)
    return tuple(word for word in ranked if not any(word != other and word in other for other in ranked))
