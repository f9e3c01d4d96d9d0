"""Doubles of the shipped connectors, each on ports of its own; a small stand-in for the hub that notes what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from hub.doubles import RunningDouble, Stage, load_double
from hub.doubles.sockets import Socket

ROOT = Path(__file__).parents[2]


@dataclass
class Told:
    """What the listener was told, and how it answers next: statuses to give before it takes things."""

    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    address: str = ""


async def until(holds: Callable[[], Any]) -> None:
    """Return once it holds."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


@pytest.fixture
async def play() -> AsyncIterator[Callable[..., Any]]:
    """Start the double of a connector: `await play("waste", pace=0)`."""
    running: list[RunningDouble] = []

    async def start(name: str, **stage: Any) -> RunningDouble:
        double = load_double(ROOT / "connectors" / name, Stage(**{"credentials": False, **stage}), root=ROOT)
        await double.start()
        running.append(double)
        return double

    yield start
    for double in running:
        await double.stop()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that is not ours."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as found:
        yield found


@pytest.fixture
async def listener() -> AsyncIterator[Told]:
    """A server that takes every POST, as the hub would."""
    told = Told()

    async def take(request: web.BaseRequest) -> web.Response:
        told.posts.append((request.path, {k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return web.Response(status=told.refusals.pop(0) if told.refusals else 202)

    socket = Socket(take, host="127.0.0.1", port=0)
    await socket.open()
    told.address = socket.address
    yield told
    await socket.end()
