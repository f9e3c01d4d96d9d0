"""What operators do, as JSON under /admin/api: the same as in the console. Needs `read`; every change needs `admin`."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, Base64Bytes, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from starlette.responses import StreamingResponse

from hub.assembly import Hub
from hub.desk import SCOPE, Desk, Verb
from hub.endpoints.auth import Identity, identify
from hub.endpoints.held import HeldRoute, LargeRoute
from hub.endpoints.lanes import known_lane, standings
from hub.endpoints.language import language_of
from hub.endpoints.parameters import refuse_twice
from hub.endpoints.serving import hub_of
from hub.endpoints.signed import ONE_EXCHANGE, shown_secret, signs_one_exchange
from hub.endpoints.stories import delivery_fields, for_operator, iso, message_fields, summary_fields
from hub.errors import Language, MessageError
from hub.ledger import Acceptance, ApiKey, Cause, Fire, Search, packed
from hub.message import Delivery, State
from hub.transports.signatures import fingerprint_of


def _written_out(value: object) -> object:
    """A moment as RFC 3339 writes it: a number would be taken for seconds since 1970, which nobody means."""
    if value is None or (isinstance(value, str) and _MOMENT.match(value)):
        return value
    raise ValueError("a time with its offset, such as 2026-03-02T18:00:00Z")


_RIGHT = f"^(?:{SCOPE.pattern})$"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
WHY: dict[str, JsonValue] = {"minLength": 3, "maxLength": 500}
"""What the desk asks of a reason, for those who read of it; it refuses the others itself, in words of its own."""


class Asked(BaseModel):
    """A request's body: closed to fields that it does not know."""

    model_config = ConfigDict(extra="forbid")


class Reasoned(Asked):
    """A change, and why."""

    reason: str = Field(max_length=1000, json_schema_extra=WHY)


class Replay(Reasoned):
    """A delivery sent anew; `look_up` overrules whether the receiver is asked first."""

    look_up: bool | None = None


class Correction(Reasoned):
    """The document of the sender as it should have been, in base64, with its REST parameters (`@name`)."""

    document: Base64Bytes
    parameters: dict[str, str] = {}


class Criteria(Asked):
    """Which messages are meant; what is left out asks nothing."""

    reference: str = ""
    exchange: str = ""
    authority: str = ""
    sender: str = ""
    receiver: str = ""
    lane: str = ""
    text: str = ""
    since: Moment | None = None
    until: Moment | None = None

    def search(self, state: State | None, *, after: str = "", limit: int = 50) -> Search:
        """The same as the ledger asks it."""
        return Search(
            reference=self.reference,
            exchange=self.exchange,
            authority=self.authority,
            sender=self.sender,
            receiver=self.receiver,
            state=state,
            lane=self.lane,
            reason=self.text,
            since=self.since,
            until=self.until,
            after=after,
            limit=limit,
        )


class All(Criteria):
    """All deliveries in one state that match. With `dry_run` (the default) they are only counted, and the answer's `ticket`
    is what lets it be done to these."""

    state: State = State.DEAD
    dry_run: bool = True
    ticket: str = Field("", max_length=100)
    reason: str = Field("", max_length=1000)


class Filter(Criteria):
    """Which messages are looked for, and which page of them."""

    state: State | None = None
    after: str = ""
    limit: int = Field(50, ge=1, le=200)


class NewKey(Asked):
    """A key to issue."""

    application: str = Field(max_length=60)
    authority: str = Field("default", max_length=60)
    scopes: tuple[str, ...] = Field(json_schema_extra={"minItems": 1, "items": {"type": "string", "pattern": _RIGHT}})
    title: str = Field("", max_length=200)
    expires: Moment | None = None
    certificate: str = Field("", max_length=20_000, description="The certificate (PEM) that its holder signs with.")
    digest: bool = Field(False, description="Its holder may show a digest of it (WS-Security): its secret is kept, sealed.")
    hmac: bool = Field(
        False,
        description="Its holder signs requests of one exchange with its secret (Standard Webhooks), which is kept, sealed.",
    )


async def _reader(request: Request) -> Identity:
    identity = await identify(request)
    identity.require("read")
    refuse_twice(request)
    return identity


async def _operator(request: Request) -> Identity:
    identity = await identify(request)
    identity.require("admin")
    return identity


async def _content_reader(request: Request) -> Identity:
    identity = await identify(request)
    identity.require("content")
    return identity


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language", ""))


def _hub(request: Request) -> Hub:
    return hub_of(request)


Served = Annotated[Hub, Depends(_hub)]
ContentReader = Annotated[Identity, Depends(_content_reader)]
Purpose = Annotated[str, Query(min_length=3, max_length=200)]
Operator = Annotated[Identity, Depends(_operator)]
Spoken = Annotated[Language, Depends(_language)]


def admin_router() -> APIRouter:
    """Every path of the administration."""
    router = APIRouter(prefix="/admin/api", tags=["admin"], dependencies=[Depends(_reader)], route_class=HeldRoute)
    reads: dict[str, Callable[..., Awaitable[Any]]] = {
        "/overview": overview,
        "/lanes": lanes,
        "/messages": messages,
        "/messages/{message}": message,
        "/messages/{message}/contents": contents,
        "/dead": dead,
        "/deliveries/{delivery}": delivery,
        "/connectors": connectors,
        "/schedules": schedules,
        "/keys": keys,
    }
    changes: dict[str, Callable[..., Awaitable[Any]]] = {
        "/deliveries/{delivery}/replay": replay,
        "/deliveries/{delivery}/cancel": cancel,
        "/deliveries/{delivery}/confirm": confirm,
        "/dead/replay": replay_all,
        "/dead/cancel": cancel_all,
        "/lanes/{connector}/{instance:path}/pause": pause,
        "/lanes/{connector}/{instance:path}/resume": resume,
        "/schedules/{schedule}/run": run,
        "/keys": issue,
        "/keys/{key}/revoke": revoke,
    }
    for path, endpoint in reads.items():
        router.add_api_route(path, endpoint, methods=["GET"])
    for path, endpoint in changes.items():
        router.add_api_route(path, endpoint, methods=["POST"])
    router.add_api_route("/messages/{message}/files/{ticket}", file, methods=["GET"], response_class=StreamingResponse)
    router.add_api_route("/deliveries/{delivery}/replace", replace, methods=["POST"], route_class_override=LargeRoute)
    return router


# -- reading ----------------------------------------------------------------------------------------------------------


async def overview(hub: Served) -> dict[str, Any]:
    """How the hub stands: its revision, its parts, what has not ended, and how many lanes stand still."""
    fit, parts = await hub.ready()
    seen = await standings(hub)
    states = [str(state) for state in State]
    return {
        "revision": hub.catalogue.revision,
        "node": hub.settings.node,
        "ready": fit,
        "parts": parts,
        "deliveries": {name: sum(lane.counts.get(State(name), 0) for lane in seen) for name in states},
        "lanes": len(seen),
        "stopped": [lane.name for lane in seen if lane.gate != "closed"],
        "at": iso(hub.clock()),
    }


async def lanes(hub: Served) -> dict[str, Any]:
    """Every lane, with its gate and what stands in it."""
    return {"lanes": [lane.fields() for lane in await standings(hub)]}


async def messages(hub: Served, language: Spoken, asked: Annotated[Filter, Query()]) -> dict[str, Any]:
    """The messages that match, newest first; `next` is the `after` of the following page."""
    page = await hub.ledger.find(asked.search(asked.state, after=asked.after, limit=asked.limit))
    rule = hub.catalogue.done_when
    found = [summary_fields(each, language, rule(each.message.exchange)) for each in page.found]
    return {"messages": found, "next": page.next}


async def message(hub: Served, language: Spoken, message: str) -> dict[str, Any]:
    """A message's whole story, without its content."""
    story = await hub.ledger.story(message)
    return for_operator(story, language, hub.catalogue.done_when(story.message.exchange))


async def contents(hub: Served, reader: ContentReader, message: str, purpose: Purpose) -> dict[str, Any]:
    """All that is kept of a message, its bytes in base64. Needs `content`; who looked, and what for, is journalled first."""
    story = await hub.ledger.story(message)
    await hub.ledger.note("content-read", actor=reader.actor, now=hub.clock(), message=message, reason=purpose)
    kept = [await hub.ledger.content(message, each.name) for each in story.contents if not each.is_apart]
    return {
        **message_fields(story.message),
        "deliveries": [{"delivery": each.id, "receiver": each.receiver} for each in story.deliveries],
        "contents": [{"name": each.name, "media": each.media, "data": b64encode(each.data).decode()} for each in kept],
        "files": [each.name.removeprefix("file:") for each in story.contents if each.is_apart],
    }


async def file(hub: Served, reader: ContentReader, message: str, ticket: str, purpose: Purpose) -> StreamingResponse:
    """A file of a message by its ticket, as it came. Needs `content`; who looked, and what for, is journalled first."""
    pieces = hub.ledger.file(message, ticket)
    first = await anext(pieces)
    await hub.ledger.note("content-read", actor=reader.actor, now=hub.clock(), message=message, reason=purpose)
    headers = {"Content-Disposition": f'attachment; filename="{ticket.replace(":", "-")}"', "Cache-Control": "no-store"}
    return StreamingResponse(_from(first, pieces), media_type="application/octet-stream", headers=headers)


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def delivery(hub: Served, language: Spoken, delivery: str) -> dict[str, Any]:
    """One delivery as it stands."""
    found = await hub.ledger.delivery(delivery)
    return {"message": found.message, **delivery_fields(found, language)}


async def dead(hub: Served, language: Spoken) -> dict[str, Any]:
    """Dead letters by what they died of, the most frequent first; `text` finds them among the messages."""
    return {"causes": [_cause(each, language) for each in await hub.ledger.dead_by_cause()]}


def _cause(cause: Cause, language: Language) -> dict[str, Any]:
    return {
        "reason": cause.reason.said_in(language),
        "text": packed(cause.reason),
        "lane": cause.lane,
        "exchange": cause.exchange,
        "deliveries": cause.deliveries,
        "oldest": iso(cause.oldest),
        "newest": iso(cause.newest),
        "example": cause.example,
    }


async def connectors(hub: Served) -> dict[str, Any]:
    """Every application, its operations and its lanes; no address and no secret."""
    return {
        "revision": hub.catalogue.revision,
        "connectors": [
            {
                "connector": each.name,
                "title": each.spec.title,
                "owner": each.spec.owner,
                "protocol": each.spec.protocol,
                "contract": each.contract.source,
                "mended": [f"{one.file}:{one.line}: {one.text}" for one in each.contract.mended],
                "operations": {name: operation.direction for name, operation in each.spec.operations.items()},
                "lanes": list(each.lanes),
            }
            for each in hub.catalogue.connectors.values()
        ],
        "exchanges": [
            {"exchange": each.name, "title": each.spec.title, "between": each.spec.between}
            for each in hub.catalogue.exchanges.values()
        ],
    }


async def schedules(hub: Served) -> dict[str, Any]:
    """Every schedule with its latest runs."""
    return {
        "schedules": [
            {
                "schedule": name,
                "title": spec.title,
                "cron": spec.cron,
                "timezone": spec.timezone,
                "runs": [_fire(fire) for fire in await hub.ledger.fires(name, limit=10)],
            }
            for name, spec in hub.catalogue.schedules.items()
        ]
    }


async def keys(hub: Served) -> dict[str, Any]:
    """Every key, without its hash."""
    return {"keys": [_key(key) for key in await hub.ledger.keys()]}


# -- changing ---------------------------------------------------------------------------------------------------------


async def replay(hub: Served, who: Operator, delivery: str, why: Replay, language: Spoken) -> dict[str, Any]:
    """Send a dead or unanswered delivery anew."""
    await hub.desk.replay(delivery, actor=who.actor, reason=why.reason, look_up=why.look_up)
    return delivery_fields(await hub.ledger.delivery(delivery), language)


async def cancel(hub: Served, who: Operator, delivery: str, why: Reasoned, language: Spoken) -> dict[str, Any]:
    """Skip a delivery for good."""
    await hub.desk.cancel(delivery, actor=who.actor, reason=why.reason)
    return delivery_fields(await hub.ledger.delivery(delivery), language)


async def confirm(hub: Served, who: Operator, delivery: str, why: Reasoned, language: Spoken) -> dict[str, Any]:
    """Say that an unanswered delivery was carried out."""
    await hub.desk.confirm(delivery, actor=who.actor, reason=why.reason)
    return delivery_fields(await hub.ledger.delivery(delivery), language)


async def replace(hub: Served, who: Operator, reader: ContentReader, delivery: str, new: Correction) -> dict[str, Any]:
    """Accept a corrected document in the place of a dead letter. Needs `content` too."""

    async def corrected(held: Delivery) -> Acceptance:
        return await hub.intake.corrected(held, new.document, parameters=new.parameters)

    receipt = await hub.desk.replace(delivery, corrected, actor=who.actor, reason=new.reason)
    return {"message": receipt.message, "deliveries": list(receipt.deliveries), "replaces": delivery}


async def replay_all(hub: Served, who: Operator, asked: All, language: Spoken) -> dict[str, Any]:
    """Send every matching dead letter anew, or with `dry_run` (the default) only say which they are."""
    return await _all(hub, who, asked, language=language, verb="replay")


async def cancel_all(hub: Served, who: Operator, asked: All, language: Spoken) -> dict[str, Any]:
    """Skip every matching delivery for good, or with `dry_run` (the default) only say which they are."""
    return await _all(hub, who, asked, language=language, verb="cancel")


async def _all(hub: Hub, who: Identity, asked: All, *, language: Language, verb: Verb) -> dict[str, Any]:
    search = asked.search(asked.state)
    if asked.dry_run:
        seen = await hub.desk.preview(verb, search)
        return {
            "dry_run": True,
            "ticket": seen.ticket,
            "deliveries": seen.selection.deliveries,
            "causes": [_cause(each, language) for each in seen.selection.causes],
            "first": [{"message": each.message, **delivery_fields(each, language)} for each in seen.selection.first],
        }
    act = {"replay": hub.desk.replay_all, "cancel": hub.desk.cancel_all}[verb]
    return {"dry_run": False, "done": await act(search, ticket=asked.ticket, actor=who.actor, reason=asked.reason)}


async def pause(hub: Served, who: Operator, connector: str, instance: str, why: Reasoned) -> dict[str, Any]:
    """Let nothing more leave by a lane."""
    return await _turn(hub, who, f"{connector}/{instance}", why=why, how=Desk.pause_lane)


async def resume(hub: Served, who: Operator, connector: str, instance: str, why: Reasoned) -> dict[str, Any]:
    """Let a lane go again."""
    return await _turn(hub, who, f"{connector}/{instance}", why=why, how=Desk.resume_lane)


async def _turn(hub: Hub, who: Identity, name: str, *, why: Reasoned, how: Callable[..., Awaitable[None]]) -> dict[str, Any]:
    await known_lane(hub, name)
    await how(hub.desk, name, actor=who.actor, reason=why.reason)
    return (await known_lane(hub, name)).fields()


async def run(hub: Served, who: Operator, schedule: str, why: Reasoned) -> dict[str, Any]:
    """Run a schedule's fetch now."""
    items = await hub.desk.fetch_now(schedule, hub.scheduler.fetch_now, actor=who.actor, reason=why.reason)
    return {"schedule": schedule, "items": items}


async def issue(hub: Served, who: Operator, new: NewKey) -> dict[str, Any]:
    """Issue a key: `key` is shown this once; of one that signs, its secret (whsec_...) in the place of the key. NotFound for
    a right on an exchange that there is not."""
    if new.hmac and not signs_one_exchange(frozenset(new.scopes)):
        raise MessageError(ONE_EXCHANGE, kind="scope-unknown")
    for scope in new.scopes:
        if (name := scope.partition(":")[2]) not in ("", "*", "own"):
            hub.catalogue.exchange(name)
    clear = await hub.desk.issue_key(
        new.application,
        new.authority,
        new.scopes,
        actor=who.actor,
        title=new.title,
        expires=new.expires,
        sealed=new.digest or new.hmac,
        certificate=fingerprint_of(new.certificate) if new.certificate else "",
    )
    return {"key": shown_secret(clear) if new.hmac else clear, "id": clear.split("_")[1]}


async def revoke(hub: Served, who: Operator, key: str, why: Reasoned) -> dict[str, Any]:
    """End a key at once."""
    await hub.desk.revoke_key(key, actor=who.actor, reason=why.reason)
    return {"id": key, "revoked": True}


def _fire(fire: Fire) -> dict[str, Any]:
    return {
        "slot": iso(fire.slot),
        "at": iso(fire.at),
        "ended_at": iso(fire.ended_at),
        "items": fire.items,
        "error": fire.error,
        "node": fire.node,
    }


def _key(key: ApiKey) -> dict[str, Any]:
    ends: dict[str, datetime | None] = {
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }
    named: dict[str, Any] = {"id": key.id, "application": key.application, "authority": key.authority, "title": key.title}
    named |= {"digest": key.sealed is not None, "certificate": key.certificate}
    return {**named, "scopes": list(key.scopes), **{name: iso(at) for name, at in ends.items()}}
