"""An authority's own code lists (`mappings/tables/<authority>/<table>.csv`): they stand in for the tables of all, for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from hub.catalogue.facts import Application, Exchange
from hub.catalogue.mappings import read_tables, tables_of
from hub.errors import Finding, Text
from hub.translation import Table
from hub.translation.checks.case import one_of

Tables = Mapping[str, Table]
Compile = Callable[[Tables], tuple[Exchange | None, tuple[Finding, ...]]]


def read_own_tables(folder: Path, *, root: Path) -> tuple[dict[str, Tables], tuple[Finding, ...]]:
    """The tables of each authority that has some of its own, and what is wrong in them."""
    found: dict[str, Tables] = {}
    findings: list[Finding] = []
    for own in sorted(each for each in folder.glob("*") if each.is_dir()):
        found[own.name], wrong = read_tables(own, root=root)
        findings.extend(wrong)
    return found, tuple(findings)


def strangers(own: Mapping[str, Tables], tables: Tables, applications: Iterable[Application]) -> Iterator[Finding]:
    """A warning for each folder that is no authority's, and for each table that stands in for none."""
    authorities = known(applications)
    for authority, its in own.items():
        for table in its.values():
            if authority not in authorities:
                words = Text(
                    en=f"no connector has an instance “{authority}”, so nothing uses the tables in this folder",
                    fr=f"aucun connecteur n'a d'instance « {authority} » : rien n'utilise les tables de ce dossier",
                )
                yield Finding(words, table.file, 1, 1, right=one_of(authority, authorities), severity="warning")
            elif table.name not in tables:
                words = Text(
                    en=f"there is no table “{table.name}” for all that this one would stand in for",
                    fr=f"il n'y a pas de table commune « {table.name} » que celle-ci remplacerait",
                )
                yield Finding(words, table.file, 1, 1, right=one_of(table.name, tables), severity="warning")


def known(applications: Iterable[Application]) -> set[str]:
    """The authorities that some connector has an instance for."""
    return {name for each in applications for name in each.spec.instances}


def with_own(
    exchange: Exchange, own: Mapping[str, Tables], tables: Tables, compile_with: Compile
) -> tuple[Exchange, tuple[Finding, ...]]:
    """The exchange as each authority has it that has tables of its own for it, and what is wrong then."""
    variants = {}
    findings: list[Finding] = []
    for authority, its in own.items():
        if not tables_of(exchange.spec) & its.keys():
            continue
        variant, wrong = compile_with({**tables, **its})
        findings.extend(wrong)
        if variant is not None:
            variants[authority] = variant.translation
    return replace(exchange, own=variants), tuple(findings)
