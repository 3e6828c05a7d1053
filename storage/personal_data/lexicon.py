"""The word lists, read from `lexicon.txt` the first time anything is looked for."""

from functools import cache
from importlib import resources

CHARACTERS = frozenset({"surnames", "plain-surnames", "given"})
"""Sections of single characters."""


@cache
def load_lexicon() -> dict[str, tuple[str, ...]]:
    """The sections' words, by section."""
    lists: dict[str, list[str]] = {}
    section = ""
    for line in (resources.files("storage.personal_data") / "lexicon.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line[1 : line.index("]")]
        elif line and not line.startswith("#"):
            lists.setdefault(section, []).extend(line if section in CHARACTERS else line.split())
    return {name: tuple(words) for name, words in lists.items()}


def one_of(section: str) -> str:
    """A pattern for any of a section's words, the longest first."""
    words = sorted(load_lexicon()[section], key=len, reverse=True)
    return f"[{''.join(words)}]" if section in CHARACTERS else f"(?:{'|'.join(words)})"
