"""A REST application's way to hear and to answer: paths and parameters, the contract's check of every body, error bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from hub.contract import Operation, RestBinding, Shape
from hub.doubles.faces import Asked, Heard, Paper, Sent, Unfit, words_of
from hub.errors import MessageError, Problem, Text
from hub.specs.sample import SampleFault
from hub.transports.forms import json_of_form, multipart_fields, urlencoded_fields

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation and the requests that call it; `names` are its path parameters, in the order of the groups."""

    method: str
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    status: int
    takes: Paper | None
    gives: Paper | None
    errors: Mapping[str, Paper]
    form: str

    def body(self, heard: Heard) -> bytes:
        """The body of a request; what a form says, as JSON. MessageError 400, 422."""
        if not self.form or self.takes is None:
            return heard.body
        if self.form == "urlencoded":
            return json_of_form(urlencoded_fields(heard.body), self.takes.part)
        return json_of_form(multipart_fields(heard.headers.get("content-type", ""), heard.body), self.takes.part)


class RestFace:
    """Serves the operations that others call, by method and path."""

    def __init__(self, served: Mapping[str, Operation]) -> None:
        self._routes = {name: _route(name, operation) for name, operation in served.items()}

    def hear(self, heard: Heard) -> Asked:
        """The operation of this method and path, its document held against the contract."""
        name, path = self._found(heard)
        paper = self._routes[name].takes
        if paper is None:
            return Asked(name, {})
        try:
            parameters = _parameters(paper.part.shape, heard, path)
            body = paper.read(self._routes[name].body(heard)) if paper.part.media else {}
        except MessageError as error:
            said = orjson.dumps({"status": error.status, "detail": words_of(error)})
            raise Unfit(Sent(error.status, said, "application/problem+json"), words_of(error), operation=name) from error
        return Asked(name, {**parameters, **body})

    def answer(self, asked: Asked, document: Mapping[str, Any]) -> Sent:
        """The answer with the first status that the contract declares."""
        route = self._routes[asked.operation]
        if route.gives is None or not document:
            return Sent(route.status)
        return Sent(route.status, route.gives.write(document), route.gives.part.content_type or _JSON)

    def fault(self, asked: Asked, fault: SampleFault) -> Sent:
        """The error body of that status."""
        paper = self._routes[asked.operation].errors.get(str(fault.status))
        return Sent(fault.status, paper.write(fault.detail) if paper else orjson.dumps(fault.detail), _JSON)

    def failed(self, asked: Asked, words: str) -> Sent:
        """A bare 500."""
        return Sent(500, words.encode())

    def _found(self, heard: Heard) -> tuple[str, Mapping[str, str]]:
        on_path = [
            (name, route, found) for name, route in self._routes.items() if (found := route.pattern.fullmatch(heard.path))
        ]
        for name, route, found in on_path:
            if route.method == heard.method.upper():
                return name, dict(zip(route.names, map(unquote, found.groups()), strict=True))
        raise Unfit(Sent(405 if on_path else 404), "no such operation")


def _route(name: str, operation: Operation) -> Route:
    binding = operation.binding
    if not isinstance(binding, RestBinding):
        raise TypeError(f"{name} is not a REST operation")
    pieces = re.split(r"\{([^}]+)\}", binding.path or "/")  # what is posted to the address itself comes with the path /
    return Route(
        binding.method.upper(),
        re.compile("([^/]+)".join(re.escape(piece) for piece in pieces[::2])),
        tuple(pieces[1::2]),
        binding.statuses[0],
        Paper(operation.input) if operation.input else None,
        Paper(operation.output) if operation.output else None,
        {status: Paper(part) for status, part in operation.faults.items()},
        binding.form,
    )


def _parameters(shape: Shape, heard: Heard, path: Mapping[str, str]) -> dict[str, str]:
    """The parameters by their name in the document. Raises MessageError when one that is required has no value."""
    wanted = [child for child in shape.children if child.location]
    found = {child.name: _parameter(child, heard, path) for child in wanted}
    if missing := [child.name for child in wanted if child.required and found[child.name] is None]:
        raise MessageError(problems=tuple(Problem(Text(en="is missing", fr="manque"), path=name) for name in missing))
    return {name: value for name, value in found.items() if value is not None}


def _parameter(shape: Shape, heard: Heard, path: Mapping[str, str]) -> str | None:
    name = shape.name.removeprefix("@")
    match shape.location:
        case "path":
            return path.get(name)
        case "query":
            return heard.query.get(name)
        case _:
            return heard.headers.get(name.lower())
