"""The inbox finds what is being worked on by a small index, and waiting events by their order alone."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UNFINISHED = sa.text("state IN ('pending', 'claimed')")
CLAIMED = sa.text("state = 'claimed'")


def upgrade() -> None:
    op.drop_index("inbox_unfinished", table_name="inbox_event")
    op.create_index(
        "inbox_worked_on", "inbox_event", ["chat", "lease_until"], sqlite_where=CLAIMED, postgresql_where=CLAIMED
    )


def downgrade() -> None:
    op.drop_index("inbox_worked_on", table_name="inbox_event")
    op.create_index(
        "inbox_unfinished",
        "inbox_event",
        ["chat", "timestamp", "id"],
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    )
