"""Write the next revision: the difference between the tables and a database migrated so far."""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BigInteger, Connection, Enum, String
from sqlmodel import AutoString, SQLModel

from storage import tables
from storage.database import open_database
from storage.migrations import migrate, script_directory

TEMPLATE = '''"""{message}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down_revision}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''


def render_type(kind: str, value: Any, context: AutogenContext) -> str | Literal[False]:
    """Spell our column types in SQLAlchemy's own words, so that an old revision never depends on today's tables."""
    if kind != "type":
        return False
    if isinstance(value, tables.UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(value, Enum):
        return f"sa.String(length={value.length})"
    if isinstance(value, BigInteger):
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    if isinstance(value, (String, AutoString)):
        return "sa.String()"
    return False


def compare(connection: Connection) -> MigrationScript:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return produce_migrations(context, SQLModel.metadata)


async def find_difference() -> MigrationScript:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite+aiosqlite:///{folder}/reference.db")
        await migrate(database)
        async with database.engine.connect() as connection:
            script = await connection.run_sync(compare)
        await database.close()
        return script


def write_revision(message: str) -> Path:
    script = asyncio.run(find_difference())
    head = script_directory().get_current_head()
    number = f"{int(head or 0) + 1:04d}"
    render = {"user_module_prefix": None, "render_item": render_type}
    content = TEMPLATE.format(
        message=message,
        revision=number,
        down_revision=f'"{head}"' if head else None,
        upgrade=render_python_code(script.upgrade_ops, **render),  # type: ignore[arg-type]
        downgrade=render_python_code(script.downgrade_ops, **render),  # type: ignore[arg-type]
    )
    slug = re.sub(r"\W+", "_", message.lower()).strip("_")
    path = Path(__file__).parent / "versions" / f"{number}_{slug}.py"
    path.write_text(content, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", str(path)], check=True, stdout=sys.stderr)
    return path


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('usage: python -m storage.migrations "what changes"')
    sys.stdout.write(f"{write_revision(sys.argv[1])}\n")
