"""A REST application's way to hear and to answer: paths and parameters, the contract's check of every body, error bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from hub.codecs import codec_for
from hub.contract import Operation, Part, RestBinding, Shape
from hub.doubles.faces import Asked, Heard, Sent, Unfit, said_of
from hub.errors import MessageError, Problem, Text
from hub.specs.sample import SampleFault

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation and the requests that call it; `names` are its path parameters, in the order of the groups."""

    name: str
    operation: Operation
    binding: RestBinding
    pattern: re.Pattern[str]
    names: tuple[str, ...]


class RestFace:
    """Serves the operations that others call, by method and path."""

    def __init__(self, served: Mapping[str, Operation]) -> None:
        self._routes = tuple(_route(name, operation) for name, operation in served.items())
        self._served = served

    def hear(self, heard: Heard) -> Asked:
        """The operation of this method and path, its document held against the contract."""
        route, path = self._found(heard)
        part = route.operation.input
        if part is None:
            return Asked(route.name, {})
        try:
            if problems := (*_lacking(part.shape, heard, path), *_body_problems(part, heard.body)):
                raise MessageError(problems=problems)
            body = codec_for(part).read(heard.body) if heard.body else {}
        except MessageError as error:
            words = said_of(error.problems) or error.text.en
            sent = Sent(error.status, orjson.dumps({"code": str(error.status), "libelle": words}), _JSON)
            raise Unfit(sent, words, operation=route.name) from error
        return Asked(route.name, {**_parameters(part.shape, heard, path), **body})

    def answer(self, asked: Asked, document: Mapping[str, Any]) -> Sent:
        """The answer with the first status that the contract declares."""
        operation = self._served[asked.operation]
        status = operation.binding.statuses[0] if isinstance(operation.binding, RestBinding) else 200
        if operation.output is None or not document:
            return Sent(status)
        return Sent(status, _written(operation.output, document), operation.output.media or _JSON)

    def fault(self, asked: Asked, fault: SampleFault) -> Sent:
        """The error body of that status."""
        part = self._served[asked.operation].faults.get(str(fault.status))
        return Sent(fault.status, _written(part, fault.detail) if part else orjson.dumps(fault.detail), _JSON)

    def failed(self, asked: Asked, words: str) -> Sent:
        """A bare 500."""
        return Sent(500, words.encode())

    def _found(self, heard: Heard) -> tuple[Route, Mapping[str, str]]:
        on_path = [(route, found) for route in self._routes if (found := route.pattern.fullmatch(heard.path))]
        for route, found in on_path:
            if route.binding.method.upper() == heard.method.upper():
                return route, dict(zip(route.names, map(unquote, found.groups()), strict=True))
        raise Unfit(Sent(405 if on_path else 404), "no such operation")


def _route(name: str, operation: Operation) -> Route:
    if not isinstance(operation.binding, RestBinding):
        raise TypeError(f"{name} is not a REST operation")
    pieces = re.split(r"\{([^}]+)\}", operation.binding.path)
    pattern = "([^/]+)".join(re.escape(piece) for piece in pieces[::2])
    return Route(name, operation, operation.binding, re.compile(pattern), tuple(pieces[1::2]))


def _parameter(shape: Shape, heard: Heard, path: Mapping[str, str]) -> str | None:
    name = shape.name.removeprefix("@")
    match shape.location:
        case "path":
            return path.get(name)
        case "query":
            return heard.query.get(name)
        case _:
            return heard.headers.get(name.lower())


def _parameters(shape: Shape, heard: Heard, path: Mapping[str, str]) -> dict[str, str]:
    found = {child.name: _parameter(child, heard, path) for child in shape.children if child.location}
    return {name: value for name, value in found.items() if value is not None}


def _lacking(shape: Shape, heard: Heard, path: Mapping[str, str]) -> tuple[Problem, ...]:
    wanted = [child for child in shape.children if child.location and child.required]
    return tuple(
        Problem(Text(en="is missing", fr="manque"), path=child.name)
        for child in wanted
        if _parameter(child, heard, path) is None
    )


def _body_problems(part: Part, body: bytes) -> tuple[Problem, ...]:
    return part.check(body) if part.media else ()


def _written(part: Part, document: Mapping[str, Any]) -> bytes:
    written = codec_for(part).write(document)
    if problems := part.check(written):
        raise MessageError(problems=problems)
    return written
