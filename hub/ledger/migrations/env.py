"""Alembic's entry: runs the migrations on the connection, and in the transaction, that `upgrading` hands in."""

from alembic import context

from hub.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
