"""What tables and columns hold, in English and in Traditional Chinese."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from storage.exports.columns import Column, ExportTable

ENGLISH, CHINESE = "en", "zh-Hant"
ABOUT = "about"


@cache
def load_chinese() -> Mapping[str, Mapping[str, str]]:
    """By table: what it is `about`, and each column."""
    return tomllib.loads((resources.files(__package__) / "zh_Hant.toml").read_text("utf-8"))


def describe_table(table: ExportTable) -> dict[str, str]:
    """The table's description by language."""
    return {ENGLISH: table.description, CHINESE: load_chinese()[table.name][ABOUT]}


def describe_column(table: ExportTable, column: Column) -> dict[str, str]:
    """The column's description by language."""
    return {ENGLISH: column.description, CHINESE: load_chinese()[table.name][column.name]}
