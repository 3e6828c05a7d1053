"""A text as a frame of words, with what fills its slots.

"柿子不能配牛奶" and "大家早安，柿子可以配牛奶喔" have one frame, 柿子▢配牛奶, and only one of them denies it. A slot
is a denial or its absence, a number with its unit, a food, a drug, a place, a name, or one of two opposites.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import regex

from retrieval.units import stem

DENIED, AFFIRMED, ASKED = "denied", "affirmed", "asked"
POLARITY = "polarity"
LONGEST_QUESTION = 60

_DENIAL = (
    "不可以|不能够|不可能|不能|不可(?!思)|不会|不要|不应该|不应|不宜|不得(?!不)|不用|不必|不须|不需要|不需|不准|不许"
    "|不该|不是|没有|并没有|并非|并未|并不|未曾|尚未|从未|还没有|还没|无法|严禁|禁止|切忌|切勿|请勿|勿|避免"
    "|没(?!想到|收)|不(?![只仅但同过管论错少良足知满明断如安幸肖]|小心|得不|可思)|未(?!来|婚|成年|必|知)"
)
_WARNING = regex.compile("不(?:要|应该|应|宜|准|许|该)|严禁|禁止|切忌|切勿|请勿|[勿别莫]|避免")
_UNABLE = regex.compile("不(?:能够|能|可以|可|得)")
_HARM = regex.compile("(?<![社机学协开])会|[将恐害伤]|造成|导致|引[起发致]|产生|以免|免得|否则|中毒|致[癌命死病]")
"""Denials that bid not to do a thing; those that do where what it does is told; and words that tell of it."""
_AFFIRMATION = (
    "可以|能够|能(?!量|源|力)|可(?![能怕是恶怜口乐爱惜见疑靠])|(?<![学协工员社机大议晚])会(?![议员长计场谈见所])"
    "|应该|应|宜|必须|需要|必|要|已经|已|有|是"
)
_VERB = r"(?:do|does|did|is|are|was|were|will|would|can|could|should|has|have|had|be|been)"
_LETTERS_DENIAL = rf"\b(?:{_VERB} )?(?:not|never|no longer|without|no)\b"
_LETTERS_AFFIRMATION = rf"\b{_VERB}\b"
_ASKING = (
    r"(?!有没有[听看])(?P<asked>会|能|可以|可|是|有|要|该|好)(?:不|没)(?P=asked)"
    "|是否(?!是?为?(?:真|属实|正确|可信|事实|假|谣))|能否|可否"
)
_FILLER = (
    "千万|绝对|绝|其实|真的|真|一定|完全|根本|到底|究竟|万万|一起|一同|同时|都|也|还|就|的|了|喔|哦|啊|呀|耶|呢|吗|嘛|吧"
    r"|\b(?:a|an|any|the|that|to|really)\b"
)
_CHARACTER = regex.compile(r"\w")
_TOKEN = regex.compile(
    rf"(?P<asking>{_ASKING})|(?P<denial>{_DENIAL}|{_LETTERS_DENIAL})"
    rf"|(?P<affirmation>{_AFFIRMATION}|{_LETTERS_AFFIRMATION})|(?P<filler>{_FILLER})"
    r"|(?P<joined>[和跟与配及]|搭配|\band\b|\bwith\b)"
    r"|(?P<word>[a-z']+|\d+(?:[.,:/]\d+)*)|(?P<break>[。！？!?;,、:\n]+)"
)
"""What is more than a character. The characters between are taken as they stand: to look for them here too, one by
one, takes four times as long."""
_SAID = {"asking": ASKED, "denial": DENIED, "affirmation": AFFIRMED}
_ASKED = regex.compile(
    r"(?<!真的|真|假的|假|属实|正确|可信|谣言|对|知道|听过|听说过)[吗嘛](?=\W|$)"
    r"|^\W*(?:can|is|are|does|do|will|should) (?!it true)[^?]*\?"
    rf"|{_ASKING}"
)
"""A question about the thing; "is that true" asks about the claim as it is told."""


class Detail(NamedTuple):
    """A stretch of a text that fills a slot: a number, a listed name, one of two opposites."""

    start: int
    end: int
    kind: str
    value: str
    told: str
    """How it is shown."""


class Slot(NamedTuple):
    """What fills the gap before word `place` of a frame (polarity), or stands there itself (a detail)."""

    place: int
    kind: str
    value: str
    told: str
    start: int


@dataclass(frozen=True)
class Frame:
    """A text's words without what fills its slots. `begins` are the places where a clause begins."""

    words: Sequence[str]
    slots: Sequence[Slot]
    begins: frozenset[int]
    asks: bool
    filled: Mapping[int, str]
    """The details among the words, by their place."""
    denied: frozenset[int]
    """Places before which a denial stands."""
    harms: bool

    def values(self, kind: str) -> set[str]:
        """What fills its slots of a kind."""
        return {slot.value for slot in self.slots if slot.kind == kind}


def read_frame(text: str, details: Sequence[Detail] = ()) -> Frame:
    """Read a folded text. `details` lie one behind the other."""
    words: list[str] = []
    slots: list[Slot] = []
    begins, position, is_question = {0}, 0, asks_whether(text)
    for detail in [*details, None]:
        end = len(text) if detail is None else detail.start
        for token in _TOKEN.finditer(text, position, end):
            words += _characters(text[position : token.start()])
            _take(token, words, slots, begins, is_question)
            position = token.end()
        words += _characters(text[position:end])
        if detail is not None:
            slots.append(Slot(len(words), detail.kind, detail.value, detail.told, detail.start))
            words.append(f"<{detail.kind}>")
            position = detail.end
    filled = {slot.place: slot.value for slot in slots if slot.kind != POLARITY}
    denied = frozenset(slot.place for slot in slots if slot.kind == POLARITY and slot.value == DENIED)
    return Frame(words, slots, frozenset(begins), is_question, filled, denied, tells_harm(text))


def _characters(between: str) -> Sequence[str]:
    """Return the characters between two tokens without what is no part of a word: mostly there is nothing of that."""
    return between if not between or between.isalpha() else _CHARACTER.findall(between)


def _take(token: regex.Match[str], words: list[str], slots: list[Slot], begins: set[int], is_question: bool) -> None:
    """Add one token to the frame read so far."""
    kind, told = token.lastgroup, token.group()
    if kind == "word":
        words.append(stem(told))
    elif kind == "joined":
        words.append("+")
    elif kind == "break":
        _end_clause(words, slots)
        begins.add(len(words))
    elif kind != "filler":
        value = ASKED if is_question else _SAID[kind]
        _fill(slots, Slot(len(words), POLARITY, value, told, token.start()))


def _end_clause(words: Sequence[str], slots: list[Slot]) -> None:
    """Forget what was said of no word: "不會！" at the end of a clause says nothing of the next one."""
    if slots and slots[-1].kind == POLARITY and slots[-1].place == len(words):
        slots.pop()


def _fill(slots: list[Slot], slot: Slot) -> None:
    """Put what is said of a place with what was said of it before: two denials affirm."""
    before = slots[-1] if slots and slots[-1].kind == POLARITY and slots[-1].place == slot.place else None
    if before is None:
        slots.append(slot)
        return
    if ASKED in (before.value, slot.value):
        value = ASKED
    else:
        value = DENIED if (before.value == DENIED) != (slot.value == DENIED) else AFFIRMED
    slots[-1] = Slot(slot.place, POLARITY, value, before.told if before.value == DENIED else slot.told, before.start)


def asks_whether(text: str) -> bool:
    """Whether a folded text is a question about the thing; what asks at length tells it all the same."""
    return len(text) <= LONGEST_QUESTION and _ASKED.search(text) is not None


def tells_harm(text: str) -> bool:
    """Whether a folded text tells what comes of a thing."""
    return _HARM.search(text) is not None


def is_warning(denial: str, harm: bool) -> bool:
    """Whether a denial bids not to do a thing: "不能喝，会中毒" and "喝会中毒" are the advice and its reason (harm is
    told), and "疫苗不能预防重症" is neither."""
    return bool(_WARNING.fullmatch(denial) or (harm and _UNABLE.fullmatch(denial)))
