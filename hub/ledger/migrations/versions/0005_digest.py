"""Keys by which a caller proves itself without showing them (a digest, a signature), and the proofs that have been used."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("api_key", sa.Column("sealed", sa.LargeBinary()))
    op.add_column("api_key", sa.Column("certificate", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "proof",
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("value"),
    )
    op.create_index("proof_until", "proof", ["until"])
