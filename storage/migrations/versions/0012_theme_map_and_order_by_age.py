"""theme map and order by age."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "theme_map",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "article_theme",
        sa.Column("map_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("x", sa.Float(), nullable=False),
        sa.Column("y", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["map_id"],
            ["theme_map.id"],
        ),
        sa.PrimaryKeyConstraint("map_id", "article_id"),
    )
    op.create_table(
        "theme",
        sa.Column("map_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["map_id"],
            ["theme_map.id"],
        ),
        sa.PrimaryKeyConstraint("map_id", "number"),
    )
    op.create_index("article_by_age", "article", ["created_at", "id"], unique=False)
    op.create_index("article_reply_by_publication", "article_reply", ["published_at"], unique=False)
    op.create_index("reply_by_age", "reply", ["created_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("reply_by_age", table_name="reply")
    op.drop_index("article_reply_by_publication", table_name="article_reply")
    op.drop_index("article_by_age", table_name="article")
    op.drop_table("theme")
    op.drop_table("article_theme")
    op.drop_table("theme_map")
