"""Until when each delivery is of use, so that what waits for too long is found wherever it waits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("expires_at", sa.BigInteger()))
    op.execute(
        "UPDATE delivery SET expires_at = (SELECT m.expires_at FROM message m WHERE m.id = delivery.message) "
        "WHERE state IN ('waiting', 'sending', 'unanswered', 'dead')"
    )
    test = sa.text("state IN ('waiting') AND expires_at IS NOT NULL")
    op.create_index("delivery_expiring", "delivery", ["expires_at"], sqlite_where=test, postgresql_where=test)
