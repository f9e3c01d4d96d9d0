"""Bringing a database to the tables that this version knows, by the migrations beside it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADING = 7_482_001
"""The key of PostgreSQL's advisory lock under which one node at a time upgrades."""

LIMITS = ("statement_timeout = 0", "lock_timeout = 0", "idle_in_transaction_session_timeout = '60s'")
"""Of an upgrade on PostgreSQL: a large table takes its time, others wait for it, and Alembic is loaded in between."""


def upgrade(engine: sa.Engine) -> None:
    """Apply the migrations that are missing; nothing when the database is as new as this version, or newer."""
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            for limit in LIMITS:
                connection.execute(sa.text(f"SET LOCAL {limit}"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADING)))
        if version(connection) < newest():
            _migrate(connection)


def version(connection: sa.Connection) -> str:
    """The last migration that a database has seen, "" when it is empty."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")) or "")


def newest() -> str:
    """The last migration of this version: migrations are numbered files."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _migrate(connection: sa.Connection) -> None:
    # Late, because Alembic costs a quarter of a second and most starts have nothing to migrate.
    import alembic.command  # noqa: PLC0415
    import alembic.config  # noqa: PLC0415

    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "head")
