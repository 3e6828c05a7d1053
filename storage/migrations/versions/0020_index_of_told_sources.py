"""Index of the sources that people have told of, by message."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "moderation_case_sources",
        "moderation_case",
        ["article_id"],
        unique=False,
        sqlite_where=sa.text("kind = 'source'"),
        postgresql_where=sa.text("kind = 'source'"),
    )


def downgrade() -> None:
    op.drop_index(
        "moderation_case_sources",
        table_name="moderation_case",
        sqlite_where=sa.text("kind = 'source'"),
        postgresql_where=sa.text("kind = 'source'"),
    )
