"""Opening and opening again: migrations, the lock of SQLite, and that all is still there."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hub.errors import ConfigurationError, HubUnavailable
from hub.ledger import Ledger, Search, tables
from hub.ledger.upgrading import newest, upgrade, version
from tests.ledger.conftest import Opener
from tests.ledger.makers import Reversing, a_settlement, accepted, claimed


def run_program(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def engine_of(url: str) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


def test_migrations_make_from_nothing_the_tables_that_the_code_knows(empty_url: str) -> None:
    engine = engine_of(empty_url)

    upgrade(engine)

    with engine.connect() as connection:
        assert version(connection) == newest()
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    engine.dispose()


def conditions(engine: sa.Engine) -> set[str]:
    """The conditions of the partial indexes, as the database tells them."""
    told = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    }[engine.dialect.name]
    with engine.connect() as connection:
        said = [text for text in connection.execute(sa.text(told)).scalars() if text and " WHERE " in text]
    return {" ".join(re.sub(r"[()]|delivery\.", " ", text.partition(" WHERE ")[2]).split()) for text in said}


def test_migrations_make_partial_indexes_with_the_conditions_that_the_code_knows(empty_url: str) -> None:
    engine = engine_of(empty_url)
    upgrade(engine)
    made = conditions(engine)

    tables.metadata.drop_all(engine)
    tables.metadata.create_all(engine)

    assert len(made) == 8 and made == conditions(engine)
    engine.dispose()


def test_migrations_change_nothing_the_second_time(empty_url: str) -> None:
    engine = engine_of(empty_url)
    upgrade(engine)
    said: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: said.append(statement))

    upgrade(engine)

    assert not [statement for statement in said if statement.startswith(("CREATE", "ALTER", "INSERT", "UPDATE"))]
    engine.dispose()


async def test_a_database_of_a_newer_version_is_opened_as_it_is(opened: Opener, url: str) -> None:
    await (await opened()).close()
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    again = await opened()

    await again.ping()


async def test_two_nodes_that_start_together_upgrade_once(opened_on_postgres: Opener) -> None:
    nodes = await asyncio.gather(*(opened_on_postgres(f"node-{n}") for n in range(4)))

    assert {node.name for node in await nodes[0].nodes()} == {"node-0", "node-1", "node-2", "node-3"}


async def test_all_is_still_there_after_reopening(ledger: Ledger, opened: Opener) -> None:
    await accepted(ledger, "R1", "R2")
    claim, _ = await claimed(ledger)
    await ledger.settle(a_settlement(claim))
    before = [await ledger.story(summary.message.id) for summary in (await ledger.find(Search())).found]
    await ledger.close()

    again = await opened()

    after = [await again.story(summary.message.id) for summary in (await again.find(Search())).found]
    assert after == before


async def test_a_new_sqlite_book_can_be_read_by_its_owner_alone(sqlite_url: str) -> None:
    ledger = await Ledger.open(sqlite_url, cipher=Reversing(), node="node-1", boot="b")

    await ledger.ping()

    files = [file for file in Path(sqlite_url.removeprefix("sqlite:///")).parent.glob("hub.db*") if file.suffix != ".lock"]
    assert {file.stat().st_mode & 0o077 for file in files} == {0}
    await ledger.close()


async def test_a_second_process_on_sqlite_is_refused_and_told_of_postgresql(sqlite_url: str) -> None:
    ledger = await Ledger.open(sqlite_url, cipher=Reversing(), node="node-1", boot="b1")
    second = (
        "import asyncio\nfrom hub.ledger import Ledger\n"
        f"asyncio.run(Ledger.open({sqlite_url!r}, cipher=None, node='node-2', boot='b2'))"
    )

    refused = await asyncio.to_thread(run_program, second)

    await ledger.close()
    assert refused.returncode != 0
    assert "ConfigurationError" in refused.stderr and "PostgreSQL" in refused.stderr


async def test_the_same_sqlite_file_is_not_opened_twice_in_one_process(sqlite_url: str) -> None:
    ledger = await Ledger.open(sqlite_url, cipher=Reversing(), node="node-1", boot="b1")

    with pytest.raises(ConfigurationError):
        await Ledger.open(sqlite_url, cipher=Reversing(), node="node-1", boot="b2")

    await ledger.close()


@pytest.mark.parametrize("address", ["mysql://root@localhost/hub", "sqlite://", "sqlite:///:memory:", "not an address"])
async def test_an_address_that_is_no_ledger_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        await Ledger.open(address, cipher=Reversing(), node="node-1", boot="b1")


async def test_sqlite_writes_through_to_the_disk_and_only_the_writer_may_write(ledger_on_sqlite: Ledger) -> None:
    def settings(connection: sa.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "query_only", "wal_autocheckpoint")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    writer = await ledger_on_sqlite._writer.run(lambda to: settings(to.connection))
    reader = await ledger_on_sqlite._store.read(settings)

    assert writer == ["wal", 2, 1, 0, 1000]
    assert reader == ["wal", 2, 1, 1, 0]


async def test_an_error_of_a_statement_does_not_say_its_values(ledger: Ledger) -> None:
    def wrong(connection: sa.Connection) -> None:
        connection.execute(
            sa.text("SELECT column_that_is_not FROM message WHERE reference = :whose"), {"whose": "Camille Martin"}
        )

    with pytest.raises(HubUnavailable) as read:
        await ledger._store.read(wrong)
    with pytest.raises(HubUnavailable) as written:
        await ledger._writer.run(lambda to: wrong(to.connection))

    for error in (read.value, written.value):
        assert isinstance(error.__cause__, sa.exc.DBAPIError)
        assert "column_that_is_not" in str(error.__cause__) and "Camille" not in str(error.__cause__)


def test_the_lock_ends_with_the_process(sqlite_url: str) -> None:
    program = (
        "import asyncio, os\nfrom hub.ledger import Ledger\n"
        f"asyncio.run(Ledger.open({sqlite_url!r}, cipher=None, node='n', boot=os.urandom(8).hex()))\nos._exit(9)"
    )

    ends = [run_program(program).returncode for _ in range(2)]

    assert ends == [9, 9]
    assert Path(sqlite_url.removeprefix("sqlite:///") + ".lock").exists()
