"""While a large document is read, mapped or judged, everything else goes on: the event loop has its turns."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from hub.aside import LARGE
from hub.call import Call, Delivered, Reply
from hub.caller import Caller
from hub.settings import read_settings
from tests.endpoints.doors import Doors, bin_request, envelope, order_change
from tests.installation import install

Watch = Callable[[str], None]


@pytest.fixture
async def beside(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Let a function go on only once the event loop has had a turn meanwhile; in the loop's own thread it never does."""
    loop = asyncio.get_running_loop()

    def watched(name: str) -> None:
        module, _, attribute = name.rpartition(".")
        work = getattr(__import__(module, fromlist=[attribute]), attribute)

        def work_beside(*arguments: Any, **named: Any) -> Any:
            went_on = threading.Event()
            loop.call_soon_threadsafe(went_on.set)
            assert went_on.wait(30), f"{name} held the event loop"
            return work(*arguments, **named)

        monkeypatch.setattr(name, work_beside)

    return watched


async def test_a_large_message_is_read_and_mapped_beside_the_event_loop(doors: Doors, beside: Watch) -> None:
    beside("hub.intake._rows")
    beside("hub.intake.merge")

    answer = await doors.say(json.dumps(bin_request()).encode().ljust(LARGE + 1))

    assert answer.status_code == 202


async def test_a_large_envelope_is_opened_beside_the_event_loop(doors: Doors, beside: Watch) -> None:
    beside("hub.endpoints.soap_calls.open_envelope")

    answer = await doors.call(envelope(" " * LARGE + order_change()))

    assert answer.status_code == 200


async def test_what_is_wrong_with_a_large_message_is_said_as_of_any(doors: Doors) -> None:
    wrong = json.dumps(bin_request(quantite="beaucoup")).encode()

    answers = [await doors.say(wrong), await doors.say(wrong.ljust(LARGE + 1))]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json()["errors"] == answers[1].json()["errors"]


class Answering:
    """A transport whose every answer is large."""

    async def send(self, _: Call) -> Reply:
        body = b'{"err": 0, "data": {"numero": "D-1"}}'
        return Reply(200, {"content-type": "application/json"}, body.ljust(LARGE + 1), 0.01)


async def test_a_large_answer_is_judged_beside_the_event_loop(doors: Doors, beside: Watch, tmp_path: Any) -> None:
    settings = read_settings(install(tmp_path / "other").environment)
    caller = Caller(settings=settings, transport=Answering(), clock=doors.hub.clock)  # type: ignore[arg-type]
    beside("hub.caller.judge")

    answer = await caller.call(
        doors.hub.catalogue.connectors["portal"],
        "update_status",
        {"@numero": "D-1", "statut": "RECUE"},
        authority="default",
        key="key",
    )

    assert isinstance(answer.outcome, Delivered)
