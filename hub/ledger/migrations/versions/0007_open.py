"""What has not ended is told by the two states that it is not in: of a longer list SQLite makes a table at each change.

PostgreSQL sees by itself that the list of the version before, whose nodes may still be at work, means the same.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.drop_index("delivery_open", "delivery")
    test = sa.text("state NOT IN ('delivered', 'cancelled')")
    columns = ["lane", "reference", "position"]
    op.create_index("delivery_open", "delivery", columns, sqlite_where=test, postgresql_where=test)
