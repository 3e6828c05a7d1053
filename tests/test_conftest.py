"""What is remembered of files without unit tests: never of one not looked at as a whole, or that may differ."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests import conftest


class Memory(dict[str, dict[str, Any]]):
    """Stands in for pytest's cache."""

    set = dict.__setitem__


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    conftest._newest_helper.cache_clear()
    yield
    conftest._newest_helper.cache_clear()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose listed tests all need a database."""
    monkeypatch.setattr(conftest, "HERE", tmp_path)
    made = tmp_path / "test_made.py"
    for path in (made, tmp_path / "makers.py"):
        path.touch()
        os.utime(path, ns=(1, 1))
    return made


def asked(args: tuple[str, ...] = ("tests",), **options: object) -> pytest.Config:
    config = SimpleNamespace(option=SimpleNamespace(markexpr="unit", **options), args=list(args), cache=Memory())
    return cast(pytest.Config, config)


def look(config: pytest.Config, file: Path) -> bool:
    """List a test of the file; whether the file is left out from now on."""
    item = SimpleNamespace(path=file, fixturenames=["database_url"], keywords={}, iter_markers=lambda: iter(()))
    conftest.pytest_collection_modifyitems(config, [cast(pytest.Item, item)])
    return bool(conftest.pytest_ignore_collect(file, config))


def test_it_remembers_a_file_without_unit_tests(file: Path) -> None:
    assert look(asked(lf=False, deselect=None, keyword=""), file)


@pytest.mark.parametrize("options", [{"lf": True}, {"deselect": ["tests/a.py::b"]}, {"keyword": "b"}])
def test_it_learns_nothing_from_some_of_the_tests(options: dict[str, object], file: Path) -> None:
    assert not look(asked(**options), file)


def test_it_learns_nothing_from_tests_that_were_named(file: Path) -> None:
    assert not look(asked(("tests/test_made.py::test_a",)), file)


@pytest.mark.parametrize("changed", ["test_made.py", "makers.py", "conftest.py"])
def test_it_looks_again_when_what_the_tests_use_has_changed(changed: str, file: Path) -> None:
    config = asked()
    assert look(config, file)
    (file.parent / changed).touch()
    conftest._newest_helper.cache_clear()
    assert not conftest.pytest_ignore_collect(file, config)


def test_it_needs_no_cache(file: Path) -> None:
    config = asked()
    del cast(Any, config).cache
    assert not look(config, file)
