"""What is wrong with the sizes of bodies that operations say: at one that takes none, or beyond the installation's."""

from __future__ import annotations

from collections.abc import Iterator

from hub.catalogue.facts import Application, Catalogue
from hub.errors import ConfigurationError, Finding, Text

_TAKING = ("in", "collect")


def wrong_sizes(application: Application, name: str) -> Iterator[Finding]:
    """A finding for the size of a body that never comes in, or that nothing fits."""
    operation = application.spec.operations[name]
    if operation.largest_body is None:
        return
    place = ("operations", name, "largest_body")
    if operation.direction not in _TAKING:
        words = Text(
            en="largest_body is for what comes in (direction: in, collect)",
            fr="largest_body vaut pour ce qui arrive (direction: in, collect)",
        )
        yield application.source.finding(place, words, right=Text(en="leave it out", fr="ôtez-le"))
    elif not operation.largest_body:
        words = Text(en="no body has 0 bytes", fr="aucun corps ne fait 0 octet")
        yield application.source.finding(place, words, right=Text(en="200 kB, 40 MB", fr="200 kB, 40 MB"))


def refuse_oversized(catalogue: Catalogue, *, most: int) -> None:
    """ConfigurationError, with each place, for operations that say more than `most` bytes."""
    found = tuple(
        application.source.finding(("operations", name, "largest_body"), _beyond(most))
        for application in catalogue.connectors.values()
        for name, operation in application.spec.operations.items()
        if (operation.largest_body or 0) > most
    )
    if found:
        raise ConfigurationError(findings=found)


def _beyond(most: int) -> Text:
    return Text(
        en=f"this is more than the {most} bytes that this installation allows: say less, or raise HUB_LARGEST_BODY_OF_ANY",
        fr=f"c'est plus que les {most} octets que permet cette installation : dites moins, ou relevez "
        "HUB_LARGEST_BODY_OF_ANY",
    )
