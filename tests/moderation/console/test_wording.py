"""Every word of the console is translated, and says the same with the same placeholders."""

import string
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import moderation.console
from bot.wording import TRANSLATED, load_wordings
from moderation.console.wording import LOCALES, choose_words

KEYWORDS: Any = {"words": None, "plural": (1, 2), "marked": None}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]


@cache
def extracted() -> set[str | tuple[str, ...]]:
    folder = Path(moderation.console.__file__).parent
    return {message for _, _, message, _, _ in extract_from_dir(folder, METHODS, keywords=KEYWORDS)}


def read(language: str) -> Catalog:
    with (LOCALES / f"{language}.po").open("rb") as source:
        return read_po(source, locale=language)


def forms(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_it_translates_exactly_what_is_asked_for(language: str) -> None:
    catalogue = read(language)
    assert {message.id for message in catalogue if message.id} == extracted()
    assert [message.id for message in catalogue if not all(forms(message.string))] == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_it_fills_the_same_placeholders_in_every_language(language: str) -> None:
    for message in read(language):
        if message.id:
            expected = placeholders(forms(message.id)[-1])
            assert all(placeholders(form) == expected for form in forms(message.string)), message.id


def test_templates_ask_for_plurals_in_the_way_that_is_extracted() -> None:
    templates = (Path(moderation.console.__file__).parent / "templates").glob("*.html")
    assert [path.name for path in templates if "words.plural(" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    ("wanted", "header", "language"),
    [("ja", "en", "ja"), (None, "en-GB,en;q=0.9", "en"), (None, "fr", "zh_Hant"), ("xx", "zh-TW", "zh_Hant")],
)
def test_it_speaks_the_readers_language(wanted: str | None, header: str, language: str) -> None:
    assert choose_words(load_wordings(LOCALES), wanted, header).language == language
