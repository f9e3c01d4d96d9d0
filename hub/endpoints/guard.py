"""What stands before every route, as plain ASGI: security headers, a limit on headers, the answer to what is unexpected."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.endpoints.language import language_of
from hub.endpoints.problems import problem_response, standing_of, written
from hub.errors import Language, Text
from hub.telemetry import Telemetry

_LARGEST_HEADERS = 32 * 1024
_SECURITY: Iterable[tuple[str, str]] = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
_TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")
_RAW = tuple((name.lower().encode(), value.encode()) for name, value in _SECURITY)
_RAW_SECURE = (*_RAW, (_TRANSPORT[0].lower().encode(), _TRANSPORT[1].encode()))
_NAMES = frozenset(name for name, _ in _RAW_SECURE)


def security_of(scheme: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of every answer to a request of this scheme that does not set them itself."""
    return _RAW_SECURE if scheme == "https" else _RAW


class Guard:
    """Wraps the application. An error that nobody expected is logged without its words, and answered without detail."""

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, security_of(scope.get("scheme", "")))
        if refusal := _refusal(scope):
            await refusal(scope, receive, answer.send)
            return
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:  # the last resort: whatever it is, the process and the caller go on
            if standing_of(error)[0] == 500:
                self._telemetry.failed(error, at=scope.get("path", "")[:200])
            if answer.begun:
                raise
            await problem_response(error, _language(scope))(scope, receive, answer.send)


def _language(scope: Scope) -> Language:
    return language_of(Headers(scope=scope).get("accept-language", ""))


def _refusal(scope: Scope) -> Response | None:
    """The answer to what no route should see: headers of a size that nobody needs."""
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
    if size > _LARGEST_HEADERS:
        text = Text(en="The headers are too large.", fr="Les en-têtes sont trop volumineux.")
        return written(431, "headers-too-large", text, language=_language(scope), headers={"Connection": "close"})
    return None


class _Answer:
    """One answer on its way out; adds the headers that it has not set itself."""

    def __init__(self, send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            given = list(message.get("headers", ()))
            names = dict(given)
            added = self._headers if _NAMES.isdisjoint(names) else [each for each in self._headers if each[0] not in names]
            message["headers"] = [*given, *added]
        await self._send(message)
