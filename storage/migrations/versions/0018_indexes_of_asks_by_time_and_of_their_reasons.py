"""Indexes of what people ask: by message and time, and of the reasons they give."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_reply_request_article_id"), table_name="reply_request")
    op.create_index("reply_request_by_time", "reply_request", ["article_id", "status", "created_at"], unique=False)
    op.create_index(
        "reply_request_reasons",
        "reply_request",
        ["article_id", "id"],
        unique=False,
        sqlite_where=sa.text("reason IS NOT NULL"),
        postgresql_where=sa.text("reason IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("reply_request_reasons", table_name="reply_request")
    op.drop_index("reply_request_by_time", table_name="reply_request")
    op.create_index(op.f("ix_reply_request_article_id"), "reply_request", ["article_id"], unique=False)
