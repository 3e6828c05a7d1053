"""Browsers that take push messages, and invitations to rate."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("editor_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("p256dh", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("told_up_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["editor_id"],
            ["editor.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint"),
    )
    op.create_index(op.f("ix_push_subscription_editor_id"), "push_subscription", ["editor_id"], unique=False)
    op.create_table(
        "rating_invitation",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("reply_id", sa.String(), nullable=False),
        sa.Column("editor_id", sa.String(), nullable=False),
        sa.Column("rsvp", sa.String(length=32), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["editor_id"],
            ["editor.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["reply.id"],
        ),
        sa.PrimaryKeyConstraint("article_id", "reply_id", "editor_id"),
    )
    op.create_index(op.f("ix_rating_invitation_editor_id"), "rating_invitation", ["editor_id"], unique=False)
    op.create_index(op.f("ix_rating_invitation_until"), "rating_invitation", ["until"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_rating_invitation_until"), table_name="rating_invitation")
    op.drop_index(op.f("ix_rating_invitation_editor_id"), table_name="rating_invitation")
    op.drop_table("rating_invitation")
    op.drop_index(op.f("ix_push_subscription_editor_id"), table_name="push_subscription")
    op.drop_table("push_subscription")
