"""Which way a request takes: C where it can, FastAPI's functions wherever somebody may look."""

import asyncio
import functools
import json
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from asgi import JSON, acall, call
from fastapi import APIRouter, Body, Depends, FastAPI, Request, routing
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from fastcore import _config
from fastcore.serve import FastRoute, inline, route
from fastcore.serve import _handler as ways


class Item(BaseModel):
    a: float
    b: int = Field(ge=0)


GOOD = b'{"a": 1.5, "b": 3}'
#: How often a body that C can read is parsed by Python: never, or always under the switch.
PARSED = 1 if _config.disabled() else 0


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows with each ``json.loads``."""
    calls: list[Any] = []
    loads = json.loads

    def counted(text: Any, **kwargs: Any) -> Any:
        calls.append(text)
        return loads(text, **kwargs)

    monkeypatch.setattr(json, "loads", counted)
    return calls


def app() -> FastAPI:
    app = FastAPI()
    app.router.route_class = FastRoute

    @app.post("/direct")
    async def direct(item: Item) -> float:
        return item.a

    @app.post("/thread")
    def thread(item: Item, q: int = 0) -> float:
        return item.a

    @app.post("/depends")
    async def depends(item: Item, d: Annotated[str, Depends(lambda: "d")]) -> float:
        return item.a

    @app.post("/asks")
    async def asks(item: Item, d: Annotated[Any, Depends(asked)]) -> float:
        return item.a

    async def asked_body(item: Item) -> float:
        return item.a

    @app.post("/sub")
    async def sub(a: Annotated[float, Depends(asked_body)]) -> float:
        return a

    @app.post("/embed")
    async def embed(item: Annotated[Item, Body(embed=True)]) -> float:
        return item.a

    router = APIRouter(route_class=FastRoute)
    router.post("/included")(direct)
    app.include_router(router, prefix="/v1", dependencies=[Depends(lambda: 1)])
    return app


async def asked(request: Request) -> Any:
    return await request.json()


@pytest.mark.parametrize("path", ["/direct", "/thread", "/depends", "/v1/included", "/sub"])
def test_a_good_body_is_not_parsed_by_python(path: str, parses: list[Any]) -> None:
    made = app()
    for _ in range(2):
        assert call(made, path, GOOD).body == b"1.5"
    assert len(parses) == 2 * PARSED


@pytest.mark.parametrize("body", [b'{"a": 1.5}', b'{"a": "1.5", "b": 3}', b"[", b"null"])
def test_what_c_refuses_is_parsed_once(body: bytes, parses: list[Any]) -> None:
    call(app(), "/direct", body)
    assert len(parses) == 1


def test_who_asks_for_the_json_gets_it(parses: list[Any]) -> None:
    assert call(app(), "/asks", GOOD).body == b"1.5"
    assert len(parses) == 1
    assert call(app(), "/embed", b'{"item": ' + GOOD + b"}").body == b"1.5"
    assert len(parses) == 2


def test_telemetry_gets_the_parsed_body(parses: list[Any]) -> None:
    made = app()

    async def traced(scope: Any, receive: Any, send: Any) -> None:
        await made(scope | {"fastapi.telemetry": object()}, receive, send)

    assert call(traced, "/direct", GOOD).body == b"1.5"
    assert len(parses) == 1


@pytest.mark.parametrize(
    "name", ["solve_dependencies", "run_endpoint_function", "serialize_response"]
)
def test_a_patched_fastapi_is_called(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    original = getattr(routing, name)

    async def recorded(**kwargs: Any) -> Any:
        calls.append(name)
        return await original(**kwargs)

    made = app()
    monkeypatch.setattr(routing, name, recorded)
    for path in ("/direct", "/thread"):
        assert call(made, path, GOOD).body == b"1.5"
    assert calls == [name, name]


def test_a_wrapped_handler_keeps_its_wrapper(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    make = routing.get_request_handler

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        handler = make(*args, **kwargs)

        async def traced(request: Request) -> Any:
            calls.append("handled")
            return await handler(request)

        return traced

    monkeypatch.setattr(routing, "get_request_handler", wrapped)
    assert call(app(), "/direct", GOOD).body == b"1.5"
    assert calls == ["handled"]


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [(ways, "_KNOWN", {"dependant"}), (ways, "_NEEDED", {"novelty"}), (route, "_handler", None)],
)
def test_an_unknown_fastapi_keeps_its_route(
    where: Any, name: str, value: Any, monkeypatch: pytest.MonkeyPatch, parses: list[Any]
) -> None:
    monkeypatch.setattr(where, name, value)
    made = app()
    assert call(made, "/direct", GOOD).body == b"1.5"
    assert call(made, "/direct", b'{"a": NaN, "b": 1}').status != 422
    assert len(parses) == 2


def test_the_switch(monkeypatch: pytest.MonkeyPatch, parses: list[Any]) -> None:
    monkeypatch.setenv("FASTCORE_DISABLE", "1")
    assert call(app(), "/direct", GOOD).body == b"1.5"
    assert len(parses) == 1


def test_inline_runs_on_the_loop() -> None:
    where: dict[str, int] = {}

    def made(route_class: type[APIRoute]) -> FastAPI:
        app = FastAPI()
        app.router.route_class = route_class

        @app.post("/inline/{p}")
        @inline
        def on_loop(item: Item, p: int, q: int = 1) -> float:
            """Its words."""
            where["inline"] = threading.get_ident()
            return item.a * p + q

        @app.post("/plain/{p}")
        def in_thread(item: Item, p: int, q: int = 1) -> float:
            where["plain"] = threading.get_ident()
            return item.a * p + q

        @app.post("/wrapped/{p}")
        @functools.wraps(on_loop)
        def wrapped(**kwargs: Any) -> float:
            where["wrapped"] = threading.get_ident()
            return on_loop(**kwargs)

        router = APIRouter(route_class=route_class)
        router.post("/inline/{p}")(on_loop)
        app.include_router(router, prefix="/v1")
        return app

    one, two = made(APIRoute), made(FastRoute)
    here = threading.get_ident()
    for body in (GOOD, b'{"a": "2", "b": 3}', b"{}", b'{"a": NaN}'[:5]):
        for path in ("/inline/2", "/inline/x", "/plain/2", "/wrapped/2", "/v1/inline/3"):
            where.clear()
            expected = call(one, path, body)
            assert here not in where.values()
            where.clear()
            assert call(two, path, body) == expected
            if expected.status == 200:
                assert (where.get("inline") == here) == ("inline" in path)
                assert where.get("plain") != here
                assert where.get("wrapped") != here
    assert two.openapi() == one.openapi()


def test_inline_says_what_it_takes() -> None:
    async def coroutine() -> None: ...

    def generator() -> Iterator[int]:
        yield 1

    for wrong in (coroutine, generator, functools.partial(print), 3):
        with pytest.raises(TypeError, match="inline: "):
            inline(wrong)  # type: ignore[type-var]


def test_requests_at_once_do_not_mix() -> None:
    made = app()
    bodies = [
        b'{"a": 1, "b": 3}',
        b'{"a": "inf", "b": 3}',
        b'{"a": "2", "b": 3}',
        b'{"a": 1e999, "b": 3}',
        b'{"a": NaN, "b": 3}',
        b'{"a": 4, "b": -3}',
    ]
    expected = [call(made, "/depends", body) for body in bodies]
    assert [e.status for e in expected] == [200, 422, 200, 422, 422, 422]

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(
            *(acall(made, "/depends", [b[:3], b[3:]], headers=[JSON]) for b in bodies * 20)
        )

    assert asyncio.run(all_of_them()) == expected * 20


def test_a_model_whose_building_is_put_off(parses: list[Any]) -> None:
    class Later(BaseModel, defer_build=True):
        a: float
        b: int

    made = FastAPI()
    made.router.route_class = FastRoute

    @made.post("/later")
    async def later(item: Later) -> Later:
        return item

    for _ in range(2):
        assert call(made, "/later", GOOD).body == b'{"a":1.5,"b":3}'
    assert call(made, "/later", b'{"a": 1e999, "b": 1}').status == 422
    assert len(parses) == 2 * PARSED + 1


def test_a_schema_that_does_not_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    from fastcore import schema

    def fails(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("not today")

    monkeypatch.setattr(schema.Schema, "from_core_schema", fails)
    monkeypatch.delenv("FASTCORE_DISABLE", raising=False)
    made = app()
    with pytest.warns(RuntimeWarning, match="/direct: .*not today"):
        assert call(made, "/direct", GOOD).body == b"1.5"
    assert call(made, "/direct", b"{}").status == 422
