"""What is left of a campaign: history, the back offices' log, and the ledger with its journal, as files in one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.ledger.chain import verify
from tests.faults.campaign.history import lines_of
from tests.faults.campaign.workload import CANARY

Row = Mapping[str, Any]
TABLES = {
    "message": "id, exchange, sender, reference, key, accepted_at",
    "delivery": "id, message, receiver, reference, position, state, due_at, attempts, tries, token, holder",
    "node": "boot, name, seen_at",
    "journal": "id, chain, position, at, event, message, delivery, actor, reason, detail",
}
"""What is read of the ledger, by its SQL and not by the hub's code."""


@dataclass(frozen=True)
class Evidence:
    """All that the judge is given. `facts`: what the plan wanted, how the drain went, whether the journal's chains hold."""

    history: Sequence[Row] = ()
    calls: Sequence[Row] = ()
    messages: Sequence[Row] = ()
    deliveries: Sequence[Row] = ()
    nodes: Sequence[Row] = ()
    journal: Sequence[Row] = ()
    facts: Row = field(default_factory=dict)


def collect(folder: Path, ledger: str, facts: Row) -> Evidence:
    """Write the ledger and the facts beside what was written before, and read all of it back."""
    engine = sa.create_engine(sa.make_url(ledger.replace("postgresql://", "postgresql+psycopg://")))
    with engine.connect() as connection:
        for table, columns in TABLES.items():
            order = "ORDER BY id" if table == "journal" else ""
            rows = connection.execute(sa.text(f"SELECT {columns} FROM {table} {order}")).mappings()
            text = "".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)
            (folder / f"{table}.jsonl").write_text(text, encoding="utf-8")
        flaw = verify(connection)
    engine.dispose()
    seen = {"flaw": f"{flaw.chain} {flaw.position}: {flaw.text.en}" if flaw else "", "leaks": _leaks(folder)}
    (folder / "facts.json").write_text(json.dumps({**facts, **seen}, indent=2), encoding="utf-8")
    return read(folder)


def read(folder: Path) -> Evidence:
    """The evidence in a folder."""
    return Evidence(
        history=lines_of(folder / "history.jsonl"),
        calls=lines_of(folder / "back_office.jsonl"),
        messages=lines_of(folder / "message.jsonl"),
        deliveries=lines_of(folder / "delivery.jsonl"),
        nodes=lines_of(folder / "node.jsonl"),
        journal=[_opened(line) for line in lines_of(folder / "journal.jsonl")],
        facts=json.loads((folder / "facts.json").read_text(encoding="utf-8")),
    )


def _opened(line: Row) -> Row:
    return {**line, "detail": json.loads(line["detail"]) if line["detail"] else {}}


def _leaks(folder: Path) -> list[str]:
    """Where the citizens' name shows, that may show in no log and in no line of the journal."""
    files = (*(folder / "installation").glob("*.log"), folder / "journal.jsonl", folder / "delivery.jsonl")
    return [file.name for file in files if file.exists() and CANARY in file.read_text(encoding="utf-8", errors="replace")]
