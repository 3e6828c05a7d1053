"""Rules and subjects of moderation, and tasks opened by an appeal."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("moderation_case", sa.Column("about", sa.String(length=32), server_default="article", nullable=False))
    op.add_column("moderation_case", sa.Column("subject_id", sa.String(), nullable=True))
    op.add_column("moderation_case", sa.Column("rule", sa.String(length=32), nullable=True))
    op.add_column("moderation_case", sa.Column("language", sa.String(), nullable=True))
    op.create_index(op.f("ix_moderation_case_raised_by"), "moderation_case", ["raised_by"], unique=False)
    op.add_column("moderation_measure", sa.Column("subject_id", sa.String(), nullable=True))
    op.add_column("moderation_measure", sa.Column("rule", sa.String(length=32), server_default="other", nullable=False))
    op.create_index(op.f("ix_moderation_measure_subject_id"), "moderation_measure", ["subject_id"], unique=False)
    op.add_column("review_task", sa.Column("appeal_of", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("review_task", "appeal_of")
    op.drop_index(op.f("ix_moderation_measure_subject_id"), table_name="moderation_measure")
    op.drop_column("moderation_measure", "rule")
    op.drop_column("moderation_measure", "subject_id")
    op.drop_index(op.f("ix_moderation_case_raised_by"), table_name="moderation_case")
    op.drop_column("moderation_case", "language")
    op.drop_column("moderation_case", "rule")
    op.drop_column("moderation_case", "subject_id")
    op.drop_column("moderation_case", "about")
