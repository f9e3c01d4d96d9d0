"""What stands before every route, as plain ASGI: security headers, refused methods, and the answer to what is unexpected."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.endpoints.language import language_of
from hub.endpoints.problems import problem_response, written
from hub.errors import Language, Text
from hub.telemetry import Telemetry

_NEVER = frozenset({"TRACE", "TRACK", "CONNECT"})
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
        answer = _Answer(send, secure=scope.get("scheme") == "https")
        headers = Headers(scope=scope)
        language = language_of(headers.get("accept-language", ""))
        refusal = _refusal(scope, language)
        if refusal:
            await refusal(scope, receive, answer.send)
            return
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:  # the last resort: whatever it is, the process and the caller go on
            self._telemetry.failed(error, at=scope.get("path", "")[:200])
            if answer.begun:
                raise
            await problem_response(error, language)(scope, receive, answer.send)


def _refusal(scope: Scope, language: Language) -> Response | None:
    """The answer to what no route should see: methods that mirror or tunnel, and headers of a size that nobody needs."""
    if scope["method"].upper() in _NEVER:
        text = Text(en="This method is not taken.", fr="Cette méthode n'est pas admise.")
        return written(405, "method-not-allowed", text, language=language)
    if sum(len(name) + len(value) for name, value in scope["headers"]) > _LARGEST_HEADERS:
        text = Text(en="The headers are too large.", fr="Les en-têtes sont trop volumineux.")
        return written(431, "headers-too-large", text, language=language, headers={"Connection": "close"})
    return None


class _Answer:
    """One answer on its way out; adds the headers that it has not set itself."""

    def __init__(self, send: Send, *, secure: bool) -> None:
        self._send = send
        self._secure = secure
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _SECURITY:
                headers.setdefault(name, value)
            if self._secure:
                headers.setdefault(*_TRANSPORT)
        await self._send(message)
