"""The `hub` command: every subcommand in one place, each a thin layer over the floors below."""

from __future__ import annotations

import os
import sys

import cyclopts
from rich.console import Console

from hub.cli.mistyped import mistyped
from hub.cli.screen import Screen, language_of
from hub.errors import HubError

app = cyclopts.App(
    name="hub",
    help="The hub links a citizen portal to back-office applications, both ways, over REST and SOAP, without code.",
    version="0.1.0",
    error_console=Console(stderr=True, highlight=False, soft_wrap=True),
    error_formatter=mistyped,
)
COMMANDS = {
    "init": "start:init",
    "check": "check:check",
    "new": "new:new",
    "serve": "serve:serve",
    "demo": "demo:demo",
    "rehearse": "rehearse:rehearse",
    "try": "trial:try_",
    "explain": "explain:explain",
    "diff": "diff:diff",
    "example": "example:example",
    "messages": "operate:messages",
    "replay": "operate:replay",
    "cancel": "operate:cancel",
    "correct": "operate:correct",
    "connectors": "connectors:connectors",
    "schedules": "operate:schedules",
    "keys": "operate:keys",
    "audit": "book:audit",
    "backup": "book:backup",
    "restored": "book:restored",
}
"""Each command and where it lives. It is imported when it is called: a node starts without all others."""

for name, place in COMMANDS.items():
    app.command(f"hub.cli.{place}", name=name)
app.command("hub.cli.reference:reference", name="reference", show=False)


def main() -> None:
    """Run the command line; what goes wrong is said in one sentence, with exit code 1."""
    try:
        if not COMMANDS.keys() & set(sys.argv[1:2]):
            _load_all()
        app()
    except HubError as error:
        Screen(language_of(os.environ)).failure(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _load_all() -> None:
    """The overview of the commands shows each one's own words."""
    for name in COMMANDS:
        app[name]
