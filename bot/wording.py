"""Every word a person reads, in their language: gettext catalogues, read once at start.

The message ids are the English wording; `bot/locales/zh_Hant.po` (the default) and `ja.po` translate them. The `.po`
files are what git holds and what is read: no compiled file to forget, none to go stale, and reading costs milliseconds.
Code marks wording by the way it asks for it: `words("…")`, `words.plural("…", "…", n)`, and `marked("…")` in a table.
"""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent / "locales"
DEFAULT_LANGUAGE = "zh_Hant"
SOURCE_LANGUAGE = "en"
TRANSLATED = (DEFAULT_LANGUAGE, "ja")
LANGUAGES = (DEFAULT_LANGUAGE, SOURCE_LANGUAGE, "ja")
CHINESE = frozenset({"zh", "yue", "nan", "hak"})
"""What LINE may call the language of somebody who reads the default one."""
TAIPEI = ZoneInfo("Asia/Taipei")


def marked(msgid: str) -> str:
    """Mark a wording for the catalogues where it stands in a table; it is translated where it is shown."""
    return msgid


@dataclass(frozen=True, slots=True)
class Words:
    """One language's wording."""

    language: str
    catalogue: gettext.NullTranslations
    locale: Locale

    def __call__(self, msgid: str, **placeholders: object) -> str:
        return self.catalogue.gettext(msgid).format(**placeholders)

    def plural(self, singular: str, plural: str, number: int, **placeholders: object) -> str:
        """The wording for a number, which the text may name as `{number}`."""
        return self.catalogue.ngettext(singular, plural, number).format(number=number, **placeholders)

    def date(self, moment: datetime) -> str:
        """A day as people in Taiwan would date it."""
        return format_date(moment.astimezone(TAIPEI), "long", locale=self.locale)

    def duration(self, seconds: float) -> str:
        """A length of time, roughly, as people would say it."""
        return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=self.locale)

    @property
    def tag(self) -> str:
        """The language as HTML and HTTP name it, e.g. `zh-Hant`."""
        return self.language.replace("_", "-")


Wordings = Mapping[str, Words]


@cache
def load_wordings(folder: Path = LOCALES) -> Wordings:
    """Read all catalogues of a folder, once a process; keys are `LANGUAGES`, the default one first."""
    return {language: Words(language, _load(folder, language), Locale.parse(language)) for language in LANGUAGES}


def choose_words(wordings: Wordings, language: str | None) -> Words:
    """The wording a person has chosen, else the default."""
    return wordings.get(language or DEFAULT_LANGUAGE) or wordings[DEFAULT_LANGUAGE]


def choose_for_line(tag: str | None) -> str | None:
    """The language for somebody whose LINE is set to `tag` (BCP 47): English where that is none of ours.

    Who has come here to work may read neither Chinese nor Japanese. None: LINE does not tell.
    """
    if not tag:
        return None
    primary = tag.lower().replace("_", "-").split("-")[0]
    return DEFAULT_LANGUAGE if primary in CHINESE else primary if primary in LANGUAGES else SOURCE_LANGUAGE


def choose_from_header(wordings: Wordings, accept_language: str) -> Words:
    """The wording that a browser's `Accept-Language` likes best, else the default."""
    wanted = sorted(filter(None, map(_preference, accept_language.split(",")[:20])), key=lambda wish: -wish[1])
    for tag, _ in wanted:
        for language in wordings:
            if tag.split("-")[0] == language.split("_")[0]:
                return wordings[language]
    return wordings[DEFAULT_LANGUAGE]


def _preference(item: str) -> tuple[str, float] | None:
    tag, _, parameter = item.strip().lower().partition(";")
    try:
        quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
    except ValueError:
        return None
    return (tag.strip(), quality) if 0 < quality <= 1 else None


def _load(folder: Path, language: str) -> gettext.NullTranslations:
    if language not in TRANSLATED:
        return gettext.NullTranslations()
    with (folder / f"{language}.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
