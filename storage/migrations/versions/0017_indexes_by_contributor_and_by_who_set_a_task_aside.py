"""Indexes by contributor, and by who set a task aside."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_article_reply_contributor"), "article_reply", ["contributor"], unique=False)
    op.create_index(op.f("ix_reply_contributor"), "reply", ["contributor"], unique=False)
    op.create_index(op.f("ix_set_aside_editor_id"), "set_aside", ["editor_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_set_aside_editor_id"), table_name="set_aside")
    op.drop_index(op.f("ix_reply_contributor"), table_name="reply")
    op.drop_index(op.f("ix_article_reply_contributor"), table_name="article_reply")
