"""What makes two similar texts different claims: another number, date, negation, direction, food, drug, place or name.

The check reads two claims side by side, not two topics: it runs over a message and the stretch of the entry that is
nearest to it, and speaks only where the two are otherwise alike. It gives the words that differ, so that the answer
can say "similar, but this one says …".
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

import regex

from retrieval.alignment import align, most_alike
from retrieval.claim import MAX_CLAIM, Claim, read_claim
from retrieval.contrasts import contrasts, contrasts_in_short, have_words_in_common
from retrieval.details import find_details
from retrieval.english import in_letters, tell_of_one_thing
from retrieval.frames import Frame, is_warning, read_frame, tells_harm
from retrieval.listed import class_of, named
from retrieval.meetings import Difference, find_conflicts
from retrieval.normalise import fold, size_of
from retrieval.numerals import agree, value_of
from retrieval.roles import find_swapped
from retrieval.told import Told
from retrieval.units import stem

__all__ = ("Difference", "compare_claims", "find_contradictions")

SHORT_CLAIM = 60
ALIKE = 0.62
"""Share of the shorter claim that must stand in the other, before a differing detail contradicts."""
NEAR_COPY = 0.85
"""Share from which two texts are one text with something changed: then every change counts."""
LONG_COPY = 30.0
"""Size (`retrieval.normalise.size_of`) from which a near-copy with a negation more is no debunk: debunks do not
repeat a rumour to the letter."""
LEAST_OF_NAME = 4
"""Letters of a name by which it is known."""
_PART_OF_DATE = regex.compile(r"\d+[月日号]")
_NEGATION_ONLY = regex.compile(
    r"(?:(?:do|does|did|is|are|was|were|will|would|can|could|should|has|have|had|be|been) ?)?(?:not|never)(?: be)?"
    r"|no|without|no longer"
    r"|[不没無无未非勿别莫]|不(?:会|能|可以|可|得|要|应该|应|宜|是|再|准|该|需要|必|用|含)?|没有|并非|并未|并不|未曾|尚未|从未|还没|严禁|禁止|切忌|无法|拒绝|避免"
)
_AFFIRMATIVE = frozenset(
    {"", "do", "does", "did", "is", "are", "was", "were", "will", "can", "has", "have", "with", "always"}
    | {"会", "能", "可以", "可", "要", "应该", "是", "有", "必须", "已经", "已", "需要", "得", "请"}
)
_HARMLESS = frozenset(
    {"不只是", "不仅是", "不但是", "不同的", "没想到", "不小心", "非常的", "不知道", "不得不", "不可思"}
)
_ANY_NUMBER = regex.compile(r"(?:(?<![\w.])\.)?\d+(?:[.,:/^-]\d+)*")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]")
_WARNING = regex.compile(r"(?<![\w,] ?)(?:not|never) ([a-z]+)")
_LETTERS = regex.compile(r"[\p{L}']+")
_TOKEN = regex.compile(r"[a-z']+|.", regex.DOTALL)
Change = tuple[str, str, str]
"""What changed between two near-copies: the words of each, and the two characters that follow."""


def _negation_in(change: str) -> str | None:
    """Return the negation when it is all that a changed stretch says."""
    found = _NEGATION_ONLY.fullmatch(change)
    return found.group() if found else None


def _changes(claim: str, other: str) -> Iterator[Change]:
    """Yield what changed between two near-copies."""
    mine, theirs = _TOKEN.findall(claim), _TOKEN.findall(other)
    stems = [stem(token) for token in mine], [stem(token) for token in theirs]
    for tag, a, b, c, d in SequenceMatcher(None, *stems, autojunk=False).get_opcodes():
        if tag != "equal":
            yield _words_of("".join(mine[a:b])), _words_of("".join(theirs[c:d])), "".join(mine[b : b + 2])[:2]


def _words_of(change: str) -> str:
    """Return a changed stretch without the punctuation around it."""
    words = [place for place, character in enumerate(change) if _WORD.match(character)]
    return change[words[0] : words[-1] + 1] if words else ""


def _changed_numbers(claim: str, other: str) -> Iterator[Difference]:
    """Yield the numbers that stand in the same place of two near-copies and differ."""
    mine, theirs = (
        [(n.group(), n.string[n.end() : n.end() + 1]) for n in _ANY_NUMBER.finditer(t)] for t in (claim, other)
    )
    if len(mine) == len(theirs) and [unit for _, unit in mine] == [unit for _, unit in theirs]:
        for (one, unit), (another, _) in zip(mine, theirs, strict=True):
            if not agree(value_of(one), value_of(another)):
                unit = _words_of(unit)
                yield one + unit, another + unit


def _changed_names(changes: Iterable[Change]) -> Iterator[Difference]:
    """Yield the listed words that stand in each other's place, whatever else of their class the texts name."""
    for mine, theirs, _ in changes:
        here, there = named(mine), named(theirs)
        if set(map(class_of, here)) & set(map(class_of, there)) and here != there:
            yield mine, theirs


def _negation_conflicts(changes: Iterable[Change], *, harm: bool) -> Iterator[Difference]:
    """Yield the negations by which two near-copies differ and nothing else stands in their place. A warning beside
    nothing ("不要喝", "喝") is the advice and its reason, and one that only moved is still said. `harm`: they tell what
    comes of a thing."""
    found = list(_found_negations(changes, harm=harm))
    moved = {mine for mine, theirs in found if theirs == "–" and ("–", mine) in found}
    yield from (told for told in found if not moved & set(told))


def _found_negations(changes: Iterable[Change], *, harm: bool) -> Iterator[Difference]:
    for mine, theirs, after in changes:
        if (mine + after)[:3] in _HARMLESS or (theirs + after)[:3] in _HARMLESS:
            continue
        here, there = _negation_in(mine), _negation_in(theirs)
        if (here and not theirs and is_warning(here, harm)) or (there and not mine and is_warning(there, harm)):
            continue
        if (here and theirs in _AFFIRMATIVE) or (there and mine in _AFFIRMATIVE):
            yield mine or "–", theirs or "–"


def _conflicts_in_place(left: Claim, right: Claim, frames: tuple[Frame, Frame]) -> Iterator[Difference]:
    """Yield what the two say differently where the words around it are the same. A debunk may deny what a rumour says,
    but hardly to the letter."""
    one, other = left.asked.text, right.asked.text

    def may_deny(mine: int, theirs: int, shared: float) -> bool:
        if _warns(one, mine, other) or _warns(other, theirs, one):
            return False
        return shared >= LONG_COPY or left.debunks_at(mine) == right.debunks_at(theirs)

    yield from find_conflicts(*frames, may_deny)
    if not (frames[0].asks or frames[1].asks):
        yield from find_swapped(*frames)


def _warns(text: str, place: int, other: str) -> bool:
    """Whether a denial bids not to do what the other text tells of: "never drink it", and "drinking it" does harm."""
    warning = _WARNING.match(text, place) if place >= 0 else None
    if warning is None or warning[1].endswith("ing"):
        return False
    verb = stem(warning[1])
    return any(word.endswith("ing") and stem(word) == verb for word in _LETTERS.findall(other))


def _frame_of(claim: Claim, other: str) -> Frame:
    """Return the frame of a claim that is compared with another text."""
    names, text = _names_of(claim, other) if claim.names else [], claim.asked.text
    return read_frame(text, find_details(text, names)) if names else claim.asked.frame


def _names_of(claim: Claim, other: str) -> list[str]:
    """Return what only one of two texts names with capitals. Who is told of by a part of the name, or by one that was
    cut off, is the same."""
    words = {word for word in _LETTERS.findall(other) if len(word) >= LEAST_OF_NAME}

    def is_told(part: str) -> bool:
        return any(word.startswith(part) or part.startswith(word) for word in words)

    return [name for name in claim.names if not any(map(is_told, name.split()))]


def _tell_of_one_thing(left: str, right: str) -> bool:
    """Whether two short English claims are alike by their words, whatever their order."""
    return max(len(left), len(right)) <= MAX_CLAIM and in_letters(left + right) and tell_of_one_thing(left, right)


def _as_written(folded: str, text: str) -> str:
    """Return the words of the text that fold to these: a reader of Traditional Chinese is not shown Simplified."""
    pieces = [(position, _fold_character(character)) for position, character in enumerate(text)]
    places = [position for position, piece in pieces for _ in piece]
    start = "".join(piece for _, piece in pieces).find(folded)
    return text[places[start] : places[start + len(folded) - 1] + 1] if folded and start >= 0 else folded


_fold_character = lru_cache(maxsize=20_000)(fold)


def _show(words: str, text: str) -> str:
    return "、".join(_as_written(word, text) for word in words.split("、"))


def find_contradictions(message: str, entry: str) -> Sequence[Difference]:
    """Return pairs (words in the message, words in the entry) that make them different claims; empty: none found."""
    return compare_claims(read_claim(message), read_claim(entry))


def compare_claims(left: Claim, right: Claim) -> Sequence[Difference]:
    """Do the same with two claims that were read before: a message is read once for all entries it is held against."""
    if not left.text or not right.text or left.text == right.text:
        return ()
    frames = _frame_of(left, right.asked.text), _frame_of(right, left.asked.text)
    asks = frames[0].asks or frames[1].asks
    found = list(_conflicts_in_place(left, right, frames))
    is_short = max(len(left.text), len(right.text)) <= SHORT_CLAIM
    reach = max(MAX_CLAIM, 4 * min(len(left.text), len(right.text), MAX_CLAIM))
    mine, theirs, alike = left.text[:reach], right.text[:reach], 0.0
    if is_short or most_alike(mine, theirs) >= ALIKE:
        mine, theirs, alike = align(mine, theirs)
    if alike >= ALIKE:
        beside = contrasts(_told_by(left, mine), _told_by(right, theirs), asks=asks)
        found += _said_nowhere_else(beside, left, right)
    elif is_short:
        beside = contrasts(_told_by(left, mine), _told_by(right, theirs), asks=asks, directions=False)
        differing = list(_said_nowhere_else(beside, left, right))
        found += differing if differing and have_words_in_common(left.told, right.told) else ()
    if alike < ALIKE and _tell_of_one_thing(left.text, right.text):
        found += contrasts(left.told, right.told, asks=asks)
    found += contrasts_in_short(left.told, right.told)
    if alike >= NEAR_COPY and min(len(mine), len(theirs)) >= NEAR_COPY * max(len(mine), len(theirs)):
        changes = list(_changes(mine, theirs))
        found += [*_changed_numbers(mine, theirs), *_said_nowhere_else(_changed_names(changes), left, right)]
        is_told = min(size_of(mine), size_of(theirs)) >= LONG_COPY or left.debunks(mine) == right.debunks(theirs)
        if is_told and not asks:
            found += _negation_conflicts(changes, harm=tells_harm(mine) or tells_harm(theirs))
    if any("/" in one for one, _ in found):  # the date says it
        found = [difference for difference in found if not _PART_OF_DATE.fullmatch(difference[0])]
    return tuple((_show(one, left.written), _show(other, right.written)) for one, other in _told_once(found))


def _said_nowhere_else(found: Iterable[Difference], left: Claim, right: Claim) -> Iterator[Difference]:
    """Yield the differences of two stretches that the whole texts tell too: neither names elsewhere what the other
    names here. Two that changed places are in both."""
    for mine, theirs in found:
        here = all(word in left.text for word in theirs.split("、"))
        there = all(word in right.text for word in mine.split("、"))
        if here == there:
            yield mine, theirs


def _told_by(claim: Claim, stretch: str) -> Told:
    """Return what a stretch of a claim tells; mostly it is all of it."""
    return claim.told if stretch == claim.text else Told(stretch)


def _told_once(found: Iterable[Difference]) -> list[Difference]:
    """Return the differences that are no part of another: a changed food is seen in its place and by its class."""
    differences = list(dict.fromkeys(found))
    return [
        (one, other)
        for one, other in differences
        if not any((one, other) != more and one in more[0] and other in more[1] for more in differences)
    ]
