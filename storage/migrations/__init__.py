"""Schema migrations: Alembic, configured here in code and run by `migrate`.

A new revision is written by `python -m storage.migrations "what changes"`, which compares the tables with a database
migrated so far; read what it wrote before committing it.
"""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from storage.database import Database, DatabaseError

MIGRATION_LOCK = 0x63686D6D
"""PostgreSQL advisory lock: two processes that start together migrate one after the other."""


class UnknownRevisionError(DatabaseError):
    """The database was migrated by a newer version of chaming: install that version, or restore a backup."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class OutdatedSchemaError(DatabaseError):
    """The database is older than this version of chaming: run `chaming migrate` first."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


async def check_schema(database: Database) -> None:
    """Raise OutdatedSchemaError where `migrate` has still to be run.

    A newer database is let be: while a release is rolled out, a process of the version before may start once more.
    """
    async with database.engine.connect() as connection:
        revision = await connection.run_sync(_current_revision)
    script = script_directory()
    known = {one.revision for one in script.walk_revisions()}
    if revision != script.get_current_head() and (revision is None or revision in known):
        raise OutdatedSchemaError


def _current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def migrate(database: Database, revision: str = "head") -> None:
    """Create the schema or bring it up to date, all in one transaction."""
    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade, revision)


def script_directory() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def _upgrade(connection: Connection, revision: str) -> None:
    script = script_directory()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})

    def steps(current: tuple[str, ...] | str, context: MigrationContext) -> list[RevisionStep]:
        return list(script._upgrade_revs(revision, current))  # type: ignore[arg-type]

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        try:
            environment.run_migrations()
        except CommandError as error:
            raise UnknownRevisionError from error
