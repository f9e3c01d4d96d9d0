"""Signing in with a key, signing out, and choosing a language."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.endpoints.auth import Doorkeeper, credentials_of
from hub.endpoints.console.pages import (
    FORM,
    LANGUAGE,
    SESSION,
    check_form,
    nonce,
    read_form,
    rendered,
    sessions_of,
    set_cookie,
)
from hub.endpoints.serving import hub_of
from hub.errors import HubError, NotAllowed


async def entrance(request: Request) -> Response:
    """The sign-in page."""
    return _door(request)


async def enter(request: Request) -> Response:
    """Sign in: the key must be in force and hold `read` or `admin`."""
    try:
        fields = await read_form(request)
        check_form(request, fields, bound_to=request.cookies.get(FORM, ""))
    except HubError:
        return _door(request, status=403, problem="form_expired")
    doorkeeper: Doorkeeper = request.app.doorkeeper
    try:
        identity = await doorkeeper.identify(credentials_of(fields.get("key", "").strip()), hub_of(request))
        identity.require("read")
    except NotAllowed:
        return _door(request, status=401, problem="wrong_key")
    sessions = sessions_of(request)
    answer = RedirectResponse("/admin", status_code=303)
    set_cookie(request, answer, SESSION, value=sessions.cookie(sessions.begin(identity.key)))
    answer.delete_cookie(FORM, path="/admin")
    return answer


async def leave(request: Request) -> Response:
    """Sign out; the session is over even where its cookie was copied."""
    sessions = sessions_of(request)
    session = sessions.read(request.cookies.get(SESSION, ""))
    answer = RedirectResponse("/admin/login", status_code=303)
    if session:
        try:
            check_form(request, await read_form(request), bound_to=session.id)
        except HubError:
            return RedirectResponse("/admin", status_code=303)
        sessions.end(session)
        answer.delete_cookie(SESSION, path="/admin")
    return answer


async def speak(request: Request) -> Response:
    """Choose the console's language, and go back to where one was."""
    fields = await read_form(request)
    back = fields.get("back", "/admin")
    safe = back == "/admin" or (back.startswith("/admin/") and "\\" not in back and "//" not in back)
    answer = RedirectResponse(back if safe else "/admin", status_code=303)
    if fields.get("language") in ("fr", "en"):
        set_cookie(request, answer, LANGUAGE, value=fields["language"])
    return answer


def _door(request: Request, *, status: int = 200, problem: str = "") -> Response:
    bound_to = nonce()
    token = sessions_of(request).token(bound_to)
    answer = rendered(request, "login.html", status=status, token=token, problem=problem)
    set_cookie(request, answer, FORM, value=bound_to)
    return answer
