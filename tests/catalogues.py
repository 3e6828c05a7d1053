"""What is checked of every gettext catalogue: it translates exactly what is asked for, with the same placeholders."""

import string
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po


@cache
def asked_in(folder: Path, functions: tuple[str, ...], plurals: tuple[str, ...] = ()) -> frozenset[str]:
    """Return every wording that the folder's code and templates ask for by one of these functions."""
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    keywords: Any = {**dict.fromkeys(functions), **dict.fromkeys(plurals, (1, 2))}
    return frozenset(str(message) for _, _, message, _, _ in extract_from_dir(folder, methods, keywords=keywords))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def find_faults(folder: Path, language: str, asked: frozenset[str]) -> dict[str, list[str]]:
    """Return what is wrong with the folder's catalogue in this language, by kind; empty: it translates all of what is
    asked for, with the same placeholders, and nothing else."""
    with (folder / "locales" / f"{language}.po").open("rb") as source:
        catalogue = {str(message.id): str(message.string) for message in read_po(source, locale=language) if message.id}
    found = {
        "missing": sorted(asked - set(catalogue)),
        "left over": sorted(set(catalogue) - asked),
        "empty": [id_ for id_, translated in catalogue.items() if not translated],
        "placeholders": [id_ for id_, translated in catalogue.items() if placeholders(id_) != placeholders(translated)],
    }
    return {kind: ids for kind, ids in found.items() if ids}
