"""A `FastRoute` answers as FastAPI's route does: every request goes through both."""

import inspect
import json
from typing import Annotated, Any

import pytest
from apps import LOG, Item, Out, build
from asgi import JSON, call
from fastapi import (
    Body,
    Depends,
    FastAPI,
    Request,
    Response,
)
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st

from fastcore.serve import FastRoute
from tests.profiles import examples

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
@examples(120)
def test_any_document(document: Any, path: str) -> None:
    if '"inf' in (text := json.dumps(document)).lower() or '"nan' in text.lower():
        return
    both(path, text.encode("utf-8", "surrogatepass"))
    both("/list", b"[" + text.encode("utf-8", "surrogatepass") + b"]")
