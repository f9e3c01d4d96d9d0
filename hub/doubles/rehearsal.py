"""From a connector's folder to a running double, and a whole rehearsal until a signal ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from hub.catalogue import Application
from hub.catalogue.connectors import read_connector
from hub.doubles.playing import CALLED
from hub.doubles.running import RunningDouble, Stage
from hub.errors import ConfigurationError, Finding, Text
from hub.specs.load import load
from hub.specs.sample import Sample


def load_double(folder: Path, stage: Stage, *, root: Path | None = None) -> RunningDouble:
    """The double of the connector in `folder`, not yet started. ConfigurationError with every finding."""
    top = root or folder.parent.parent
    application, findings = read_connector(folder, root=top)
    errors = tuple(finding for finding in findings if finding.severity == "error")
    if application is None or errors:
        raise ConfigurationError(findings=errors)
    return RunningDouble(application, _samples(application, top), stage)


async def rehearse(double: RunningDouble, *, started: Callable[[RunningDouble], None] | None = None) -> None:
    """Run `double` until SIGTERM or SIGINT; `started` is told once it listens."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ended.set)
    async with double:
        if started:
            started(double)
        await ended.wait()


def _samples(application: Application, root: Path) -> dict[str, Sample]:
    found: dict[str, Sample] = {}
    findings: list[Finding] = []
    for name, operation in application.spec.operations.items():
        if operation.direction not in CALLED:
            continue
        file = application.folder / "samples" / f"{name}.yaml"
        try:
            found[name] = _sample(file, name, shown=file.relative_to(root).as_posix())
        except ConfigurationError as error:
            findings.extend(error.findings)
    if findings:
        raise ConfigurationError(findings=tuple(findings))
    return found


def _sample(file: Path, name: str, *, shown: str) -> Sample:
    if not file.is_file():
        text = Text(en=f"the double needs a sample of {name}", fr=f"il manque à la doublure un échantillon de {name}")
        right = Text(en="write one, with operation: and answers:", fr="écrivez-en un, avec operation: et answers:")
        raise ConfigurationError(findings=(Finding(text, shown, right=right),))
    sample, source = load(file, Sample, shown=shown)
    if sample.operation != name:
        text = Text(en=f"this is the sample of {sample.operation}", fr=f"c'est l'échantillon de {sample.operation}")
        right = Text(en=f"write {name}", fr=f"écrivez {name}")
        raise ConfigurationError(findings=(source.finding(("operation",), text, right=right),))
    return sample
