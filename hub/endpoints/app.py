"""The web application: every door of one hub, behind its guard. The hot routes come first."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hub.assembly import Hub
from hub.endpoints.admin import admin_router
from hub.endpoints.auth import Doorkeeper, identify
from hub.endpoints.console.routes import console_routes
from hub.endpoints.console.sessions import Sessions
from hub.endpoints.guard import Guard
from hub.endpoints.health import health_routes
from hub.endpoints.language import language_of
from hub.endpoints.mailboxes import mailbox_routes
from hub.endpoints.openapi import Reader, document
from hub.endpoints.problems import problem_response, standing_of, written
from hub.endpoints.rest import Sayings, is_said, json_response, rest_routes, said
from hub.endpoints.soap import soap_routes
from hub.endpoints.soap_mailboxes import soap_mailbox_routes
from hub.errors import HubError, Language, Problem, Text, same


class Doors(FastAPI):
    """The framework behind the guard, with what the doors share. A message, which nearly every request is, is gone straight
    to: its door has a guard of its own, and none of the framework's rounds."""

    def __init__(self, hub: Hub, **options: Any) -> None:
        super().__init__(middleware=[Middleware(Guard, telemetry=hub.telemetry)], **options)
        self._said = Guard(said, telemetry=hub.telemetry)
        self.hub = hub
        self.doorkeeper = Doorkeeper(hub.ledger.key)
        self.sessions = Sessions(hub.keyring.session, clock=hub.clock)
        self.sayings = Sayings(hub)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the application."""
        if is_said(scope):
            scope["app"] = self
            await self._said(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build_app(hub: Hub) -> FastAPI:
    """The doors of `hub`. Nothing but health is open without a key; there is no documentation page and no CORS."""
    app = Doors(
        hub,
        title="Hub",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would write the words of errors
        routes=[
            *rest_routes(),
            *soap_routes(),
            *mailbox_routes(),
            *soap_mailbox_routes(),
            *health_routes(),
            *console_routes(),
            Route("/openapi.json", described),
        ],
        exception_handlers={
            HubError: _refused,
            HTTPException: _http,
            RequestValidationError: _wrong_fields,
        },
    )
    app.include_router(admin_router())
    return app


async def described(request: Request) -> Response:
    """The OpenAPI document of what the caller may do; the whole of it for those who may read."""
    identity = await identify(request)
    reader = Reader(identity.application, identity.may)
    return json_response(document(request.app.hub.catalogue, reader, administration=request.app.openapi()))


async def _refused(request: Request, error: Exception) -> Response:
    if standing_of(error)[0] == 500:
        request.app.hub.telemetry.failed(error, at=request.url.path[:200])
    return problem_response(error, _language(request))


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    kind, text = _HTTP.get(status, ("not-accepted", Text(en="Not accepted.", fr="Non admis.")))
    return written(status, kind, text, language=_language(request), headers=headers)


async def _wrong_fields(request: Request, error: Exception) -> Response:
    """What FastAPI finds wrong in the parameters of the administration; never the value itself."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    problems = tuple(Problem(same(str(each["msg"])), path=".".join(map(str, each["loc"]))) for each in found)
    text = Text(en="A parameter does not fit.", fr="Un paramètre ne convient pas.")
    return written(422, "invalid-parameter", text, language=_language(request), problems=problems)


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language", ""))


_HTTP = {
    404: ("not-found", Text(en="There is nothing here.", fr="Il n'y a rien à cette adresse.")),
    405: ("method-not-allowed", Text(en="This method is not taken here.", fr="Cette méthode n'est pas admise ici.")),
    400: ("bad-request", Text(en="The request cannot be read.", fr="La requête est illisible.")),
}
