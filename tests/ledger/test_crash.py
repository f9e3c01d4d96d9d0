"""A process killed in the middle of accepting loses nothing that it had acknowledged."""

import asyncio
import signal
import subprocess
import sys
import time

from hub.ledger import Search
from tests.ledger.conftest import Opener

PROGRAM = """
import asyncio, sys
from hub.ledger import Ledger
from tests.ledger.makers import Reversing, an_acceptance

async def main(url):
    ledger = await Ledger.open(url, cipher=Reversing(), node="doomed", boot="doomed-boot")
    async def caller(name):
        for n in range(100_000):
            receipt = await ledger.accept(an_acceptance(f"{name}-{n}"))
            sys.stdout.write(receipt.message + "\\n")
            sys.stdout.flush()
    await asyncio.gather(*(caller(name) for name in range(16)))

asyncio.run(main(sys.argv[1]))
"""


def kill_in_the_middle(url: str) -> list[str]:
    """Start a process that accepts without end, kill it, and give the ids that it had acknowledged."""
    doomed = subprocess.Popen([sys.executable, "-c", PROGRAM, url], stdout=subprocess.PIPE, text=True)
    assert doomed.stdout is not None
    acknowledged = [doomed.stdout.readline().strip() for _ in range(200)]
    time.sleep(0.2)
    doomed.send_signal(signal.SIGKILL)
    acknowledged += [line for line in doomed.stdout.read().splitlines() if len(line) == 32]
    doomed.wait()
    return acknowledged


async def test_kill_9_in_the_middle_of_accepts_loses_no_acknowledged_message(url: str, opened: Opener) -> None:
    acknowledged = await asyncio.to_thread(kill_in_the_middle, url)

    ledger = await opened()
    kept, after = set(), ""
    while True:
        page = await ledger.find(Search(limit=1000, after=after))
        kept |= {summary.message.id for summary in page.found}
        assert all(len(summary.deliveries) == 1 for summary in page.found)
        after = page.next
        if not after:
            break

    assert len(acknowledged) >= 200
    assert set(acknowledged) <= kept
    assert await ledger.verify_journal() is None
