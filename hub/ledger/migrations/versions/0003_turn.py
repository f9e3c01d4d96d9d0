"""Whose turn it is: priorities, dead letters that hold nothing back, and who waits behind whom in a reference.

`delivery_due` stays for nodes of the version before, until the last one is gone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("priority", sa.SmallInteger(), nullable=False, server_default=sa.text("1")))
    for name in ("skipped", "behind", "ahead"):
        op.add_column("delivery", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    test = sa.text("state IN ('waiting', 'unanswered') AND NOT behind")
    columns = ["lane", "priority", "due_at", "position"]
    op.create_index("delivery_turn", "delivery", columns, sqlite_where=test, postgresql_where=test)
    test = sa.text("state IN ('waiting', 'unanswered') AND behind")
    op.create_index("delivery_behind", "delivery", ["position"], sqlite_where=test, postgresql_where=test)
