"""An OpenAPI file is read offline into operations whose bodies are read, written and checked by it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from hub.codecs import codec_for
from hub.contract import Contract, Kind, Part, RestBinding, Shape
from hub.errors import ConfigurationError
from hub.transports.openapi import load_openapi

SHARED = Path(__file__).parents[2] / ".." / "shared" / "contracts"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the folder `shared` is not beside the repository")

PORTAL = """
openapi: 3.1.0
info: {title: Portail, version: 2026-01-31}
paths:
  /requests/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
      - {name: lang, in: query, schema: {enum: [no, fr]}}
    put:
      operationId: put_request
      summary: Met à jour une demande
      parameters:
        - $ref: '#/components/parameters/Trace'
        - {name: lang, in: query, schema: {enum: [fr, en]}}
        - {name: Authorization, in: header, schema: {type: string}}
      requestBody:
        content:
          application/json:
            schema: {$ref: 'schemas.yaml#/Request'}
      responses:
        200: {description: ok, content: {application/json: {schema: {type: array, items: {type: integer}}}}}
        404: {description: non, content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}
        default: {$ref: '#/components/responses/Other'}
  /requests:
    get:
      responses:
        2XX: {description: ok}
webhooks:
  order_changed:
    post:
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {state: {type: string}}, additionalProperties: false}
      responses: {204: {description: reçu}}
components:
  parameters:
    Trace: {name: X-Trace, in: header, schema: {type: integer}}
  responses:
    Other: {description: autre, content: {application/json: {schema: {type: string}}}}
  schemas:
    Problem: {type: object, properties: {title: {type: string}}}
"""

SCHEMAS = """
Base:
  type: object
  required: [number]
  properties:
    number: {type: string, maxLength: 10, description: "Numéro de la demande"}
Request:
  unevaluatedProperties: false
  allOf:
    - $ref: '#/Base'
    - type: object
      required: [motive]
      properties:
        motive: {enum: [VOL, CASSE]}
        filed_on: {type: string, format: date}
        at: {type: [string, 'null'], format: date-time}
        amount: {type: number, multipleOf: 0.01, minimum: 0}
        count: {type: integer, exclusiveMinimum: 0, maximum: 5}
        mail: {type: string, format: email, pattern: '^[^@]+@[^@]+$'}
        file: {type: string, contentEncoding: base64}
        urgent: {type: boolean}
        parent: {$ref: '#/Request'}
        bins: {type: array, items: {type: object, required: [litres], properties: {litres: {type: integer}}}}
        grid: {type: array, items: {type: array, items: {type: integer}}}
        who:
          oneOf:
            - {type: object, required: [person], properties: {person: {type: string}}}
            - {type: object, required: [company], properties: {company: {type: string}}}
        mixed: {anyOf: [{type: string}, {type: integer}]}
        maybe: {anyOf: [{type: integer}, {type: 'null'}]}
        extra: {type: object}
"""

REQUEST = {
    "number": "12",
    "motive": "VOL",
    "filed_on": "2026-03-31",
    "at": None,
    "amount": "12.50",
    "count": "3",
    "mail": "a@b",
    "file": "YQ==",
    "urgent": "true",
    "bins": [{"litres": "120"}],
    "grid": [{"#items": ["1", "2"]}, {"#items": []}],
    "who": {"person": "x"},
    "mixed": '"12"',
    "maybe": None,
    "extra": '{"a":1.50}',
}


@pytest.fixture
def portal(tmp_path: Path) -> Path:
    (tmp_path / "portal.yaml").write_text(PORTAL, encoding="utf-8")
    (tmp_path / "schemas.yaml").write_text(SCHEMAS, encoding="utf-8")
    return tmp_path / "portal.yaml"


def part(found: Part | None) -> Part:
    assert found is not None
    return found


def field(of: Part, path: str) -> Shape:
    found = of.shape.at(path)
    assert found is not None
    return found


def put(path: Path) -> Part:
    return part(load_openapi(path).operations["put_request"].input)


def small(folder: Path, schema: str, version: str = "3.0.3") -> Contract:
    text = f"""
openapi: {version}
paths:
  /x:
    post:
      operationId: x
      requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}
      responses: {{200: {{description: ok, content: {{application/json: {{schema: {schema}}}}}}}}}
"""
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return load_openapi(folder / "small.yaml")


def refused(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_openapi(path)
    return caught.value


def test_paths_and_webhooks_become_operations(portal: Path) -> None:
    operations = load_openapi(portal).operations

    assert set(operations) == {"put_request", "get_requests", "order_changed"}
    assert operations["put_request"].binding == RestBinding("PUT", "/requests/{id}", (200,), ("application/json",))
    assert operations["get_requests"].binding == RestBinding("GET", "/requests", (200, 201, 202, 204))
    assert operations["order_changed"].binding == RestBinding("POST", "", (204,))
    assert operations["put_request"].title == "Met à jour une demande"
    assert list(operations["put_request"].faults) == ["404", "default"]


def test_parameters_are_fields_with_a_place(portal: Path) -> None:
    shape = put(portal).shape
    found = {child.name: child for child in shape.children if child.location}

    assert {name: child.location for name, child in found.items()} == {
        "@X-Trace": "header",
        "@lang": "query",
        "@id": "path",
    }
    assert found["@id"].required and not found["@lang"].required
    assert found["@lang"].values == ("fr", "en")
    assert found["@X-Trace"].kind is Kind.INTEGER


def test_schemas_become_shapes(portal: Path) -> None:
    request = put(portal)

    assert field(request, "number").longest == 10 and field(request, "number").required
    assert field(request, "number").note == "Numéro de la demande"
    assert field(request, "motive").values == ("VOL", "CASSE") and field(request, "motive").required
    assert field(request, "filed_on").kind is Kind.DATE
    assert field(request, "at").kind is Kind.DATETIME and field(request, "at").nullable
    assert (field(request, "amount").decimals, field(request, "amount").lowest) == (2, "0")
    assert (field(request, "count").lowest, field(request, "count").highest) == ("1", "5")
    assert field(request, "mail").patterns == ("[^@]+@[^@]+",)
    assert field(request, "file").kind is Kind.BASE64
    assert field(request, "bins").repeated and field(request, "bins.litres").required
    assert field(request, "grid.#items").repeated
    assert field(request, "who").choices == (("person", "company"),)
    assert field(request, "mixed").kind is Kind.ANY
    assert field(request, "maybe").kind is Kind.INTEGER and field(request, "maybe").nullable
    assert field(request, "extra").kind is Kind.ANY
    assert not request.shape.open


def test_a_schema_within_itself_is_followed_and_then_left_open(portal: Path) -> None:
    request = put(portal)

    assert field(request, "parent.number").kind is Kind.TEXT
    assert field(request, "parent.parent").kind is Kind.ANY


def test_a_document_fits_and_comes_back(portal: Path) -> None:
    request = put(portal)

    written = codec_for(request).write({**REQUEST, "@id": "7"})

    assert request.check(written) == ()
    assert codec_for(request).read(written) == REQUEST


def test_a_list_as_answer_is_the_field_items(portal: Path) -> None:
    answer = part(load_openapi(portal).operations["put_request"].output)

    assert codec_for(answer).read(b"[1,2]") == {"#items": ["1", "2"]}
    assert answer.check(b"[1,2]") == ()
    assert answer.check(b'["1"]')[0].path == "[1]"


def test_a_call_without_body_writes_none(portal: Path) -> None:
    operation = load_openapi(portal).operations["get_requests"]

    assert codec_for(part(operation.input)).write({}) == b""
    assert operation.output is None


@pytest.mark.parametrize(
    ("change", "path", "en", "fr"),
    [
        ({"motive": "PERTE"}, "motive", "accepted values: VOL, CASSE", "acceptées : VOL, CASSE"),
        ({"number": "x" * 11}, "number", "at most 10 characters", "10 caractères au plus"),
        ({"filed_on": "31/03/2026"}, "filed_on", "a date such as 2026-03-31", "une date telle que 2026-03-31"),
        ({"count": "6"}, "count", "at most 5", "au plus 5"),
        ({"count": "0"}, "count", "more than 0", "plus de 0"),
        ({"count": "1.5"}, "count", "a whole number", "un nombre entier"),
        ({"amount": "0.001"}, "amount", "multiple of 0.01", "multiple de 0.01"),
        ({"file": "YQ"}, "file", "base64", "base64"),
        ({"bins": [{"litres": "1"}, {}]}, "bins[2].litres", "is missing", "manque"),
        ({"who": {"person": None}}, "who.person", "must be a text", "doit être un texte"),
    ],
)
def test_the_check_says_what_is_wrong_in_both_languages(
    portal: Path, change: dict[str, Any], path: str, en: str, fr: str
) -> None:
    request = put(portal)

    problems = request.check(codec_for(request).write({**REQUEST, **change}))

    assert [problem.path for problem in problems] == [path]
    assert en in problems[0].text.en
    assert fr in problems[0].text.fr
    assert "PERTE" not in problems[0].text.en and "31/03" not in problems[0].text.en


def test_the_check_names_unknown_and_missing_fields_and_refuses_what_is_not_strict_json(portal: Path) -> None:
    request = put(portal)

    assert {problem.path for problem in request.check(b'{"number":"1","nombre":2}')} == {"motive", "nombre"}
    assert request.check(b'{"number":"1","number":"2"}')[0].text.fr
    assert request.check(b"[NaN]")[0].text.fr
    assert request.check(b"[" * 100_000)[0].text.fr
    assert request.check(b'{"number":"1","motive":"VOL","amount":' + b"9" * 400 + b"}") != ()


# -- the 3.0 dialect ---------------------------------------------------------------------------------------------------


def test_nullable_and_exclusive_bounds_of_3_0_are_translated(tmp_path: Path) -> None:
    schema = (
        "{type: object, properties: {a: {type: string, nullable: true, enum: [x]}, "
        "b: {type: integer, minimum: 1, exclusiveMinimum: true}, c: {type: string, format: byte}, "
        "d: {type: integer, format: int32}}}"
    )
    found = part(small(tmp_path, schema).operations["x"].input)

    assert field(found, "a").nullable and field(found, "a").values == ("x",)
    assert field(found, "b").lowest == "2"
    assert field(found, "c").kind is Kind.BASE64
    assert field(found, "d").highest == "2147483647"
    assert found.check(b'{"a":null,"b":2,"c":"YQ=="}') == ()
    assert {problem.path for problem in found.check(b'{"a":"y","b":1,"c":"Y","d":2147483648}')} == {"a", "b", "c", "d"}


def test_read_only_fields_are_asked_of_answers_and_not_of_requests(tmp_path: Path) -> None:
    schema = "{type: object, required: [id], properties: {id: {type: string, readOnly: true}}}"
    operation = small(tmp_path, schema).operations["x"]

    assert part(operation.input).check(b"{}") == ()
    assert part(operation.output).check(b"{}")[0].path == "id"


@pytest.mark.parametrize(
    ("schema", "body", "document"),
    [
        ("{type: string}", b'"a"', {"#text": "a"}),
        ("{}", b'{"a":1.50}', {"#text": '{"a":1.50}'}),
        ("{type: object, additionalProperties: true}", b'{"a":1.50}', {"a": "1.50"}),
        (
            "{type: array, items: {type: array, items: {type: boolean}}}",
            b"[[true]]",
            {"#items": [{"#items": ["true"]}]},
        ),
    ],
)
def test_bodies_that_are_not_plain_objects_come_back(
    tmp_path: Path, schema: str, body: bytes, document: dict[str, Any]
) -> None:
    found = part(small(tmp_path, schema).operations["x"].input)

    assert codec_for(found).read(body) == document
    assert codec_for(found).write(document) == body
    assert found.check(body) == ()


# -- what cannot be loaded ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reference",
    [
        "http://127.0.0.1:{port}/s.yaml#/A",
        "//127.0.0.1:{port}/s.yaml#/A",
        "../outside.yaml#/A",
        "/etc/passwd#/A",
        "file:///etc/passwd",
        "link.yaml#/A",
        "missing.yaml#/A",
        "schemas.yaml#/Nowhere",
        "#/components/schemas/Nowhere",
        "#anchor",
    ],
)
def test_a_reference_from_elsewhere_is_named_with_its_line_and_never_followed(portal: Path, reference: str) -> None:
    inside = portal.parent / "connector"
    inside.mkdir()
    (portal.parent / "outside.yaml").write_text("A: {}", encoding="utf-8")
    (inside / "link.yaml").symlink_to(portal.parent / "outside.yaml")
    (inside / "schemas.yaml").write_text(SCHEMAS, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        reference = reference.format(port=listener.getsockname()[1])
        text = PORTAL.replace("schemas.yaml#/Request", reference)
        (inside / "portal.yaml").write_text(text, encoding="utf-8")

        finding = refused(inside / "portal.yaml").findings[0]

        with pytest.raises(TimeoutError):
            listener.accept()
    assert (finding.file, finding.line) == ("portal.yaml", 19)
    assert reference.partition("#")[0] in finding.text.fr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("swagger: '2.0'", "Swagger 2.0"),
        ("openapi: 3.1.0", "no operation"),
        ("openapi: 4.0.0", "4.0.0"),
        ("a: &x 1\nb: *x", "alias"),
        ("a: 1\na: 2", "twice"),
        ("a: [1", "cannot be read"),
        ("a: !!python/object:os.system {}", "cannot be read"),
        ("- 1", "OpenAPI"),
        ("", "OpenAPI"),
        ("[" * 5_000, "cannot be read"),
        (PORTAL.replace("maxLength", "x").replace("{type: string}", "{type: strong}"), "not sound"),
        (PORTAL.replace("operationId: put_request", "operationId: get_requests"), "Two operations"),
    ],
)
def test_a_contract_that_is_not_sound_is_a_configuration_error_in_words(portal: Path, text: str, words: str) -> None:
    portal.write_text(text, encoding="utf-8")

    error = refused(portal)

    assert words in error.text.en
    assert error.findings[0].file == "portal.yaml"


def test_json_contracts_are_read_too(tmp_path: Path) -> None:
    text = '{"openapi":"3.0.0","paths":{"/a":{"get":{"responses":{"200":{"description":"\\u00e9"}}}}}}'
    (tmp_path / "a.json").write_text(text, encoding="utf-8")

    assert list(load_openapi(tmp_path / "a.json").operations) == ["get_a"]


@needs_shared
def test_the_published_hubee_contracts_load() -> None:
    folder = load_openapi(SHARED / "hubee" / "api_folder_v1.2.7.yaml")
    subscription = load_openapi(SHARED / "hubee" / "api_subscription_v1.2.3.yaml")

    assert len(folder.operations) == 22
    assert len(subscription.operations) == 4
