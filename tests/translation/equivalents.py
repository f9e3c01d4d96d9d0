"""The mutants that nobody can find, because they change nothing that `hub check` answers for: each kind with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from hub.catalogue.mappings import Draft
from hub.specs.mapping import Row
from hub.translation import Table
from hub.translation.paths import cells_of
from tests.translation.mutator import Mutant

Drafts = Mapping[str, Draft]
Tables = Mapping[str, Table]


def reason(mutant: Mutant, drafts: Drafts, tables: Tables) -> str:
    """Why the mutant is as good as what ships; "" when it is not."""
    return next(
        (
            why
            for why, pattern, holds in _KINDS
            if (found := re.fullmatch(pattern, _whole(mutant))) and holds(found, drafts, tables)
        ),
        "",
    )


def _whole(mutant: Mutant) -> str:
    return f"{Path(mutant.file).stem} | {mutant.what}"


def _always(*_: object) -> bool:
    return True


def _is_line_key(found: re.Match[str], drafts: Drafts, _: Tables) -> bool:
    return drafts[found["file"]].spec.fields[found["group"]].match == found["row"]


def _is_one_way(found: re.Match[str], drafts: Drafts, _: Tables) -> bool:
    between = drafts[found["file"]].spec.between.values()
    return sum("in" in ways or "feed" in ways for ways in between) < 2


def _is_private_name(found: re.Match[str], drafts: Drafts, tables: Tables) -> bool:
    """No `when`, `then` or example speaks of the line's code (or the one it changes places with)."""
    using = [draft for draft in drafts.values() if found["file"] in _tables(draft.spec.fields)]
    spoken = {word for draft in using for word in _conditions(draft.spec.fields)}
    spoken |= {word for draft in using for word in _told(draft.spec.exchange, drafts)}
    spoken |= {
        word for draft in using if draft.examples for each in draft.examples[0].examples for word in each.given.values()
    }
    return not {found["code"], found["other"] or found["code"]} & spoken


def _tables(rows: Mapping[str, Row]) -> set[str]:
    return {row.table or "" for row in rows.values()}.union(*(_tables(row.fields) for row in rows.values()))


def _told(exchange: str, drafts: Drafts) -> Iterator[str]:
    """What other mappings tell this exchange."""
    for draft in drafts.values():
        for follow in (draft.spec.then.delivered, draft.spec.then.refused):
            yield from follow.with_.values() if follow and follow.exchange == exchange else ()


def _conditions(rows: Mapping[str, Row]) -> Iterator[str]:
    for row in rows.values():
        yield from (code for codes in row.when.values() for code in codes)
        yield from _conditions(row.fields)


def _is_told_apart_by_nobody(found: re.Match[str], drafts: Drafts, tables: Tables) -> bool:
    """The two lines are the same on every other side: only our private names for them change places."""
    table = tables[found["file"]]
    values = {line.code: {side: text for side, text in line.values.items() if side != found["side"]} for line in table.lines}
    return values[found["code"]] == values[found["other"]] and _is_private_name(found, drafts, tables)


def _is_ignored(found: re.Match[str], drafts: Drafts, _: Tables) -> bool:
    path = re.sub(r"\.\d+", "", found["path"])
    return path in drafts[found["file"]].spec.ignore.get(found["side"], ())


def _is_lost(found: re.Match[str], drafts: Drafts, _: Tables) -> bool:
    path = re.sub(r"\.\d+", "", found["path"])
    return any(row.loses for _, where, row in cells_of(drafts[found["file"]].spec.fields, found["side"]) if where == path)


def _is_not_read(found: re.Match[str], drafts: Drafts, _: Tables) -> bool:
    return all(row.cells.get(found["side"]) != found["path"] for row in drafts[found["file"]].spec.reply.values())


Holds = Callable[[re.Match[str], Drafts, Tables], bool]
_FILE = r"(?P<file>[\w-]+) \| "
_SHOWN = r"(?P<file>[\w-]+)\.examples \| "

_KINDS: tuple[tuple[str, str, Holds], ...] = (
    (
        "personal says what is masked, found and erased: a person's judgement, which no translation shows; names that speak "
        "for themselves are asked about",
        _FILE + r"(fields|reply)\..*\.personal: dropped",
        _always,
    ),
    (
        "the hub fills this field itself, so it need not be ignored",
        _FILE + r"ignore\.\S+: without @Idempotency-Key",
        _always,
    ),
    ("plain is how a number is written where nothing is said", _FILE + r".*\.number\.portal: dropped", _always),
    (
        "a line without the value that tells lines apart is refused all the same",
        _FILE + r"fields\.(?P<group>\w+)\.fields\.(?P<row>\w+)\.required: dropped",
        _is_line_key,
    ),
    (
        "the portal's address needs the number, and what cannot be recalled waits for it",
        r"birth-certificate-progress \| fields\.request_number\.required: dropped",
        _always,
    ),
    (
        "in an exchange that goes one way the other side changes nothing anyhow",
        _FILE + r"fields\.\w+\.owner: dropped",
        _is_one_way,
    ),
    (
        "the code is a name of our own, which nothing else speaks of: another name does as well",
        _FILE + r"line (?P<code>\w+): code (altered|in other case|swapped with (?P<other>\w+))",
        _is_private_name,
    ),
    (
        "both lines are one value to every other side",
        _FILE + r"line (?P<code>\w+): (?P<side>[\w-]+) swapped with (?P<other>\w+)",
        _is_told_apart_by_nobody,
    ),
    (
        "a refused example proves what is refused, and in which words: its other values are scenery",
        _SHOWN + r"refused\.\d+\.document\..*",
        _always,
    ),
    (
        "a field that the mapping ignores",
        _SHOWN + r"examples\.\d+\.documents\.(?P<side>[\w-]+)\.(?P<path>.*): (altered|left out)",
        _is_ignored,
    ),
    (
        "what is altered is what the mapping declares as lost",
        _SHOWN + r"examples\.\d+\.documents\.(?P<side>[\w-]+)\.(?P<path>.*): altered",
        _is_lost,
    ),
    (
        "a field of the answer that the mapping does not read: the connector's answers do",
        _SHOWN + r"examples\.\d+\.reply\.(?P<side>[\w-]+)\.(?P<path>.*): (altered|left out)",
        _is_not_read,
    ),
    (
        "what an example does not write is as in the one that it is like, which proves the same",
        _SHOWN + r"examples\.\d+\.documents\..*(qualite|qualiteDemandeur|statutFacture|statut): left out",
        _always,
    ),
)
