"""The OpenAPI document: each caller reads what it may do, written out, and what stands in it is what the hub does."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from hub.contract import Kind, Shape
from hub.endpoints.openapi.shapes import parameters_of, schema_of
from tests.endpoints.conftest import REPOSITORY, opened
from tests.endpoints.doors import Doors, bin_request, demand
from tests.endpoints.test_signed_requests import a_signer

REQUEST = "/api/v1/exchanges/bin-replacement/messages"


async def _read(doors: Doors, key: str) -> dict:
    answer = await doors.get("/openapi.json", key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_nobody_reads_it_without_a_key(doors: Doors) -> None:
    assert (await doors.get("/openapi.json")).status_code == 401


async def test_an_application_reads_what_it_may_say_and_nothing_of_the_administration(doors: Doors) -> None:
    paths = (await _read(doors, doors.portal))["paths"]

    assert REQUEST in paths
    assert "/api/v1/messages/{message}" in paths
    assert "/api/v1/exchanges/bin-progress/messages" not in paths, "the waste application says that"
    assert not [path for path in paths if path.startswith("/admin") or path == "/metrics"]


async def test_a_right_for_one_exchange_shows_that_one(doors: Doors) -> None:
    narrow = await doors.hub.desk.issue_key("waste", "default", ("send:bin-progress",), actor="test")
    none = await doors.hub.desk.issue_key("portal", "default", ("send:bin-progress",), actor="test")

    shown = (await _read(doors, narrow))["paths"], (await _read(doors, none))["paths"]

    assert [path for path in shown[0] if path.startswith("/api")] == ["/api/v1/exchanges/bin-progress/messages"]
    assert not [path for path in shown[1] if path.startswith("/api")]


@pytest.mark.parametrize("who", ["reader", "admin"])
async def test_whoever_may_read_reads_all_of_it(doors: Doors, who: str) -> None:
    paths = (await _read(doors, getattr(doors, who)))["paths"]

    assert {REQUEST, "/api/v1/exchanges/bin-progress/messages", "/metrics", "/admin/api/overview"} <= paths.keys()


async def test_every_route_of_the_application_stands_in_it_or_says_what_is_not_http_api(doors: Doors) -> None:
    paths = {path.replace("/bin-replacement/", "/{exchange}/") for path in (await _read(doors, doors.admin))["paths"]}

    routes = {route.path.replace(":path", "") for route in doors.app.routes if hasattr(route, "endpoint")}
    left_out = {path for path in routes - paths if not path.startswith(("/soap/", "/admin", "/api/v1/mailboxes/"))}

    assert left_out == set()


async def test_a_mailbox_is_described_to_the_application_that_fetches_from_it(collecting: Doors) -> None:
    waste, portal = await _read(collecting, collecting.waste), await _read(collecting, collecting.portal)

    fetching = waste["paths"]["/api/v1/mailboxes/waste"]["get"]
    asked = {each["name"]: each["schema"] for each in fetching["parameters"]}
    assert asked["max"]["maximum"] == 100
    assert asked["exchange"]["enum"] == ["", "bin-replacement"]
    assert "/api/v1/mailboxes/waste/{delivery}/acknowledge" in waste["paths"]
    assert not [path for path in portal["paths"] if "mailboxes" in path]


async def test_the_body_is_the_contract_s_and_what_does_not_fit_it_is_refused(doors: Doors) -> None:
    described = (await _read(doors, doors.portal))["paths"][REQUEST]["post"]
    schema = jsonschema_rs.validator_for(described["requestBody"]["content"]["application/json"]["schema"])
    spoilt = {
        "sound": bin_request(),
        "a field that is not there": bin_request(demande=demand(bacs=None)),
        "a field too many": bin_request(tenant="other"),
        "a text for a number": bin_request(demande=demand(nbHabitants="four")),
        "an unknown word": bin_request(demande=demand(motif="inconnu")),
        "too long": bin_request("D" * 41),
        "a value for a list": bin_request(demande=demand(bacs={"flux": "ordures"})),
        "out of bounds": bin_request(demande=demand(bacs=[{"flux": "ordures", "volume": 5}])),
        "a pattern that does not fit": bin_request(adresse={"voie": "x", "codePostal": "7000", "commune": "Privas"}),
    }

    fits = {name: schema.is_valid(body) for name, body in spoilt.items()}
    taken = {name: (await doors.say(body)).status_code == 202 for name, body in spoilt.items()}

    assert fits == taken == {name: name == "sound" for name in spoilt}


async def test_its_examples_are_the_mapping_s_and_are_accepted(tmp_path: Path) -> None:
    async with opened(REPOSITORY, tmp_path) as doors:
        senders = {name: await doors.hub.desk.issue_key(name, "default", ("send:*",), actor="test") for name in SENDERS}
        told: dict[str, list[int]] = {}
        for name, key in senders.items():
            for path, item in (await _read(doors, key))["paths"].items():
                for media, body in item.get("post", {}).get("requestBody", {}).get("content", {}).items():
                    for example in body.get("examples", {}).values():
                        content = example["value"] if "xml" in media else json.dumps(example["value"])
                        answer = await doors.say(content.encode(), key=key, exchange=path.split("/")[4], Content_Type=media)
                        told.setdefault(f"{name} {path.split('/')[4]} {media}", []).append(answer.status_code)

    assert len(told) > 6
    assert {status for statuses in told.values() for status in statuses} == {202}, told


SENDERS = ("portal", "finance", "civil-status", "waste")


async def test_every_refusal_that_is_promised_is_described_once(doors: Doors) -> None:
    whole = await _read(doors, doors.admin)

    promised = {
        (path, status)
        for path, item in whole["paths"].items()
        for operation in item.values()
        for status, answer in operation["responses"].items()
        if answer.get("$ref", "").rpartition("/")[2] not in ("", *whole["components"]["responses"])
    }
    assert promised == set()
    assert {"400", "401", "403", "404", "409", "413", "415", "422", "429", "503"} <= {
        *whole["paths"][REQUEST]["post"]["responses"]
    }
    for answer in whole["components"]["responses"].values():
        assert list(answer["content"]) == ["application/problem+json"]


async def test_a_signed_request_shows_the_headers_that_stand_in_it_and_no_fewer(doors: Doors) -> None:
    whole = await _read(doors, doors.portal)
    schemes, ways = whole["components"]["securitySchemes"], whole["paths"][REQUEST]["post"]["security"]
    [signed] = [way for way in ways if len(way) > 1]
    names = {schemes[each]["name"] for each in signed}
    signer = await a_signer(doors)
    body = json.dumps(bin_request()).encode()
    shown = signer.headers(body)

    assert {schemes[each]["type"] for each in signed} == {"apiKey"}
    assert names == shown.keys() - {"Content-Type"}
    for name in names:
        left = {each: value for each, value in shown.items() if each != name}
        assert (await signer.send(body, left)).status_code == 401
    assert (await signer.send(body, shown)).status_code == 202


async def test_only_what_is_said_may_be_signed(doors: Doors) -> None:
    whole = await _read(doors, doors.admin)

    ways = {path: operation.get("security", []) for path, item in whole["paths"].items() for operation in item.values()}
    assert {path for path, said in ways.items() if any("signature" in way for way in said)} == {
        path for path in whole["paths"] if path.startswith("/api/v1/exchanges/")
    }


def test_a_shape_becomes_the_schema_of_what_is_taken() -> None:
    shape = Shape(
        "whole",
        Kind.OBJECT,
        children=(
            Shape("@page", Kind.INTEGER, location="query", required=True, lowest="1"),
            Shape("@numero", Kind.TEXT, location="path"),
            Shape("name", Kind.TEXT, required=True, shortest=1, longest=5, patterns=("[a-z]+",)),
            Shape("tags", Kind.TEXT, repeated=True, nullable=True, values=("a", "b")),
            Shape("amount", Kind.DECIMAL, lowest="0", highest="9.5", nullable=True),
            Shape("open", Kind.ANY),
            Shape("inner", Kind.OBJECT, open=True, children=(Shape("yes", Kind.BOOLEAN),)),
        ),
    )

    assert schema_of(shape) == {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^(?:[a-z]+)$"},
            "tags": {"type": ["array", "null"], "items": {"type": "string", "enum": ["a", "b"]}},
            "amount": {"type": ["number", "null"], "minimum": 0.0, "maximum": 9.5},
            "open": {},
            "inner": {"type": "object", "properties": {"yes": {"type": "boolean"}}},
        },
    }
    assert parameters_of(shape) == [
        {"name": "page", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1}}
    ]


@pytest.mark.parametrize(
    ("shape", "schema"),
    [
        (Shape("", Kind.OBJECT, children=(Shape("#text", Kind.INTEGER),)), {"type": "integer"}),
        (
            Shape("", Kind.OBJECT, children=(Shape("#items", Kind.DATE, repeated=True),)),
            {"type": "array", "items": {"type": "string", "format": "date"}},
        ),
        (Shape("x", Kind.TEXT, patterns=("(?s:.*)(?:ab)(?s:.*)",)), {"type": "string", "pattern": "ab"}),
    ],
)
def test_bodies_that_are_no_object_and_patterns_that_are_searched_for(shape: Shape, schema: dict) -> None:
    assert schema_of(shape) == schema


@pytest.mark.parametrize("moment", ["0", "1767225600", "2026", "0.5", "2026-13-45T00:00:00Z", "2026-03-02T18:00:00", "soon"])
async def test_a_moment_is_a_date_and_a_time_with_its_offset_and_never_a_number(doors: Doors, moment: str) -> None:
    asked = await doors.get("/admin/api/messages", key=doors.admin, since=moment)
    told = await doors.post("/admin/api/dead/cancel", key=doors.admin, until=moment)
    counted = await doors.post("/admin/api/dead/cancel", key=doors.admin, until=1767225600)

    assert (asked.status_code, told.status_code, counted.status_code) == (422, 422, 422)


async def test_a_deadline_that_is_carried_empty_is_no_deadline(doors: Doors) -> None:
    assert (await doors.say(bin_request(), CE_ExpiryTime="")).status_code == 400
    assert await doors.kept() == 0


async def test_too_large_a_request_to_the_administration_is_a_problem_like_any_other(doors: Doors) -> None:
    large = await doors.post("/admin/api/keys", key=doors.admin, application="x" * 70_000, scopes=["read"])
    stranger = await doors.post("/admin/api/deliveries/0/replace", document="x" * 70_000, reason="mended")

    assert (large.status_code, large.headers["content-type"]) == (413, "application/problem+json")
    assert stranger.status_code == 401


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/health/live", "GET"), (REQUEST, "POST"), ("/admin/api/keys/0/revoke", "POST"), ("/admin/login", "GET")],
)
async def test_a_method_that_mirrors_the_request_is_told_those_that_are_taken(doors: Doors, path: str, allowed: str) -> None:
    for method in ("TRACE", "TRACK", "OPTIONS"):
        answer = await doors.client.request(method, path, headers={"X-Secret": "mirrored"})

        assert answer.status_code == 405
        assert allowed in answer.headers["allow"]
        assert "mirrored" not in answer.text
