"""WSDL 1.1 -> Contract."""

from __future__ import annotations

from pathlib import Path

from hub.contract import Contract


def load_wsdl(path: Path) -> Contract:
    """The contract of a SOAP application, read offline from its folder. ConfigurationError names file, line and import."""
    raise NotImplementedError
