"""An OpenAPI 3.0 or 3.1 file (YAML or JSON) -> Contract: paths and webhooks, parameters, bodies, error answers.

A document of an operation holds the fields of the body and, as `@name`, the parameters of path, query and header. A
body that is a list is `{"#items": [...]}`, one that is a bare value `{"#text": ...}` (see `codecs.json`). The binding
of a webhook has no path: its address is the subscriber's.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast

import jsonschema_rs
import orjson

from hub.codecs import json as strict_json
from hub.contract import Check, Contract, Kind, Operation, Part, RestBinding, Shape, Typed
from hub.errors import Finding, MessageError, Problem, Text
from hub.specs.connector import Patch
from hub.transports.contract_folder import Folder
from hub.transports.json_patches import FORMS, chosen_media, dict_of, list_of, patch_operation
from hub.transports.json_words import problems, unsound_json, without_echoes
from hub.transports.openapi_files import Sources
from hub.transports.openapi_schemas import Bundle
from hub.transports.openapi_shapes import Shaper
from hub.transports.schema_types import typed
from hub.transports.schema_words import CORRECT
from hub.transports.shape_proof import is_shown

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_LOCATIONS = ("path", "query", "header")
_NOT_PARAMETERS = ("accept", "content-type", "authorization")
_ANY_SUCCESS = (200, 201, 202, 204)
_JSON = "application/json"
_LARGE, _LONG, _MANY = 4 * 1024 * 1024, 64 * 1024, 1000
"""Bytes of a body, letters of a text and lines of a list beyond which it is cut before its errors are looked for."""
_MOST_ERRORS = 100
"""Errors of one body that are told: each costs its time, and nobody reads more."""
_MANY_VALUES = 5_000


def load_openapi(path: Path, *, folder: Path | None = None, patches: Sequence[Patch] = ()) -> Contract:
    """The contract of a REST application, read offline. Operations are keyed by operationId.

    `folder` (default: the file's own) is the one that references must not leave. Error answers are the faults of an
    operation, keyed by status as written ("404", "4XX", "default"). ConfigurationError says where a reference fails.
    """
    place = Folder((folder or path.parent).resolve())
    sources = Sources(place)
    tree = sources.tree(path)
    reader = _Reader(sources, path.resolve(), old=_is_old(place, path, tree))
    for patch in patches:
        reader.patch(tree, patch)
    operations: dict[str, Operation] = {}
    for route, method, item, file in reader.routes(tree):
        operation = reader.operation(route, method, item, file)
        if operation.name in operations:
            raise place.wrong(path, sources.line(path, operation.name), _twice(operation.name), right=_RENAME)
        operations[operation.name] = operation
    if not operations:
        raise place.wrong(path, max(sources.line(path, "paths"), 1), _NO_OPERATION, right=_ADD_PATHS)
    corrected = sources.written() if patches else {}
    return Contract("rest", path.name, operations, mended=tuple(dict.fromkeys(reader.mended)), corrected=corrected)


def check(schema: Any, definitions: Mapping[str, Any], shape: Shape) -> Check:
    """Holds the bytes of a JSON body, which its codec reads too, against a schema (2020-12). Patterns run in linear time if
    they can."""
    said = {"schema": schema, "definitions": definitions}
    validator = _validator({"allOf": [schema], "$defs": dict(definitions)})
    return _SchemaCheck(validator, shape, partial(is_shown, **said), partial(typed, **said))


class _SchemaCheck:
    """The check of one schema."""

    def __init__(
        self,
        validator: jsonschema_rs.Validator,
        shape: Shape,
        shows: Callable[[Shape], bool],
        typed: Callable[[Shape], Typed | None],
    ) -> None:
        self._validator, self._shape, self.shows, self.typed = validator, shape, shows, typed
        self.takes: Callable[[Any], bool] = validator.is_valid

    def __call__(self, data: bytes, /) -> tuple[Problem, ...]:
        try:
            value = _values(data)
        except MessageError as wrong:
            return (Problem(wrong.text),)
        if self.takes(value):
            return ()
        is_large = len(data) > _LARGE or data.count(b",") > _MANY_VALUES
        errors = _errors(self._validator, data, _cut(value)) if is_large else ()
        errors = errors or _errors(self._validator, data, value)
        return without_echoes([problem for error in errors for problem in problems(error)], self._shape)


def _values(data: bytes) -> Any:
    """The values of a body; what the quick reader does not take, the strict one does, or refuses in words. MessageError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return strict_json.values(data)


def _cut(value: Any) -> Any:
    """A value that is known to be wrong, with its longest texts and lists cut: whatever is wrong holds a copy of them."""
    if isinstance(value, str):
        return value[:_LONG]
    if isinstance(value, dict):
        return {name: _cut(each) for name, each in value.items()}
    return [_cut(each) for each in value[:_MANY]] if isinstance(value, list) else value


def _errors(validator: jsonschema_rs.Validator, data: bytes, value: Any) -> Sequence[jsonschema_rs.ValidationError]:
    """The errors of a body; of a very long one the first, because all are made before one can be looked at."""
    if data.count(b",") <= _MANY_VALUES:
        return tuple(islice(validator.iter_errors(value), _MOST_ERRORS))
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as first:
        return (first,)
    return ()


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    formats = {"byte": _is_base64}
    # The library's own words, which nobody reads, would hold each wrong value whole: a text of ten megabytes, several times.
    said: dict[str, Any] = {"formats": formats, "validate_formats": True, "offline": True, "mask": "..."}
    try:
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=jsonschema_rs.RegexOptions(), **said)
    except (ValueError, jsonschema_rs.ReferencingError):
        bounded = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=bounded, **said)


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
    raise place.wrong(path, 1, _not_openapi(said), right=_CONVERT)


_NO_OPERATION = Text(en="The contract has no operation.", fr="Le contrat n'a aucune opération.")
_ADD_PATHS = Text(
    en="its `paths` must hold at least one path with get, put, post, patch or delete: ask the vendor for the whole file",
    fr="ses `paths` doivent contenir au moins un chemin avec get, put, post, patch ou delete : demandez le fichier entier "
    "à l'éditeur",
)
_RENAME = Text(
    en="give each its own operationId, in this copy or at the vendor's",
    fr="donnez à chacune son operationId, dans cette copie ou chez l'éditeur",
)
_CONVERT = Text(
    en="ask the vendor for OpenAPI 3.0 or 3.1, or convert this file once (any Swagger 2 to OpenAPI 3 converter does it)",
    fr="demandez à l'éditeur de l'OpenAPI 3.0 ou 3.1, ou convertissez ce fichier une fois (tout convertisseur de Swagger 2 "
    "vers OpenAPI 3 le fait)",
)


def _not_openapi(said: str) -> Text:
    if said == "-":
        return Text(
            en="This is neither OpenAPI (no `openapi:`) nor a JSON Schema (no `$schema`, no `properties`).",
            fr="Ce n'est ni de l'OpenAPI (pas de `openapi:`) ni un JSON Schema (ni `$schema`, ni `properties`).",
        )
    return Text(en=f"This is not OpenAPI 3.0 or 3.1 ({said}).", fr=f"Ce n'est pas de l'OpenAPI 3.0 ou 3.1 ({said}).")


def _unread(name: str, media: str) -> Text:
    return Text(en=f"{name}: a body of type {media} is not read", fr=f"{name} : un corps de type {media} n'est pas lu")


def _twice(name: str) -> Text:
    return Text(en=f"Two operations are called {name}.", fr=f"Deux opérations s'appellent {name}.")


class _Reader:
    """Reads operations; remembers what it had to leave out."""

    def __init__(self, sources: Sources, file: Path, *, old: bool) -> None:
        self._sources = sources
        self._file = file
        self._inwards = Bundle(sources, old=old, direction="in")
        self._outwards = Bundle(sources, old=old, direction="out")
        self.mended: list[Finding] = []

    def routes(self, tree: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], Path]]:
        """Every (path, method, path item, its file) of the contract; webhooks have the path "#name"."""
        webhooks = {f"#{name}": item for name, item in dict_of(tree.get("webhooks")).items()}
        for route, said in {**dict_of(tree.get("paths")), **webhooks}.items():
            item, file = self._here(said, self._file)
            for method in _METHODS:
                if isinstance(item, dict) and isinstance(item.get(method), dict):
                    yield route, method, item, file

    def patch(self, tree: dict[str, Any], patch: Patch) -> None:
        """Changes the contract's own schemas as a patch says; one that leads nowhere changes nothing."""
        for route, method, item, file in self.routes(tree):
            said = item[method]
            if str(said.get("operationId") or _name_for(route, method)) == patch.operation:
                patch_operation(self._sources, said, item, file, patch)

    def operation(self, route: str, method: str, item: dict[str, Any], file: Path) -> Operation:
        """One operation."""
        said = item[method]
        name = str(said.get("operationId") or _name_for(route, method))
        answers = {str(status): self._here(each, file) for status, each in dict_of(said.get("responses")).items()}
        successes = {status: each for status, each in answers.items() if status[:1] == "2"}
        good = successes or {status: each for status, each in answers.items() if status == "default"}
        output = next((part for answer, where in good.values() if (part := self._answer(answer, where, name))), None)
        bad = {status: each for status, each in answers.items() if status not in good}
        faults = {status: part for status, (answer, where) in bad.items() if (part := self._answer(answer, where, name))}
        path, form = "" if route.startswith("#") else route, self._form(said, file)
        binding = RestBinding(method.upper(), path, _statuses(successes), _accepts(good), form)
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
        part = self._content(dict_of(body), where, self._inwards, name) or Part(Shape("", Kind.OBJECT, required=True))
        taken = {child.name for child in part.shape.children}
        parameters = [each for each in self._parameters(said, item, file) if each.name not in taken]
        return replace(part, shape=replace(part.shape, children=(*part.shape.children, *parameters)))

    def _form(self, said: dict[str, Any], file: Path) -> Literal["", "urlencoded", "multipart"]:
        """Whether the body is said as a form."""
        body, _ = self._here(said.get("requestBody") or {}, file)
        media = chosen_media(dict_of(dict_of(body).get("content")))
        return FORMS.get(media.partition(";")[0].strip().lower(), "")

    def _answer(self, answer: Any, file: Path, name: str) -> Part | None:
        return self._content(dict_of(answer), file, self._outwards, name)

    def _content(self, holder: dict[str, Any], file: Path, bundle: Bundle, name: str) -> Part | None:
        content = dict_of(holder.get("content"))
        media = chosen_media(content)
        if not media:
            if content:
                line = self._sources.line(file, next(iter(content)))
                self.mended.append(self._sources.folder.note(file, line, _unread(name, ", ".join(content))))
            return None
        schema = bundle.translated(dict_of(content[media]).get("schema", True), file)
        shape = Shaper(bundle.definitions).body(schema)
        return Part(shape, check=self._check(schema, shape, bundle, name), media=media if "json" in media else _JSON)

    def _check(self, schema: Any, shape: Shape, bundle: Bundle, name: str) -> Check:
        try:
            return check(schema, bundle.definitions, shape)
        except (ValueError, jsonschema_rs.ReferencingError) as wrong:
            words = str(wrong).splitlines()[0]
            line = self._sources.line(self._file, name)
            raise self._sources.folder.wrong(self._file, line, unsound_json(name, words), right=CORRECT) from wrong

    def _parameters(self, said: dict[str, Any], item: dict[str, Any], file: Path) -> list[Shape]:
        """The parameters as children: an operation's own before those of its path, one of each name."""
        found: dict[str, Shape] = {}
        for node in [*list_of(said.get("parameters")), *list_of(item.get("parameters"))]:
            parameter, where = self._here(node, file)
            shape = self._parameter(dict_of(parameter), where)
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


def _statuses(successes: Mapping[str, Any]) -> tuple[int, ...]:
    if "2XX" in successes or "2xx" in successes:
        return _ANY_SUCCESS
    return tuple(int(status) for status in successes if status.isdigit()) or (200,)


def _accepts(answers: Mapping[str, tuple[Any, Path]]) -> tuple[str, ...]:
    media = [media for answer, _ in answers.values() for media in dict_of(dict_of(answer).get("content"))]
    return tuple(dict.fromkeys(media)) or (_JSON,)


def _name_for(route: str, method: str) -> str:
    """A name for an operation that has none: get_orders_id, or a webhook's own."""
    words = re.findall(r"\w+", route)
    return words[0] if route.startswith("#") and len(words) == 1 else "_".join([method, *words])


def _title(said: Mapping[str, Any]) -> str:
    return " ".join(str(said.get("summary") or said.get("description") or "").split())[:200]
