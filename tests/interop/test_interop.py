"""The harness itself, with what is always there: zeep as client; other stacks as far as they are installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.installation import REPOSITORY
from tests.interop.clients import Beside, Client, Heard, Programme, Zeep, clients
from tests.interop.laid_out import BOTH, FACES, Face, lay_out
from tests.interop.message import Message, differences, message, record, understood
from tests.interop.report import counted, page
from tests.interop.run import Running
from tests.interop.servers import GSoapServer, Server, servers
from tests.interop.trials import Meeting, Trial, meeting

CACHE = REPOSITORY / ".interop"
OTHERS = [each for each in clients(CACHE) if isinstance(each, Programme)]
SERVERS = [each for each in servers(CACHE) if not isinstance(each, GSoapServer)]
"""Those that need no compiler: `make interop` tries gSOAP as well."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    """One hub for all tests, and the servers that are there."""
    with meeting(tmp_path_factory.mktemp("interop"), SERVERS) as found:
        yield found


def test_the_installation_of_the_harness_is_sound(tmp_path: Path) -> None:
    checked = lay_out(tmp_path, records="http://127.0.0.1:9", servers={}, ways=()).hub("check")

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("face", (*FACES, *BOTH), ids=lambda each: f"{each.connector} {each.version}")
def test_zeep_calls_the_hub(hub: Meeting, face: Face) -> None:
    passed(hub.with_client(Zeep(), face), skipped=["beside"])


class Careless(Zeep):
    """zeep in the hands of somebody who spoils one field of each message."""

    name = "zeep, careless"

    def say(self, running: Running, face: Face, message: Message, *, beside: bool) -> Heard:
        return super().say(running, face, {**message, "Town": "Privas"}, beside=beside)


def test_a_stack_that_says_something_else_has_failed(hub: Meeting) -> None:
    found, *_ = hub.with_client(Careless(), FACES[0])

    assert found.ended == "failed"
    assert "town: \"L'Haÿ-les-Roses\" became 'Privas'" in found.why


class Untruthful(Zeep):
    """zeep in the hands of somebody who says that a file goes beside its document, and sends it inside."""

    name = "zeep, untruthful"
    beside: Beside = "MTOM"


def test_a_file_that_did_not_travel_as_its_stack_says_has_failed(hub: Meeting) -> None:
    *_, found = hub.with_client(Untruthful(), FACES[0])

    assert (found.about, found.ended, found.why) == ("beside", "failed", "the file did not travel as it should")


@pytest.mark.parametrize("client", OTHERS, ids=lambda each: each.name)
def test_another_client_calls_the_hub(hub: Meeting, client: Client) -> None:
    there(client)
    passed(hub.with_client(client, BOTH[1]), skipped=[] if client.beside else ["beside"])


@pytest.mark.parametrize("server", SERVERS, ids=lambda each: each.name)
def test_the_hub_calls_a_server(hub: Meeting, server: Server) -> None:
    there(server)
    passed(hub.with_server(server, FACES[0]), skipped=["beside"])


def test_what_is_understood_is_compared_row_by_row() -> None:
    said = message("N-1")
    retold = {**said, "Amount": 1250.75, "Urgent": "true", "SubmittedAt": "2026-03-01T07:30:15Z", "Desk": None}

    assert not differences(understood(said), understood(retold))
    assert differences(understood(said), understood({**retold, "Rooms": 6})) == "rooms: 5 became 6"
    assert differences(record(said), {**record(said), "rooms": None}) == "rooms: 5 became None"


def test_the_page_says_how_each_trial_ended_and_why() -> None:
    found = [
        Trial("one", "1", "client", FACES[0], "fields", "passed"),
        Trial("one", "1", "client", FACES[0], "beside", "passed", way="MTOM"),
        Trial("one", "1", "client", BOTH[1], "fault", "failed", "no | detail"),
        Trial("two", "", "server", FACES[0], "fields", "skipped", "it is not there"),
    ]

    told = page(found, seconds=1)

    assert counted(found) == {"stacks": 1, "passed": 2, "failed": 1, "skipped": 1}
    assert "| one 1 | client | document/literal wrapped | 1.1 | passed |  |  | MTOM passed |  |" in told
    assert "- one, client, fault (1): no | detail." in told
    assert "- two, server, 31 fields (1): it is not there." in told


def there(stack: Client | Server) -> None:
    """Skips a test for a stack that is not there."""
    if reason := stack.missing():
        pytest.skip(reason)


def passed(found: Iterable[Trial], *, skipped: Sequence[str]) -> None:
    """Fails with the reasons of the trials that failed, and where others were skipped than those about these things."""
    trials = list(found)
    assert not [(each.about, each.why) for each in trials if each.ended == "failed"]
    assert [each.about for each in trials if each.ended == "skipped"] == skipped
