"""One installation for each engine, made once; a fresh LINE platform, with fresh people, for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from scripts.simulator.clock import ManualClock
from scripts.simulator.line import LineSimulator, running_simulator
from storage.database import Database, open_database
from tests.acceptance.library import WITHIN_S
from tests.acceptance.program import SAMPLE, Program
from tests.conftest import create_postgres_database


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def program(
    request: pytest.FixtureRequest, prepared_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """A running installation with the shipped sample: one process on SQLite, server and worker on PostgreSQL."""
    data_dir = tmp_path_factory.mktemp(request.param)
    (data_dir / "models").symlink_to(prepared_models)
    installed = Program(data_dir, _database_url(request, data_dir))
    installed.do("migrate")
    installed.do("import", "cofacts", str(SAMPLE))
    with installed.running("serve") as serving:
        installed.wait_ready(serving)
        if installed.is_sqlite:
            yield installed
        else:
            with installed.running("worker"):
                yield installed


def _database_url(request: pytest.FixtureRequest, data_dir: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{data_dir}/chaming.db"
    server: URL = request.getfixturevalue("postgres_server")
    return create_postgres_database(server)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def line(program: Program, clock: ManualClock) -> AsyncIterator[LineSimulator]:
    """The platform the installation talks to. Whatever LINE would have refused fails the test that caused it."""
    async with running_simulator(channel=program.channel(), clock=clock, port=program.line_port) as simulator:
        simulator.delivery.switches.timeout = WITHIN_S
        yield simulator
    assert [(each.path, each.answer) for each in simulator.refusals] == []


@pytest.fixture
async def database(program: Program) -> AsyncIterator[Database]:
    """The installation's database, seen from another process."""
    opened = open_database(program.database_url)
    yield opened
    await opened.close()
