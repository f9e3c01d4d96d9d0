"""An exchange that expects news says so when none comes: in the measures, the log, and the message's own story."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.awaiting import Awaiting
from hub.catalogue import inspect
from tests.endpoints.conftest import opened
from tests.endpoints.doors import Doors, bin_request


def expecting(shipped: Path, folder: Path, words: str) -> Path:
    root = folder / "expecting"
    shutil.copytree(shipped, root)
    with (root / "mappings" / "bin-replacement.yaml").open("a", encoding="utf-8") as file:
        file.write(f"expects: {words}\n")
    return root


@pytest.fixture
async def impatient(shipped: Path, tmp_path: Path) -> AsyncIterator[Doors]:
    """The doors of a hub that expects news of a bin within a second."""
    async with opened(expecting(shipped, tmp_path, "{exchange: bin-progress, within: 1s}"), tmp_path) as found:
        yield found


async def test_news_that_does_not_come_is_counted_and_told_once(impatient: Doors) -> None:
    hub = impatient.hub
    awaiting = Awaiting(catalogue=hub.catalogue, ledger=hub.ledger, clock=hub.clock, announce=hub.telemetry.listen)
    await awaiting.look()
    message = (await impatient.say(bin_request())).json()["message"]
    await asyncio.sleep(1.1)

    for _ in range(2):
        await awaiting.look()

    measured = (await impatient.get("/metrics", key=impatient.reader)).text
    assert 'hub_news_missed_total{exchange="bin-replacement",news="bin-progress"} 1.0' in measured
    story = (await impatient.get(f"/api/v1/messages/{message}", key=impatient.portal)).json()["story"]
    assert [line["event"] for line in story] == ["accepted", "news-missed"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("{exchange: bin-progres, within: 10d}", "bin-progress"),
        ("{exchange: request-status, within: 10d}", "nobody who is told this says request-status"),
        ("{exchange: bin-progress}", "within"),
        ("{exchange: bin-progress, within: soon}", "within"),
    ],
)
def test_news_that_cannot_come_is_found_by_the_check(shipped: Path, tmp_path: Path, words: str, says: str) -> None:
    findings = inspect(expecting(shipped, tmp_path, words))[1].findings

    assert any(says in f"{found.text.en} {found.right.en if found.right else ''}" for found in findings), findings
