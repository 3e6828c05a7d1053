"""notices and feedback."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_position",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("after_request", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("reader"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asker_id", sa.String(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("reply_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("change_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("retry_key", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("asker_id", "article_id", "reply_id", "change_seq"),
    )
    op.create_index("notice_article", "notice", ["article_id", "asker_id"], unique=False)
    for name, column in (("notice_pending", "asker_id"), ("notice_queue", "created_at")):
        op.create_index(
            name,
            "notice",
            [column],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
    op.add_column("article_reply", sa.Column("source_positive_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("article_reply", sa.Column("source_negative_count", sa.Integer(), server_default="0", nullable=False))
    # Until now nobody could vote here: all that is counted is what the sources had counted.
    op.execute(
        "UPDATE article_reply SET source_positive_count = positive_feedback_count,"
        " source_negative_count = negative_feedback_count"
    )
    op.add_column("article_reply_feedback", sa.Column("reason", sa.String(length=32), nullable=True))
    op.add_column("asker", sa.Column("wants_notices", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("reply_request", sa.Column("wants_notices", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    op.drop_column("reply_request", "wants_notices")
    op.drop_column("asker", "wants_notices")
    op.drop_column("article_reply_feedback", "reason")
    op.drop_column("article_reply", "source_negative_count")
    op.drop_column("article_reply", "source_positive_count")
    op.drop_table("notice")
    op.drop_table("log_position")
