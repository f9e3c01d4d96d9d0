"""What is wrong with a mapping before any message: paths, tables, forms, names, lengths, forgotten fields."""

from __future__ import annotations

from collections.abc import Mapping

from hub.contract import Shape
from hub.errors import Finding
from hub.specs import mapping as specs
from hub.specs.source import Source
from hub.translation.checks.case import Case
from hub.translation.checks.codes import check_codes
from hub.translation.checks.fields import check_fields
from hub.translation.checks.flow import check_flow
from hub.translation.checks.names import check_names
from hub.translation.checks.questions import check_questions
from hub.translation.checks.rooms import check_rooms
from hub.translation.checks.tweaks import check_tweaks
from hub.translation.checks.words import check_words
from hub.translation.tables import Table
from hub.translation.tweaks import Tweaks


def check_mapping(
    spec: specs.Mapping,
    source: Source,
    *,
    shapes: Mapping[str, Mapping[str, Shape]],
    replies: Mapping[str, Shape],
    tables: Mapping[str, Table],
    others: Mapping[str, specs.Mapping] | None = None,
    filled: Mapping[str, frozenset[str]] | None = None,
    unread: frozenset[str] = frozenset(),
    tweaks: Mapping[str, Tweaks] | None = None,
) -> tuple[Finding, ...]:
    """Every fault of the file, in the order of files and lines; no finding = it can be compiled.

    `shapes`: side -> direction -> input document (feed: one item); `replies`: side -> answer. `others`: the mappings by
    exchange, for `then`. `filled`: side -> paths that the hub fills itself, such as the connector's `key_field`.
    `unread`: files of tables and mappings that are there but have errors of their own. `tweaks`: what the connectors'
    own tweaks.py offer, by side.
    """
    case = Case(spec, source, shapes, replies, tables, others, filled or {}, unread, tweaks or {})
    check_names(case)
    check_fields(case)
    check_words(case)
    check_rooms(case)
    check_codes(case)
    check_tweaks(case)
    check_flow(case)
    check_questions(case)
    return tuple(sorted(case.findings, key=lambda finding: (finding.file, finding.line, finding.column)))
