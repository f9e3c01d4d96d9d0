"""`hub init`: a new installation, ready to be filled."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from hub.assembly import Clock, new_id
from hub.cli.screen import Screen, language_of
from hub.desk import Desk
from hub.ledger import Ledger
from hub.privacy import open_keyring
from hub.settings import Settings, read_settings


def init(folder: Path = Path(), *, new_admin_key: bool = False) -> None:
    """Make the three folders, the key ring, the ledger and an admin key in a folder.

    Parameters
    ----------
    folder
        Where the installation lives.
    new_admin_key
        Make one more admin key, when the first one was lost.
    """
    screen = Screen(language_of(os.environ))
    settings = read_settings({**os.environ, "HUB_ROOT": str(folder)})
    for name in ("connectors", "mappings/tables", "schedules", "secrets"):
        (settings.root / name).mkdir(parents=True, exist_ok=True)
    (settings.root / "secrets").chmod(0o700)
    _ignore(settings.root / ".gitignore")
    key = asyncio.run(_admin_key(settings, always=new_admin_key))
    screen.say(f"The installation is in {settings.root}.", f"L'installation est dans {settings.root}.")
    if key:
        show_admin_key(screen, key)
    screen.say("Next: hub check, then hub serve.", "Ensuite : hub check, puis hub serve.")


def _ignore(file: Path) -> None:
    """Keep out of git what is secret, or made again at every check; what the file says already stays."""
    present = file.read_text(encoding="utf-8") if file.exists() else ""
    missing = [line for line in _UNKEPT if line not in present.splitlines()]
    if missing:
        file.write_text(present + "".join(f"{line}\n" for line in missing), encoding="utf-8")


_UNKEPT = ("hub.db*", "hub.keys", "/secrets/", "/.hub/")


async def _admin_key(settings: Settings, *, always: bool) -> str:
    clock = Clock()
    ledger = await Ledger.open(
        settings.database, cipher=open_keyring(settings.keyring), node=settings.node, boot=new_id(), ballast=settings.ballast
    )
    try:
        desk = Desk(ledger=ledger, clock=clock, announce=lambda _: None)
        return await first_admin_key(desk, ledger, always=always)
    finally:
        await ledger.close()


async def first_admin_key(desk: Desk, ledger: Ledger, *, always: bool = False) -> str:
    """The admin key that the first start makes; "" when there are keys already."""
    if not always and await ledger.keys():
        return ""
    return await desk.issue_key("admin", "default", ("admin", "content"), actor="hub", title="admin")


def show_admin_key(screen: Screen, key: str) -> None:
    """The admin key, this once."""
    screen.say("Admin key, shown this once:", "Clé d'administration, montrée cette seule fois :", style="bold")
    screen.console.print(f"  {key}", markup=False)
