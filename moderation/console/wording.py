"""The console's words: a catalogue of its own (`locales/`), read by whoever opens the console.

Templates and code ask for wording by `words("…")` and `words.plural("…", "…", n)`; `marked("…")` stands in tables.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from babel import Locale

LOCALES = Path(__file__).parent / "locales"


class Words(Protocol):
    """One language's wording; `bot.wording.Words` is one."""

    @property
    def language(self) -> str: ...

    @property
    def locale(self) -> Locale: ...

    @property
    def tag(self) -> str: ...

    def __call__(self, msgid: str, **placeholders: object) -> str: ...

    def plural(self, singular: str, plural: str, number: int, **placeholders: object) -> str: ...

    def date(self, moment: datetime) -> str: ...


def marked(msgid: str) -> str:
    """Mark a wording for the catalogues where it stands in a table; it is translated where it is shown."""
    return msgid


def choose_words(wordings: Mapping[str, Words], wanted: str | None, accept_language: str) -> Words:
    """The language somebody chose, else the first of their browser's that we speak, else the default."""
    if wanted is not None and wanted in wordings:
        return wordings[wanted]
    for item in accept_language.split(",")[:20]:
        tag = item.partition(";")[0].strip().lower().split("-")[0]
        for language, words in wordings.items():
            if tag == language.split("_")[0]:
                return words
    return next(iter(wordings.values()))
