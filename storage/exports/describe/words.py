"""What tables and columns hold: in English and Traditional Chinese in releases, on the data pages in Japanese too."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from storage.exports.columns import Column, ExportTable

ENGLISH, CHINESE, JAPANESE = "en", "zh-Hant", "ja"
FILES = {CHINESE: "zh_Hant.toml", JAPANESE: "ja.toml"}
ABOUT = "about"


@cache
def load_words(language: str) -> Mapping[str, Mapping[str, str]]:
    """By table: what it is `about`, and each column, in one of the languages of `FILES`."""
    return tomllib.loads((resources.files(__package__) / FILES[language]).read_text("utf-8"))


def describe_table(table: ExportTable) -> dict[str, str]:
    """The table's description by language."""
    return {ENGLISH: table.description, CHINESE: load_words(CHINESE)[table.name][ABOUT]}


def describe_column(table: ExportTable, column: Column) -> dict[str, str]:
    """The column's description by language."""
    return {ENGLISH: column.description, CHINESE: load_words(CHINESE)[table.name][column.name]}
