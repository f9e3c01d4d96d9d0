"""Reads the certificates whose signature an instance's answers must carry (`answers_signed_by`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hub.errors import Finding, MessageError, Text
from hub.specs import connector as specs
from hub.specs.source import Source, is_file_inside
from hub.transports.signatures import fingerprint_of

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def read_signers(
    spec: specs.Connector, source: Source, folder: Path
) -> tuple[Mapping[str, frozenset[str]], tuple[Finding, ...]]:
    """The fingerprints (SHA-256, hexadecimal) of those certificates for each instance that names some, and what is wrong
    with their files. Where something is wrong there are none: no answer is believed."""
    read: dict[str, frozenset[str]] = {}
    findings: list[Finding] = []
    for name, instance in spec.instances.items():
        if not instance.answers_signed_by:
            continue
        try:
            read[name] = _fingerprints(folder, instance.answers_signed_by)
        except MessageError as error:
            read[name] = frozenset()
            findings.append(source.finding(("instances", name, "answers_signed_by"), error.text, right=_RIGHT))
    return read, tuple(findings)


def _fingerprints(folder: Path, name: str) -> frozenset[str]:
    """Those of every certificate in a file of this folder. MessageError when it has none, or one that is too weak."""
    file = folder / name
    if not is_file_inside(file, folder):
        raise MessageError(
            Text(en=f"there is no file “{name}” in this folder", fr=f"le fichier « {name} » n'est pas dans ce dossier")
        )
    text = file.read_bytes().decode("latin-1")
    return frozenset(map(fingerprint_of, _CERTIFICATE.findall(text) or [""]))


_RIGHT = Text(
    en="the application's certificate in PEM; while it is renewed the old and the new one, one after the other",
    fr="le certificat de l'application en PEM ; pendant un renouvellement l'ancien et le nouveau, à la suite",
)
