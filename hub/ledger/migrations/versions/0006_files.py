"""Files that come beside their documents: kept in pieces, and given to the message that they came with."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
    )
    op.create_index("upload_begun", "upload", ["begun_at"])
    op.create_table(
        "piece",
        sa.Column("upload", sa.Text, sa.ForeignKey("upload.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "file",
        sa.Column("message", sa.Text, sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("ticket", sa.Text, primary_key=True),
        sa.Column("upload", sa.Text, sa.ForeignKey("upload.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_index("file_upload", "file", ["upload"])
