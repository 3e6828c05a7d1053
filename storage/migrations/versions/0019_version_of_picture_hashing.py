"""By which version of hashing a published picture was hashed."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("article_media", sa.Column("hashed_with", sa.Integer(), server_default="1", nullable=False))
    op.create_index("article_media_by_hashing", "article_media", ["hashed_with", "article_id"], unique=False)


def downgrade() -> None:
    op.drop_index("article_media_by_hashing", table_name="article_media")
    op.drop_column("article_media", "hashed_with")
