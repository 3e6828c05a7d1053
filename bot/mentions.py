"""Cutting the @names out of a text, so that what is looked up is the message alone."""

from collections.abc import Sequence

from bot.events import Mention

UNIT = 2
"""Bytes of a UTF-16 code unit, which is what LINE counts positions in."""


def without_mentions(text: str, mentions: Sequence[Mention]) -> str:
    """The text without its mentions. A position outside the text, or over another's, cuts only what is there."""
    units = text.encode("utf-16-le", "surrogatepass")
    kept, end = [], 0
    for mention in sorted(mentions, key=lambda mention: mention.index):
        start = mention.index * UNIT
        kept.append(units[end : max(start, end)])
        end = max(end, start + mention.length * UNIT)
    return b"".join([*kept, units[end:]]).decode("utf-16-le", "replace").strip()
