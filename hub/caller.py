"""Makes one call of an application's operation: its document in, an outcome out. Nothing is decided or stored here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from hub.call import Call, Delivered, Misconfigured, Outcome, Refused, Reply
from hub.catalogue import Application
from hub.codecs import Codecs
from hub.contract import Document, SoapBinding
from hub.errors import ConfigurationError, MessageError, Problem, Text, TransportError
from hub.settings import Settings
from hub.transports.credentials import Credentials
from hub.transports.judge import Missing, judge, judge_error, judge_look_up
from hub.transports.rest import rest_call
from hub.transports.soap import soap_call
from hub.transports.tokens import SignIn, Tokens, Transport


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to. `request` are the bytes that left, `reply` what came back if anything did; `missing`: a
    look-up was answered, and what it asked for is not there."""

    outcome: Outcome
    request: bytes = b""
    media: str = ""
    reply: Reply | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class _Signed:
    """How a call is signed in: by what is shown with it, or by a token that is given for it."""

    credentials: Credentials | None = None
    sign_in: SignIn | None = None


class Caller:
    """Calls applications at the addresses and with the secrets that the settings give."""

    def __init__(self, *, settings: Settings, transport: Transport, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._tokens = Tokens(transport, timer=time.monotonic)
        self._codecs = Codecs()

    async def call(self, application: Application, name: str, document: Document, *, authority: str, key: str) -> Answer:
        """Call the operation `name` with `document`; `key` goes where the application recognises repeats."""
        try:
            signed = self._signed(application, authority)
            call = self._made(application, name, keyed(application, name, document, key), authority, signed.credentials)
        except MessageError as error:
            return Answer(Refused(all_problems(error)))
        except ConfigurationError as error:
            return Answer(Misconfigured(error.text))
        media = call.headers.get("Content-Type", "").partition(";")[0]
        try:
            reply = await self._sent(call, signed.sign_in)
        except MessageError as error:
            return Answer(Refused(all_problems(error)), call.body, media)
        except TransportError as error:
            return Answer(judge_error(error), call.body, media)
        judged = self._judged(application, name, reply)
        if isinstance(judged, Missing):
            return Answer(Delivered(), call.body, media, reply, missing=True)
        return Answer(judged, call.body, media, reply)

    async def _sent(self, call: Call, sign_in: SignIn | None) -> Reply:
        """The reply; with a new token once, when the application no longer takes the one that there is: it did nothing."""
        if sign_in is None:
            return await self._transport.send(call)
        token = await self._tokens.get(sign_in)
        reply = await self._transport.send(_with_token(call, token))
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return reply
        self._tokens.drop(sign_in, token)
        return await self._transport.send(_with_token(call, await self._tokens.get(sign_in)))

    def body(self, application: Application, name: str, document: Document) -> bytes:
        """The document as the operation `name` writes it, held against its contract. Raises MessageError."""
        part = application.operation(name).input
        if part is None:
            return b""
        body = self._codecs.of(part).write(document)
        if problems := part.check(body):
            raise MessageError(problems=problems)
        return body

    def _made(
        self, application: Application, name: str, document: Document, authority: str, credentials: Credentials | None
    ) -> Call:
        """The call, its body held against the contract. Raises MessageError, ConfigurationError."""
        operation, spec = application.operation(name), application.spec
        body = self.body(application, name, document)
        instance = spec.instances.get(application.instance(authority))
        if instance is None:
            raise ConfigurationError(_no_instance(application.name, authority))
        common: dict[str, Any] = {
            "address": self._settings.expand(instance.address),
            "credentials": credentials,
            "total": (spec.operations[name].timeout or spec.timeout).total_seconds(),
        }
        if isinstance(operation.binding, SoapBinding):
            call = soap_call(operation, body, **common)
        else:
            call = rest_call(operation, document, body=body, **common)
        return replace(call, certificates=_file(application, instance.certificates)) if instance.certificates else call

    def _signed(self, application: Application, authority: str) -> _Signed:
        """How an authority's copy of the application is signed in to. ConfigurationError."""
        instance, way = application.spec.instances.get(application.instance(authority)), application.spec.authentication
        if instance is None or not instance.credentials:
            return _Signed()
        credentials = Credentials(way.kind, self._settings.secret(instance.credentials), way.header)
        if way.kind != "oauth2":
            return _Signed(credentials)
        client, secret = credentials.pair()
        certificates = _file(application, instance.certificates) if instance.certificates else ""
        url = self._settings.expand(way.token_url)
        return _Signed(sign_in=SignIn(url, client, secret, way.scope, way.client_in, certificates))

    def _judged(self, application: Application, name: str, reply: Reply) -> Outcome | Missing:
        operation, spec = application.operation(name), application.spec.operations[name]
        codec = self._codecs.of(operation.output) if operation.output else None
        known: dict[str, Any] = {
            "rules": application.spec.answers,
            "operation_name": name,
            "now": self._clock(),
            "codec": codec,
        }
        if spec.direction == "ask" and spec.found:
            return judge_look_up(reply, operation, found=spec.found, **known)
        return judge(reply, operation, **known)


def _with_token(call: Call, token: str) -> Call:
    return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})


def keyed(application: Application, name: str, document: Document, key: str) -> Document:
    """The document with the hub's idempotency key where the operation wants it."""
    field = application.spec.operations[name].key_field
    return {**document, field: key} if field else document


def _file(application: Application, name: str) -> str:
    """Where a file of the connector's folder is. ConfigurationError when it is not there."""
    path = application.folder / name
    if path.is_file():
        return str(path)
    raise ConfigurationError(
        Text(
            en=f"connectors/{application.name} has no file {name}, which `certificates` names.",
            fr=f"connectors/{application.name} n'a pas de fichier {name}, que `certificates` indique.",
        )
    )


def all_problems(error: MessageError) -> Text:
    """Everything that is wrong with a message, in one text."""
    problems: tuple[Problem, ...] = error.problems or (Problem(error.text),)
    return Text(
        en=" ".join(f"{problem.path}: {problem.text.en}" for problem in problems),
        fr=" ".join(f"{problem.path} : {problem.text.fr}" for problem in problems),
    )


def _no_instance(name: str, authority: str) -> Text:
    return Text(
        en=f"connectors/{name} has no instance for “{authority}”, and none called default.",
        fr=f"connectors/{name} n'a pas d'instance pour « {authority} », ni d'instance default.",
    )
