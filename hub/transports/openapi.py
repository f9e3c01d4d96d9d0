"""OpenAPI 3.0 and 3.1 -> Contract."""

from __future__ import annotations

from pathlib import Path

from hub.contract import Contract


def load_openapi(path: Path) -> Contract:
    """The contract of a REST application, read offline from its folder. ConfigurationError names file, line and reference."""
    raise NotImplementedError
