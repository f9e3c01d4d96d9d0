"""Routes of FastAPI whose bodies are read as everywhere else: by those who may ask only, held to a size and a time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from hub.endpoints.auth import identify
from hub.endpoints.body import read_body

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class HeldRoute(APIRoute):
    """A route for those who may `read`, whose body has at most `largest` bytes."""

    largest: ClassVar[int] = 64 * 1024

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, given a body that is there already."""
        handler = super().get_route_handler()

        async def held(request: Request) -> Response:
            (await identify(request)).require("read")
            body = await read_body(request, limit=self.largest)

            async def received() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            return await handler(Request(request.scope, received))

        return held


class LargeRoute(HeldRoute):
    """The same for a body that holds a document with its files, in base64."""

    largest = 32 * 1024 * 1024
