"""An answer put on the wire, or kept from it: waits, half answers, connections that break."""

from __future__ import annotations

import asyncio

from aiohttp import web

from hub.doubles.faces import Heard, Sent
from hub.doubles.modes import Mode

SLOW = 30.0
UNANSWERED = 120.0
"""Seconds, when a mode does not say how many."""


async def heard(request: web.BaseRequest) -> Heard:
    """The whole request, of any size."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Heard(request.method, request.rel_url.raw_path, dict(request.query), headers, await request.content.read())


async def respond(request: web.BaseRequest, sent: Sent, mode: Mode) -> web.StreamResponse:
    """Answer with `sent`, as `mode` has it."""
    match mode.mode:
        case "slow":
            await asyncio.sleep(mode.seconds or SLOW)
        case "timeout_before" | "commit_then_timeout":
            await asyncio.sleep(mode.seconds or UNANSWERED)
            return _broken_off(request)
        case "reset_before" | "commit_then_reset":
            return _broken_off(request)
        case "commit_then_half":
            return await _half(request, sent)
    headers = {"Content-Type": sent.media, **sent.headers}
    return web.Response(status=sent.status, body=sent.body, headers=headers)


def instead_of(mode: Mode) -> Sent | None:
    """What is answered in place of the application, for modes that never reach it."""
    match mode.mode:
        case "error500":
            return Sent(500, b"internal error")
        case "busy":
            return Sent(503, b"busy", headers={"Retry-After": str(int(mode.seconds or 1))})
        case "unauthorised":
            return Sent(401, b"unknown caller", headers={"WWW-Authenticate": "Basic"})
        case "login_page":
            return Sent(200, b"<!doctype html><title>Connexion</title><form method=post></form>", "text/html")
        case "timeout_before" | "reset_before":
            return Sent(0)
        case _:
            return None


def _broken_off(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport:
        request.transport.abort()
    return web.Response(status=500)


async def _half(request: web.BaseRequest, sent: Sent) -> web.StreamResponse:
    """All headers, half of the body, and the connection breaks."""
    response = web.StreamResponse(status=sent.status, headers={"Content-Type": sent.media})
    response.content_length = len(sent.body)
    await response.prepare(request)
    await response.write(sent.body[: len(sent.body) // 2])
    await asyncio.sleep(0.05)
    return _broken_off(request) if request.transport else response
