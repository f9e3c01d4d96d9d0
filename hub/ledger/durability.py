"""Whether a database keeps what it has acknowledged: settings and places that lose it are refused at the start."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import sqlalchemy as sa

from hub.errors import ConfigurationError, Text
from hub.ledger.failures import Trouble, trouble_of

FULL = 2
"""SQLite's `synchronous` from which on a commit is on disk when it is answered: FULL, or EXTRA."""

LASTING = frozenset({"wal", "delete", "truncate", "persist"})
"""Journal modes of SQLite that survive a crash; OFF and MEMORY do not."""

WITHOUT_RESET_BUG = (3, 51, 3)
"""Before it SQLite can corrupt a WAL that two connections reset. Here one connection alone does, so older ones serve too."""

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "ceph", "glusterfs", "lustre", "fuse.sshfs"})
"""File systems on which SQLite's locks and shared memory do not hold between machines."""

MEMORY = frozenset({"tmpfs", "ramfs"})

log = logging.getLogger("hub.ledger")


def check(connection: sa.Connection) -> None:
    """Raises ConfigurationError for a database that may lose what it acknowledged."""
    if connection.dialect.name == "sqlite":
        _check_sqlite(connection)
    else:
        _check_postgresql(connection)


def _check_sqlite(connection: sa.Connection) -> None:
    synchronous = int(connection.exec_driver_sql("PRAGMA synchronous").scalar() or 0)
    mode = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
    if synchronous < FULL or mode not in LASTING:
        raise ConfigurationError(
            Text(
                en=f"SQLite would lose acknowledged messages here: synchronous is {synchronous}, journal_mode is {mode}.",
                fr=f"SQLite perdrait ici des messages reçus : synchronous vaut {synchronous}, journal_mode vaut {mode}.",
            )
        )
    if (found := connection.dialect.dbapi.sqlite_version_info) < WITHOUT_RESET_BUG:  # type: ignore[union-attr]
        version = ".".join(map(str, found))
        log.info(
            "SQLite %s: one connection alone writes and checkpoints, so its known fault (before 3.51.3) cannot show", version
        )


def _check_postgresql(connection: sa.Connection) -> None:
    for name, wanted in (("fsync", "on"), ("full_page_writes", "on"), ("transaction_read_only", "off")):
        if (found := connection.exec_driver_sql(f"SHOW {name}").scalar()) != wanted:
            raise ConfigurationError(
                Text(
                    en=f"PostgreSQL has {name} = {found}: the ledger would not be kept. Set it to {wanted}.",
                    fr=f"PostgreSQL a {name} = {found} : le registre ne serait pas conservé. Réglez-le sur {wanted}.",
                )
            )
    if connection.exec_driver_sql("SHOW synchronous_commit").scalar() in ("off", "local"):
        raise ConfigurationError(
            Text(
                en="PostgreSQL refuses synchronous_commit = on: what is acknowledged would not be kept.",
                fr="PostgreSQL refuse synchronous_commit = on : un message reçu ne serait pas conservé.",
            )
        )


def check_place(folder: Path, mounts: str | None = None) -> None:
    """Raises ConfigurationError for a SQLite book on a network; warns of one in memory. `mounts`: /proc/self/mountinfo."""
    kind = kind_of(folder, mounts if mounts is not None else _mounts())
    if kind in NETWORK:
        raise ConfigurationError(
            Text(
                en=f"{folder} is on a network ({kind}), where SQLite's locks do not hold: use a local disk, or PostgreSQL.",
                fr=f"{folder} est sur un réseau ({kind}), où les verrous de SQLite ne tiennent pas : "
                "prenez un disque local, ou PostgreSQL.",
            )
        )
    if kind in MEMORY:
        log.warning("the ledger is in memory (%s, %s): a restart of the machine loses it", folder, kind)


def kind_of(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder is on, "" when it is not told."""
    found: dict[str, str] = {}
    for line in mounts.splitlines():
        here, _, there = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), here.split()[4])
        found[point] = there.split()[0]
    return next((found[str(each)] for each in (folder, *folder.parents) if str(each) in found), "")


def _mounts() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def refusal(error: sa.exc.SQLAlchemyError) -> ConfigurationError | None:
    """What a person must do about a database that cannot be opened; None when it may do later by itself."""
    match trouble_of(error):
        case Trouble.READ_ONLY:
            return ConfigurationError(
                Text(
                    en="The ledger's database can only be read: give the hub's user the right to write its file and folder.",
                    fr="La base du registre est en lecture seule : donnez à l'utilisateur du hub le droit d'écrire "
                    "dans son fichier et son dossier.",
                )
            )
        case Trouble.DAMAGED:
            return ConfigurationError(
                Text(
                    en="The ledger's file is damaged, or is no ledger: run hub audit verify, and restore a backup.",
                    fr="Fichier du registre endommagé, ou d'une autre nature : lancez hub audit verify, et restaurez une "
                    "sauvegarde.",
                )
            )
    return None
