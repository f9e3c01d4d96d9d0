"""`python -m tests.interop`: tries every SOAP stack that is there, writes docs/reference/interop.md, and ends with one JSON
line. Ends with 1 when a trial failed. What npm gives is installed into .interop; what Debian gives is not.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.installation import REPOSITORY
from tests.interop import tools
from tests.interop.clients import clients
from tests.interop.report import counted, page
from tests.interop.servers import servers
from tests.interop.trials import Trial, all_trials, meeting

CACHE = REPOSITORY / ".interop"
PAGE = REPOSITORY / "docs" / "reference" / "interop.md"


def main() -> int:
    """Try them all."""
    started = time.monotonic()
    tools.Node(CACHE).install()
    found: list[Trial] = []
    others = servers(CACHE)
    with tempfile.TemporaryDirectory() as folder, meeting(Path(folder), others) as hub:
        for each in all_trials(hub, clients(CACHE), others):
            told = (
                f"{each.ended}:",
                each.stack,
                each.role,
                each.face.connector,
                each.face.version,
                each.about,
                each.way,
                each.why,
            )
            print(" ".join(word for word in told if word), flush=True)
            found.append(each)
    PAGE.write_text(page(found, seconds=time.monotonic() - started), encoding="utf-8")
    counts = counted(found)
    print(json.dumps(counts), flush=True)
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
