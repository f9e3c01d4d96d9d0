"""`hub audit verify`, `hub backup`, `hub restored`: the ledger as a file, before, during and after a disaster."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import cyclopts

from hub.assembly import new_id
from hub.cli.screen import Screen, language_of
from hub.errors import Text
from hub.ledger import Ledger, Reopened, Restored, back_up, examine
from hub.privacy import open_keyring
from hub.settings import Settings, read_settings

audit = cyclopts.App(name="audit", help="Prove that nobody changed what the ledger holds.")


@audit.command
def verify(book: Path | None = None) -> None:
    """Read the whole ledger and say what is wrong with it: its file, its journal's chain, its sealed contents.

    A hub may go on serving it meanwhile. The exit code is 1 when there is a flaw.

    Parameters
    ----------
    book
        A SQLite ledger or the backup of one; without it, the ledger of HUB_DATABASE.
    """
    screen, settings = _here()
    url = f"sqlite:///{book.resolve()}" if book else settings.database
    found = examine(url, cipher=open_keyring(settings.keyring))
    for flaw in found.flaws:
        screen.say(flaw.en, flaw.fr, style="red")
    screen.say(
        f"{found.messages} messages, {found.lines} lines of the journal, {found.contents} contents: "
        f"{'whole' if not found.flaws else f'{len(found.flaws)} flaws'}.",
        f"Messages : {found.messages}, lignes du journal : {found.lines}, contenus : {found.contents} ; "
        f"{'intact' if not found.flaws else f'{len(found.flaws)} défauts'}.",
        style="red" if found.flaws else "green",
    )
    sys.exit(1 if found.flaws else 0)


def backup(file: Path) -> None:
    """Copy the SQLite ledger into a new file as it is at this moment, while the hub goes on.

    Parameters
    ----------
    file
        The copy; it must not exist yet.
    """
    screen, settings = _here()
    back_up(settings.database, file)
    screen.say(f"{file} is a whole copy of the ledger.", f"{file} est une copie entière du registre.")


def restored(*, reason: str) -> None:
    """After a backup was put back, and before the hub is started: let everything that waits be asked for before it is sent.

    Parameters
    ----------
    reason
        Why, for the journal.
    """
    screen, settings = _here()
    found = asyncio.run(_restored(settings, reason))
    columns = (
        Text(en="Accepted", fr="Reçu"),
        Text(en="Exchange", fr="Échange"),
        Text(en="Reference", fr="Référence"),
        Text(en="Receiver", fr="Destinataire"),
        Text(en="Delivery", fr="Remise"),
    )
    screen.table(columns, [_row(each) for each in found.open])
    until = f"{found.last:%Y-%m-%d %H:%M:%S} UTC" if found.last else "-"
    screen.say(
        f"{len(found.open)} deliveries were open, and may have been carried out since: see that each is once at its end.",
        f"{len(found.open)} remises étaient ouvertes et ont pu aboutir depuis : vérifiez que chacune est une fois chez "
        "son destinataire.",
    )
    screen.say(
        f"The ledger knows nothing after {until}: ask the senders to say again what they said since.",
        f"Le registre ignore tout après le {until} : demandez aux émetteurs de redire ce qu'ils ont dit depuis.",
    )


async def _restored(settings: Settings, reason: str) -> Restored:
    ledger = await Ledger.open(settings.database, cipher=open_keyring(settings.keyring), node=settings.node, boot=new_id())
    try:
        return await ledger.restored(actor="hub", reason=reason, now=await ledger.time())
    finally:
        await ledger.close()


def _row(each: Reopened) -> tuple[str, ...]:
    when = each.accepted_at.isoformat(sep=" ", timespec="seconds")[:19]
    return when, each.exchange, each.reference, each.receiver, each.delivery


def _here() -> tuple[Screen, Settings]:
    return Screen(language_of(os.environ)), read_settings(os.environ)
