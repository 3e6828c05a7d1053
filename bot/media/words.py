"""The words that tesseract saw in a picture, where each stands, and the text they make."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import regex

SCALE = 10_000
"""Places are told in ten-thousandths of the picture's width and height, whatever its size."""

MIN_CONFIDENCE, MIN_LINE_CONFIDENCE = 30.0, 15.0
"""Of 100, over the letters of a picture and of a line. Leaves and clouds come to 3–16; notes, cards and chats to 39–91,
with lines of 20 among them that are read right all the same, since rare characters are never sure."""

FULL_LINE = 0.85
"""Of the text's width: a shorter line is a paragraph's last."""

CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{P}，。！？：；]")


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a picture, in ten-thousandths of its width and height."""

    left: int
    top: int
    right: int
    bottom: int

    def share_within(self, other: "Area") -> float:
        """How much of this area lies within the other, 0–1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        size = (self.right - self.left) * (self.bottom - self.top)
        return max(0, width) * max(0, height) / size if size else 0.0

    def with_(self, other: "Area") -> "Area":
        """The smallest area around both."""
        return Area(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class Word:
    """What tesseract takes for one word: in Chinese a character or several."""

    text: str
    confidence: float
    area: Area


Line = tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A word in the text that was made of lines: `text[start:end]`, and on which line it stood."""

    start: int
    end: int
    word: Word
    line: int


def lines_of(table: str) -> tuple[Line, ...]:
    """The lines of tesseract's table (TSV), sure or not."""
    lines: defaultdict[tuple[str, ...], list[Word]] = defaultdict(list)
    width = height = SCALE
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) != 12:
            continue
        if cells[0] == "1":  # the page itself, before everything on it
            width, height = max(1, int(cells[8])), max(1, int(cells[9]))
        if cells[0] == "5" and cells[11].strip():
            left, top, across, down = map(int, cells[6:10])
            area = Area(
                left * SCALE // width,
                top * SCALE // height,
                -(-(left + across) * SCALE // width),
                -(-(top + down) * SCALE // height),
            )
            lines[tuple(cells[1:5])].append(Word(cells[11].strip(), float(cells[10]), area))
    return tuple(map(tuple, lines.values()))


def sure_lines(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines that may be taken for words; none where all of it is doubtful, as in leaves and clouds."""
    if _confidence([word for words in lines for word in words]) < MIN_CONFIDENCE:
        return ()
    return tuple(words for words in lines if _confidence(words) >= MIN_LINE_CONFIDENCE)


def text_of(lines: Sequence[Line]) -> str:
    """What stands in the lines; those that were only wrapped are one again."""
    return placed_text(lines)[0]


def placed_text(lines: Sequence[Line]) -> tuple[str, list[Placed]]:
    """The same, with each word's place in it. A line that reaches the right edge goes on in the next one."""
    edge = max((words[-1].area.right for words in lines), default=0)
    text, placed = "", []
    for number, words in enumerate(lines):
        for word in words:
            text += _gap(text, word.text)
            placed.append(Placed(len(text), len(text) + len(word.text), word, number))
            text += word.text
        if words[-1].area.right < edge * FULL_LINE and number < len(lines) - 1:
            text += "\n"
    return text, placed


def _confidence(words: Sequence[Word]) -> float:
    """The mean over their letters."""
    letters = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / max(letters, 1)


def _gap(before: str, word: str) -> str:
    """A space only between two words that are both of an alphabet."""
    is_open = bool(before) and before[-1] != "\n"
    return " " if is_open and not CJK.match(before[-1]) and not CJK.match(word[0]) else ""
