"""Files that a sender gives by their address are fetched while its message is accepted, from where its connector says."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.acceptance.address_town import FILES, PDF, AddressTown, Answer, address_town, digest
from tests.acceptance.files_town import MB, digest_of
from tests.installation import free_port, install
from tests.transports.test_antivirus import EICAR, Daemon

SIZE = 60 * MB
GROWTH = 40 * MB
"""What a file of SIZE may cost the hub in memory."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AddressTown]:
    with address_town(tmp_path_factory.mktemp("by-address")) as made:
        yield made


def problems(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {each["path"]: each["detail"] for each in answer.json()["errors"]}


def test_a_file_of_60_mb_is_fetched_and_told_without_being_held(town: AddressTown) -> None:
    number, url = town.next(), town.give("/plan.pdf", size=SIZE)

    with town.growth() as growth:
        answer = town.letter("A-1", url)
        assert answer.status_code == 202, answer.text
        came = town.told(number)

    assert (came.sizes[1], came.digests[1]) == (SIZE, digest_of(SIZE))
    assert came.heads[1].media == "application/pdf"
    assert growth[0] < GROWTH, f"{growth[0] / MB:.0f} MB"


def test_files_of_the_message_and_of_its_lines_are_fetched_once_each_with_the_portal_s_credentials(
    town: AddressTown,
) -> None:
    number, url, other = town.next(), town.give("/a.pdf"), town.give("/b?id=3", b"anything")
    town.media.answers["/public/c.pdf"] = Answer(body=PDF + b"c")
    asked, beside = len(town.home.asked), len(town.media.asked)

    answer = town.letter("A-2", url, other, f"{town.media.url}/public/c.pdf", url)
    assert answer.status_code == 202, answer.text
    came = town.told(number)

    assert set(came.wholes[1:]) == {PDF, b"anything", PDF + b"c"}
    fetched = town.home.asked[asked:]
    assert sorted(path for path, _ in fetched) == ["/portal/a.pdf", "/portal/b?id=3"]
    assert {headers["Authorization"] for _, headers in fetched} == {"Bearer portal:secret"}
    ((_, headers),) = town.media.asked[beside:]
    assert "Authorization" not in headers
    assert came.heads[1].filename in ("a.pdf", "b", "c.pdf")


@pytest.mark.parametrize(
    "url",
    [
        "{stranger}/portal/a.pdf",
        "{media}/private/a.pdf",
        "{media}/publicly/a.pdf",
        "{home}/a.pdf",
        "{home}/portal/../a.pdf",
        "{home}/portal/%2e%2e/a.pdf",
        "{home}/portal/%252e%252e/a.pdf",
        "{home}/portal/..%2fa.pdf",
        "{home}/portal/..;/a.pdf",
        "{home}/portal\\..\\a.pdf",
        "{home}@{bare}/portal/a.pdf",
        "http://user:word@{bare}/portal/a.pdf",
        "https://{bare}/portal/a.pdf",
        "http://2852039166/portal/a.pdf",
        "http://[::ffff:169.254.169.254]/portal/a.pdf",
        "http://localhost:1/portal/a.pdf",
        "file:///etc/passwd",
        "gopher://{bare}/portal/a.pdf",
        "//{bare}/portal/a.pdf",
        "/portal/a.pdf",
        "cid:a.pdf",
        "not an address",
        "http://",
        "http://{bare}x/portal/a.pdf",
    ],
)
def test_an_address_elsewhere_is_refused_at_its_row_and_nobody_is_called(town: AddressTown, url: str) -> None:
    town.give("/a.pdf")
    bare = town.home.url.removeprefix("http://")
    said = url.format(home=town.home.url, media=town.media.url, stranger=town.stranger.url, bare=bare)
    before = [len(each.asked) for each in (town.home, town.media, town.stranger)]

    answer = town.letter("B-1", said)

    assert "piece.url" in problems(answer)
    assert [len(each.asked) for each in (town.home, town.media, town.stranger)] == before
    assert town.kept("B-1") == []


def test_the_portal_s_own_host_may_be_written_in_any_way_that_means_it(town: AddressTown) -> None:
    town.give("/a.pdf")
    port = town.home.server_address[1]

    assert town.letter("B-2", f"HTTP://2130706433:{port}/portal/a.pdf").status_code == 202


def test_all_that_is_wrong_is_said_at_once_in_the_caller_s_language(town: AddressTown) -> None:
    good, gone = town.give("/a.pdf"), f"{town.home.url}/portal/gone.pdf"
    town.home.answers["/portal/led"] = Answer(302, headers={"Location": good})
    asked = len(town.home.asked)

    elsewhere = problems(town.letter("B-3", good, gone, f"{town.stranger.url}/x"))
    assert len(town.home.asked) == asked, "nothing is fetched for a message that is wrong anyway"
    found = problems(town.letter("B-3", f"{town.home.url}/portal/led", gone))

    assert list(elsewhere) == ["others[1].url"]
    assert "elsewhere" in elsewhere["others[1].url"]
    assert "302" in found["piece.url"] and "404" in found["others[0].url"]
    assert town.home.paths[asked:] == ["/portal/led", "/portal/gone.pdf"], "what it leads to is not followed"
    assert town.kept("B-3") == []
    assert town.uploads()[1] == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(404), "404"),
        (Answer(403), "403"),
        (Answer(410), "410"),
        (Answer(204), "204"),
        (Answer(206, PDF), "206"),
        (Answer(301, headers={"Location": "http://169.254.169.254/"}), "301"),
        (Answer(body=b"plain text"), "pdf, xml"),
        (Answer(size=65 * MB), "64 MB"),
        (Answer(body=PDF, headers={"Content-Digest": "sha-256=:" + "A" * 43 + "=:"}), "digest"),
        (Answer(body=PDF, headers={"Repr-Digest": "sha-256=:nonsense:"}), "digest"),
    ],
)
def test_a_file_that_cannot_be_had_is_refused_at_its_row_and_nothing_is_kept(
    town: AddressTown, answer: Answer, said: str
) -> None:
    town.home.answers["/portal/wrong"] = answer

    found = problems(town.letter("C-1", f"{town.home.url}/portal/wrong"))

    assert said in found["piece.url"]
    assert town.kept("C-1") == []
    assert town.uploads()[1] == 0


def test_a_file_whose_digest_is_right_is_taken(town: AddressTown) -> None:
    right = f"sha-256=:{b64encode(sha256(PDF).digest()).decode()}:"

    assert town.letter("C-2", town.give("/d.pdf", headers={"Content-Digest": right})).status_code == 202


@pytest.mark.parametrize("answer", [Answer(503), Answer(500), Answer(429), Answer(body=PDF * 50, cut=True)])
def test_an_address_that_does_not_give_its_file_now_is_tried_again_by_the_sender(town: AddressTown, answer: Answer) -> None:
    said_again(town, f"D-{answer.status}-{answer.cut}", answer)


def test_an_address_whose_file_does_not_come_to_its_end_is_tried_again_by_the_sender(tmp_path: Path) -> None:
    def hasty(root: Path) -> None:
        file = root / "connectors/portal/connector.yaml"
        file.write_text(file.read_text().replace("timeout: 60s", "timeout: 2s"))

    with address_town(tmp_path, edit=hasty) as town:
        half = Answer(body=PDF, headers={"Content-Length": str(2 * len(PDF))})  # the rest never comes
        said_again(town, "D-slow", half, times=20)


def said_again(town: AddressTown, number: str, answer: Answer, *, times: int = 1) -> None:
    """A letter whose file is answered so, and then as it should be: the sender is told to say it again, so often at most."""
    url, path = town.give(f"/{number}.pdf"), f"/portal/{number}.pdf"
    town.home.answers[path] = answer

    refused = town.letter(number, url, key=number)
    town.home.answers[path] = Answer(body=PDF)
    said = (town.letter(number, url, key=number) for _ in range(times))
    taken = next((each for each in said if each.status_code != 503), refused)

    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert "Pièce" in refused.json()["detail"] and "http" not in refused.json()["detail"]
    assert (taken.status_code, taken.json()["duplicate"]) == (202, False)
    assert town.uploads()[1] == 0


def test_a_server_that_is_not_there_is_as_one_that_does_not_answer(tmp_path: Path) -> None:
    with address_town(tmp_path, edit=lambda root: _point(root, f"http://127.0.0.1:{free_port()}")) as town:
        answer = town.letter("D-1", "http://127.0.0.1:9/portal/a.pdf")
        assert answer.status_code == 422

        nobody = (town.book.parent / "connectors/portal/connector.yaml").read_text().split('address: "')[1].split('"')[0]
        answer = town.letter("D-1", f"{nobody}/a.pdf")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def _point(root: Path, address: str) -> None:
    file = root / "connectors/portal/connector.yaml"
    file.write_text(file.read_text().replace("${PORTAL_URL}", address))


def test_an_address_that_the_hub_may_not_call_is_refused_though_its_connector_names_it(tmp_path: Path) -> None:
    with address_town(tmp_path, HUB_ALLOW_PRIVATE="10.0.0.0/8") as town:
        url = town.give("/a.pdf")
        named = url.replace("127.0.0.1", "localhost")
        literal = problems(town.letter("D-2", url))

        assert "may not call" in literal["piece.url"] and "127.0.0.1" not in literal["piece.url"]
        assert "elsewhere" in problems(town.letter("D-2", named))["piece.url"]
        assert town.home.asked == []

    with address_town(tmp_path / "by-name", edit=_by_name, HUB_ALLOW_PRIVATE="10.0.0.0/8") as town:
        named = town.give("/a.pdf").replace("127.0.0.1", "localhost")
        resolved = problems(town.letter("D-2", named))

        assert "may not call" in resolved["piece.url"]
        assert town.home.asked == []


def _by_name(root: Path) -> None:
    file = root / "connectors/portal/connector.yaml"
    url = "${PORTAL_URL}"
    file.write_text(file.read_text().replace(url, "http://localhost:${PORTAL_PORT}/portal"))


def test_a_repeat_is_the_same_message_when_its_file_has_gone(town: AddressTown) -> None:
    url = town.give("/once.pdf")
    first = town.letter("E-1", url)
    assert first.status_code == 202, first.text
    del town.home.answers["/portal/once.pdf"]
    asked = len(town.home.asked)

    again = town.letter("E-1", url)
    other = town.letter("E-1", town.give("/another.pdf"))

    assert (again.status_code, again.json()["duplicate"]) == (202, True)
    assert again.json()["message"] == first.json()["message"]
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (422, "key-reused")
    assert len(town.home.asked) == asked


def test_a_message_of_too_many_addresses_is_refused(town: AddressTown) -> None:
    many = [f"{town.home.url}/portal/{each}" for each in range(101)]
    asked = len(town.home.asked)

    assert "100" in next(iter(problems(town.letter("E-2", town.give("/a.pdf"), *many)).values()))
    assert len(town.home.asked) == asked


def test_a_dead_letter_is_corrected_with_the_file_that_was_fetched_when_it_was_said(tmp_path: Path) -> None:
    def inside(root: Path) -> None:
        file = root / "connectors/archive/connector.yaml"
        file.write_text(file.read_text().replace(", files: mtom", ""))

    with address_town(tmp_path, edit=inside) as town:
        url = town.give("/large.pdf", size=25 * MB)
        message = town.letter("E-3", url).json()["message"]
        assert "files: mtom" in town.reason(message)
        del town.home.answers["/portal/large.pdf"]
        (delivery,) = town.admin.get(f"/messages/{message}")["deliveries"]

        said = {"number": "E-3", "pages": 3, "piece": {"url": url}}
        corrected = b64encode(json.dumps(said).encode()).decode()
        made = town.admin.post(f"/deliveries/{delivery['delivery']}/replace", reason="pages", document=corrected)
        wrong = b64encode(json.dumps({**said, "piece": {"url": f"{town.stranger.url}/x"}}).encode()).decode()

        assert made["replaces"] == delivery["delivery"]
        assert town.home.paths == ["/portal/large.pdf"]
        assert "files: mtom" in town.reason(made["message"])
        again = f"/deliveries/{made['deliveries'][0]}/replace"
        with pytest.raises(AssertionError, match="elsewhere"):
            town.admin.post(again, reason="pages", document=wrong)


def test_check_and_try_take_the_address_for_the_file_and_fetch_nothing(tmp_path: Path) -> None:
    installation = install(tmp_path)
    for name in ("connectors", "mappings", "schedules"):
        shutil.rmtree(installation.root / name)
        shutil.copytree(FILES / name, installation.root / name)

    checked = installation.hub("check")
    tried = installation.hub("try", "letter", "portal")

    assert checked.returncode == 0, checked.stdout
    assert tried.returncode == 0, tried.stdout
    assert "Nothing is fetched here" in " ".join(tried.stdout.split())
    assert "own document is as it was" in " ".join(tried.stdout.split())


NOTIFY = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><Notify xmlns="urn:test:registry">'
    "<Number>{number}</Number><Pages>1</Pages><Where>{url}</Where></Notify></e:Body></e:Envelope>"
)


def notify(town: AddressTown, number: str, url: str) -> httpx.Response:
    headers = {"Content-Type": "text/xml; charset=utf-8", "X-API-Key": town.archive, "Accept-Language": "fr"}
    said = NOTIFY.format(number=number, url=url).encode()
    return httpx.post(f"{town.node.url}/soap/registry", content=said, headers=headers, timeout=30, trust_env=False)


def test_an_application_that_speaks_soap_gives_a_file_by_address_too(town: AddressTown) -> None:
    number = town.next()

    taken = notify(town, "S-1", town.give("/soap.pdf"))
    assert taken.status_code == 200, taken.text
    assert town.told(number).digests[1] == digest(PDF)

    elsewhere = notify(town, "S-2", f"{town.stranger.url}/a.pdf")
    town.home.answers["/portal/later"] = Answer(503)
    later = notify(town, "S-2", f"{town.home.url}/portal/later")
    assert (elsewhere.status_code, "Client" in elsewhere.text, "ailleurs" in elsewhere.text) == (500, True, True)
    assert ("Server" in later.text, "renvoyez" in later.text) == (True, True)
    assert town.kept("S-2") == []


def test_the_items_of_a_feed_give_files_by_address_and_one_that_cannot_be_had_is_refused_alone(town: AddressTown) -> None:
    number, url = town.next(), town.give("/fed.pdf")
    items = [("F-1", url), ("F-2", f"{town.home.url}/portal/none")]
    letters = [{"number": each, "pages": 1, "piece": {"url": where}} for each, where in items]
    news = json.dumps({"letters": letters}).encode()
    town.home.answers["/portal/news"] = Answer(body=news, headers={"Content-Type": "application/json"})

    town.admin.post("/schedules/news/run", reason="a test")
    came = town.told(number)

    assert came.digests[1] == digest(PDF)
    assert (len(town.kept("F-1")), town.kept("F-2")) == (1, [])
    asked = town.home.paths.count("/portal/fed.pdf")
    town.admin.post("/schedules/news/run", reason="a test")
    end = time.monotonic() + 60
    while not over(town, runs=2):
        assert time.monotonic() < end, town.admin.get("/schedules")
        time.sleep(0.05)
    assert town.home.paths.count("/portal/news") == 2
    assert len(town.kept("F-1")) == 1
    assert town.home.paths.count("/portal/fed.pdf") == asked
    assert town.uploads()[1] == 0


def over(town: AddressTown, *, runs: int) -> bool:
    """Whether so many runs of the feed have ended."""
    [news] = town.admin.get("/schedules")["schedules"]
    return sum(bool(run["ended_at"]) for run in news["runs"]) == runs


@contextmanager
def daemon_at(path: Path) -> Iterator[None]:
    """An antivirus that finds EICAR, in a thread of its own."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        await asyncio.start_unix_server(Daemon().serve, path)
        ready.set()

    def run() -> None:
        loop.create_task(serve())
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(60)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def test_the_antivirus_sees_what_is_fetched(tmp_path: Path) -> None:
    path = tmp_path / "clamd"
    with address_town(tmp_path, HUB_CLAMD=f"unix:{path}") as town:
        url = town.give("/clean.pdf")
        away = town.letter("V-1", url)
        with daemon_at(path):
            taken = town.letter("V-1", url)
            infected = town.letter("V-2", town.give("/bad.pdf", b"%PDF-1.7" + EICAR))

        assert away.status_code == 503
        assert taken.status_code == 202, taken.text
        assert (infected.status_code, infected.json()["type"].rpartition(":")[2]) == (422, "infected-file")
        assert "Eicar" in infected.text
        assert town.kept("V-2") == []
        assert town.uploads()[1] == 0
