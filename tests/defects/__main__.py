"""`python -m tests.defects`: plants each defect alone, says what found it, and ends with one JSON line.

Ends with 1 when the hub as it is does not pass, or when a defect was not found as what it is.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.defects.planted import PLANTED, Planted
from tests.defects.planting import Finding, copy_of_the_hub, plant, proven, simulated, tested

SOUND = 60
"""Seeds that the hub as it is must pass first."""


def main() -> int:
    """Plant them all."""
    told, sound = [], _as_it_is()
    for defect in PLANTED:
        with tempfile.TemporaryDirectory() as folder:
            copy = copy_of_the_hub(Path(folder))
            plant(defect, copy)
            told.append(_told(defect, proven(defect, copy, jobs=2)))
    caught = sum(bool(each["caught"]) for each in told)
    print(json.dumps({"planted": len(told), "caught": caught, "sound": sound, "defects": told}), flush=True)
    return 0 if sound and caught == len(told) else 1


def _as_it_is() -> bool:
    """Whether the same proofs pass on a copy without any defect."""
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of_the_hub(Path(folder))
        findings = [simulated(copy, seeds=SOUND, jobs=2), *(tested(copy, each) for each in PLANTED if each.test)]
    broken = [name for finding in findings for name in finding.broken]
    print("the hub as it is:", ", ".join(broken) or "every promise is kept", flush=True)
    return not broken


def _told(defect: Planted, finding: Finding) -> dict[str, object]:
    caught = defect.breaks in finding.broken
    told = {"level": finding.level, "seeds": finding.seeds, "seconds": round(finding.seconds, 1)}
    print(f"{'found' if caught else 'NOT FOUND'}: {defect.name} ({defect.breaks}) {told}", flush=True)
    return {"name": defect.name, "invariant": defect.breaks, "caught": caught, "said": list(finding.broken), **told}


if __name__ == "__main__":
    sys.exit(main())
