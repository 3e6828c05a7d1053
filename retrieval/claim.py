"""A claim as it is read beside another: folded, questions taken for what they ask about, numbers and negations spelled
one way."""

from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import regex

from retrieval.english import find_capitals, spell_countries, spell_one_way
from retrieval.normalise import fold
from retrieval.passages import remove_boilerplate
from retrieval.told import Told
from retrieval.urls import strip_urls

MAX_CLAIM = 260
"""Texts are compared up to so many characters; beyond, they are stories, and a differing word is no contradiction."""
REACH = 4 * MAX_CLAIM
"""Characters that are read of a text at all."""
MAX_NAMES = 20
"""Names by their capitals that are looked at."""
DEBUNKED_WITHIN = 30
"""Characters around a stretch in which a word like 謠言 says that the rumour is spoken of, not told."""

_ASKING = regex.compile(r"(会|能|可以|可|是|有|要|该|好|对|行)(?:不|没)\1|有没有|是否|能否|可否")
_DECORATION = regex.compile(r"(?:(?!(?<=\d)\^\d)[\p{So}\p{Sk}--[°]])+", regex.VERSION1)
_EMOJI_MARKS = regex.compile("[‼⁉]+")
"""Emoji that folding turns into punctuation."""
_THOUSANDS = regex.compile(r"(?<=(?<![\d.,])\d{1,3}|,\d{3}) (?=\d{3}(?!\d))")
_WHETHER_TRUE = regex.compile(r"真的?还是假的?|是真是假|真假")
_PER_CENT = regex.compile(r"(?<=\d) ?per ?cent\b")
_NOT = regex.compile(r"\b([a-z]{2,5}|can(?=not))(?:n't|not)\b")
_DO_NOT = regex.compile(r"\b(?:do|does|did) not\b")
_NO_LESS = regex.compile(r"\b(?:no|not) (less|fewer|more) than\b")
_BOUND = {"less": "at least", "fewer": "at least", "more": "at most"}
_SHORTENED = {"ca": "can", "wo": "will", "sha": "shall"}
_DEBUNKING = regex.compile(
    r"错误|谣言|假的|不实|假消息|假新闻|假訊息|误导|不正确|没有根据|无根据|并非事实|非事实|诈骗|事实查核|查核|澄清|辟谣|破解|迷思|谬误"
    r"|^no,|\b(?:false|fake|hoax|debunk\w*|misleading|myth|no evidence|not true|fact.?check\w*)\b"
)


_PART = regex.compile(r"[^。！？!?;\n]*[。！？!?;\n]?")


@dataclass(frozen=True)
class Claim:
    """What a text claims. Pasted over and over, it is a claim all the same, and told once."""

    text: str
    asking: str
    """The same with its questions left as they are asked."""
    names: frozenset[str]
    """What it names with capitals, lower-case."""
    written: str
    """The text that was read, as it was written."""

    @cached_property
    def told(self) -> Told:
        return Told(self.text)

    @cached_property
    def asked(self) -> Told:
        """What the start of `asking` tells, as far as it is compared."""
        start = self.asking[:REACH]
        return self.told if start == self.text else Told(start)

    def debunks(self, stretch: str) -> bool:
        """Whether it speaks of the rumour in this stretch rather than telling it."""
        start = max(0, self.text.find(stretch))
        around = self.text[max(0, start - DEBUNKED_WITHIN) : start + len(stretch) + DEBUNKED_WITHIN]
        return bool(_DEBUNKING.search(around))

    def debunks_at(self, place: int) -> bool:
        """Whether it speaks of the rumour around a place in `asking` rather than telling it; anywhere: below 0."""
        around = self.asking if place < 0 else self.asking[max(0, place - DEBUNKED_WITHIN) : place + DEBUNKED_WITHIN]
        return bool(_DEBUNKING.search(around))


def read_claim(text: str) -> Claim:
    """Fold a text to what is compared. Questions about a claim ("會不會", "是否") lose their question first."""
    written = text[:REACH]
    plain = remove_boilerplate(strip_urls(_EMOJI_MARKS.sub("", written)))
    folded = fold(spell_countries(plain))
    folded = _THOUSANDS.sub(",", _DECORATION.sub("", folded))
    if "n" in folded:
        folded = _DO_NOT.sub("not", _NOT.sub(lambda verb: f"{_SHORTENED.get(verb[1], verb[1])} not", folded))
        folded = _NO_LESS.sub(lambda bound: _BOUND[bound[1]], folded)
    folded = _PER_CENT.sub("%", spell_one_way(folded))
    asking = _told_once(_WHETHER_TRUE.sub("", folded))
    return Claim(
        _ASKING.sub(lambda question: question.group(1) or "", asking),
        asking,
        frozenset(islice(find_capitals(plain), MAX_NAMES)),
        written,
    )


def _told_once(text: str) -> str:
    """Return the different sentences of a text that says little over and over, `MAX_CLAIM` characters of them: to
    compare all it repeats would take seconds. Any other text is returned whole."""
    start = text[:REACH]
    if len(start) <= MAX_CLAIM or len({start[i : i + 3] for i in range(len(start))}) >= len(start) // 4:
        return text
    return "".join(dict.fromkeys(_PART.findall(text)))[:MAX_CLAIM]
