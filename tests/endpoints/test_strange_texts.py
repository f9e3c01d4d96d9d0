"""Texts that look like others, run backwards or pretend to be code: kept to the byte, shown safely, and never acted upon."""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hub
from tests.endpoints.doors import Doors, bin_request, demand
from tests.endpoints.outcomes import ends
from tests.endpoints.test_console import REFUSED, sign_in

NAMES = {
    "composed": "Élise Lefèvre",
    "decomposed": "E\u0301lise Lefe\u0300vre",
    "ligature and apostrophes": "L'Haÿ-les-Rœses, œuf d\u2019Œdipe",
    "another alphabet that looks the same": "\u041c\u0430rtin",
    "right to left": "\u202e\u05d0\u05d1nitraM\u202c \u200f",
    "emoji of several signs": "👩🏽\u200d🚒 🇫🇷",
    "signs that nobody sees": "Mar\u200btin\u00ad\ufeff",
    "formula": '=HYPERLINK("http://127.0.0.1/";"x")',
}


async def _content(doors: Doors, message: str) -> bytes:
    """What is kept of a message, as whoever may see it reads it."""
    key = await doors.hub.desk.issue_key("staff", "default", ("read", "content"), actor="test")
    answer = await doors.get(f"/admin/api/messages/{message}/contents", key=key, purpose="test of what is kept")
    kept = {each["name"]: b64decode(each["data"]) for each in answer.json()["contents"]}
    return next(iter(kept.values()))


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_is_kept_to_the_byte(doors: Doors, name: str) -> None:
    sent = json.dumps(bin_request(demande=demand(commentaire=NAMES[name])), ensure_ascii=False).encode()

    answer = await doors.say(sent)

    assert answer.status_code == 202, answer.text
    assert sent in await _content(doors, answer.json()["message"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200))
async def test_any_text_is_kept_to_the_byte_or_refused_in_words(doors: Doors, text: str) -> None:
    sent = json.dumps(bin_request(f"D-{abs(hash(text))}", noteInterne=text), ensure_ascii=False).encode()

    answer = await doors.say(sent)

    if answer.status_code == 202:
        assert sent in await _content(doors, answer.json()["message"])
    else:
        assert (answer.status_code, bool(answer.json()["errors"])) == (422, True)


async def test_the_console_keeps_a_text_that_runs_backwards_to_itself(doors: Doors) -> None:
    message = (await doors.say(bin_request("D-\u202egnitirw"))).json()["message"]
    transport = httpx.ASGITransport(app=doors.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as browser:
        await sign_in(browser, doors.admin)
        pages = [(await browser.get(path)).text for path in ("/admin/messages", f"/admin/messages/{message}")]

    for page in pages:
        shown = [line for line in page.splitlines() if "\u202e" in line]
        assert all(re.search('(?:<(?:bdi|title)>|=")[^<\u202e]*\u202e', line) for line in shown), shown


# -- what is said of a call -------------------------------------------------------------------------------------------


async def test_a_sender_reads_nothing_of_how_the_hub_s_network_answers(doors: Doors) -> None:
    from hub.call import NotSent, Unanswered
    from hub.errors import Text

    told = []
    for outcome in (NotSent(Text(en="port closed", fr="port fermé")), Unanswered(Text(en="cut at 10.0.0.7", fr="coupé"))):
        message = (await doors.say(bin_request(f"D-{type(outcome).__name__}"))).json()["message"]
        await ends(doors, outcome)
        told.append((await doors.get(f"/api/v1/messages/{message}", key=doors.portal)).text)
        seen = (await doors.get(f"/admin/api/messages/{message}", key=doors.admin)).text
        assert outcome.reason.en in seen, "operators read it all"

    assert not [each for each in told if "port closed" in each or "10.0.0.7" in each]


async def test_a_receiver_s_refusal_is_told_in_its_words(doors: Doors) -> None:
    message = (await doors.say(bin_request())).json()["message"]
    await ends(doors, REFUSED)

    told = (await doors.get(f"/api/v1/messages/{message}", key=doors.portal)).json()

    assert told["deliveries"][0]["reason"] == REFUSED.reason.en


# -- patterns ---------------------------------------------------------------------------------------------------------

ADVERSE = [
    unit * 20_000 + end
    for unit in ("a", "0", "-", " ", ",", "a,", "a;q=1,", "%", "\\", '"', "(", "</a>")
    for end in ("", "!")
]


AT_ANY_PLACE = ("search", "sub", "findall", "finditer", "split")


def _patterns() -> list[tuple[str, re.Pattern[str] | re.Pattern[bytes], bool]]:
    """Every compiled pattern that stands in a module of the hub, and whether its module looks for it at any place."""
    found = []
    for info in walk_packages(hub.__path__, "hub."):
        if "migrations" in info.name or info.name.endswith("__main__"):
            continue
        module: ModuleType = import_module(info.name)
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                found.append((f"{info.name}.{name}", value, any(f"{name}.{how}(" in source for how in AT_ANY_PLACE)))
    return found


def test_no_pattern_of_the_hub_s_own_takes_long_on_any_text() -> None:
    patterns, slow = _patterns(), {}
    for name, pattern, anywhere in patterns:
        for text in ADVERSE:
            subject = text if isinstance(pattern.pattern, str) else text.encode()
            started = time.process_time()
            pattern.fullmatch(subject)  # type: ignore[arg-type]
            if anywhere:
                pattern.search(subject)  # type: ignore[arg-type]
            slow[name] = max(slow.get(name, 0.0), time.process_time() - started)

    assert len(patterns) > 30
    assert {name: seconds for name, seconds in slow.items() if seconds > 1.0} == {}
