"""Makes one call of an application's operation: its document in, an outcome out. Nothing is decided or stored here."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from math import inf
from typing import Any, Protocol
from uuid import uuid4

from hub.aside import LARGE, aside
from hub.call import Call, Delivered, Misconfigured, Outcome, Refused, Reply
from hub.catalogue import Application
from hub.chance import random_piece
from hub.codecs import Codec, Codecs, write_held
from hub.contract import Document, Operation, RestBinding, SoapBinding
from hub.errors import CallForbidden, ConfigurationError, MessageError, Problem, Text, TransportError
from hub.facts import Fact, replace
from hub.settings import Settings
from hub.specs import connector as specs
from hub.transports.conditional import Validators, conditional, validators
from hub.transports.credentials import Credentials
from hub.transports.given_addresses import Place, place_of, place_under
from hub.transports.http import Take
from hub.transports.judge import Missing, judge, judge_error, judge_look_up
from hub.transports.packages import NOTHING_BESIDE, Beside, enclosing, opened
from hub.transports.rest import RestWay
from hub.transports.signatures import Signer, read_signer
from hub.transports.signed_answers import Doubted, doubted, vouched
from hub.transports.soap import soap_call
from hub.transports.timestamps import created_text
from hub.transports.tokens import SignIn, Tokens, Transport
from hub.transports.webhooks import PROVING, proven

log = logging.getLogger("hub.caller")

PACE = 1024 * 1024
"""Bytes for which a call is given a second more: a file of 200 MB does not leave as fast as a form."""


class Wires(Transport, Protocol):
    """Sends calls, and fetches what no answer could hold."""

    async def fetch(self, call: Call, take: Take, *, silence: float) -> Reply: ...


class Answer(Fact, frozen=True):
    """What a call came to. `request` are the bytes that left, `reply` what came back if anything did; `missing`: a
    look-up was answered, and what it asked for is not there. `validators`: what the answer can be asked for again by.
    `address`: where it was asked for."""

    outcome: Outcome
    request: bytes = b""
    media: str = ""
    reply: Reply | None = None
    missing: bool = False
    validators: Validators | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class _Road:
    """The road to an operation of an application: what its connector and its contract say of all its calls. `rest` makes
    them, where they are of REST; `rules` are those of its answers."""

    application: Application
    name: str
    spec: specs.Operation
    operation: Operation
    total: float
    said: Codec | None
    answered: Codec | None
    rest: RestWay | None
    rules: tuple[specs.AnswerRule, ...]
    proves: bool


class _Signed(Fact, frozen=True):
    """How a call is signed in: by what is shown with it, or by a token that is given for it."""

    credentials: Credentials | None = None
    sign_in: SignIn | None = None


_NOT_SIGNED = _Signed()


class Caller:
    """Calls applications at the addresses and with the secrets that the settings give."""

    def __init__(self, *, settings: Settings, transport: Wires, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._tokens = Tokens(transport, timer=time.monotonic)
        self._codecs = Codecs()
        self._signers: dict[str, Signer] = {}
        self._addresses: dict[str, str] = {}
        self._roads: dict[tuple[int, str], _Road] = {}

    async def call(
        self,
        application: Application,
        name: str,
        document: Document,
        *,
        authority: str,
        key: str,
        beside: Beside = NOTHING_BESIDE,
        known: Validators | None = None,
        at: str = "",
        leave_by: float = inf,
    ) -> Answer:
        """Call the operation `name` with `document`; `key` goes where the application recognises repeats, and the files
        `beside` the document with it. What has not changed since the answer that is `known` is delivered as nothing.
        `at`: the URL to call, where an answer of the same scheme, host and port has told it. After `leave_by` (see Call) it
        is not sent."""
        try:
            instance = application.spec.instances.get(application.instance(authority))
            signed, road = self._signed(application, instance), self._road(application, name)
            said = _keyed(road.spec, document, key)
            body = self._body(road, said)
            if instance is None:
                raise ConfigurationError(_no_instance(application.name, authority))
            call = self._made(road, said, body=body, instance=instance, beside=beside, credentials=signed.credentials)
            if at or leave_by < inf:
                call = replace(call, url=at or call.url, leave_by=leave_by)
            if road.proves:
                call = self._proven(call, road, credentials=signed.credentials, key=key)
        except MessageError as error:
            return Answer(Refused(all_problems(error)))
        except ConfigurationError as error:
            return Answer(Misconfigured(error.text))
        media = call.headers.get("Content-Type", "").partition(";")[0]
        try:
            asked = conditional(call, known) if known else call
            send = self._transport.send
            reply = await (self._signed_in(asked, signed.sign_in, send) if signed.sign_in else send(asked))
        except MessageError as error:
            return Answer(Refused(all_problems(error)), call.shown, media)
        except TransportError as error:
            return Answer(judge_error(error), call.shown, media)
        if asked is not call and reply.status == HTTPStatus.NOT_MODIFIED:
            return Answer(Delivered(), call.shown, media, reply, validators=known, address=call.url)
        whole = _whole(reply)
        if len(whole.body) > LARGE or instance.answers_signed_by:
            judged = await self._believed(road, authority, whole)
        else:
            judged = _judgement(road, whole, self._clock())
        if isinstance(judged, Missing):
            return Answer(Delivered(), call.shown, media, reply, missing=True)
        return Answer(judged, call.shown, media, reply, validators=validators(call, reply), address=call.url)

    def place(self, application: Application, address: str, *, authority: str) -> Place:
        """Where a file is that an authority's copy of the application gives by its address. CallForbidden when its connector
        names no such place."""
        instance = application.spec.instances.get(application.instance(authority))
        named = (instance.address, *instance.files_from) if instance else ()
        return place_under(address, [place for each in named if (place := self._named(application, each))])

    async def fetch(self, application: Application, place: Place, *, authority: str, largest: int, take: Take) -> Reply:
        """Fetch what is at a `place` of the application's files, of `largest` bytes at most: where it answers 200, its body
        is given to `take` piece by piece, and the reply has none. Raises TransportError, ConfigurationError.

        Credentials are shown at the scheme, host and port of the application's own address only.
        """
        instance, way = application.spec.instances[application.instance(authority)], application.spec.authentication
        seconds = application.spec.timeout.total_seconds()
        home = self._named(application, instance.address)
        is_home = home is not None and place.is_beside(home)
        signed = self._signed(application, instance) if is_home else _NOT_SIGNED
        shown = signed.credentials.headers() if signed.credentials else {}
        call = Call(
            "GET",
            place.url,
            {"Accept-Encoding": "identity", **shown},
            total=seconds + largest / PACE,
            largest=largest,
            certificates=_file(application, instance.certificates) if instance.certificates and is_home else "",
            identity=self._settings.secret(instance.client_certificate) if is_home else "",
        )
        call = proven(call, way, signed.credentials, key=uuid4().hex, now=self._clock())
        return await self._signed_in(call, signed.sign_in, partial(self._transport.fetch, take=take, silence=seconds))

    def _named(self, application: Application, address: str) -> Place | None:
        """A place that a connector names; None for one that cannot be read, which is for its operator to correct."""
        try:
            return place_of(self._expanded(address))
        except (ConfigurationError, CallForbidden) as error:
            log.error("connectors/%s: no file is fetched from one of its addresses: %s", application.name, error)
            return None

    async def _signed_in(self, call: Call, sign_in: SignIn | None, send: Callable[[Call], Awaitable[Reply]]) -> Reply:
        """The reply; with a new token once, when the application no longer takes the one that there is: it did nothing."""
        if sign_in is None:
            return await send(call)
        token = await self._tokens.get(sign_in)
        reply = await send(_with_token(call, token))
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return reply
        self._tokens.drop(sign_in, token)
        return await send(_with_token(call, await self._tokens.get(sign_in)))

    def body(self, application: Application, name: str, document: Document) -> bytes:
        """The document as the operation `name` writes it, held against its contract. Raises MessageError."""
        return self._body(self._road(application, name), document)

    def _body(self, road: _Road, document: Document) -> bytes:
        part = road.operation.input
        if part is None or road.said is None:
            return b""
        body, is_held = write_held(road.said, document)
        if not is_held and (problems := part.check(body)):
            raise MessageError(problems=problems)
        return body

    def _road(self, application: Application, name: str) -> _Road:
        """The road to the operation `name`, found out at its first call."""
        found = self._roads.get((id(application), name))
        if found is None:
            found = self._roads[id(application), name] = self._new_road(application, name)
        return found

    def _new_road(self, application: Application, name: str) -> _Road:
        """It holds its application: no other can take over its id."""
        operation, connector = application.operation(name), application.spec
        spec = connector.operations[name]
        return _Road(
            application,
            name,
            spec,
            operation,
            (spec.timeout or connector.timeout).total_seconds(),
            self._codecs.of(operation.input) if operation.input else None,
            self._codecs.of(operation.output) if operation.output else None,
            RestWay(operation) if isinstance(operation.binding, RestBinding) else None,
            tuple(rule for rule in connector.answers if rule.operation in (None, name)),
            connector.authentication.kind in PROVING,
        )

    def _made(
        self,
        road: _Road,
        document: Document,
        *,
        body: bytes,
        instance: specs.Instance,
        beside: Beside,
        credentials: Credentials | None,
    ) -> Call:
        """The call that says a document, whose `body` was held against the contract. Raises MessageError,
        ConfigurationError."""
        application, operation, spec = road.application, road.operation, road.spec
        address = self._expanded(instance.address)
        if road.rest:
            call = road.rest.call(
                document, body=body, address=address, credentials=credentials, total=road.total, beside=beside
            )
        else:
            common: dict[str, Any] = {"signer": self._signer(instance), "now": self._clock()}
            if application.spec.authentication.shown_as == "digest":
                common |= {"nonce": random_piece(), "created": created_text(self._clock())}
            if isinstance(operation.binding, SoapBinding) and operation.binding.addressed.declared:
                common["message_id"] = f"urn:uuid:{uuid4()}"
            call = soap_call(operation, body, address=address, credentials=credentials, total=road.total, **common)
            call = call if spec.files == "inside" else enclosing(call, beside, way=spec.files)
        if not (instance.certificates or instance.client_certificate or call.rest):
            return call
        certificates = _file(application, instance.certificates) if instance.certificates else ""
        identity = self._settings.secret(instance.client_certificate)
        return replace(call, certificates=certificates, identity=identity, total=call.total + call.length / PACE)

    def _proven(self, call: Call, road: _Road, *, credentials: Credentials | None, key: str) -> Call:
        """The call with its signature. A question is to be answered each time that it is put, also the one that looks up
        what `key` was told."""
        known_by = key if road.spec.direction == "out" else uuid4().hex
        return proven(call, road.application.spec.authentication, credentials, key=known_by, now=self._clock())

    def _expanded(self, address: str) -> str:
        """An address of a connector: the environment is the same for as long as this process lives. ConfigurationError."""
        if address not in self._addresses:
            self._addresses[address] = self._settings.expand(address)
        return self._addresses[address]

    def _signer(self, instance: specs.Instance) -> Signer | None:
        """Who signs the calls of this instance, read once: a private key is checked for a while. ConfigurationError."""
        pem = self._settings.secret(instance.signature)
        if pem and pem not in self._signers:
            self._signers[pem] = read_signer(pem)
        return self._signers.get(pem)

    def _signed(self, application: Application, instance: specs.Instance | None) -> _Signed:
        """How this instance of an application is signed in to. ConfigurationError."""
        if instance is None or not instance.credentials:
            return _NOT_SIGNED
        way = application.spec.authentication
        credentials = Credentials(way.kind, self._settings.secret(instance.credentials), way.shown_in)
        if way.kind != "oauth2":
            return _Signed(credentials)
        client, secret = credentials.pair()
        certificates = _file(application, instance.certificates) if instance.certificates else ""
        url = self._settings.expand(way.token_url)
        identity = self._settings.secret(instance.client_certificate)
        return _Signed(sign_in=SignIn(url, client, secret, way.scope, way.client_in, certificates, identity))

    async def _believed(self, road: _Road, authority: str, reply: Reply) -> Outcome | Missing:
        """What a reply comes to; where it must be signed, only what the signature covers is read."""
        by = road.application.signers_of(authority)
        if by is None:
            return await self._judged(road, reply)
        try:
            proven = await asyncio.to_thread(vouched, reply, by=by, now=self._clock())
        except Doubted as doubt:
            log.warning("an answer of %s is not believed: %s", road.application.name, doubt)
            return doubted(await self._judged(road, reply), reply, doubt)
        return await self._judged(road, proven)

    def _judged(self, road: _Road, reply: Reply) -> Awaitable[Outcome | Missing]:
        return aside(_judgement, road, reply, self._clock(), size=len(reply.body))


def _judgement(road: _Road, reply: Reply, now: datetime) -> Outcome | Missing:
    operation, rules, codec = road.operation, road.rules, road.answered
    if road.spec.direction == "ask" and (found := road.spec.found):
        return judge_look_up(reply, operation, found=found, rules=rules, operation_name=road.name, now=now, codec=codec)
    return judge(reply, operation, rules=rules, operation_name=road.name, now=now, codec=codec)


def _whole(reply: Reply) -> Reply:
    """An answer of several parts as one document; as it is when that cannot be made of it, for the judge to speak of."""
    try:
        return opened(reply)
    except MessageError:
        return reply


def _with_token(call: Call, token: str) -> Call:
    return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})


def keyed(application: Application, name: str, document: Document, key: str) -> Document:
    """The document with the hub's idempotency key where the operation wants it."""
    return _keyed(application.spec.operations[name], document, key)


def _keyed(operation: specs.Operation, document: Document, key: str) -> Document:
    field = operation.key_field
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
