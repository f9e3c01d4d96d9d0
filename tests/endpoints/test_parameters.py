"""What stands around a message: parameters said twice, and headers that only a proxy may say."""

from __future__ import annotations

import pytest

from tests.endpoints.doors import Doors, bin_request


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/mailboxes/waste?max=1&max=2",
        "/api/v1/mailboxes/waste?exchange=&exchange=bin-replacement",
        "/admin/api/messages?reference=A&reference=B",
        "/admin/api/messages?limit=1&limit=200",
        "/admin/api/overview?a=1&a=1",
        "/admin/api/messages/0/contents?purpose=reading&purpose=else",
    ],
)
async def test_a_parameter_that_stands_twice_is_refused_at_every_door(collecting: Doors, path: str) -> None:
    collector = collecting.waste if "mailboxes" in path else None
    key = collector or await collecting.hub.desk.issue_key("staff", "default", ("admin", "content"), actor="test")

    answer = await collecting.client.get(path, headers={"Authorization": f"Bearer {key}"})

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:problem:parameter-twice")


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-User",
        "X-Remote-User",
        "X-SSL-Client-Verify",
        "X-SSL-Client-S-DN",
        "X-Client-Cert",
        "Client-Cert",
        "Forwarded",
        "X-Forwarded-For",
        "X-Real-IP",
    ],
)
async def test_no_header_of_a_proxy_makes_somebody_of_a_stranger(doors: Doors, header: str) -> None:
    answer = await doors.say(bin_request(), key="", **{header: "SUCCESS", "X_Forwarded_Proto": "https"})

    assert answer.status_code == 401
    assert await doors.kept() == 0


@pytest.mark.parametrize("field", ["tenant", "authority", "state", "sender", "revision", "__proto__", "$ref"])
async def test_a_field_that_only_the_hub_may_set_is_a_field_too_many(doors: Doors, field: str) -> None:
    answer = await doors.say(bin_request(**{field: "other"}))

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [field]
    assert await doors.kept() == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/admin/api/keys", {"application": "portal", "scopes": ["read"], "hash": "0"}),
        ("/admin/api/dead/cancel", {"dry_run": True, "tenant": "other"}),
        ("/admin/api/deliveries/0/replay", {"reason": "mended", "state": "delivered"}),
    ],
)
async def test_the_administration_takes_no_field_that_it_does_not_know(doors: Doors, path: str, body: dict) -> None:
    assert (await doors.post(path, key=doors.admin, **body)).status_code == 422


async def test_many_problems_are_told_up_to_a_hundred(doors: Doors) -> None:
    answer = await doors.say(bin_request(**{f"f{number}": 1 for number in range(5000)}))

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 100
    assert len(answer.content) < 100_000
