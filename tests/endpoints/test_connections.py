"""Connections on the wire: what takes too long, is too much or can be read in two ways ends, told so where it can be."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from socket import SO_LINGER, SOL_SOCKET

import httpx
import pytest

from hub.endpoints.connections import SURPLUS, Connections, Limits
from tests.endpoints.doors import Doors, bin_request
from tests.endpoints.served import HANGS, LIVE, PATH, Caller, Serving, caller, head, message, served, serving, statuses
from tests.stopwatch import Stopwatch

LONG = Limits(head=HANGS, body=HANGS)
"""For what is not about time: of what is, each test is short of one time alone."""
SHORT_OF_HEADS, SHORT_OF_BODIES = replace(LONG, head=0.4), replace(LONG, body=0.4)
SOON = 2.0
"""Seconds, without what the machine stood still: sooner than by the limits that are usual."""
CROWDED = replace(LONG, most=4, most_of_one=3)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is heard out is, however long the machine stands still meanwhile."""
    monkeypatch.setattr("hub.endpoints.connections.LINGER", HANGS)


@pytest.fixture
async def heads(doors: Doors) -> AsyncIterator[int]:
    """A hub that gives headers a short time."""
    async with served(doors, SHORT_OF_HEADS) as found:
        yield found


@pytest.fixture
async def bodies(doors: Doors) -> AsyncIterator[int]:
    """A hub that gives bodies a short time."""
    async with served(doors, SHORT_OF_BODIES) as found:
        yield found


@pytest.fixture
async def crowded(doors: Doors) -> AsyncIterator[Serving]:
    """A hub for few connections."""
    async with serving(doors, CROWDED) as found:
        yield found


@pytest.fixture
async def usual(doors: Doors) -> AsyncIterator[int]:
    """A hub with the limits of its settings."""
    async with served(doors) as found:
        yield found


# -- time -------------------------------------------------------------------------------------------------------------


async def test_a_connection_that_says_nothing_is_closed_without_a_word(heads: int) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    silent = await caller(heads)

    with Stopwatch() as watch:
        assert await silent.is_closed()

        assert loop.time() - started > SHORT_OF_HEADS.head and watch.seconds < SOON


@pytest.mark.parametrize("said", [b"G", LIVE[:-2], b"\r\n"], ids=["one letter", "all but the last line", "an empty line"])
async def test_headers_that_do_not_come_to_their_end_are_answered_and_closed(heads: int, said: bytes) -> None:
    slow = await caller(heads)

    await slow.say(said)

    assert statuses(await slow.hear()) in ([408], [])


async def test_headers_that_drip_are_cut_at_the_same_time(heads: int) -> None:
    slow = await caller(heads)

    with Stopwatch() as watch:
        dripping = asyncio.create_task(_drip(slow, LIVE * 20, every=0.05))
        heard = await slow.hear()
        dripping.cancel()
        took = watch.seconds

    assert statuses(heard) == [408]
    assert b"application/problem+json" in heard and b"too-slow" in heard
    assert took < SOON


async def test_a_second_request_whose_headers_stall_is_cut_too(heads: int) -> None:
    slow = await _after_one_answer(heads, "127.0.0.1")

    await slow.say(LIVE[:20])

    assert statuses(await slow.hear()) == [408]


@pytest.mark.parametrize(
    "asked",
    [
        f"POST {PATH}",  # its body is read
        "POST /admin/api/keys",  # read by the framework
        "GET /health/live",  # never read
        "POST /nowhere",
    ],
)
async def test_a_body_that_does_not_come_to_its_end_ends_its_connection_whatever_is_asked(
    doors: Doors, bodies: int, asked: str
) -> None:
    slow = await caller(bodies)

    await slow.say(
        f"{asked} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {doors.admin}\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000\r\n\r\n{".encode()
    )
    dripping = asyncio.create_task(_drip(slow, b" " * 900, every=0.05))
    heard = await slow.hear()
    dripping.cancel()

    assert len(statuses(heard)) == 1, "one request has one answer"
    assert await doors.kept() == 0


async def test_a_body_that_a_route_waits_for_is_answered_408(doors: Doors, bodies: int) -> None:
    slow = await caller(bodies)

    await slow.say(head(doors, "Content-Length: 1000\r\n") + b'{"dossier": ')

    heard = await slow.hear()
    assert statuses(heard) == [408]
    assert b"connection: close" in heard.lower()


async def test_a_body_may_take_longer_while_it_comes_fast_enough(doors: Doors) -> None:
    body = json.dumps(bin_request("D-steady")).encode().ljust(80_000)
    async with served(doors, replace(SHORT_OF_BODIES, slowest=1000)) as port:
        steady = await caller(port)
        # what comes along with the headers gives the rest a minute: more than the machine will stand still
        await steady.say(head(doors, f"Content-Length: {len(body)}\r\n") + body[:60_000])
        await asyncio.sleep(2 * SHORT_OF_BODIES.body)
        await _drip(steady, body[60_000:], every=0.05, size=5000)

        assert (await steady.answer())[0] == 202


async def test_an_idle_connection_is_closed(doors: Doors) -> None:
    async with served(doors, replace(LONG, idle=1)) as port:
        idle = await _after_one_answer(port, "127.0.0.1")

        assert await idle.is_closed()


async def test_a_connection_that_speaks_now_and_then_is_not_idle(doors: Doors) -> None:
    async with served(doors, replace(LONG, idle=2)) as port:
        chatty = await _after_one_answer(port, "127.0.0.1")
        for _ in range(6):
            await asyncio.sleep(0.5)
            await chatty.say(LIVE)
            assert (await chatty.answer())[0] == 200
        await chatty.say(LIVE[:20])  # what is not whole is not idle either
        await asyncio.sleep(2.6)
        await chatty.say(LIVE[20:])

        assert (await chatty.answer())[0] == 200
        assert await chatty.is_closed()


async def test_an_answer_that_takes_longer_than_a_request_may_is_waited_for(collecting: Doors) -> None:
    asked = f"GET /api/v1/mailboxes/waste?wait=1 HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {collecting.waste}\r\n\r\n"
    async with served(collecting, SHORT_OF_BODIES) as port:
        patient = await caller(port)

        await patient.say(asked.encode())

        assert (await patient.answer())[0] == 200


async def test_the_language_of_a_late_body_is_the_caller_s(doors: Doors, bodies: int) -> None:
    slow = await caller(bodies)

    await slow.say(head(doors, "Accept-Language: fr\r\nContent-Length: 1000\r\n"))

    assert "trop lentement" in (await slow.hear()).decode()


async def test_whoever_does_not_read_its_answers_holds_them_no_longer_than_a_request_may_take(
    doors: Doors,
) -> None:
    asked = f"GET /openapi.json HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {doors.admin}\r\n\r\n".encode()
    async with serving(doors, SHORT_OF_BODIES) as hub:
        greedy = await caller(hub.port)
        greedy.writer.transport.pause_reading()

        await asyncio.wait_for(greedy.say(asked * 400), HANGS)
        await hub.is_done()
        greedy.writer.transport.resume_reading()

    with suppress(ConnectionError):
        assert len(statuses(await greedy.hear())) < 400
    assert await doors.unharmed()


async def test_a_node_that_ends_waits_for_nobody_who_has_not_said_what_he_wants(doors: Doors) -> None:
    async with AsyncExitStack() as running:
        hub = await running.enter_async_context(serving(doors, LONG))
        stalled = await _busy(hub, "127.0.0.2")
        refused = await caller(hub.port)
        await refused.say(b"\x00")
        assert statuses(await refused.hear()) == [400]

        with Stopwatch() as watch:
            await running.aclose()

            assert watch.seconds < 1.5

    assert await stalled.is_closed()


# -- size -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["one header", "many headers", "the path", "after a good request"])
async def test_a_head_of_two_hundred_kilobytes_is_told_so_and_closed(usual: int, way: str) -> None:
    long = await caller(usual)
    if way == "after a good request":
        await long.say(LIVE)
        await long.answer()
    lines = {"many headers": b"x: y\r\n" * 40_000, "the path": b""}.get(way, b"x: " + b"y" * 200_000 + b"\r\n")
    path = b"/" + b"y" * 200_000 if way == "the path" else b"/health/live"

    await long.say(b"GET " + path + b" HTTP/1.1\r\nHost: hub\r\n" + lines + b"\r\n")

    heard = await long.hear()
    assert statuses(heard) == [431]
    assert b"headers-too-large" in heard


async def test_an_endless_header_is_cut_while_it_comes(usual: int) -> None:
    endless = await caller(usual)
    await endless.say(b"GET /health/live HTTP/1.1\r\nHost: hub\r\nx: ")

    pouring = asyncio.create_task(_drip(endless, b"y" * 10_000_000, every=0, size=8192))
    heard = await endless.hear()
    pouring.cancel()

    assert statuses(heard) == [431]


async def test_a_large_body_in_one_piece_with_its_headers_is_taken(doors: Doors, usual: int) -> None:
    large = json.dumps(bin_request("D-large") | {"noteInterne": "é" * 100_000}, ensure_ascii=False).encode()
    speaking = await caller(usual)

    await speaking.say(head(doors, f"Content-Length: {len(large)}\r\n") + large)

    assert (await speaking.answer())[0] in (202, 422)


async def test_whoever_sends_too_large_a_body_can_read_that_it_is(doors: Doors, usual: int) -> None:
    large = await caller(usual)

    await large.say(head(doors, f"Content-Length: {50 * 1024 * 1024}\r\n"))
    pouring = asyncio.create_task(_drip(large, b" " * 4_000_000, every=0, size=65_536))
    heard = await large.hear()
    pouring.cancel()

    assert statuses(heard) == [413]


async def test_what_follows_a_chunked_body_is_no_header_and_has_an_end(doors: Doors, usual: int) -> None:
    body = json.dumps(bin_request("D-trailer")).encode()
    chunked = head(doors, "Transfer-Encoding: chunked\r\n").replace(doors.portal.encode(), b"hub_0123456789ab_no")
    late = await caller(usual)

    await late.say(chunked + b"%x\r\n%b\r\n0\r\nAuthorization: Bearer %b\r\n\r\n" % (len(body), body, doors.portal.encode()))
    status, _ = await late.answer()
    endless = await caller(usual)
    await endless.say(head(doors, "Transfer-Encoding: chunked\r\n") + b"2\r\n{}\r\n0\r\nx: ")
    pouring = asyncio.create_task(_drip(endless, b"y" * 1_000_000, every=0, size=8192))
    heard = await endless.hear()
    pouring.cancel()

    assert status == 401
    assert statuses(heard) == [431]
    assert await doors.kept() == 0


# -- number -----------------------------------------------------------------------------------------------------------


async def test_beyond_the_limit_the_connection_that_is_idle_for_longest_makes_room(crowded: Serving) -> None:
    idle = [await _after_one_answer(crowded.port, f"127.0.0.{2 + number}") for number in range(4)]

    newest = await _after_one_answer(crowded.port, "127.0.0.9")

    assert await idle[0].is_closed()
    await idle[1].say(LIVE)
    assert (await idle[1].answer())[0] == 200
    newest.close()


async def test_when_none_is_idle_a_new_one_is_told_to_come_again(doors: Doors) -> None:
    async with serving(doors, replace(LONG, most=3)) as hub:
        busy = [await _busy(hub, f"127.0.0.{2 + number}") for number in range(3)]

        surplus = await caller(hub.port, "127.0.0.9")
        await surplus.say(LIVE)
        heard = await surplus.hear()
        busy[0].close()
        await hub.has_left(2)
        served_again = await _after_one_answer(hub.port, "127.0.0.9")

    assert statuses(heard) == [503]
    assert b"retry-after: " in heard.lower() and b"connection: close" in heard.lower()
    served_again.close()


async def test_one_client_has_its_share_and_no_more(crowded: Serving) -> None:
    busy = [await _busy(crowded, "127.0.0.2") for _ in range(3)]

    surplus = await caller(crowded.port, "127.0.0.2")
    await surplus.say(LIVE)
    heard = await surplus.hear()
    another = await _after_one_answer(crowded.port, "127.0.0.3")

    assert statuses(heard) == [429]
    assert b"too-many-connections" in heard and b"retry-after: " in heard.lower()
    for each in (*busy, another):
        each.close()


async def test_a_proxy_speaks_for_many_and_has_no_share(doors: Doors) -> None:
    limits = replace(LONG, most=10, most_of_one=1, proxies=("127.0.0.0/30", "not-an-address"))
    async with serving(doors, limits) as hub:
        proxied = [await _busy(hub, "127.0.0.2") for _ in range(5)]
        alone = await _busy(hub, "127.0.0.9")
        surplus = await caller(hub.port, "127.0.0.9")
        await surplus.say(LIVE)

        assert statuses(await surplus.hear()) == [429]
        for each in (*proxied, alone):
            await each.say(b"\r\n")
            assert (await each.answer())[0] == 200


async def test_a_thousand_idle_connections_keep_nobody_out(doors: Doors) -> None:
    async with served(doors, replace(LONG, most=100, most_of_one=1000)) as port:
        idle = [await caller(port) for _ in range(1000)]
        speaking = await caller(port)
        await speaking.say(message(doors, "D-among-many"))

        assert (await speaking.answer())[0] == 202
        for each in idle:
            each.writer.transport.abort()


async def test_those_that_no_more_are_told_are_dropped(doors: Doors) -> None:
    async with serving(doors, replace(LONG, most=2, most_of_one=1000)) as hub:
        busy = [await _busy(hub, "127.0.0.2") for _ in range(2 + SURPLUS)]
        dropped = await caller(hub.port)
        await dropped.say(LIVE)

        assert await dropped.is_closed()
        for each in busy:
            each.close()


@pytest.mark.parametrize(
    ("client", "origin"),
    [
        (("192.0.2.1", 5), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 5), "2001:db8:1:2::/64"),
        (("10.0.0.7", 5), ""),
        (None, ""),
        (("", 0), ""),
    ],
)
def test_a_client_is_an_address_and_in_ipv6_a_network(client: tuple[str, int] | None, origin: str) -> None:
    assert Connections(Limits(proxies=("10.0.0.0/8",))).origin_of(client) == origin


# -- one reading ------------------------------------------------------------------------------------------------------

TWICE = b"GET /health/live HTTP/1.1\r\nHost: hub\r\nx-second: yes\r\n\r\n"
AMBIGUOUS = {
    "a length and chunks": ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + TWICE),
    "chunks and a length": ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"0\r\n\r\n" + TWICE),
    "two lengths": ("Content-Length: 2\r\nContent-Length: 4\r\n", b"{}" + TWICE),
    "two lengths in one header": ("Content-Length: 2, 4\r\n", b"{}" + TWICE),
    "a length with a sign": ("Content-Length: +2\r\n", b"{}" + TWICE),
    "a negative length": ("Content-Length: -2\r\n", b"{}" + TWICE),
    "a length that is none": ("Content-Length: 0x2\r\n", b"{}" + TWICE),
    "a length beyond any": ("Content-Length: 99999999999999999999999\r\n", b"{}"),
    "an unknown coding": ("Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + TWICE),
    "chunks before another coding": ("Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n" + TWICE),
    "chunks twice": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + TWICE),
    "a folded header": ("x-folded: one\r\n Content-Length: 4\r\n", TWICE),
    "a folded coding": ("Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + TWICE),
    "a space before the colon": ("Content-Length : 4\r\n", b"{}" + TWICE),
    "a space before the name": (" Content-Length: 4\r\n", b"{}" + TWICE),
    "a header without a colon": ("Content-Length 4\r\n", b"{}" + TWICE),
    "a NUL in a header": ("x: a\x00b\r\n", b"" + TWICE),
    "a bare line feed": ("x: a\nContent-Length: 4\r\n", b"{}" + TWICE),
    "a bare carriage return": ("x: a\rContent-Length: 4\r\n", b"{}" + TWICE),
    "a chunk size that is none": ("Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n" + TWICE),
    "a chunk size with a sign": ("Transfer-Encoding: chunked\r\n", b"+2\r\n{}\r\n0\r\n\r\n" + TWICE),
    "a chunk size in 0x": ("Transfer-Encoding: chunked\r\n", b"0x2\r\n{}\r\n0\r\n\r\n" + TWICE),
    "a chunk size beyond any": ("Transfer-Encoding: chunked\r\n", b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n" + TWICE),
    "a chunk longer than it says": ("Transfer-Encoding: chunked\r\n", b"1\r\n{}\r\n0\r\n\r\n" + TWICE),
    "a chunk with a bare line feed": ("Transfer-Encoding: chunked\r\n", b"2\n{}\n0\n\n" + TWICE),
}


async def test_what_can_be_read_in_two_ways_is_refused_and_its_connection_closed(doors: Doors, usual: int) -> None:
    heard = {way: await _said(usual, head(doors, more) + body) for way, (more, body) in AMBIGUOUS.items()}

    assert {way: statuses(each) for way, each in heard.items()} == {way: [400] for way in AMBIGUOUS}
    for each in heard.values():
        assert b"connection: close" in each.lower()
        assert b"application/problem+json" in each
    assert await doors.kept() == 0


GARBAGE = {
    "noise": bytes(range(256)) * 4,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /health/live\r\n\r\n",
    "HTTP/9.9": b"GET /health/live HTTP/9.9\r\nHost: hub\r\n\r\n",
    "an unknown method": b"HACK /health/live HTTP/1.1\r\nHost: hub\r\n\r\n",
    "a tunnel": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: hub\r\n\r\n",
}


async def test_what_is_no_http_is_refused_and_the_next_caller_served(usual: int) -> None:
    heard = {name: await _said(usual, said) for name, said in GARBAGE.items()}

    assert {name: statuses(each) for name, each in heard.items()} == {name: [400] for name in GARBAGE}
    (await _after_one_answer(usual, "127.0.0.1")).close()


async def test_requests_in_one_breath_are_answered_each_in_its_turn(doors: Doors, usual: int) -> None:
    fast = await caller(usual)

    await fast.say(message(doors, "D-1") + LIVE + message(doors, "D-2") + LIVE)

    assert [(await fast.answer())[0] for _ in range(4)] == [202, 200, 202, 200]
    assert await doors.kept() == 2


async def test_garbage_after_a_message_takes_nothing_from_its_answer(doors: Doors, usual: int) -> None:
    fast = await caller(usual)

    await fast.say(message(doors, "D-1") + message(doors, "D-2") + b"\x00garbage\r\n\r\n" + message(doors, "D-3"))

    assert statuses(await fast.hear()) == [202, 202]
    assert await doors.kept() == 2


async def test_a_bad_body_after_a_message_is_refused_in_its_turn(doors: Doors, usual: int) -> None:
    fast = await caller(usual)
    bad = head(doors, "Transfer-Encoding: chunked\r\n") + b"zz\r\n"

    await fast.say(message(doors, "D-1") + bad + message(doors, "D-3"))

    assert statuses(await fast.hear()) == [202, 400]
    assert await doors.kept() == 1


async def test_nothing_is_read_after_a_request_that_closes(doors: Doors, usual: int) -> None:
    last = await caller(usual)

    await last.say(message(doors, "D-1", more="Connection: close\r\n") + message(doors, "D-2"))

    assert statuses(await last.hear()) == [202]
    assert await doors.kept() == 1


async def test_a_body_that_asks_for_another_protocol_is_told_that_none_is_spoken(doors: Doors, usual: int) -> None:
    other = await caller(usual)

    await other.say(message(doors, "D-1", more="Connection: Upgrade\r\nUpgrade: h2c\r\n"))

    heard = await other.hear()
    assert statuses(heard) == [400]
    assert b"Upgrade" in heard
    assert await doors.kept() == 0


async def test_a_question_that_asks_for_another_protocol_is_answered_in_this_one(usual: int) -> None:
    other = await caller(usual)

    await other.say(LIVE[:-2] + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")

    assert (await other.answer())[0] == 200


async def test_a_caller_that_asks_before_it_sends_is_told_to_go_on(doors: Doors, usual: int) -> None:
    polite = await caller(usual)
    whole = message(doors, "D-1", more="Expect: 100-continue\r\n")
    split = whole.index(b"\r\n\r\n") + 4

    await polite.say(whole[:split])
    assert (await polite.answer())[0] == 100
    await polite.say(whole[split:])

    assert (await polite.answer())[0] == 202


async def test_ordinary_clients_notice_nothing(doors: Doors, usual: int) -> None:
    headers = {"Authorization": f"Bearer {doors.portal}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{usual}", headers=headers, timeout=HANGS, trust_env=False
    ) as client:
        answers = await asyncio.gather(*(client.post(PATH, json=bin_request(f"D-{number}")) for number in range(50)))

    assert {answer.status_code for answer in answers} == {202}
    assert await doors.kept() == 50


async def test_connections_that_break_leave_no_trace(doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(doors) as hub:
        for said in (b"", b"GET", head(doors, "Content-Length: 9\r\n"), message(doors, "D-1")[:-3]):
            broken = await caller(hub.port)
            await broken.say(said)
            broken.writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            broken.writer.transport.abort()
        await hub.is_done()

    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    assert await doors.unharmed()


async def _said(port: int, data: bytes) -> bytes:
    """All that is answered to these bytes, on a connection of their own."""
    found = await caller(port)
    await found.say(data)
    return await found.hear()


async def _drip(to: Caller, data: bytes, *, every: float, size: int = 1) -> None:
    for start in range(0, len(data), size):
        await to.say(data[start : start + size])
        await asyncio.sleep(every)


async def _busy(hub: Serving, host: str) -> Caller:
    """A caller in the middle of its headers."""
    found = await caller(hub.port, host)
    await found.say(LIVE[:-2])
    await hub.has_read(found)
    return found


async def _after_one_answer(port: int, host: str) -> Caller:
    """A caller that has had an answer, and keeps its connection."""
    found = await caller(port, host)
    await found.say(LIVE)
    assert (await found.answer())[0] == 200
    return found
