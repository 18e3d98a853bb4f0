"""`FastRoute`: FastAPI's route, with the body read in C where that gives the same answer.

The walk of a request: `FastRoute.get_route_handler` has made a handler (`_handler.make_handler`);
it reads the body, asks the compiled schema, and takes one of three ways:

- *FastAPI's*: the schema has refused, or the request is none for us (other content type, form,
  empty body ...). FastAPI's handler gets the request as if nothing had happened, so every error
  and every coercion is its own.
- *through FastAPI*: the value is good, but dependencies, telemetry or a patched FastAPI want its
  machinery: its handler runs and finds the value where it would have validated one.
- *direct*: nothing of that is in play; parameters, endpoint and response are done here with
  FastAPI's functions.
"""

import functools
import warnings
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from .. import _identity as _identity
from ._inline import is_inline, on_loop

if TYPE_CHECKING:
    from ..monitor import Monitor
    from ._policy import Policy

try:
    from . import _handler
except Exception:  # a FastAPI whose insides have moved keeps its routes
    _handler = None  # type: ignore[assignment]

__all__ = ["FastRoute"]

_WATCHED = "__fastcore_monitor__"


class FastRoute(APIRoute):
    """FastAPI's route, with request bodies validated in C.

    Answers and the OpenAPI document are those of ``fastapi.routing.APIRoute``; the few deliberate
    differences stand in one table in ``docs/serving.md``. Where there is no fast way, it is
    FastAPI's own.

    Notes
    -----
    Fast is a route with one JSON body parameter that is not embedded. Forms, several body
    parameters and ``embed=True`` go FastAPI's way, and so does everything under
    ``FASTCORE_DISABLE=1`` or with a FastAPI whose insides this version does not know.

    Examples
    --------
    >>> from fastapi import FastAPI
    >>> from pydantic import BaseModel
    >>> class Flight(BaseModel):
    ...     distance: float
    >>> app = FastAPI()
    >>> app.router.route_class = FastRoute
    >>> @app.post("/score")
    ... async def score(flight: Flight) -> float:
    ...     return flight.distance / 2
    """

    #: What counts the requests of these routes; set by `watching`.
    monitor: ClassVar["Monitor | None"] = None
    #: What `install` has said of requests and of 422 answers.
    _policy: ClassVar["Policy | None"] = None

    @classmethod
    def watching(cls, monitor: "Monitor") -> type["FastRoute"]:
        """A route class whose routes count the rows of their valid requests.

        Parameters
        ----------
        monitor : Monitor
            Gets the rows, before the endpoint does.

        Returns
        -------
        type
            For ``APIRouter(route_class=...)``.

        Raises
        ------
        TypeError
            If `monitor` is not a Monitor.
        """
        from ..monitor import Monitor

        if not isinstance(monitor, Monitor):
            raise TypeError(f"monitor: expected a Monitor, got {type(monitor).__name__}")
        return type(cls.__name__, (cls,), {"monitor": monitor, "__module__": cls.__module__})

    @classmethod
    def _under(cls, policy: "Policy") -> type["FastRoute"]:
        return type(cls.__name__, (cls,), {"_policy": policy, "__module__": cls.__module__})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Make this route's handler.

        FastAPI calls this at construction, and once for every ``include_router`` that leads here,
        each time with other settings in force.

        Returns
        -------
        callable
            ``async handler(request) -> Response``.
        """
        handler = self._unlimited()
        return handler if self._policy is None else self._policy.handler(handler)

    def _unlimited(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler without a policy."""
        original = super().get_route_handler()
        settings = _handler.Settings.of(original) if _handler is not None else None
        if settings is None:
            return original
        call = settings.dependant.call
        changed = self._changed(call, settings) if call is not None else call
        if changed is not call:
            # FastAPI decides between loop and thread when it makes the handler: make it again.
            settings.dependant.call = changed
            _forget(settings.dependant)
            original = super().get_route_handler()
            settings = _handler.Settings.of(original)
            if settings is None:
                return original
        return _handler.make_handler(original, settings)

    def _changed(self, call: Callable[..., Any], settings: Any) -> Callable[..., Any]:
        """The endpoint as it is called here: on the loop, and watched."""
        if is_inline(call):
            call = on_loop(call)
        if self.monitor is None or getattr(call, _WATCHED, None) is self.monitor:
            return call
        names = [field.name for field in _handler.body_params(settings.dependant)]
        if not names:
            return call
        if settings.stream:
            warnings.warn(
                f"{self.path}: an endpoint that streams is not watched",
                RuntimeWarning,
                stacklevel=2,
            )
            return call
        from ._watch import watched

        call = watched(call, self.monitor, names)
        setattr(call, _WATCHED, self.monitor)
        return call


def _forget(dependant: object) -> None:
    """Drop what a dependant has cached about its call (FastAPI from 0.120 to about 0.140 does)."""
    cached = getattr(dependant, "__dict__", {})
    for name in list(cached):
        if isinstance(getattr(type(dependant), name, None), functools.cached_property):
            del cached[name]
