"""What is wrong with how a feed is asked on: pages that its contract does not have, and marks that no item carries."""

from __future__ import annotations

from collections.abc import Iterator

from hub.catalogue.facts import Application
from hub.contract import Kind, RestBinding, Shape
from hub.errors import Finding, Text
from hub.specs import connector as specs
from hub.translation.checks.case import one_of

_REQUEST = Text(en="the request of {action}", fr="la requête de {action}")
_ANSWER = Text(en="the answer of {action}", fr="la réponse de {action}")
_ITEM = Text(en="an item of {action}", fr="un élément de {action}")


def wrong_asking(application: Application, name: str) -> Iterator[Finding]:
    """A finding for each word of a feed that its contract does not bear out, or that stands at another operation."""
    operation = application.spec.operations[name]
    if operation.direction == "feed":
        yield from _wrong_pages(application, name, operation.page)
        yield from _wrong_mark(application, name, operation)
        return
    for word in ("page", "since_of"):
        if getattr(operation, word) is not None:
            words = Text(en=f"{word} is for a feed (direction: feed)", fr=f"{word} vaut pour un feed (direction: feed)")
            right = Text(en="leave it out", fr="ôtez-le")
            yield application.source.finding(("operations", name, word), words, right=right)


def _wrong_pages(application: Application, name: str, page: specs.Page | None) -> Iterator[Finding]:
    if page is None:
        return
    contract = application.operation(name)
    request = contract.input.shape if contract.input else None
    answer = contract.output.shape if contract.output else None
    place = ("operations", name, "page")
    yield from _absent(application, (*place, "field"), page.field, request, of=_REQUEST)
    yield from _absent(application, (*place, "size_field"), page.size_field, request, of=_REQUEST)
    yield from _absent(application, (*place, "next"), page.next, answer, of=_ANSWER)
    is_got = isinstance(contract.binding, RestBinding) and contract.binding.method.upper() == "GET"
    if page.link and not is_got:
        yield application.source.finding((*place, "link"), _NOT_GOT, right=_OTHER_WAYS)


def _wrong_mark(application: Application, name: str, operation: specs.Operation) -> Iterator[Finding]:
    if operation.since_of is None:
        return
    contract, place = application.operation(name), ("operations", name, "since_of")
    if operation.since is None:
        words = Text(
            en="since_of says what `since` takes, and there is no since", fr="since_of dit ce que prend `since`, absent"
        )
        right = Text(
            en="add since: the request's field that it goes to", fr="ajoutez since : le champ de la requête où elle va"
        )
        yield application.source.finding(place, words, right=right)
        return
    items = contract.output.shape.at(operation.items or "") if contract.output else None
    yield from _absent(application, place, operation.since_of, items, of=_ITEM)
    since = contract.input.shape.at(operation.since) if contract.input else None
    if since is not None and since.required:
        yield application.source.finding(place, _required(operation.since), right=_PATCH)


def _absent(
    application: Application, place: tuple[str, ...], path: str | None, shape: Shape | None, *, of: Text
) -> Iterator[Finding]:
    """A finding for a path that is not there, or is not one value's."""
    found = shape.at(path) if shape and path else None
    if path is None or (found is not None and not (found.children or found.repeated)):
        return
    action = application.spec.operations[place[1]].action
    where = Text(en=of.en.format(action=action), fr=of.fr.format(action=action))
    words = Text(en=f"{where.en} has no field “{path}”", fr=f"{where.fr} n'a pas de champ « {path} »")
    if found is not None:
        words = Text(en=f"“{path}” is no single value", fr=f"« {path} » n'est pas une valeur unique")
    known = [leaf for leaf, kind in shape.leaves() if kind.kind is not Kind.OBJECT] if shape else []
    yield application.source.finding(place, words, right=one_of(path, known))


_NOT_GOT = Text(
    en="link is for a list that is asked for by GET: the next address is asked without a body",
    fr="link vaut pour une liste demandée par GET : l'adresse suivante est demandée sans corps",
)
_OTHER_WAYS = Text(
    en="field: the request's field that says the page, with next: or by counting",
    fr="field : le champ de la requête qui indique la page, avec next : ou en comptant",
)


def _required(since: str) -> Text:
    return Text(
        en=f"the first fetch sends no {since}, and the contract demands one",
        fr=f"le premier relevé n'envoie pas de {since}, et le contrat en demande un",
    )


_PATCH = Text(
    en="patches: {operation: …, at: …, required: false, because: …} if the application takes it so; or leave since_of out",
    fr="patches: {operation: …, at: …, required: false, because: …} si l'application l'admet ; sinon, ôtez since_of",
)
