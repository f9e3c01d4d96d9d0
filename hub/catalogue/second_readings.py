"""Has each WSDL contract read by a second reader, and says where the two do not agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hub.catalogue.facts import Application, Catalogue
from hub.contract import Contract
from hub.errors import Finding


def second_readings(catalogue: Catalogue) -> Iterator[Finding]:
    """A warning for each operation of a connector that another reader would call otherwise."""
    # Late, because the second reader costs a fifth of a second, and only `hub check` reads a second time.
    from hub.transports.second_reading import read_otherwise  # noqa: PLC0415

    for application in catalogue.connectors.values():
        if application.spec.protocol == "soap":
            for finding in read_otherwise(_used(application), application.file):
                yield replace(finding, file=f"connectors/{application.name}/{finding.file}")


def _used(application: Application) -> Contract:
    used = {operation.action for operation in application.spec.operations.values()}
    operations = application.contract.operations.items()
    return replace(application.contract, operations={name: each for name, each in operations if name in used})
