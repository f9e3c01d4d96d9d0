"""`hub rehearse`: a double stands in for an application, and answers from its contract and samples."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from hub.cli.screen import Screen, language_of
from hub.doubles import RunningDouble, Stage, load_double
from hub.doubles import rehearse as run
from hub.errors import NotFound, Text
from hub.settings import read_settings


def rehearse(
    connector: str,
    *,
    port: int = 0,
    control_port: int = 0,
    record: Path | None = None,
    pace: float = 1.0,
    credentials: bool | None = None,
) -> None:
    """Stand in for an application until Ctrl-C. It speaks to the hub at HUB_URL with the key in HUB_API_KEY.

    Parameters
    ----------
    connector
        The application, such as waste.
    port
        The port it listens on; 0: a free one, which it shows.
    control_port
        The port that tells what it heard (GET /calls, /kept) and how to misbehave (POST /mode); 0: a free one.
    record
        A file that gets one JSON line per call, before the call is answered.
    pace
        What the samples wait is multiplied by this: 0.1 is ten times faster.
    credentials
        Whether callers must show some; as connector.yaml has it if nothing is said.
    """
    screen = Screen(language_of(os.environ))
    root = read_settings(os.environ).root
    folder = root / "connectors" / connector
    if not (folder / "connector.yaml").is_file():
        known = ", ".join(sorted(each.parent.name for each in root.glob("connectors/*/connector.yaml"))) or "-"
        raise NotFound(
            Text(
                en=f"There is no connector “{connector}” under {root}. There are: {known}.",
                fr=f"Aucun connecteur « {connector} » sous {root}. Il y a : {known}.",
            )
        )
    stage = Stage(
        port=port,
        control_port=control_port,
        hub=os.environ.get("HUB_URL", ""),
        api_key=os.environ.get("HUB_API_KEY", ""),
        file=record,
        pace=pace,
        credentials=credentials,
    )
    double = load_double(folder, stage, root=root)
    asyncio.run(run(double, started=lambda running: _welcome(screen, running)))


def _welcome(screen: Screen, double: RunningDouble) -> None:
    name = double.application.name
    screen.say(f"The double of {name} answers at {double.address}", f"La doublure de {name} répond à {double.address}")
    screen.say(f"Control: {double.control_address}", f"Commande : {double.control_address}")
