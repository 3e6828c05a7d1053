"""The data pages' catalogues: complete, with the same placeholders, and nothing left over."""

import string
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot import data_pages
from bot.wording import TRANSLATED

FOLDER = Path(data_pages.__file__).parent
KEYWORDS: Any = {"words": None, "plural": (1, 2), "marked": None}


@cache
def asked() -> set[str]:
    """Every wording that the code and the templates ask for."""
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    return {str(message) for _, _, message, _, _ in extract_from_dir(FOLDER, methods, keywords=KEYWORDS)}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TRANSLATED)
def test_it_translates_exactly_what_is_asked_for(language: str) -> None:
    with (FOLDER / "locales" / f"{language}.po").open("rb") as source:
        catalogue = {str(message.id): str(message.string) for message in read_po(source, locale=language) if message.id}
    assert set(catalogue) == asked()
    assert [id_ for id_, translated in catalogue.items() if not translated] == []
    assert [id_ for id_, translated in catalogue.items() if placeholders(id_) != placeholders(translated)] == []
