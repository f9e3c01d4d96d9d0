"""An OpenAPI 3.0 or 3.1 file (YAML or JSON) -> Contract: paths and webhooks, parameters, bodies, error answers.

A document of an operation holds the fields of the body and, as `@name`, the parameters of path, query and header. A
body that is a list is `{"#items": [...]}`, one that is a bare value `{"#text": ...}` (see `codecs.json`). The binding
of a webhook has no path: its address is the subscriber's.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import jsonschema_rs

from hub.codecs import json as strict_json
from hub.contract import Check, Contract, Kind, Operation, Part, RestBinding, Shape
from hub.errors import MessageError, Problem, Text
from hub.transports.contract_folder import Folder
from hub.transports.json_words import problems, without_echoes
from hub.transports.openapi_files import Sources
from hub.transports.openapi_schemas import Bundle
from hub.transports.openapi_shapes import Shaper

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_LOCATIONS = ("path", "query", "header")
_NOT_PARAMETERS = ("accept", "content-type", "authorization")
_ANY_SUCCESS = (200, 201, 202, 204)
_JSON = "application/json"


def load_openapi(path: Path, *, folder: Path | None = None) -> Contract:
    """The contract of a REST application, read offline. Operations are keyed by operationId.

    `folder` (default: the file's own) is the one that references must not leave. Error answers are the faults of an
    operation, keyed by status as written ("404", "4XX", "default"). ConfigurationError says where a reference fails.
    """
    place = Folder((folder or path.parent).resolve())
    sources = Sources(place)
    tree = sources.tree(path)
    reader = _Reader(sources, path.resolve(), old=_is_old(place, path, tree))
    operations: dict[str, Operation] = {}
    for route, method, item, file in reader.routes(tree):
        operation = reader.operation(route, method, item, file)
        if operation.name in operations:
            raise place.wrong(path, sources.line(path, operation.name), _twice(operation.name))
        operations[operation.name] = operation
    if not operations:
        raise place.wrong(path, 0, Text(en="The contract has no operation.", fr="Le contrat n'a aucune opération."))
    return Contract("rest", path.name, operations, mended=tuple(reader.mended))


def check(schema: Any, definitions: Mapping[str, Any], shape: Shape) -> Check:
    """Holds the bytes of a JSON body against a schema (2020-12). Patterns run in linear time if they can."""
    whole = {"allOf": [schema], "$defs": dict(definitions)}
    validator = _validator(whole)

    def held_against(data: bytes) -> tuple[Problem, ...]:
        try:
            strict_json.parse(data)
            value = json.loads(data.removeprefix(b"\xef\xbb\xbf"))
        except MessageError as wrong:
            return (Problem(wrong.text),)
        if validator.is_valid(value):
            return ()
        found = [problem for error in validator.iter_errors(value) for problem in problems(error)]
        return without_echoes(found, shape)

    return held_against


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    formats = {"byte": _is_base64}
    linear = jsonschema_rs.RegexOptions()
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, formats=formats, validate_formats=True, pattern_options=linear, offline=True
        )
    except (ValueError, jsonschema_rs.ReferencingError):
        bounded = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
        return jsonschema_rs.Draft202012Validator(
            schema, formats=formats, validate_formats=True, pattern_options=bounded, offline=True
        )


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_old(place: Folder, path: Path, tree: Any) -> bool:
    """Whether this is OpenAPI 3.0, whose schemas are a dialect of their own."""
    version = str(tree.get("openapi", "")) if isinstance(tree, dict) else ""
    if version.startswith("3.0"):
        return True
    if version.startswith("3.1"):
        return False
    said = "Swagger 2.0" if isinstance(tree, dict) and "swagger" in tree else version or "-"
    raise place.wrong(
        path,
        1,
        Text(en=f"This is not OpenAPI 3.0 or 3.1 ({said}).", fr=f"Ce n'est pas de l'OpenAPI 3.0 ou 3.1 ({said})."),
        right=Text(en="Convert it to OpenAPI 3.", fr="Convertissez-le en OpenAPI 3."),
    )


def _twice(name: str) -> Text:
    return Text(en=f"Two operations are called {name}.", fr=f"Deux opérations s'appellent {name}.")


class _Reader:
    """Reads operations; remembers what it had to leave out."""

    def __init__(self, sources: Sources, file: Path, *, old: bool) -> None:
        self._sources = sources
        self._file = file
        self._inwards = Bundle(sources, old=old, direction="in")
        self._outwards = Bundle(sources, old=old, direction="out")
        self.mended: list[str] = []

    def routes(self, tree: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], Path]]:
        """Every (path, method, path item, its file) of the contract; webhooks have the path "#name"."""
        webhooks = {f"#{name}": item for name, item in _dict(tree.get("webhooks")).items()}
        for route, said in {**_dict(tree.get("paths")), **webhooks}.items():
            item, file = self._here(said, self._file)
            for method in _METHODS:
                if isinstance(item, dict) and isinstance(item.get(method), dict):
                    yield route, method, item, file

    def operation(self, route: str, method: str, item: dict[str, Any], file: Path) -> Operation:
        """One operation."""
        said = item[method]
        name = str(said.get("operationId") or _name_for(route, method))
        answers = {str(status): self._here(each, file) for status, each in _dict(said.get("responses")).items()}
        successes = {status: each for status, each in answers.items() if status[:1] == "2"}
        good = successes or {status: each for status, each in answers.items() if status == "default"}
        output = next((part for answer, where in good.values() if (part := self._answer(answer, where, name))), None)
        bad = {status: each for status, each in answers.items() if status not in good}
        faults = {status: part for status, (answer, where) in bad.items() if (part := self._answer(answer, where, name))}
        binding = RestBinding(method.upper(), "" if route.startswith("#") else route, _statuses(successes), _accepts(good))
        return Operation(name, binding, self._input(said, item, file, name), output, faults, _title(said))

    def _here(self, node: Any, file: Path) -> tuple[Any, Path]:
        """A node, with its `$ref` followed."""
        for _ in range(20):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return node, file
            node, file, _pointer = self._sources.follow(node["$ref"], file)
        raise self._sources.wrong(file, str(node["$ref"]))

    def _input(self, said: dict[str, Any], item: dict[str, Any], file: Path, name: str) -> Part:
        body, where = self._here(said.get("requestBody") or {}, file)
        part = self._content(_dict(body), where, self._inwards, name) or Part(Shape("", Kind.OBJECT, required=True))
        taken = {child.name for child in part.shape.children}
        parameters = [each for each in self._parameters(said, item, file) if each.name not in taken]
        return replace(part, shape=replace(part.shape, children=(*part.shape.children, *parameters)))

    def _answer(self, answer: Any, file: Path, name: str) -> Part | None:
        return self._content(_dict(answer), file, self._outwards, name)

    def _content(self, holder: dict[str, Any], file: Path, bundle: Bundle, name: str) -> Part | None:
        content = _dict(holder.get("content"))
        media = _chosen(content)
        if not media:
            if content:
                self.mended.append(f"{name}: a body of type {', '.join(content)} is not read")
            return None
        schema = bundle.translated(_dict(content[media]).get("schema", True), file)
        shape = Shaper(bundle.definitions).body(schema)
        return Part(shape, check=self._check(schema, shape, bundle, name), media=media if "json" in media else _JSON)

    def _check(self, schema: Any, shape: Shape, bundle: Bundle, name: str) -> Check:
        try:
            return check(schema, bundle.definitions, shape)
        except (ValueError, jsonschema_rs.ReferencingError) as wrong:
            words = str(wrong).splitlines()[0]
            raise self._sources.folder.wrong(
                self._file,
                self._sources.line(self._file, name),
                Text(en=f"{name}: a schema is not sound: {words}", fr=f"{name} : un schéma n'est pas valide : {words}"),
            ) from wrong

    def _parameters(self, said: dict[str, Any], item: dict[str, Any], file: Path) -> list[Shape]:
        """The parameters as children: an operation's own before those of its path, one of each name."""
        found: dict[str, Shape] = {}
        for node in [*_list(said.get("parameters")), *_list(item.get("parameters"))]:
            parameter, where = self._here(node, file)
            shape = self._parameter(_dict(parameter), where)
            if shape:
                found.setdefault(shape.name, shape)
        return list(found.values())

    def _parameter(self, said: dict[str, Any], file: Path) -> Shape | None:
        place, name = said.get("in"), str(said.get("name", ""))
        if place not in _LOCATIONS or (place == "header" and name.lower() in _NOT_PARAMETERS):
            return None
        schema = self._inwards.translated(said.get("schema", {"type": "string"}), file)
        shape = Shaper(self._inwards.definitions).field(f"@{name}", schema, ())
        return replace(
            shape,
            required=said.get("required") is True or place == "path",
            location=cast(Literal["path", "query", "header"], place),
            note=shape.note or " ".join(str(said.get("description", "")).split()),
        )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _chosen(content: Mapping[str, Any]) -> str:
    """The media type to use: JSON before things like it before anything goes; "" where none is JSON."""
    plain = {media: media.partition(";")[0].strip().lower() for media in content}
    for fits in (
        lambda name: name == _JSON,
        lambda name: name.endswith("+json"),
        lambda name: name in ("*/*", "application/*"),
    ):
        found = next((media for media, name in plain.items() if fits(name)), None)
        if found:
            return found
    return ""


def _statuses(successes: Mapping[str, Any]) -> tuple[int, ...]:
    if "2XX" in successes or "2xx" in successes:
        return _ANY_SUCCESS
    return tuple(int(status) for status in successes if status.isdigit()) or (200,)


def _accepts(answers: Mapping[str, tuple[Any, Path]]) -> tuple[str, ...]:
    media = [media for answer, _ in answers.values() for media in _dict(_dict(answer).get("content"))]
    return tuple(dict.fromkeys(media)) or (_JSON,)


def _name_for(route: str, method: str) -> str:
    """A name for an operation that has none: get_orders_id, or a webhook's own."""
    words = re.findall(r"\w+", route)
    return words[0] if route.startswith("#") and len(words) == 1 else "_".join([method, *words])


def _title(said: Mapping[str, Any]) -> str:
    return " ".join(str(said.get("summary") or said.get("description") or "").split())[:200]
