"""The console's addresses."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from hub.endpoints.console import actions, clash, correcting, entrance, views
from hub.endpoints.console.pages import action, page

_STATIC = Path(__file__).parent / "static"


def console_routes() -> list[BaseRoute]:
    """Every page and every change of the console."""
    return [
        Route("/admin", page(views.overview), methods=["GET"]),
        Route("/admin/login", entrance.entrance, methods=["GET"]),
        Route("/admin/login", entrance.enter, methods=["POST"]),
        Route("/admin/logout", entrance.leave, methods=["POST"]),
        Route("/admin/language", entrance.speak, methods=["POST"]),
        Route("/admin/messages", page(views.messages), methods=["GET"]),
        Route("/admin/messages/{message}", page(views.message), methods=["GET"]),
        Route("/admin/dead", page(views.dead), methods=["GET"]),
        Route("/admin/dead/{verb}", page(views.dead_preview), methods=["GET"]),
        Route("/admin/dead/{verb}", action(actions.act_on_all), methods=["POST"]),
        Route("/admin/schedules", page(views.schedules), methods=["GET"]),
        Route("/admin/schedules/{schedule}/run", action(actions.run), methods=["POST"]),
        Route("/admin/deliveries/{delivery}/clash", page(clash.clash), methods=["GET"]),
        Route("/admin/deliveries/{delivery}/correction", page(correcting.correction), methods=["GET"]),
        Route("/admin/deliveries/{delivery}/correction", action(correcting.correct), methods=["POST"]),
        Route("/admin/deliveries/{delivery}/{verb}", action(actions.delivery), methods=["POST"]),
        Route("/admin/lanes/{connector}/{instance:path}/{verb}", action(actions.lane), methods=["POST"]),
        Mount("/admin/static", StaticFiles(directory=_STATIC)),
    ]
