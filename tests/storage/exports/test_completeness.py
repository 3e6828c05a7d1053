"""Every column of the database is released or left out for a reason; every column of a release is explained."""

import re

import pytest
from sqlalchemy import Column
from sqlmodel import SQLModel

import storage.tables
from storage.exports import left_out
from storage.exports.catalogue import TABLES
from storage.exports.columns import ExportTable
from storage.exports.describe.words import ABOUT, FILES, JAPANESE, describe_column, describe_table, load_words

CHINESE = re.compile("[一-鿿]")


def released() -> dict[str, set[str]]:
    """The columns of the database that releases are made from, by table."""
    found: dict[str, set[str]] = {}
    for table in TABLES:
        for value in (*table.raw, *(column.value for column in table.columns)):
            source = getattr(value, "expression", value)
            if isinstance(source, Column):
                found.setdefault(source.table.name, set()).add(source.name)
    return found


def test_every_table_is_released_or_left_out_for_a_reason() -> None:
    assert storage.tables  # so that all tables are known
    everything = {name: set(table.columns.keys()) for name, table in SQLModel.metadata.tables.items()}
    in_releases = released()
    assert set(left_out.TABLES) == set(everything) - set(in_releases)
    for name, columns in in_releases.items():
        assert everything[name] - columns == set(left_out.COLUMNS.get(name, {})), name
    assert set(left_out.COLUMNS) <= set(in_releases)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_is_explained_in_three_languages(table: ExportTable) -> None:
    names = [ABOUT, *table.names]
    for language in FILES:
        assert list(load_words(language)[table.name]) == names
    assert all(load_words(JAPANESE)[table.name].values())
    told = [describe_table(table), *(describe_column(table, column) for column in table.columns)]
    for name, words in zip(names, told, strict=True):
        assert words["en"].endswith("."), name
        assert CHINESE.search(words["zh-Hant"]), name


def test_no_table_is_explained_that_is_not_released() -> None:
    for language in FILES:
        assert set(load_words(language)) == {table.name for table in TABLES}
