"""What a double says to the hub by itself: one operation of direction in, by SOAP or REST, until the hub has taken it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from hub.catalogue import Application
from hub.codecs import codec_for
from hub.contract import SoapBinding
from hub.doubles.recording import Recording, Said
from hub.errors import ConfigurationError, Text
from hub.transports.envelope import http_headers, wrap

_LATER = frozenset({0, 408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same is said again; 0: no answer."""


@dataclass(frozen=True, slots=True)
class Words:
    """One thing to say, ready to go."""

    operation: str
    document: Mapping[str, Any]
    url: str
    headers: Mapping[str, str]
    body: bytes
    key: str


class Speaker:
    """Says things to the hub at `hub` (http://host:port) with the API key that the hub gave to this application."""

    def __init__(
        self,
        application: Application,
        recording: Recording,
        *,
        hub: str,
        api_key: str,
        tries: int,
        again: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._application = application
        self._recording = recording
        self._hub = hub.rstrip("/")
        self._api_key = api_key
        self._tries = tries
        self._again = again
        self._clock = clock

    async def say(self, operation: str, document: Mapping[str, Any], *, exchange: str | None, key: str) -> Said:
        """Say it, and again while the hub does not answer or says later. The last try is what is given back."""
        words = self._words(operation, document, exchange, key)
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            for attempt in range(1, self._tries + 1):
                said = await self._try(session, words, attempt)
                self._recording.write(said)
                if said.status not in _LATER:
                    break
                await asyncio.sleep(self._again)
        return said

    async def _try(self, session: aiohttp.ClientSession, words: Words, attempt: int) -> Said:
        status, answer = 0, ""
        try:
            async with session.post(words.url, data=words.body, headers=words.headers) as reply:
                status, answer = reply.status, await reply.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            status, answer = 0, type(error).__name__
        accepted = 200 <= status < 300
        return Said(self._clock(), words.operation, words.document, words.key, attempt, status, accepted, answer)

    def _words(self, operation: str, document: Mapping[str, Any], exchange: str | None, key: str) -> Words:
        contract = self._application.operation(operation)
        if contract.input is None:
            raise ConfigurationError(Text(en=f"{operation} has no document", fr=f"{operation} n'a pas de document"))
        body = codec_for(contract.input).write(document)
        common = {"X-API-Key": self._api_key} if self._api_key else {}
        if isinstance(contract.binding, SoapBinding):
            version = contract.binding.version
            headers = {**http_headers(contract.binding.action, version=version), **common}
            return Words(
                operation, document, f"{self._hub}/soap/{self._application.name}", headers, wrap(body, version=version), key
            )
        if exchange is None:
            en, fr = f"say in which exchange {operation} is said", f"dites dans quel échange {operation} se dit"
            raise ConfigurationError(Text(en=en, fr=fr))
        media = contract.input.content_type or "application/json"
        headers = {"Content-Type": media, "Idempotency-Key": key, **common}
        return Words(operation, document, f"{self._hub}/api/v1/exchanges/{exchange}/messages", headers, body, key)
