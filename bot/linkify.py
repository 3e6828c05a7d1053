"""Making the web addresses in a text pressable, without ever making HTML of the text.

The template gets pieces and writes the tags itself, so that everything in them is escaped by the one escaper.
"""

from dataclasses import dataclass

import regex

from bot.references import to_uri

_URL = regex.compile(r"https?://[^\s<>\"'「」『』《》【】（），。、；！？]+", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; with an address it is a link."""

    text: str
    url: str | None = None


def to_pieces(text: str) -> list[Piece]:
    """Split a text into plain pieces and links; only http and https addresses become links."""
    pieces, end = [], 0
    for found in _URL.finditer(text):
        url = to_uri(found.group())
        if url:
            pieces += [Piece(text[end : found.start()]), Piece(found.group(), url)]
            end = found.end()
    return [piece for piece in [*pieces, Piece(text[end:])] if piece.text]
