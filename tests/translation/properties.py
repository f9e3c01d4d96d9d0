"""The laws on ten thousand made mappings and messages each, through XML and JSON: `make properties`.

Prints examples, seconds and failures of each law, and all of it as JSON in the last line. Ends with 1 if a law fails.
"""

from __future__ import annotations

import json
import sys
import time
import traceback

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.translation.mapping_laws import LAWS, Law


def hold(law: Law, examples: int) -> dict[str, object]:
    """Try `law` on so many examples; what it came to."""
    tried = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def trial(data: st.DataObject) -> None:
        nonlocal tried
        law(data.draw)
        tried += 1

    start, failed = time.perf_counter(), 0
    try:
        trial()
    except Exception:
        traceback.print_exc()
        failed = 1
    return {"law": law.__name__, "examples": tried, "seconds": round(time.perf_counter() - start, 1), "failures": failed}


def main(examples: int) -> int:
    """Hold every law; 1 when one fails."""
    found = []
    for law in LAWS:
        found.append(hold(law, examples))
        print("{law}: {examples} examples, {seconds} s, {failures} failures".format(**found[-1]), flush=True)
    print(json.dumps(found))
    return 1 if any(each["failures"] for each in found) else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
