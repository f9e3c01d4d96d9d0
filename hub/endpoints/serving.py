"""The hub behind a request."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from hub.assembly import Hub


def hub_of(connection: HTTPConnection) -> Hub:
    """The hub that answers this request."""
    found: Hub = connection.app.hub
    return found
