"""A `FastRoute` answers as FastAPI's route does: every request goes through both."""

import inspect
import json
from typing import Annotated, Any, Literal

import pytest
from asgi import JSON, call
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
)
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field, field_validator, model_validator

from fastcore.serve import FastRoute

LOG: list[Any] = []


class Item(BaseModel):
    a: float
    b: int = Field(ge=0, le=120)
    c: Literal["x", "y"] = "x"
    tags: list[str] = []


class Watched(BaseModel):
    n: int
    m: int = 0

    @field_validator("n")
    @classmethod
    def _seen(cls, value: int) -> int:
        LOG.append(("n", value))
        if value == 13:
            raise ValueError("unlucky")
        return value


class Out(BaseModel):
    s: float
    t: str | None = None


def _note(value: Any) -> Any:
    LOG.append(("param", value))
    return value


class Checked(BaseModel):
    s: float

    @model_validator(mode="after")
    def _seen(self) -> "Checked":
        LOG.append("response checked")
        return self


class Again(BaseModel, revalidate_instances="always"):
    s: float

    @field_validator("s")
    @classmethod
    def _seen(cls, value: float) -> float:
        LOG.append("response checked")
        return value


class Derived(Out):
    secret: int = 1


class Stray(Exception):
    pass


def build(route_class: type[APIRoute]) -> FastAPI:
    """An app with every kind of route; all routes are of `route_class`."""
    app = FastAPI()
    app.router.route_class = route_class
    one = {"openapi_extra": {"x-app": 1}}

    @app.post("/model")
    async def model(item: Item) -> Out:
        return Out(s=item.a, t=item.c)

    @app.post("/sync")
    def sync(item: Item) -> Out:
        return Out(s=item.a, t=item.c)

    @app.post("/list")
    async def list_(items: list[Item]) -> list[Out]:
        return [Out(s=i.a) for i in items]

    @app.post("/plain", **one)
    async def plain(item: Item):
        return {"got": item, "n": item.b}

    @app.post("/watched", status_code=201)
    async def watched(item: Watched) -> Watched:
        LOG.append("endpoint")
        return item

    @app.post("/optional")
    async def optional(item: Item | None = None) -> Any:
        return {"item": item}

    @app.post("/default")
    async def default(item: Annotated[list[int], Body(max_length=3)] = [1]) -> list[int]:  # noqa: B006
        return item

    @app.post("/scalar")
    async def scalar(item: Annotated[float, Body(gt=0)]) -> float:
        return item

    @app.post("/embed")
    async def embed(item: Annotated[Item, Body(embed=True)]) -> Out:
        return Out(s=item.a)

    @app.post("/two")
    async def two(item: Item, other: Item) -> Out:
        return Out(s=item.a + other.a)

    @app.post("/form")
    async def form(a: Annotated[str, Form()]) -> str:
        return a

    @app.post("/file")
    async def file(a: Annotated[bytes, File()]) -> int:
        return len(a)

    @app.post("/params/{p}")
    async def params(
        p: int,
        item: Item,
        q: Annotated[int, Query(ge=0), AfterValidator(_note)] = 1,
        x_h: Annotated[list[str] | None, Header()] = None,
        k: Annotated[str | None, Cookie()] = None,
    ) -> dict[str, Any]:
        return {"p": p, "q": q, "h": x_h, "k": k, "a": item.a}

    @app.post("/injected")
    async def injected(
        item: Item, request: Request, response: Response, tasks: BackgroundTasks
    ) -> Out:
        response.headers["x-one"] = "1"
        response.set_cookie("c", "v")
        if item.b == 7:
            response.status_code = 202
        tasks.add_task(LOG.append, "task")
        parsed = await request.json()
        LOG.append(parsed["a"])
        return Out(s=len(await request.body()))

    @app.post("/request")
    async def request_(item: Item, request: Request) -> Any:
        return [request.url.path, len(await request.body()), await request.json()]

    async def outer(request: Request):
        LOG.append("outer in")
        yield request.method
        LOG.append("outer out")

    def inner(o: Annotated[str, Depends(outer)], q: int = 0):
        LOG.append("inner")
        if q == 404:
            raise HTTPException(404, "by dependency")
        return o + str(q)

    async def late():
        LOG.append("late in")
        try:
            yield 1
        finally:
            LOG.append("late out")

    @app.post("/depends")
    async def depends(
        item: Watched,
        tasks: BackgroundTasks,
        i: Annotated[str, Depends(inner)],
        _: Annotated[int, Depends(late)],
    ) -> dict[str, Any]:
        LOG.append("endpoint")
        tasks.add_task(LOG.append, "task")
        return {"i": i, "n": item.n}

    async def changes(request: Request) -> None:
        try:
            document = await request.json()
        except ValueError:
            LOG.append("no json")
            return
        if isinstance(document, dict):
            document["b"] = "99"

    @app.post("/changed")
    async def changed(item: Item, _: Annotated[None, Depends(changes)]) -> int:
        return item.b

    async def reader(item: Item) -> float:
        return item.a

    @app.post("/body_in_dependency")
    async def body_in_dependency(a: Annotated[float, Depends(reader)]) -> float:
        return a

    @app.post("/body_twice")
    async def body_twice(a: Annotated[float, Depends(reader)], item: Item) -> float:
        return a + item.a

    @app.post("/filtered", response_model=Out, response_model_exclude_none=True)
    async def filtered(item: Item):
        return {"s": item.a, "secret": 1}

    @app.post("/unset", response_model=Out, response_model_exclude_unset=True)
    def unset(item: Item):
        return Out(s=item.a)

    @app.post("/included", response_model=Out, response_model_include={"s"})
    async def included(item: Item):
        return Out(s=1, t="x")

    @app.post("/wrong", response_model=Out)
    async def wrong(item: Item):
        return {"s": "no"}

    @app.post("/response")
    async def response_(item: Item) -> Response:
        return JSONResponse({"a": item.a}, 203, headers={"x-two": "2"})

    @app.post("/text", response_class=PlainTextResponse)
    async def text(item: Item):
        return item.c

    @app.post("/json_class", response_class=JSONResponse, response_model=Out)
    async def json_class(item: Item):
        return Out(s=1e-7)

    @app.post("/checked")
    async def checked(item: Item) -> Checked:
        return Checked(s=item.a)

    @app.post("/again")
    def again(item: Item) -> Again:
        return Again(s=item.a)

    @app.post("/derived")
    async def derived(item: Item) -> Out:
        return Derived(s=item.a)

    @app.post("/union")
    async def union(item: Item) -> Out | Checked | None:
        return {1: None, 2: Checked(s=1)}.get(item.b, Out(s=2))

    @app.post("/background")
    async def background(item: Item, tasks: BackgroundTasks) -> Response:
        tasks.add_task(LOG.append, "task")
        return PlainTextResponse("x")

    @app.post("/nothing", status_code=204)
    async def nothing(item: Item) -> None:
        return None

    @app.post("/raises")
    async def raises(item: Item) -> None:
        if item.b == 1:
            raise HTTPException(418, {"why": "tea"}, headers={"x-t": "1"})
        if item.b == 2:
            raise Stray("out of the app")
        raise ZeroDivisionError("no handler")

    @app.exception_handler(Stray)
    async def stray(request: Request, error: Stray) -> Response:
        return JSONResponse({"stray": str(error), "b": (await request.json())["b"]}, 409)

    @app.post("/stream", response_class=StreamingResponse)
    async def stream(item: Item):
        for i in range(3):
            yield f"{item.a} {i}\n"

    @app.post("/lines")
    async def lines(item: Item):
        for i in range(3):
            yield {"i": i}

    @app.get("/get")
    async def get(q: int = 1) -> int:
        return q

    router = APIRouter(prefix="/r", dependencies=[Depends(late)], route_class=route_class)

    @router.post("/model", response_model=Out)
    async def routed(item: Item):
        return {"s": item.a}

    deeper = APIRouter(route_class=route_class)

    @deeper.post("/sync/{p}")
    def deep(item: Item, p: int) -> Out:
        return Out(s=item.a + p)

    router.include_router(deeper, prefix="/deep")
    app.include_router(router, prefix="/v1")
    app.include_router(router, prefix="/v2", default_response_class=PlainTextResponse)

    sub = FastAPI()
    sub.router.route_class = route_class
    sub.post("/model")(model)
    app.mount("/sub", sub)
    return app


ORIGINAL = build(APIRoute)
FAST = build(FastRoute)


def both(path: str, body: Any = b"", **kwargs: Any) -> Any:
    """The answer to one request; both apps must give it, and call user code alike."""
    results = []
    for app in (ORIGINAL, FAST):
        LOG.clear()
        results.append((call(app, path, body, **kwargs), list(LOG)))
    assert results[1] == results[0]
    return results[0][0]


GOOD = b'{"a": 1.5, "b": 3, "c": "y", "tags": ["\\u00e9", "z"]}'
PATHS = [
    *sorted({r.path for r in ORIGINAL.routes if isinstance(r, APIRoute)} - {"/params/{p}", "/get"}),
    "/params/3",
    "/params/x",
    "/v1/r/model",
    "/v2/r/model",
    "/v1/r/deep/sync/4",
    "/v1/r/deep/sync/x",
    "/sub/model",
]
BODIES = {
    "good": GOOD,
    "watched": b'{"n": 5}',
    "unlucky": b'{"n": 13}',
    "coerced": b'{"a": "1.5", "b": 3.0, "n": "7"}',
    "embedded": b'{"item": {"a": 1, "b": 1}, "other": {"a": 2, "b": 2}}',
    "list": b'[{"a": 1, "b": 1}, {"a": 2.5, "b": 2}]',
    "list, one bad": b'[{"a": 1, "b": 1}, {"a": 2.5, "b": 200}]',
    "numbers": b"[1, 2, 3]",
    "four numbers": b"[1, 2, 3, 4]",
    "number": b"3",
    "status": b'{"a": 1, "b": 7}',
    "raise": b'{"a": 1, "b": 1}',
    "stray": b'{"a": 1, "b": 2}',
    "unhandled": b'{"a": 1, "b": 4}',
    "empty": b"",
    "blank": b" \n",
    "truncated": GOOD[:-1],
    "trailing": GOOD + b" x",
    "null": b"null",
    "true": b"true",
    "string": b'"abc"',
    "empty object": b"{}",
    "empty array": b"[]",
    "missing and wrong": b'{"b": "x", "c": 4}',
    "out of range": b'{"a": 1, "b": 121}',
    "duplicates": b'{"a": 1, "b": 1000, "b": 3, "a": 2}',
    "extra": b'{"a": 1, "b": 1, "zz": {"q": [1, null]}}',
    "bad UTF-8": b'{"a": 1, "b": 1, "z": "\xff"}',
    "BOM": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-32": GOOD.decode().encode("utf-32-le"),
    "deep": b"[" * 100_000,
    "deep but whole": b'{"a": 1, "b": 1, "z": ' + b"[" * 300 + b"]" * 300 + b"}",
    "digits": b'{"a": 1, "b": 1' + b"0" * 4400 + b"}",
    "control character": b'{"a": 1, "b": 1, "c": "x\n"}',
    "minus zero": b'{"a": -0, "b": -0}',
    "big int": b'{"a": 123456789012345678901234567890, "b": 99999999999999999999}',
    "nul": b'{"a": 1, "b": 1, "c": "\\u0000"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", PATHS)
def test_every_route_with_every_body(path: str, body: bytes) -> None:
    both(path, body)


TYPES: dict[str, list[bytes]] = {
    "parameters": [b"application/json; charset=latin-1; a=b"],
    "suffix": [b"application/problem+json"],
    "case": [b"Application/JSON"],
    "text": [b"text/plain"],
    "none": [],
    "empty": [b""],
    "two, the first counts": [b"application/json", b"text/plain"],
    "two, the first is none": [b"text/plain", b"application/json"],
    "odd": [b"json"],
    "jsonp": [b"application/jsonp"],
    "not ASCII": [b"application/json; a=\xff"],
    "form": [b"application/x-www-form-urlencoded"],
    "multipart": [b"multipart/form-data; boundary=x"],
}


@pytest.mark.parametrize("types", TYPES.values(), ids=TYPES)
@pytest.mark.parametrize("path", ["/model", "/plain", "/depends", "/optional", "/form"])
def test_content_types(path: str, types: list[bytes]) -> None:
    for body in (GOOD, b'{"n": 1}', b"", b"a=1"):
        both(path, body, headers=[(b"content-type", t) for t in types])


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", ["/model", "/model/", "/get", "/v1/r/model", "/none"])
def test_methods_and_paths(method: str, path: str) -> None:
    both(path, GOOD, method=method)


@pytest.mark.parametrize("path", ["/model", "/depends", "/injected", "/v1/r/model"])
def test_chunks_and_clients_that_leave(path: str) -> None:
    halves = [GOOD[:10], b"", GOOD[10:], b""]
    both(path, halves)
    both(path, [GOOD[:10], None])
    both(path, [None])
    both(path, [GOOD[:10], b"}", b"}"])


QUERIES = [b"q=2", b"q=-1", b"q=x", b"q=404", b"q=", b"q=1&q=2"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("path", ["/params/3", "/params/x", "/depends"])
def test_parameters_come_before_the_body(path: str, query: bytes) -> None:
    headers = [JSON, (b"x-h", b"1"), (b"x-h", b"2"), (b"cookie", b"k=v; j=w")]
    for body in (GOOD, b'{"n": 2}', b'{"n": 13}', b"{}", b"{"):
        both(path, body, query=query, headers=headers)


def test_openapi_is_the_same() -> None:
    assert json.dumps(FAST.openapi()) == json.dumps(ORIGINAL.openapi())


def test_user_handlers_see_the_same_error() -> None:
    def app(route_class: type[APIRoute]) -> FastAPI:
        app = FastAPI()
        app.router.route_class = route_class

        @app.exception_handler(RequestValidationError)
        async def invalid(request: Request, error: RequestValidationError) -> Response:
            return JSONResponse(
                {"errors": error.errors(), "body": error.body, "text": str(error)}, 400
            )

        def bad(q: int) -> int:
            return q

        @app.post("/direct")
        async def direct(item: Item, q: int) -> None: ...

        @app.post("/depends")
        async def depends(item: Item, q: Annotated[int, Depends(bad)]) -> None: ...

        return app

    one, two = app(APIRoute), app(FastRoute)
    for path in ("/direct", "/depends"):
        for body in (GOOD, b'{"a": 1}', b"{", b"", b"null"):
            for query in (b"", b"q=1", b"q=x"):
                expected = call(one, path, body, query=query)
                assert call(two, path, body, query=query) == expected
        seen = json.loads(call(two, path, GOOD, query=b"q=x").body)
        assert seen["body"] == json.loads(GOOD)


def test_dependency_overrides() -> None:
    def apps(route_class: type[APIRoute]) -> FastAPI:
        app = build(route_class)
        [inner] = [
            d.call
            for r in app.routes
            if isinstance(r, APIRoute) and r.path == "/depends"
            for d in r.dependant.dependencies
            if d.name == "i"
        ]

        async def instead(body: Annotated[dict[str, Any], Body()]) -> str:
            LOG.append("instead")
            return f"overridden {sorted(body)}"

        app.dependency_overrides[inner] = instead
        return app

    for body in (b'{"n": 5}', b'{"n": 13}', b"[]", b"{"):
        answers = []
        for route_class in (APIRoute, FastRoute):
            app = apps(route_class)
            LOG.clear()
            answers.append((call(app, "/depends", body), list(LOG)))
        assert answers[0] == answers[1]


def test_a_request_class_of_the_users_own() -> None:
    class Reversed(Request):
        async def body(self) -> bytes:
            return (await super().body())[::-1]

    class Fixed(Request):
        async def json(self) -> Any:
            return {"a": 5, "b": 5}

    def app(base: type[APIRoute], request_class: type[Request]) -> FastAPI:
        class Route(base):  # type: ignore[misc, valid-type]
            def get_route_handler(self) -> Any:
                handler = super().get_route_handler()

                async def own(request: Request) -> Response:
                    return await handler(request_class(request.scope, request.receive))

                return own

        app = FastAPI()
        app.router.route_class = Route

        @app.post("/model")
        async def model(item: Item) -> Out:
            return Out(s=item.a)

        return app

    for request_class in (Reversed, Fixed):
        for body in (GOOD, GOOD[::-1], b"{", b""):
            expected = call(app(APIRoute, request_class), "/model", body)
            assert call(app(FastRoute, request_class), "/model", body) == expected


def test_a_class_based_route_that_parsed_the_body_before() -> None:
    def app(base: type[APIRoute]) -> FastAPI:
        class Route(base):  # type: ignore[misc, valid-type]
            def get_route_handler(self) -> Any:
                handler = super().get_route_handler()

                async def own(request: Request) -> Response:
                    (await request.json())["b"] = 77
                    return await handler(request)

                return own

        app = FastAPI()
        app.router.route_class = Route

        @app.post("/model")
        async def model(item: Item) -> int:
            return item.b

        return app

    assert call(app(FastRoute), "/model", GOOD).body == b"77"
    assert call(app(FastRoute), "/model", GOOD) == call(app(APIRoute), "/model", GOOD)


def test_strict_content_type_off() -> None:
    def app(route_class: type[APIRoute]) -> FastAPI:
        app = FastAPI(strict_content_type=False)
        app.router.route_class = route_class

        @app.post("/model")
        async def model(item: Item) -> Out:
            return Out(s=item.a)

        return app

    for body in (GOOD, b"", b"{", b"{}"):
        expected = call(app(APIRoute), "/model", body, headers=[])
        assert call(app(FastRoute), "/model", body, headers=[]) == expected
    assert call(app(FastRoute), "/model", GOOD, headers=[]).status == 200


def test_body_limits() -> None:
    if "max_body_size" not in inspect.signature(APIRoute).parameters:
        return  # a FastAPI that has none

    def app(route_class: type[APIRoute]) -> FastAPI:
        app = FastAPI(max_body_size=40)
        app.router.route_class = route_class

        @app.post("/model")
        async def model(item: Item) -> Out:
            return Out(s=item.a)

        @app.post("/more", max_body_size=1000)
        async def more(item: Item) -> Out:
            return Out(s=item.a)

        return app

    long = GOOD[:-1] + b" " * 100 + b"}"
    for path in ("/model", "/more"):
        for body in (GOOD[:-2] + b"]}", long, [long[:30], long[30:]], [long, None]):
            for headers in ([JSON], [JSON, (b"content-length", b"150")]):
                expected = call(app(APIRoute), path, body, headers=headers)
                assert call(app(FastRoute), path, body, headers=headers) == expected


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(-1, 121)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["x", "y", "1", " 2", "3.0", "true"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "n", "m", "tags"]), inner, max_size=4)
    ),
    max_leaves=8,
)
ITEMS = st.fixed_dictionaries(
    {"a": st.floats(-1e9, 1e9) | VALUES, "b": st.integers(0, 120) | VALUES},
    optional={
        "c": st.sampled_from(["x", "y"]) | VALUES,
        "tags": st.lists(st.text(max_size=3)) | VALUES,
        "n": st.integers(12, 14),
    },
)


@given(ITEMS | VALUES, st.sampled_from(["/plain", "/watched", "/list", "/default", "/depends"]))
@settings(derandomize=True, deadline=None, max_examples=250)
def test_any_document(document: Any, path: str) -> None:
    if '"inf' in (text := json.dumps(document)).lower() or '"nan' in text.lower():
        return
    both(path, text.encode("utf-8", "surrogatepass"))
    both("/list", b"[" + text.encode("utf-8", "surrogatepass") + b"]")
