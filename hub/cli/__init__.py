"""The `hub` command: every subcommand in one place, each a thin layer over the floors below."""

from __future__ import annotations

import os
import sys

import cyclopts
from rich.console import Console

from hub.cli import check, demo, diff, example, explain, new, operate, refresh, rehearse, serve, start, trial
from hub.cli.mistyped import mistyped
from hub.cli.reference import reference_command
from hub.cli.screen import Screen, language_of
from hub.errors import HubError

app = cyclopts.App(
    name="hub",
    help="The hub links a citizen portal to back-office applications, both ways, over REST and SOAP, without code.",
    version="0.1.0",
    error_console=Console(stderr=True, highlight=False, soft_wrap=True),
    error_formatter=mistyped,
)
app.command(start.init)
app.command(check.check)
app.command(new.new)
app.command(serve.serve)
app.command(demo.demo)
app.command(rehearse.rehearse)
app.command(trial.try_, name="try")
app.command(explain.explain)
app.command(diff.diff)
app.command(example.example)
app.command(operate.messages)
app.command(operate.replay)
connectors = cyclopts.App(name="connectors")
connectors.default(operate.connectors)
connectors.command(refresh.refresh)
app.command(connectors)
app.command(operate.schedules)
app.command(operate.keys)
app.command(reference_command(app), name="reference", show=False)


def main() -> None:
    """Run the command line; what goes wrong is said in one sentence, with exit code 1."""
    try:
        app()
    except HubError as error:
        Screen(language_of(os.environ)).failure(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
