"""The harness itself, with what is always there: zeep as client; other stacks as far as they are installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import REPOSITORY
from tests.interop.clients import Client, Heard, Zeep, clients
from tests.interop.laid_out import FACES, Face, lay_out
from tests.interop.message import Message, differences, message, record, understood
from tests.interop.run import Running
from tests.interop.servers import Server, servers
from tests.interop.trials import Meeting, Trial, meeting

CACHE = REPOSITORY / ".interop"
OTHERS = [each for each in clients(CACHE) if not isinstance(each, Zeep)]
SERVERS = servers(CACHE)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    """One hub for all tests, and the servers that are there."""
    with meeting(tmp_path_factory.mktemp("interop"), SERVERS) as found:
        yield found


def test_the_installation_of_the_harness_is_sound(tmp_path: Path) -> None:
    checked = lay_out(tmp_path, records="http://127.0.0.1:9", servers={}).hub("check")

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("face", FACES, ids=lambda each: each.connector)
def test_zeep_calls_the_hub(hub: Meeting, face: Face) -> None:
    passed(hub.with_client(Zeep(), face))


class Careless(Zeep):
    """zeep in the hands of somebody who spoils one field of each message."""

    name = "zeep, careless"

    def say(self, running: Running, face: Face, message: Message) -> Heard:
        return super().say(running, face, {**message, "Town": "Privas"})


def test_a_stack_that_says_something_else_has_failed(hub: Meeting) -> None:
    found = hub.with_client(Careless(), FACES[0])

    assert found.ended == "failed"
    assert "town: \"L'Haÿ-les-Roses\" became 'Privas'" in found.why


@pytest.mark.parametrize("client", OTHERS, ids=lambda each: each.name)
def test_another_client_calls_the_hub(hub: Meeting, client: Client) -> None:
    passed(hub.with_client(client, FACES[0]))


@pytest.mark.parametrize("server", SERVERS, ids=lambda each: each.name)
def test_the_hub_calls_a_server(hub: Meeting, server: Server) -> None:
    passed(hub.with_server(server, FACES[0]))


def test_what_is_understood_is_compared_row_by_row() -> None:
    said = message("N-1")
    retold = {**said, "Amount": 1250.75, "Urgent": "true", "SubmittedAt": "2026-03-01T07:30:15Z", "Desk": None}

    assert not differences(understood(said), understood(retold))
    assert differences(understood(said), understood({**retold, "Rooms": 6})) == "rooms: 5 became 6"
    assert differences(record(said), {**record(said), "rooms": None}) == "rooms: 5 became None"


def passed(found: Trial) -> None:
    """Fails with the reason of a trial that failed, and skips with that of one that was skipped."""
    if found.ended == "skipped":
        pytest.skip(found.why)
    assert found.ended == "passed", found.why
