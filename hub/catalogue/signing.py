"""What is wrong with an operation whose calls are signed (`authentication`: hmac, webhook), or its answers: a signature
covers one body, and there must be one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

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


def wrong_answering(application: Application, name: str) -> Iterator[Finding]:
    """A warning for an operation that is called and not answered, where answers must be signed."""
    signed = any(instance.answers_signed_by for instance in application.spec.instances.values())
    operation = application.spec.operations[name]
    if not signed or operation.direction not in _CALLED or application.operation(name).output is not None:
        return
    words = Text(
        en="the contract has no answer to this operation, and its instance wants answers signed: unless an envelope comes "
        "all the same, no call will count as delivered",
        fr="le contrat n'a pas de réponse à cette opération, et son instance veut des réponses signées : à moins qu'une "
        "enveloppe arrive quand même, aucun appel ne vaudra remise",
    )
    right = Text(
        en="a connector of its own for what is not answered, without answers_signed_by",
        fr="un connecteur à part pour ce qui reste sans réponse, sans answers_signed_by",
    )
    yield replace(application.source.finding(("operations", name), words, right=right), severity="warning")
