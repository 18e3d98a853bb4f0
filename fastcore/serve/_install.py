"""`install`: one line that makes an app's or a router's routes fast, and watched."""

from fastapi import APIRouter, FastAPI

from ..monitor import Monitor
from ._policy import Policy
from .route import FastRoute

__all__ = ["install"]


def install(
    app: FastAPI | APIRouter,
    *,
    monitor: Monitor | None = None,
    hide_input: bool = False,
    max_errors: int | None = 100,
    max_input: int | None = None,
    max_body: int | None = None,
) -> None:
    """Make the routes that are declared from now on `FastRoute`.

    Parameters
    ----------
    app : FastAPI or APIRouter
        The routes of this app or router. A router that an app includes keeps its own class.
    monitor : Monitor, optional
        Counts the rows of each request that is valid, on its way to the endpoint. What cannot be
        counted is said once in the log ``fastcore.monitor``, and the request goes on.
    hide_input : bool, default False
        The errors of a 422 answer come without their ``input``, what was sent.
    max_errors : int or None, default 100
        The most errors of a 422 answer; one more of type ``errors_truncated`` says how many there
        were. None: all.
    max_input : int, optional
        The longest ``input`` of an error in a 422 answer, in characters; of more the beginning is
        given, as a text with an ellipsis. None: as long as the whole answer fits into 16 KiB
        (where `max_errors` is None: any).
    max_body : int, optional
        The largest body of a request in bytes. A larger one is answered with 413, as soon as its
        headers say so, or so many bytes have come.

    Raises
    ------
    TypeError
        If `app` is none, or `monitor` is not a Monitor.
    ValueError
        If a limit is out of range, or `app` has routes with a body already: call `install` before
        they are declared.
    """
    router = app.router if isinstance(app, FastAPI) else app
    if not isinstance(router, APIRouter):
        raise TypeError(f"app: expected FastAPI or APIRouter, got {type(app).__name__}")
    policy = Policy(hide_input, max_errors, max_input, max_body)
    early = [
        getattr(route, "path", "")
        for route in router.routes
        if getattr(route, "body_field", None) is not None and not isinstance(route, FastRoute)
    ]
    if early:
        raise ValueError(f"app: call install() before the routes are declared: {', '.join(early)}")
    route_class = FastRoute if monitor is None else FastRoute.watching(monitor)
    router.route_class = route_class._under(policy)
