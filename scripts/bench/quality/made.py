"""Make positives and near-misses by program from real messages, always the same for the same seed.

A positive is the message as it comes back: decorated, cut, pasted, asked about, told in one line. A near-miss
is the message with one thing changed that makes it another claim: a number, a date, a name, a food, a negation, a
direction; or its template with other content.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import opencc

from retrieval.passages import remove_boilerplate
from retrieval.urls import strip_urls

WORDS = Path(__file__).parent / "words"
"""The generator's own lists: what the check learns does not change what it is measured on."""
CLASSES = ("food", "drug", "place", "name")
EMOJI = "😱😡👍🙏❤️‼️⚠️🔴💊🌞🎉✨👇"
OPENINGS = (
    "大家早安～",
    "各位親友請注意！",
    "【緊急通知】",
    "剛剛收到的消息：\n",
    "轉傳：",
    "朋友傳來的，",
    "※※很重要※※\n",
    "LINE群組看到 ",
)
CLOSINGS = (
    "\n請轉發給身邊的親朋好友！",
    "\n寧可信其有，分享出去功德無量🙏",
    " 收到請轉傳",
    "\n祝大家平安健康",
    "\n這是真的嗎？",
    " 大家多小心",
)
QUESTIONS = (
    "請問{}是真的嗎？",
    "{}？真的假的",
    "聽說{}，有這回事嗎",
    "想確認一下：{}",
    "網路上說{}是不是謠言",
    "{}可信嗎？",
)
NEGATIONS = (
    ("不會", "會"), ("不能", "能"), ("不可以", "可以"), ("沒有", "有"), ("不是", "是"), ("無法", "可以"),
    ("不要", "要"),
    ("會", "不會"), ("可以", "不可以"), ("能", "不能"), ("要", "不要"), ("已經", "還沒"), ("是", "不是"),
)  # fmt: skip
_WHETHER = re.compile(r"(.)[不沒]\1|有沒有|是否")
"""A question whether: negated, it is no sentence any more."""
_NO_NEGATION = re.compile(
    "[不沒只就還曾需重主必想將快]要|[不沒只就還曾可總若]是|要[求緊領]|[不沒可功性才]能|[不沒機社協聚開]會|會[議員長]|是[否非]"
)
_SENTENCE = re.compile(r"[^。！？!?\n]{8,90}")
_NUMBER = re.compile(
    r"(?<![\d./:-])(\d{1,4})(?=\s*(?:%|個|年|月|日|號|天|歲|倍|杯|顆|粒|克|公斤|元|塊|萬|億|人|次|度|點|分|秒|小時|週|種|成))"
)
_DATE = re.compile(r"(\d{1,2})([/月])(\d{1,2})")


@dataclass(frozen=True)
class Made:
    """A text made from a message: `kind` says how, `same` whether it still makes the claim."""

    text: str
    kind: str
    same: bool


def clean(text: str) -> str:
    """Return a message without links and boilerplate."""
    return remove_boilerplate(strip_urls(text)).strip()


def main_sentence(text: str) -> str | None:
    """Return the sentence that most likely states the claim: the longest among the first four."""
    sentences = _SENTENCE.findall(clean(text))[:4]
    return max(sentences, key=len).strip(" ，,、：:") if sentences else None


@cache
def _converter(name: str) -> opencc.OpenCC:
    return opencc.OpenCC(name)


def _with_emoji(text: str, rng: random.Random) -> str:
    characters = list(text)
    for _ in range(max(2, len(text) // 25)):
        characters.insert(rng.randrange(len(characters) + 1), rng.choice(EMOJI))
    return "".join(characters)


def _full_width(text: str, _: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _zero_width(text: str, rng: random.Random) -> str:
    return "".join(c + (rng.choice("\u200b\u200d\ufeff") if rng.random() < 0.15 else "") for c in text)


def _truncated(text: str, rng: random.Random) -> str:
    return text[: max(25, int(len(text) * rng.uniform(0.4, 0.8)))]


def _decorated(text: str, rng: random.Random) -> str:
    return rng.choice(OPENINGS) + text + rng.choice(CLOSINGS)


def _other_script(text: str, _: random.Random) -> str:
    simplified: str = _converter("tw2s").convert(text)
    return simplified if simplified != text else str(_converter("s2tw").convert(text))


def _respaced(text: str, rng: random.Random) -> str:
    return re.sub(r"[，,。]", lambda m: rng.choice([" ", "\n", "～", m.group()]), text)


NOISE: dict[str, Callable[[str, random.Random], str]] = {
    "emoji": _with_emoji,
    "full_width": _full_width,
    "zero_width": _zero_width,
    "truncated": _truncated,
    "decorated": _decorated,
    "other_script": _other_script,
    "respaced": _respaced,
}


def make_positives(text: str, other: str, rng: random.Random) -> list[Made]:
    """Return the message as it comes back: noise, pasted to `other`, asked about, told in one line."""
    made = [Made(noise(text, rng), name, True) for name, noise in NOISE.items()]
    first, second = rng.sample([text, other], 2)
    made.append(Made(f"{first}\n\n{second}", "pasted", True))
    sentence = main_sentence(text)
    if sentence and len(sentence) >= 12:
        made.append(Made(rng.choice(QUESTIONS).format(sentence), "question", True))
        made.append(Made(sentence, "summary", True))
    return made


@cache
def _lexicon(name: str) -> Sequence[str]:
    return sorted((WORDS / f"{name}.txt").read_text(encoding="utf-8").split())


def _swap_word(text: str, name: str, rng: random.Random) -> str | None:
    names = [whole for whole in _lexicon("name") if name != "name" and whole in text]
    present = [
        word
        for word in _lexicon(name)
        if word in text and len(word) > 1 and not any(word in whole for whole in names)  # 韓國瑜 is no place
    ]
    if not present:
        return None
    word = max(present, key=len)
    others = [other for other in _lexicon(name) if other not in text and word not in other and len(other) == len(word)]
    return text.replace(word, rng.choice(others)) if others else None


def _swap_number(text: str, rng: random.Random) -> str | None:
    if not (found := _NUMBER.search(text)):
        return None
    number = int(found[1])
    other = rng.choice(
        [n for n in (number * 2, number * 10, number + 3, max(1, number // 2), number + 15) if n != number]
    )
    return text[: found.start(1)] + str(other) + text[found.end(1) :]


def _swap_date(text: str, rng: random.Random) -> str | None:
    if not (found := _DATE.search(text)):
        return None
    month, day = int(found[1]) % 12 + 1, (int(found[3]) + rng.randint(2, 12)) % 28 + 1
    return f"{text[: found.start()]}{month}{found[2]}{day}{text[found.end() :]}"


def _negate(text: str, rng: random.Random) -> str | None:
    if _WHETHER.search(text):
        return None
    for old, new in rng.sample(NEGATIONS, len(NEGATIONS)):
        place = text.find(old)
        around = text[max(0, place - 1) : place + len(old) + 1]
        if place >= 0 and text.count(old) == 1 and not _NO_NEGATION.search(around):
            return text[:place] + new + text[place + len(old) :]
    return None


def _reverse(text: str, rng: random.Random) -> str | None:
    for line in (WORDS / "opposites.txt").read_text(encoding="utf-8").split():
        sides = [side.split(",") for side in line.replace("_", " ").split("/", 1)]
        for one, other in zip(*sides, strict=False):
            for old, new in ((one, other), (other, one)):
                if old in text and new not in text:
                    return text.replace(old, new)
    return None


def make_near_misses(text: str, rng: random.Random) -> list[Made]:
    """Return the message's main sentence with one thing changed, once for each kind of change that applies."""
    sentence = main_sentence(text)
    if not sentence or len(sentence) < 10:
        return []
    changes: dict[str, str | None] = {name: _swap_word(sentence, name, rng) for name in CLASSES}
    changes |= {
        "number": _swap_number(sentence, rng),
        "date": _swap_date(sentence, rng),
        "negation": _negate(sentence, rng),
        "direction": _reverse(sentence, rng),
    }
    return [Made(changed, name, False) for name, changed in changes.items() if changed and changed != sentence]
