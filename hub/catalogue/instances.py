"""What is wrong with where an application is reached: addresses that are none, and secrets that stand in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hub.errors import Finding, Text
from hub.specs import connector as specs
from hub.specs.source import Source

_REFERENCE = re.compile(r"\$\{[A-Z][A-Z0-9_]*\}")
_USER = re.compile(r"//[^/?#]*@")
_SECRET = re.compile(r"[?&;](?:token|[a-z_-]*key|password|passwd|pwd|mdp|secret)=", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_HEADERS = {
    "header": Text(
        en="header: X-API-Key, its name only; its value is the secret that credentials refers to",
        fr="header: X-API-Key, son nom seulement ; sa valeur est le secret auquel renvoie credentials",
    ),
    "time_header": Text(
        en="time_header: X-Timestamp, its name only; its value is the time of the call",
        fr="time_header: X-Timestamp, son nom seulement ; sa valeur est l'heure de l'appel",
    ),
}


def wrong_instances(spec: specs.Connector, source: Source) -> Iterator[Finding]:
    """A finding for each address that cannot be called, each secret in clear, and the authorities that nothing serves."""
    for name, instance in spec.instances.items():
        if wrong := _wrong_address(instance.address):
            yield source.finding(("instances", name, "address"), wrong[0], right=wrong[1])
        for index, address in enumerate(instance.files_from):
            if wrong := _wrong_address(address):
                yield source.finding(("instances", name, "files_from", index), wrong[0], right=wrong[1])
    if spec.authentication.token_url and (wrong := _wrong_address(spec.authentication.token_url)):
        yield source.finding(("authentication", "token_url"), wrong[0], right=wrong[1])
    for word, right in _HEADERS.items():
        if not _HEADER.fullmatch(getattr(spec.authentication, word)):
            words = Text(en="this is not the name of a header", fr="ce n'est pas un nom d'en-tête")
            yield source.finding(("authentication", word), words, right=right)
    if "default" not in spec.instances and _is_called(spec):
        listed = ", ".join(spec.instances) or "-"
        words = Text(
            en=f"there is no instance “default”: only these authorities are served: {listed}",
            fr=f"il n'y a pas d'instance « default » : seules ces collectivités sont servies : {listed}",
        )
        right = Text(
            en="add default: {address: …} for all others", fr="ajoutez default: {address: …} pour toutes les autres"
        )
        found = source.finding(("instances",), words, right=right)
        yield replace(found, severity="warning" if spec.instances else "error")


def _is_called(spec: specs.Connector) -> bool:
    """Whether the hub ever calls it: what says and collects everything itself needs no address."""
    return any(operation.direction not in ("in", "collect") for operation in spec.operations.values())


def _wrong_address(address: str) -> tuple[Text, Text] | None:
    """What is wrong and what would be right; never the address itself, which may hold a secret."""
    if _USER.search(address) or _SECRET.search(address):
        return (
            Text(
                en="the address holds a password or a key in clear",
                fr="l'adresse contient un mot de passe ou une clé en clair",
            ),
            Text(
                en="take it out, and write credentials: secret:<name>; change the secret, as others may have read this file",
                fr="ôtez-le et écrivez credentials: secret:<nom> ; changez ce secret, d'autres ont pu lire ce fichier",
            ),
        )
    right = Text(
        en="https://… or a reference such as ${WASTE_URL} (capital letters, digits and _)",
        fr="https://… ou une référence telle que ${WASTE_URL} (capitales, chiffres et _)",
    )
    if "$" in _REFERENCE.sub("", address):
        words = Text(
            en="the reference to the environment in this address cannot be read",
            fr="la référence à l'environnement dans cette adresse est mal écrite",
        )
        return words, right
    if not re.match(r"https?://[^/\s]|\$\{", address):
        return Text(en="this is not an address", fr="ce n'est pas une adresse"), right
    return None
