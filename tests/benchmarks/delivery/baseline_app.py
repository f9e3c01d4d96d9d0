"""What a good engineer writes in an afternoon: FastAPI takes a request and defers a task in PostgreSQL. The task maps it,
POSTs it to the back office and tries again. uvicorn serves it; procrastinate's own command works it off in another process.
"""

# ruff: noqa: N815 (the names are the portal's)

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

import httpx
from fastapi import FastAPI
from procrastinate import App, PsycopgConnector, RetryStrategy
from pydantic import BaseModel, ConfigDict, Field

OFFICE = os.environ.get("BENCHMARK_OFFICE", "")
CONNECTIONS = 20

tasks = App(
    connector=PsycopgConnector(conninfo=os.environ.get("BENCHMARK_DATABASE", ""), min_size=4, max_size=CONNECTIONS),
    import_paths=[__name__],
)

MOTIVES = {"casse": "CASSE", "couvercle": "CASSE", "vol": "VOL", "disparition": "VOL", "trop_petit": "CAPA"}
STREAMS = {"ordures": "OMR", "emballages": "CS", "biodechets": "BD"}

Text40 = Annotated[str, Field(min_length=1, max_length=40)]
Text80 = Annotated[str, Field(max_length=80)]


class Said(BaseModel):
    """A part of what the portal says; nothing else may stand in it."""

    model_config = ConfigDict(extra="forbid")


class File(Said):
    numero: Text40


class Person(Said):
    nom: Annotated[str, Field(min_length=1, max_length=38)]
    prenom: Text40
    courriel: Text80 | None = None
    telephone: Annotated[str, Field(max_length=20)] | None = None


class Address(Said):
    voie: Annotated[str, Field(min_length=1, max_length=120)]
    codePostal: Annotated[str, Field(pattern=r"^\d{5}$")]
    commune: Annotated[str, Field(min_length=1, max_length=50)]
    codeInsee: Annotated[str, Field(pattern=r"^\d[\dAB]\d{3}$")] | None = None


class Bin(Said):
    flux: Literal["ordures", "emballages", "biodechets"]
    volume: Annotated[int, Field(ge=35, le=1100)]
    reprise: bool | None = None
    couleur: Annotated[str, Field(max_length=20)] | None = None


class Asked(Said):
    motif: Literal["casse", "couvercle", "vol", "disparition", "trop_petit"]
    ancienBac: Annotated[str, Field(pattern=r"^OM-\d{7}$")]
    nbHabitants: Annotated[int, Field(ge=1, le=20)]
    accessible: bool | None = None
    numPlainte: Annotated[str, Field(max_length=30)] | None = None
    commentaire: Annotated[str, Field(max_length=500)] | None = None
    bacs: Annotated[list[Bin], Field(min_length=1, max_length=3)]


class BinRequest(Said):
    """A citizen's request."""

    teleservice: Annotated[str, Field(max_length=60)] | None = None
    noteInterne: Annotated[str, Field(max_length=500)] | None = None
    dossier: File
    deposeLe: datetime
    usager: Person
    adresse: Address
    demande: Asked


@asynccontextmanager
async def _open(_app: FastAPI) -> AsyncIterator[None]:
    async with tasks.open_async():
        yield


app = FastAPI(lifespan=_open)


@app.post("/bin-requests", status_code=202)
async def accept(said: BinRequest) -> dict[str, Any]:
    """Keep a request, and answer once it is kept."""
    job = await create_order.defer_async(said=said.model_dump(mode="json", exclude_none=True))
    return {"job": job, "reference": said.dossier.numero}


_client = httpx.AsyncClient(timeout=20, trust_env=False, headers={"Authorization": "Bearer token"})


@tasks.task(queue="orders", retry=RetryStrategy(max_attempts=10, exponential_wait=3))
async def create_order(said: dict[str, Any]) -> None:
    """Order what was asked for; any failure is tried again later."""
    reply = await _client.post(f"{OFFICE}/rest/commandes", json=order_of(said))
    reply.raise_for_status()
    if reply.json()["codeRetour"] != 0:
        raise RuntimeError(reply.text)


def order_of(said: dict[str, Any]) -> dict[str, Any]:
    """The request as the back office writes it."""
    asked, person, address = said["demande"], said["usager"], said["adresse"]
    order = {
        "refExterne": said["dossier"]["numero"],
        "type": "REMPL",
        "codeMotif": MOTIVES[asked["motif"]],
        "dateDemande": datetime.fromisoformat(said["deposeLe"]).strftime("%d/%m/%Y"),
        "demandeur": {
            "nomComplet": f"{person['nom']} {person['prenom']}",
            "courriel": person.get("courriel"),
            "telephone": person.get("telephone"),
        },
        "adresse": {
            "voie": address["voie"][:32],
            "codePostal": address["codePostal"],
            "ville": address["commune"],
            "codeInsee": address.get("codeInsee"),
        },
        "numBacAncien": asked["ancienBac"],
        "nbPers": asked["nbHabitants"],
        "accessible": _yes_no(asked.get("accessible")),
        "numPV": asked.get("numPlainte"),
        "observation": asked.get("commentaire", "")[:60],
        "bacs": [
            {"codeFlux": STREAMS[each["flux"]], "litrage": each["volume"], "reprise": _yes_no(each.get("reprise"))}
            for each in asked["bacs"]
        ],
    }
    return {name: value for name, value in order.items() if value is not None}


def _yes_no(value: bool | None) -> str | None:
    return None if value is None else "O" if value else "N"
