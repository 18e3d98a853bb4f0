"""`install`: one line that makes an app's or a router's routes fast, and watched."""

from fastapi import APIRouter, FastAPI

from ..monitor import Monitor
from .route import FastRoute

__all__ = ["install"]


def install(app: FastAPI | APIRouter, *, monitor: Monitor | None = None) -> None:
    """Make the routes that are declared from now on `FastRoute`.

    Parameters
    ----------
    app : FastAPI or APIRouter
        The routes of this app or router. A router that an app includes keeps its own class.
    monitor : Monitor, optional
        Counts the rows of each request that is valid, on its way to the endpoint. What cannot be
        counted is said once in the log ``fastcore.monitor``, and the request goes on.

    Raises
    ------
    TypeError
        If `app` is none, or `monitor` is not a Monitor.
    ValueError
        If `app` has routes with a body already: call `install` before they are declared.
    """
    router = app.router if isinstance(app, FastAPI) else app
    if not isinstance(router, APIRouter):
        raise TypeError(f"app: expected FastAPI or APIRouter, got {type(app).__name__}")
    early = [
        getattr(route, "path", "")
        for route in router.routes
        if getattr(route, "body_field", None) is not None and not isinstance(route, FastRoute)
    ]
    if early:
        raise ValueError(f"app: call install() before the routes are declared: {', '.join(early)}")
    router.route_class = FastRoute if monitor is None else FastRoute.watching(monitor)
