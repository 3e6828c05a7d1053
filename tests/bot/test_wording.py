"""Every word is translated, and says the same with the same placeholders."""

import string
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import bot
from bot.wording import (
    DEFAULT_LANGUAGE,
    LANGUAGES,
    LOCALES,
    TRANSLATED,
    choose_from_header,
    choose_words,
    load_wordings,
)

KEYWORDS: Any = {"words": None, "plural": (1, 2), "marked": None}
METHODS = [("data_pages/**", "ignore"), ("**.py", "python"), ("**.html", "jinja2")]
"""The data pages have catalogues of their own."""
WORDINGS = load_wordings()


@cache
def extracted() -> set[str | tuple[str, ...]]:
    """Every wording that the code and the templates ask for."""
    folder = Path(bot.__file__).parent
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
    catalogue = {message.id for message in read(language) if message.id}
    assert catalogue == extracted()
    untranslated = [message.id for message in read(language) if not all(forms(message.string))]
    assert untranslated == []
    assert [message.id for message in read(language) if message.fuzzy and message.id] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_it_fills_the_same_placeholders_in_every_language(language: str) -> None:
    for message in read(language):
        if message.id:
            wanted = set().union(*(placeholders(form) for form in forms(message.id)))
            for form in forms(message.string):
                assert placeholders(form) == wanted, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_writes_dates_as_the_language_does_and_in_taiwans_time(language: str) -> None:
    late = datetime(2020, 3, 14, 16, 30, tzinfo=UTC)
    assert (
        WORDINGS[language].date(late)
        == {
            "zh_Hant": "2020年3月15日",
            "en": "March 15, 2020",
            "ja": "2020年3月15日",
        }[language]
    )


def test_it_tells_numbers_apart_where_the_language_does() -> None:
    words = WORDINGS["en"]
    assert words.plural("One more reply", "{number} more replies", 1) == "One more reply"
    assert words.plural("One more reply", "{number} more replies", 2) == "2 more replies"
    assert WORDINGS["zh_Hant"].plural("One more reply", "{number} more replies", 1) == "還有 1 則回覆"


@pytest.mark.parametrize(("language", "chosen"), [(None, "zh_Hant"), ("ja", "ja"), ("xx", "zh_Hant"), ("en", "en")])
def test_it_speaks_the_language_a_person_chose(language: str | None, chosen: str) -> None:
    assert choose_words(WORDINGS, language).language == chosen


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", DEFAULT_LANGUAGE),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh_Hant"),
        ("zh-CN", "zh_Hant"),
        ("en-US,en;q=0.9", "en"),
        ("ja", "ja"),
        ("fr;q=1, ja;q=0.3, en;q=0.5", "en"),
        ("fr,de", DEFAULT_LANGUAGE),
        ("en;q=0,ja;q=0.1", "ja"),
        ("en;q=x,;;,=,*", DEFAULT_LANGUAGE),
        ("ja," * 5000, "ja"),
    ],
)
def test_it_reads_what_a_browser_prefers(header: str, chosen: str) -> None:
    assert choose_from_header(WORDINGS, header).language == chosen


def test_it_never_takes_a_value_for_a_placeholder() -> None:
    assert WORDINGS["en"]("{verdict}: {text}", verdict="{text}", text="{0} {verdict} %s") == "{text}: {0} {verdict} %s"
