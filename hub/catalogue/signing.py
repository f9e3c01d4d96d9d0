"""What is wrong with an operation whose calls are signed (`authentication`: hmac, webhook): a signature covers one body."""

from __future__ import annotations

from collections.abc import Iterator

from hub.catalogue.facts import Application
from hub.contract import RestBinding
from hub.errors import Finding, Text

_SIGNED = ("hmac", "webhook")
_CALLED = ("out", "ask", "feed")


def wrong_signing(application: Application, name: str) -> Iterator[Finding]:
    """A finding for an operation that is called in several parts, where calls are signed."""
    kind, operation = application.spec.authentication.kind, application.spec.operations[name]
    if kind not in _SIGNED or operation.direction not in _CALLED:
        return
    binding = application.operation(name).binding
    if operation.files == "inside" and not (isinstance(binding, RestBinding) and binding.form == "multipart"):
        return
    words = Text(
        en=f"a call signed by {kind} has one body, and this operation's has several parts",
        fr=f"un appel signé par {kind} a un seul corps, et celui de cette opération a plusieurs parties",
    )
    right = Text(
        en="files: inside, an action whose contract is not multipart/form-data, or another kind of authentication",
        fr="files: inside, une action dont le contrat n'est pas multipart/form-data, ou une autre authentification",
    )
    yield application.source.finding(("operations", name), words, right=right)
