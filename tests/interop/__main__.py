"""`python -m tests.interop`: tries every SOAP stack that is there, writes docs/reference/interop.md, and ends with one JSON
line. Ends with 1 when a trial failed. What npm gives is installed into .interop; what Debian gives is not.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.installation import REPOSITORY
from tests.interop import tools
from tests.interop.clients import clients
from tests.interop.laid_out import FACES
from tests.interop.report import counted, page
from tests.interop.servers import servers
from tests.interop.trials import Trial, meeting

CACHE = REPOSITORY / ".interop"
PAGE = REPOSITORY / "docs" / "reference" / "interop.md"


def main() -> int:
    """Try them all."""
    started = time.monotonic()
    tools.Node(CACHE).install()
    found: list[Trial] = []
    with tempfile.TemporaryDirectory() as folder:
        for each in _trials(Path(folder)):
            print(f"{each.ended}: {each.stack} {each.role} {each.face.connector} {each.why}".strip(), flush=True)
            found.append(each)
    PAGE.write_text(page(found, seconds=time.monotonic() - started), encoding="utf-8")
    counts = counted(found)
    print(json.dumps(counts), flush=True)
    return 1 if counts["failed"] else 0


def _trials(folder: Path) -> Iterator[Trial]:
    """Every stack in every style and version."""
    others = servers(CACHE)
    with meeting(folder, others) as hub:
        yield from (hub.with_client(client, face) for client in clients(CACHE) for face in FACES)
        yield from (hub.with_server(server, face) for server in others for face in FACES)


if __name__ == "__main__":
    sys.exit(main())
