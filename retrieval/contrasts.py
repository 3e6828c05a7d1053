"""What two claims name, count or tell of a direction: where each has something of its own of one class, they differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import regex

from retrieval.details import BARE, MONEY, find_directions, is_denied, telling_directions
from retrieval.english import in_letters
from retrieval.listed import holders, opposites
from retrieval.meetings import Difference
from retrieval.normalise import bigrams, size_of
from retrieval.numerals import agree
from retrieval.told import Told

SHORT = 30.0
"""Size (`retrieval.normalise.size_of`) up to which a text says one thing, so that all it says must be told."""
LONGEST_TELLING = 260
"""Characters up to which another text may tell the same at length; a story names and counts many things."""
TOLD = 0.34
"""Share of the character pairs of a short claim, its details aside, that stand in what tells it at length."""
IN_COMMON = 0.1
"""The same of two short texts that name different things of a kind."""
DETAIL = 2
"""Character pairs that a detail is worth which both tell; in an alphabet it is words as any."""
_ASIDE = regex.compile(
    "听说|听过|请问|网[路络]上?|有人说|想确认|确认一下|是不是|是否|(?:是|为)?真的?(?:吗|嘛)?|假的|可信|谣言|有这回事|[吗嘛呢]"
)
"""What asks about a claim and says nothing of it."""
_DENIED = regex.compile(r"(?:[不没未无勿莫免]|(?<![分特级性])别)(?![只仅但断久少同过管论来铅线费])[^\W反却而]{0,2}$")
"""What denies a direction right behind it: 不会降; of 不降反升 only the rise is told."""
NEAR = 10
"""Characters of its clause before and behind a direction that tell of what it is said."""
_BEFORE, _BEHIND = regex.compile(r"\w*$"), regex.compile(r"\w*")
LISTED = 2
"""Things of a kind that both name, from which each is a list: one may be longer."""
AMOUNTS = (MONEY, BARE)
"""Numbers that may be money: who tells one of the other's amounts tells of another one beside it."""
Said = tuple[str, frozenset[str], frozenset[str]]
"""A direction, and the character pairs before and behind it in its clause."""
_CLAUSE = regex.compile(r"[\p{L}\p{M}\p{N}]+")


def contrasts(left: Told, right: Told, *, asks: bool, directions: bool = True) -> Iterator[Difference]:
    """Yield, class by class, what only one of two texts has, where both have something of their own. `asks`:
    one of them is a question, which asks as much about "safe" as about "dangerous"."""
    yield from _names(left.names, right.names)
    yield from _numbers(left, right)
    if directions:
        yield from _directions(left, right, asks=asks)


def contrasts_in_short(left: Told, right: Told) -> Iterator[Difference]:
    """Yield the same of a short claim, or a question about one, and a longer text that tells most of it."""
    short, longer = (left, right) if len(left.text) <= len(right.text) else (right, left)
    if size_of(short.text) > SHORT or len(longer.text) > LONGEST_TELLING or not _tells_most(longer.text, short):
        return
    yield from contrasts(left, right, asks=True)


def have_words_in_common(left: Told, right: Told) -> bool:
    """Whether two short texts share some words beside their details: else they tell of nothing together."""
    short, longer = (left, right) if len(left.text) <= len(right.text) else (right, left)
    return _tells_most(longer.text, short, IN_COMMON)


def _tells_most(longer: str, claim: Told, share: float = TOLD) -> bool:
    """Whether most of what a short claim says stands in a longer text, beside the details that are told otherwise."""
    short, plain, position, told = claim.text, "", 0, 0
    for detail in claim.details:
        plain, position = f"{plain}{short[position : detail.start]} ", detail.end
        told += DETAIL * (detail.told in longer and not in_letters(short))
    clauses = _CLAUSE.findall(_ASIDE.sub(" ", plain + short[position:]))
    pairs = [pair for clause in clauses for pair in bigrams(clause) if len(pair) == 2]
    return told + sum(pair in longer for pair in pairs) >= share * (told + len(pairs)) > 0


def _names(left: Mapping[str, set[str]], right: Mapping[str, set[str]]) -> Iterator[Difference]:
    for kind in left.keys() & right.keys():
        if len(left[kind] & right[kind]) >= LISTED:
            continue
        mine = [word for word in left[kind] - right[kind] if not _is_told(word, right[kind])]
        theirs = [word for word in right[kind] - left[kind] if not _is_told(word, left[kind])]
        if mine and theirs:
            yield "、".join(sorted(mine)), "、".join(sorted(theirs))


def _is_told(word: str, others: Iterable[str]) -> bool:
    """Whether one of the others is a part of the word, or the word of it: by its letters, or by what holds what."""
    above, nothing = holders(), frozenset[str]()
    return any(
        word in other or other in word or other in above.get(word, nothing) or word in above.get(other, nothing)
        for other in others
    )


def _numbers(left: Told, right: Told) -> Iterator[Difference]:
    """Yield units whose numbers have nothing in common in the two texts."""
    mine, theirs = left.numbers, right.numbers
    differing = sorted(key for key in mine.keys() & theirs.keys() if not _share(mine[key], theirs[key]))
    if _share(_amounts(mine), _amounts(theirs)):
        differing = [key for key in differing if key[0] not in AMOUNTS]
    for unit, told in differing:
        if not told or (unit, "") not in differing:
            shown = "" if unit.isascii() and len(unit) > 3 else unit
            yield mine[unit, told][0] + shown, theirs[unit, told][0] + shown


def _amounts(numbers: Mapping[tuple[str, str], Sequence[str]]) -> list[str]:
    """Return the amounts of money, told as such or not."""
    return [value for unit in AMOUNTS for value in numbers.get((unit, ""), ())]


def _share(mine: Iterable[str], theirs: Sequence[str]) -> bool:
    return any(agree(one, other) for one in mine for other in theirs)


def _directions(left: Told, right: Told, *, asks: bool) -> Iterator[Difference]:
    """Yield the words of one text whose opposites the other has; in English the telling ones, others only in place."""
    here, there = left.opposites.keys(), right.opposites.keys()
    for one, other in opposites(asked=asks) if here and there else ():
        for mine, theirs in ((one, other), (other, one)):
            are_said = not (here.isdisjoint(mine) or there.isdisjoint(theirs))
            if are_said and here.isdisjoint(theirs) and there.isdisjoint(mine):
                yield from _told_of_one_thing(_said(mine, left), _said(theirs, right))
    if asks:
        return
    mine_said, theirs_said = _directions_of(left.text), _directions_of(right.text)
    for pair in sorted(mine_said.keys() & theirs_said.keys()):
        if not mine_said[pair].keys() & theirs_said[pair].keys():
            yield next(iter(mine_said[pair].values())), next(iter(theirs_said[pair].values()))


def _said(words: Iterable[str], told: Told) -> list[Said]:
    """Return the words of one direction that a text says and does not deny, with the clause before and behind each."""
    text, found = told.text, list[Said]()
    for word in words:
        for start in told.opposites.get(word, ()):
            before, behind = text[max(0, start - NEAR) : start], text[start + len(word) : start + len(word) + NEAR]
            if not _DENIED.search(before):
                found.append((word, _pairs_of(_BEFORE.search(before)), _pairs_of(_BEHIND.match(behind))))
    return found


def _pairs_of(clause: regex.Match[str] | None) -> frozenset[str]:
    return frozenset(bigrams(clause.group()) if clause else ())


def _told_of_one_thing(mine: Iterable[Said], theirs: Iterable[Said]) -> Iterator[Difference]:
    """Yield two directions that have words before them, or behind them, in common: who brings back one thing does not
    deny who ends another."""
    for word, before, behind in mine:
        for other, others_before, others_behind in theirs:
            if before & others_before or behind & others_behind:
                yield word, other
                return


def _directions_of(text: str) -> dict[str, dict[str, str]]:
    """Return what an English text says of each pair of opposites, and how. What it denies it does not say: "no less
    than" is not "less than"."""
    found: dict[str, dict[str, str]] = {}
    for word in find_directions(text) if in_letters(text) else ():
        if word.kind in telling_directions() and not is_denied(text, word.start):
            found.setdefault(word.kind, {}).setdefault(word.value, word.told)
    return found
