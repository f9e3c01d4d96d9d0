"""Stand-ins for applications (`hub rehearse`): one engine that serves any connector's contract from its samples.

Nothing here names an application, and the hub never needs this to run.
"""

from hub.doubles.modes import Mode
from hub.doubles.recording import Call, Said
from hub.doubles.rehearsal import load_double, rehearse
from hub.doubles.running import RunningDouble, Stage

__all__ = ["Call", "Mode", "RunningDouble", "Said", "Stage", "load_double", "rehearse"]
