"""Fitting text into LINE's limits without breaking what a reader sees as one character.

LINE counts UTF-16 code units; people see graphemes: a family emoji is one to them and eleven to LINE. So text is cut
between graphemes, counted in units.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import regex

ELLIPSIS = "…"

_GRAPHEME = regex.compile(r"\X")
# LINE refuses lone surrogates and control characters; a direction override would rewrite what stands around it.
_UNSHOWABLE = regex.compile(r"[\p{Cs}\u202A-\u202E\u2066-\u2069]|(?![\n\t])\p{Cc}")
_BLANK_LINES = regex.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")


def units(text: str) -> int:
    """The text's length as LINE counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """What may be shown of a text that came from outside: one kind of line break, nothing that cannot be drawn."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    shown: str = _BLANK_LINES.sub("\n\n", _UNSHOWABLE.sub("", text)).strip()
    return shown


def cut(text: str, limit: int) -> str:
    """The longest beginning that fits `limit` UTF-16 units, with an ellipsis when something is left out."""
    length = units(text)
    if length <= limit:
        return text
    size: Callable[[str], int] = len if length == len(text) else units  # mostly no character takes two units
    end, used = 0, units(ELLIPSIS)
    for found in _GRAPHEME.finditer(text):
        used += size(found.group())
        if used > limit:
            break
        end = found.end()
    return text[:end].rstrip() + ELLIPSIS


def one_line(text: str) -> str:
    """A text without its line breaks, for places that show one line."""
    return " ".join(text.split())


def split(text: str, limit: int) -> list[str]:
    """The whole text in parts of at most `limit` UTF-16 units, cut between graphemes.

    A single grapheme may be longer than that (marks can be piled up without end): it is cut where it must.
    """
    parts: list[str] = []
    part: list[str] = []
    used = 0
    for piece in (piece for found in _GRAPHEME.finditer(text) for piece in _pieces(found.group(), limit)):
        if used + units(piece) > limit:
            parts.append("".join(part))
            part, used = [], 0
        part.append(piece)
        used += units(piece)
    return [*parts, "".join(part)] if part else parts


def _pieces(grapheme: str, limit: int) -> list[str]:
    if units(grapheme) <= limit:
        return [grapheme]
    step = max(limit // 2, 1)
    return [grapheme[start : start + step] for start in range(0, len(grapheme), step)]


def json_bytes(value: Mapping[str, Any]) -> int:
    """The size of a Flex container, counted the dearest way: every character outside ASCII escaped (`\\u67e5`).

    LINE does not say which encoding its 30 KB and 50 KB mean, so the larger count is kept under them.
    """
    return len(json.dumps(value, separators=(",", ":")))
