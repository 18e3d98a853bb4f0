"""The handler of a `FastRoute`: which way a request takes, and the direct way itself."""

import inspect
import warnings
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import FunctionType
from typing import Any, cast

from fastapi import routing
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from .. import _config
from ._fields import SUSPECT, Accepted, BodyField, ModelField, ResponseField
from ._request import content_type, is_json, read_body
from ._tokens import Suspect

__all__ = ["Settings", "make_handler"]

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

#: FastAPI's parameters ``response_model_*``.
_OPTIONS = ("include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none")
#: What FastAPI's handler has closed over, from 0.118 to 0.165. A name that is not here means a
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
_SOLVE = _routing.solve_dependencies
_RUN = _routing.run_endpoint_function
_SERIALIZE = _routing.serialize_response


def _patched() -> bool:
    return not (
        _routing.solve_dependencies is _SOLVE
        and _routing.run_endpoint_function is _RUN
        and _routing.serialize_response is _SERIALIZE
    )


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


def body_params(dependant: Dependant) -> list[ModelField]:
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
    bodies = body_params(settings.dependant)
    if settings.form or not bodies or any(type(b) not in (ModelField, BodyField) for b in bodies):
        return original
    for body in bodies:
        _become(body, BodyField)
    return _Fast(original, settings, bodies).handle


def _become(field: ModelField, cls: type[ModelField]) -> None:
    """Make FastAPI's `field`, which it has handed to several places by now, one of ours."""
    if type(field) is ModelField:
        field.__class__ = cls


class _Fast:
    """State of one handler; `handle` is the handler."""

    def __init__(self, original: Handler, settings: Settings, bodies: list[ModelField]) -> None:
        self.original = original
        self.settings = settings
        #: The one parameter that the whole body is; None where FastAPI takes a body apart.
        self.body = None if settings.embed or len(bodies) > 1 else bodies[0]
        self.try_json: Callable[[bytes], Any] | None = None
        self.compiled = self.body is None or _config.disabled()
        dependant = settings.dependant
        self.direct = not dependant.dependencies and not settings.stream
        #: Nothing but parameters, the body and the request is asked for: nothing to solve.
        self.simple = self.body in dependant.body_params and not (
            dependant.websocket_param_name
            or dependant.response_param_name
            or dependant.background_tasks_param_name
            or dependant.security_scopes_param_name
        )
        kinds = (
            (dependant.path_params, "path_params"),
            (dependant.query_params, "query_params"),
            (dependant.header_params, "headers"),
            (dependant.cookie_params, "cookies"),
        )
        #: FastAPI's order, which is that of the errors too.
        self.params = [(fields, source) for fields, source in kinds if fields]
        self.dump_json = (
            _DUMPS_JSON and settings.default_response_class and settings.response_field is not None
        )
        self.valid_class = _valid_class(settings.response_field)

    def compile(self) -> None:
        """Compile the schema, at the first request: most routes of an included router get none."""
        from ..schema import Schema

        self.compiled = True
        assert self.body is not None
        # FastAPI's own adapter says what the body is, metadata of `Body(...)` included.
        adapter = self.body._type_adapter
        try:
            if not isinstance(adapter.core_schema, dict):  # ``defer_build``: it is time now
                adapter.rebuild()
            schema = Schema.from_core_schema(cast(dict[str, Any], adapter.core_schema))
        except Exception as error:
            # FastAPI can still serve it, and a request is no place to fail for being slow.
            path = self.settings.dependant.path
            warnings.warn(
                f"{path}: this body goes FastAPI's way, its schema is none for C: {error!r}",
                RuntimeWarning,
                stacklevel=2,
            )
            return
        if schema.route_native:
            self.try_json = schema.try_route_json

    async def handle(self, request: Request) -> Response:
        if not self.compiled:
            self.compile()
        if not self.readable(request):
            return await self.original(request)
        try:
            body = await read_body(request)
        except Exception as error:
            _raise_from(request, "body", error)
            return await self.original(request)
        if type(body) is not bytes or not body:
            return await self.original(request)
        if self.try_json is not None:
            value = self.try_json(body)
            # A body of null is a missing one to some versions of FastAPI: each says so itself.
            if value is not NotImplemented and value is not None:
                if self.direct and not _patched():
                    return await self.answer(request, value)
                return await self.through(request, value)
        if Suspect.may_be(body):
            return await self.examine(request, body)
        return await self.original(request)

    async def examine(self, request: Request, body: bytes) -> Response:
        """FastAPI's handler, for a body in which ``json.loads`` may take what JSON has not."""
        try:
            found = Suspect(body)
        except Exception:
            return await self.original(request)
        if found.fault is not None:
            _raise_from(request, "json", found.fault)
            return await self.original(request)
        request._json = found.document
        token = SUSPECT.set(True)
        try:
            return await self.original(request)
        finally:
            SUSPECT.reset(token)

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
        if self.simple:
            assert self.body is not None
            values: dict[str, Any] = {}
            errors: list[Any] = []
            for fields, source in self.params:
                found, wrong = request_params_to_args(fields, getattr(request, source))
                values.update(found)
                errors += wrong
            values[self.body.name] = value
            if dependant.request_param_name:
                values[dependant.request_param_name] = request
            if dependant.http_connection_param_name:
                values[dependant.http_connection_param_name] = request
        else:
            solved = await _SOLVE(
                request=request,
                dependant=dependant,
                body=Accepted(value, request),
                dependency_overrides_provider=settings.overrides_provider,
                async_exit_stack=request.scope.get("fastapi_inner_astack"),
                embed_body_fields=False,
            )
            values, errors = solved.values, solved.errors
            background, injected = solved.background_tasks, solved.response
        if errors:
            # The body is good; FastAPI shows it parsed.
            raise self.error(RequestValidationError, request, errors, await request.json())
        if settings.is_coroutine:
            raw = await dependant.call(**values)
        else:
            raw = await run_in_threadpool(dependant.call, **values)
        if isinstance(raw, Response):
            if raw.background is None:
                raw.background = background
            return raw
        content = await self.serialize(request, raw)
        args: dict[str, Any] = {"background": background}
        status = (injected.status_code if injected is not None else None) or settings.status_code
        if status:
            args["status_code"] = status
        if self.dump_json:
            response = Response(content, media_type="application/json", **args)
        else:
            response = settings.response_class(content, **args)
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
        if injected is not None:
            response.headers.raw.extend(injected.headers.raw)
        return response

    async def serialize(self, request: Request, raw: Any) -> Any:
        """What FastAPI's ``serialize_response`` makes of an endpoint's result."""
        settings = self.settings
        field = settings.response_field
        if field is None:
            return await _SERIALIZE(response_content=raw)
        errors: Any = None
        if type(raw) is self.valid_class:
            value = raw
        elif settings.is_coroutine:
            value, errors = field.validate(raw, {}, loc=("response",))
        else:
            value, errors = await run_in_threadpool(field.validate, raw, {}, loc=("response",))
        if errors:
            raise self.error(ResponseValidationError, request, errors, raw)
        if self.dump_json:
            return field.serialize_json(value, **settings.response_options)
        return field.serialize(value, **settings.response_options)

    def error(self, cls: type[Any], request: Request, errors: list[Any], body: Any) -> Exception:
        """A validation error of FastAPI's, with what this version of FastAPI puts into it."""
        if _NORMALIZE is not None:
            errors = _NORMALIZE(errors)
        if _CONTEXT is None:
            return cls(errors, body=body)  # type: ignore[no-any-return]
        context = _CONTEXT(self.settings.dependant.call)
        if self.settings.dependant.path:
            mounted = request.scope.get("root_path", "").rstrip("/")
            context["path"] = f"{request.method} {mounted}{self.settings.dependant.path}"
        return cls(errors, body=body, endpoint_ctx=context)  # type: ignore[no-any-return]


_DUMPS_JSON = "dump_json" in inspect.signature(_SERIALIZE).parameters
_CONTEXT: Callable[..., Any] | None = getattr(routing, "_extract_endpoint_context", None)
_NORMALIZE: Callable[[list[Any]], list[Any]] | None = getattr(routing, "_normalize_errors", None)


def _valid_class(field: ModelField | None) -> type | None:
    """The class whose instances pydantic passes unseen when it validates for `field`.

    That is a model without a validator around it and without ``revalidate_instances``. To ask
    costs a call, and for a plain ``def`` endpoint another thread.
    """
    if field is None:
        return None
    schema: Any = field._type_adapter.core_schema
    if not isinstance(schema, dict):  # pydantic has put its building off
        return None
    if schema["type"] == "definitions":
        schema = schema["schema"]
    config = schema.get("config") or {}
    again = schema.get("revalidate_instances") or config.get("revalidate_instances")
    if schema["type"] != "model" or again not in (None, "never"):
        return None
    cls = schema["cls"]
    return cls if isinstance(cls, type) else None


def _raise_from(request: Request, method: str, error: Exception) -> None:
    """Let FastAPI meet `error` where it calls a method: it knows what each kind is answered."""

    async def once() -> Any:
        del request.__dict__[method]
        raise error

    request.__dict__[method] = once
