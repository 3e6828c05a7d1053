"""Names themes by the words that many of their articles have and few others do.

Where Chinese or Japanese is written a word is a run of two to four characters: no segmenter knows the names rumours
invent. Of runs that lie in one another the longer one is taken when it is nearly as common.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from retrieval.themes.clustering import NO_THEME

WORDS = 3
"""How many words a name has at most."""
MAX_TEXT = 600
"""Characters of an article that are looked at: what it is about stands at its beginning."""
MAX_SAMPLE = 10_000
"""Texts that tell how common a word usually is."""
MAX_MEMBERS = 200
"""Articles of a theme that are read for its name."""
MIN_SHARE = 0.2
"""Of a theme's articles that must have a word for it to name the theme."""
AS_COMMON = 0.75
RUNS = (2, 3, 4)

_HAN = re.compile(r"[\u3400-\u9fff\u3040-\u30ff]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9+-]{2,}")
_LINK = re.compile(r"https?://\S+")
_FUNCTION = frozenset(
    "的了是在有和也就都不我你他她它們这這那个個一上下來去到會要可以很請把被讓給為與及或而且但如若因所於以之其此為啊吧呢嗎喔哦"
)
"""Characters that begin or end no word worth naming anything by."""
_COMMON = frozenset({"http", "https", "www", "com", "html", "the", "and", "for", "you", "line", "this", "that", "with"})


def name_themes(texts: Sequence[str], themes: Iterable[int]) -> dict[int, list[str]]:
    """Up to `WORDS` words for each theme, the most telling first; every theme has at least an empty list."""
    everywhere: Counter[str] = Counter()
    sample = texts[:: max(1, math.ceil(len(texts) / MAX_SAMPLE))]
    for text in sample:
        everywhere.update(to_words(text))
    members: dict[int, list[set[str]]] = {}
    for text, theme in zip(texts, themes, strict=True):
        if theme != NO_THEME and len(members.setdefault(theme, [])) < MAX_MEMBERS:
            members[theme].append(to_words(text))
    return {theme: _name(found, everywhere, len(sample)) for theme, found in members.items()}


def to_words(text: str) -> set[str]:
    """Every word and every run of characters in a text, once."""
    text = _LINK.sub(" ", text[:MAX_TEXT])
    words = {word.lower() for word in _WORD.findall(text)} - _COMMON
    for run in _HAN.findall(text):
        for length in RUNS:
            for start in range(len(run) - length + 1):
                word = run[start : start + length]
                if word[0] not in _FUNCTION and word[-1] not in _FUNCTION:
                    words.add(word)
    return words


def _name(members: Sequence[set[str]], everywhere: Counter[str], total: int) -> list[str]:
    inside = Counter(word for words in members for word in words)
    least = max(2.0, MIN_SHARE * len(members))
    common = {word: count for word, count in inside.items() if count >= least}
    common = common or {word: count for word, count in inside.items() if count > 1}
    best = sorted(common, key=lambda word: (-_score(word, common[word] / len(members), everywhere[word] / total), word))
    return _pick(best, common)


def _score(word: str, share: float, usual: float) -> float:
    """Its share in the theme, times how much rarer it usually is; longer runs count a little more."""
    return share * math.log(share / max(usual, 1e-5)) * (1 + 0.15 * min(len(word), 4))


def _pick(best: Sequence[str], common: dict[str, int]) -> list[str]:
    chosen: list[str] = []
    for word in best:
        longer = [each for each in common if word in each and word != each and common[each] >= AS_COMMON * common[word]]
        word = max(longer, key=lambda each: (common[each], len(each)), default=word)
        if not any(_overlap(word, each) for each in chosen):
            chosen.append(word)
        if len(chosen) == WORDS:
            break
    return chosen


def _overlap(one: str, other: str) -> bool:
    """Whether they share a pair of characters: then they say the same."""
    return bool({one[i : i + 2] for i in range(len(one) - 1)} & {other[i : i + 2] for i in range(len(other) - 1)})
