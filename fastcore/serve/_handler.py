"""The handler of a `FastRoute`: which way a request takes, and the direct way itself."""

import inspect
import warnings
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from fastapi import routing
from fastapi._compat import ModelField
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from .. import _config
from ._fields import Accepted, BodyField, ResponseField
from ._request import content_type, is_json

__all__ = ["Settings", "make_handler"]

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

#: FastAPI's parameters ``response_model_*``.
_OPTIONS = ("include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none")
#: What FastAPI's handler has closed over, from 0.115 to 0.165. A name that is not here means a
#: FastAPI that does something we do not know: it then keeps its route to itself.
_NEEDED = {
    "actual_response_class",
    "body_field",
    "dependant",
    "dependency_overrides_provider",
    "embed_body_fields",
    "is_body_form",
    "is_coroutine",
    "response_field",
    "status_code",
    *(f"response_model_{option}" for option in _OPTIONS),
}
_KNOWN = _NEEDED | {
    "actual_strict_content_type",
    "form_limits",
    "is_json_stream",
    "is_sse_stream",
    "response_class",
    "stream_item_field",
}

#: The functions that the direct way stands in for. Tracers and profilers replace them; then the
#: request goes through FastAPI's handler, which calls the replacement.
_routing: Any = routing
_ORIGINALS = {
    name: getattr(routing, name)
    for name in ("solve_dependencies", "run_endpoint_function", "serialize_response")
}


def _patched() -> bool:
    return any(getattr(routing, name) is not value for name, value in _ORIGINALS.items())


@dataclass(frozen=True)
class Settings:
    """What is in force for one handler, read from FastAPI's own.

    An included route has other dependencies, response class and so on than it was declared with;
    the handler is the one place in every version where the values in force come together.
    """

    dependant: Dependant
    body_field: ModelField | None
    embed: bool
    form: bool
    stream: bool
    strict_content_type: bool
    is_coroutine: bool
    status_code: int | None
    response_class: Any
    default_response_class: bool
    response_field: ModelField | None
    response_options: dict[str, Any]
    overrides_provider: Any

    @classmethod
    def of(cls, handler: Handler) -> "Settings | None":
        """The settings that `handler` has closed over; None if it is not a handler we know."""
        if (
            not isinstance(handler, FunctionType)
            or handler.__module__ != routing.__name__
            or handler.__qualname__ != "get_request_handler.<locals>.app"
            or handler.__closure__ is None
        ):
            return None
        names = handler.__code__.co_freevars
        if not _NEEDED <= set(names) <= _KNOWN:
            return None
        found = {n: c.cell_contents for n, c in zip(names, handler.__closure__, strict=True)}
        call = inspect.unwrap(found["dependant"].call)
        return cls(
            dependant=found["dependant"],
            body_field=found["body_field"],
            embed=bool(found["embed_body_fields"]),
            form=bool(found["is_body_form"]),
            stream=bool(found.get("is_sse_stream") or found.get("is_json_stream"))
            or _is_generator(call)
            or _is_generator(getattr(call, "__call__", None)),  # noqa: B004
            strict_content_type=bool(found.get("actual_strict_content_type", False)),
            is_coroutine=bool(found["is_coroutine"]),
            status_code=found["status_code"],
            response_class=found["actual_response_class"],
            default_response_class="response_class" in found
            and isinstance(found["response_class"], DefaultPlaceholder),
            response_field=found["response_field"],
            response_options={name: found[f"response_model_{name}"] for name in _OPTIONS},
            overrides_provider=found["dependency_overrides_provider"],
        )


def _is_generator(call: object) -> bool:
    return inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call)


def _body_params(dependant: Dependant) -> list[ModelField]:
    found, todo = [], [dependant]
    while todo:
        one = todo.pop()
        found += one.body_params
        todo += one.dependencies
    return found


def make_handler(original: Handler, settings: Settings) -> Handler:
    """A handler that answers as `original` does.

    Parameters
    ----------
    original : callable
        FastAPI's handler.
    settings : Settings
        What it has closed over.
    """
    if settings.response_field is not None:
        _become(settings.response_field, ResponseField)
    bodies = _body_params(settings.dependant)
    if (
        settings.form
        or settings.embed
        or len(bodies) != 1
        or bodies[0] is not settings.body_field
        or type(bodies[0]) not in (ModelField, BodyField)
        or _config.disabled()
    ):
        return original
    _become(bodies[0], BodyField)
    return _Fast(original, settings, bodies[0]).handle


def _become(field: ModelField, cls: type[ModelField]) -> None:
    """Make FastAPI's `field`, which it has handed to several places by now, one of ours."""
    if type(field) is ModelField:
        field.__class__ = cls


class _Fast:
    """State of one handler; `handle` is the handler."""

    def __init__(self, original: Handler, settings: Settings, body: ModelField) -> None:
        self.original = original
        self.settings = settings
        self.body = body
        self.try_json: Callable[[bytes], Any] | None = None
        self.compiled = False
        dependant = settings.dependant
        self.direct = not dependant.dependencies and not settings.stream
        #: Only the body and the request itself are asked for: nothing to solve.
        self.bare = body in dependant.body_params and not (
            dependant.path_params
            or dependant.query_params
            or dependant.header_params
            or dependant.cookie_params
            or dependant.websocket_param_name
            or dependant.response_param_name
            or dependant.background_tasks_param_name
            or dependant.security_scopes_param_name
        )
        self.dump_json = settings.default_response_class and settings.response_field is not None

    def compile(self) -> None:
        """Compile the schema, at the first request: most routes of an included router get none."""
        self.compiled = True
        try:
            from ..schema import Schema
        except ModuleNotFoundError:  # a tree in which the schema has not been built yet
            return
        # FastAPI's own adapter says what the body is, metadata of `Body(...)` included.
        type_ = getattr(self.body._type_adapter, "_type", None)
        if type_ is None or getattr(self.body, "config", None) is not None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydantic's on Body's attributes; FastAPI hides them
            schema = Schema(type_)
        if schema.route_native:
            self.try_json = schema.try_route_json

    async def handle(self, request: Request) -> Response:
        if not self.compiled:
            self.compile()
        value: Any = NotImplemented
        if self.try_json is not None and self.readable(request):
            try:
                body = await request.body()
            except Exception as error:
                _raise_from_body(request, error)
                return await self.original(request)
            if type(body) is bytes and body:
                value = self.try_json(body)
        if value is NotImplemented:
            return await self.original(request)
        if self.direct and not _patched():
            return await self.answer(request, value)
        return await self.through(request, value)

    def readable(self, request: Request) -> bool:
        """Whether FastAPI would call this request's body JSON, and ``json.loads`` would read it."""
        if "_json" in request.__dict__:
            return False  # somebody has parsed it before, and may have changed the result
        if request.scope.get("fastapi.telemetry") is not None:
            return False  # its processors are promised the parsed body
        if type(request) is Request:
            kind = content_type(request.scope["headers"])
        elif type(request).json is Request.json:
            kind = request.headers.get("content-type")
        else:
            return False
        return is_json(kind) if kind else not self.settings.strict_content_type

    async def through(self, request: Request, value: Any) -> Response:
        """FastAPI's handler, which finds the validated value as the parsed body."""

        async def once() -> Accepted:
            # From now on, whoever asks for the JSON gets it from the class's method.
            del request.__dict__["json"]
            return Accepted(value, request)

        request.__dict__["json"] = once
        try:
            return await self.original(request)
        except RequestValidationError as error:
            if type(error.body) is Accepted:
                error.body = await request.json()
            raise

    async def answer(self, request: Request, value: Any) -> Response:
        """The direct way: parameters, endpoint, response."""
        settings = self.settings
        dependant = settings.dependant
        assert dependant.call is not None
        background = None
        injected: Response | None = None
        if self.bare:
            values = {self.body.name: value}
            if dependant.request_param_name:
                values[dependant.request_param_name] = request
            if dependant.http_connection_param_name:
                values[dependant.http_connection_param_name] = request
        else:
            solved = await _routing.solve_dependencies(
                request=request,
                dependant=dependant,
                body=Accepted(value, request),
                dependency_overrides_provider=settings.overrides_provider,
                async_exit_stack=request.scope.get("fastapi_inner_astack"),
                embed_body_fields=False,
            )
            if solved.errors:
                raise await self.invalid(request, solved.errors)
            values, background, injected = solved.values, solved.background_tasks, solved.response
        if settings.is_coroutine:
            raw = await dependant.call(**values)
        else:
            raw = await run_in_threadpool(dependant.call, **values)
        if isinstance(raw, Response):
            if raw.background is None:
                raw.background = background
            return raw
        return await self.respond(request, raw, background, injected)

    async def respond(
        self, request: Request, raw: Any, background: Any, injected: Response | None
    ) -> Response:
        """What FastAPI makes of an endpoint's result."""
        settings = self.settings
        args: dict[str, Any] = {"background": background}
        status = (injected.status_code if injected is not None else None) or settings.status_code
        if status:
            args["status_code"] = status
        options = dict(settings.response_options)
        if _DUMPS_JSON:
            options["dump_json"] = self.dump_json
        if _CONTEXTS:
            options["endpoint_ctx"] = self.context(request)
        content = await _routing.serialize_response(
            field=settings.response_field,
            response_content=raw,
            is_coroutine=settings.is_coroutine,
            **options,
        )
        if _DUMPS_JSON and self.dump_json:
            response = Response(content, media_type="application/json", **args)
        else:
            response = settings.response_class(content, **args)
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
        if injected is not None:
            response.headers.raw.extend(injected.headers.raw)
        return response

    async def invalid(self, request: Request, errors: list[Any]) -> RequestValidationError:
        """The error for parameters that do not hold; the body is good, FastAPI shows it parsed."""
        if _NORMALIZE is not None:
            errors = _NORMALIZE(errors)
        body = await request.json()
        if not _CONTEXTS:
            return RequestValidationError(errors, body=body)
        return RequestValidationError(errors, body=body, endpoint_ctx=self.context(request))

    def context(self, request: Request) -> Any:
        """File, line, function and path of the endpoint, which FastAPI puts into its errors."""
        found = _CONTEXT(self.settings.dependant.call)
        if self.settings.dependant.path:
            mounted = request.scope.get("root_path", "").rstrip("/")
            found["path"] = f"{request.method} {mounted}{self.settings.dependant.path}"
        return found


_DUMPS_JSON = "dump_json" in inspect.signature(routing.serialize_response).parameters
_CONTEXTS = "endpoint_ctx" in inspect.signature(routing.serialize_response).parameters
_CONTEXT: Callable[..., Any] = getattr(routing, "_extract_endpoint_context", None) or (lambda _: {})
_NORMALIZE: Callable[[list[Any]], list[Any]] | None = getattr(routing, "_normalize_errors", None)


def _raise_from_body(request: Request, error: Exception) -> None:
    """Let FastAPI meet `error` where it reads the body: it knows what each kind is answered."""

    async def body() -> bytes:
        del request.__dict__["body"]
        raise error

    request.__dict__["body"] = body
