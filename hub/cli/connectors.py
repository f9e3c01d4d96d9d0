"""`hub connectors`: how the applications stand, their lanes, and their contracts read anew."""

from __future__ import annotations

import cyclopts

from hub.cli import operate, refresh

connectors = cyclopts.App(name="connectors")
connectors.default(operate.connectors)
connectors.command(refresh.refresh)
