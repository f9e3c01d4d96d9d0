"""One fault that an IT agent makes in an installation: what is changed, and what `hub check` says of it."""

from __future__ import annotations

from dataclasses import dataclass

BINS = "mappings/bin-replacement.yaml"
BINS_EXAMPLES = "mappings/bin-replacement.examples.yaml"
PROGRESS = "mappings/bin-progress.yaml"
MOTIVES = "mappings/tables/bin-motives.csv"
STATUSES = "mappings/tables/bin-statuses.csv"
WASTE = "connectors/waste/connector.yaml"
PORTAL = "connectors/portal/connector.yaml"
WSDL = "connectors/waste/waste.wsdl"
XSD = "connectors/waste/waste.xsd"
SCHEDULE = "schedules/waste-progress.yaml"


@dataclass(frozen=True)
class Fault:
    """`old` becomes `new` in `file`. `says` and `right`: what is wrong and what would be right; `french`: in French.

    It is said at the line of `where` (if not `file`) that holds `at` (if not `new`), with `row` when it stands in one.
    """

    file: str
    old: str
    new: str
    says: str
    right: str
    row: str = ""
    at: str = ""
    where: str = ""
    french: tuple[str, str] = ("", "")
