"""The OpenAPI document against the hub that gives it: requests made from it, good and bad, and every answer held to it.

`python -m tests.endpoints.contract_examples --examples 10000` ends with one line of JSON: {examples, server_errors,
mismatches, seconds}. Each caller reads its own document, and a part of the ids that are asked for are real ones.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder

from tests.endpoints.conftest import COLLECTING
from tests.endpoints.doors import bin_request
from tests.installation import Installation, Node, install

REST = "/api/v1/exchanges/bin-replacement/messages"
SHOWN = 20
SPARE = 1.25
"""More are asked for than are wanted: a question without a parameter makes one request, however many it may."""
REFUSED = {
    "enabled": True,
    "expected-statuses": ["400", "401", "403", "404", "405", "409", "410", "413", "415", "422", "431"],
}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "ignored_auth",
    "unsupported_method",
)


@dataclass
class Tally:
    """What a run came to. `mismatches`: how often each check failed, by request and check; `first`: one of each in words."""

    examples: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    server_errors: Counter[str] = field(default_factory=Counter)
    mismatches: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def note(self, recorder: ScenarioRecorder) -> None:
        """Count what one scenario asked and was answered."""
        for case, interaction in recorder.interactions.items():
            self.examples += 1
            status = interaction.response.status_code if interaction.response is not None else 0
            self.statuses[f"{recorder.label} {status}"] += 1
            if status == 0 or status >= 500:
                self.server_errors[f"{recorder.label} {status}"] += 1
                self.first.setdefault(f"{recorder.label} {status}", interaction.request.uri)
            for check in recorder.checks.get(case, ()):
                if check.status is Status.FAILURE and check.failure_info is not None:
                    name = f"{recorder.label} {check.name}"
                    self.mismatches[name] += 1
                    self.first.setdefault(name, f"{check.failure_info.failure}\n{check.failure_info.code_sample}"[:1500])


@contextmanager
def collecting_town(folder: Path) -> Iterator[tuple[Installation, Node]]:
    """What ships, with a waste application that fetches its orders from its mailbox, served by one node."""
    town = install(folder)
    (town.root / "connectors" / "waste" / "connector.yaml").write_text(COLLECTING, encoding="utf-8")
    for name in ("mappings/bin-progress.yaml", "mappings/bin-progress.examples.yaml", "schedules/waste-progress.yaml"):
        (town.root / name).unlink()
    town.replace("mappings/bin-replacement.yaml", "waste: {out: create_order}", "waste: {collect: create_order}")
    town.init()
    node = Node(town).start()
    try:
        yield town, node
    finally:
        node.stop()


@dataclass(frozen=True)
class Caller:
    """One key, the part of its document that is tried with it, and how much of all examples are its."""

    name: str
    key: str
    paths: str
    share: float


def callers(url: str, admin: str) -> list[Caller]:
    """The staff, the applications that send, and the one that fetches."""
    issued = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {admin}"}, trust_env=False, timeout=60)

    def key(application: str, *scopes: str) -> str:
        made = issued.post("/admin/api/keys", json={"application": application, "scopes": scopes})
        assert made.is_success, made.text
        return str(made.json()["key"])

    with issued:
        sending = ("send:*", "status:own")
        return [
            Caller("staff", key("staff", "admin", "content"), "^/(admin|health|metrics|openapi)", 0.5),
            Caller("portal", key("portal", *sending), "^/", 0.25),
            Caller("finance", key("finance", *sending), "^/api/v1/exchanges", 0.05),
            Caller("civil-status", key("civil-status", *sending), "^/api/v1/exchanges", 0.05),
            Caller("waste", key("waste", "collect:*", "status:own"), "^/api", 0.15),
        ]


def known_ids(url: str, key: str) -> dict[str, list[str]]:
    """Some messages and deliveries that there are, and the lanes."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=60) as portal:
        said = [portal.post(REST, json=bin_request(f"D-known-{number}")).json() for number in range(4)]
    return {
        "message": [each["message"] for each in said],
        "delivery": [each for one in said for each in one["deliveries"]],
        "connector": ["finance"],
        "instance": ["default"],
    }


def tried(url: str, caller: Caller, *, examples: int, known: Mapping[str, list[str]], tally: Tally, thorough: bool) -> None:
    """Ask as one caller, with about so many requests, and note what comes. `thorough`: and with each bound of each field."""
    headers = {"Authorization": f"Bearer {caller.key}"}
    described = httpx.get(f"{url}/openapi.json", headers=headers, trust_env=False, timeout=60)
    assert described.status_code == 200, described.text
    whole = _without_signing(_without_waiting(described.json()))
    paths = sum(len(item) for item in whole["paths"].values())
    schema = schemathesis.openapi.from_dict(whole, config=_configured(url, headers, max(1, examples // paths), thorough))
    schema.hook("map_path_parameters")(_with_known(known))
    for event in from_schema(schema.include(path_regex=caller.paths)).execute():
        if isinstance(event, ScenarioFinished):
            tally.note(event.recorder)


def _without_waiting(whole: dict[str, Any]) -> dict[str, Any]:
    """The document without the one parameter that makes an answer take a minute."""
    for item in whole["paths"].values():
        for operation in item.values():
            if "parameters" in operation:
                operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "wait"]
    return whole


def _without_signing(whole: dict[str, Any]) -> dict[str, Any]:
    """The document without the headers of signed requests: made up beside a key, they are refused before all else."""
    for item in whole["paths"].values():
        for operation in item.values():
            if "security" in operation:
                operation["security"] = [each for each in operation["security"] if "signature" not in each]
    return whole


@schemathesis.serializer("application/xml", "text/xml")
def as_it_stands(_: Any, value: Any) -> bytes:
    """XML is described as text, and sent as the text that it is."""
    return value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value).encode()


def _with_known(known: Mapping[str, list[str]]) -> Any:
    """Puts an id that there is in the place of half of those that were made up."""

    def map_path_parameters(_: Any, made: dict[str, Any] | None) -> dict[str, Any] | None:
        return made and {name: _either(str(value), known.get(name, ())) or value for name, value in made.items()}

    return map_path_parameters


def _either(made: str, known: Any) -> str:
    number = sum(made.encode("utf-8", "surrogatepass"))
    return known[number // 2 % len(known)] if known and number % 2 else ""


def _configured(url: str, headers: Mapping[str, str], each: int, thorough: bool) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "base-url": url,
            "headers": dict(headers),
            "continue-on-failure": True,
            "request-timeout": 60,
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}, "negative_data_rejection": REFUSED},
            "phases": {"stateful": {"enabled": False}, "coverage": {"enabled": thorough}},
            "generation": {"max-examples": each, "no-shrink": True, "deterministic": True, "database": "none"},
        }
    )


def run(folder: Path, examples: int, *, thorough: bool = True) -> tuple[Tally, float]:
    """About `examples` requests by all callers: what they came to, and how many seconds they took."""
    tally = Tally()
    with collecting_town(folder) as (town, node):
        found = callers(node.url, town.admin_key)
        known = known_ids(node.url, next(each.key for each in found if each.name == "portal"))
        started = time.monotonic()
        for caller in found:
            tried(
                node.url,
                caller,
                examples=round(examples * caller.share * SPARE),
                known=known,
                tally=tally,
                thorough=thorough,
            )
        return tally, time.monotonic() - started


def main() -> int:
    """Run, show what does not fit, and end with one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.endpoints.contract_examples")
    parser.add_argument("--examples", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally, seconds = run(Path(folder), asked.examples)
    for name, words in list(tally.first.items())[:SHOWN]:
        print(f"-- {name} ({tally.mismatches[name] or tally.server_errors[name]} times)\n{words}\n", file=sys.stderr)
    errors, mismatches = tally.server_errors.total(), tally.mismatches.total()
    figures = {"server_errors": errors, "mismatches": mismatches, "seconds": round(seconds, 1)}
    print(json.dumps({"examples": tally.examples, **figures}))
    return 1 if errors or mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
