"""The parameters of a URL, each given once: of two values one reader takes the first, another the last."""

from __future__ import annotations

from starlette.requests import Request

from hub.errors import MessageError, Text


def refuse_twice(request: Request) -> None:
    """MessageError 400 for a parameter that stands twice."""
    if not request.scope["query_string"]:
        return
    names = [name for name, _ in request.query_params.multi_items()]
    if twice := sorted({name[:60] for name in names if names.count(name) > 1}):
        raise MessageError(
            Text(en=f"Given twice: {', '.join(twice)}.", fr=f"Donné deux fois : {', '.join(twice)}."),
            status=400,
            kind="parameter-twice",
        )
