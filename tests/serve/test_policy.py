"""What `install` lets clients send and tells them; where nothing is cut, all is FastAPI's."""

import json
from typing import Annotated, Any, Literal

import pytest
from apps import LOG, build
from asgi import JSON, call
from fastapi import Body, FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator
from test_route import BODIES, PATHS

from fastcore import Rows
from fastcore.serve import FastRoute, install
from fastcore.serve._policy import Policy
from tests.profiles import examples

BOUND = 16 * 1024


class Wide(BaseModel):
    a: int
    b: int
    c: int
    d: int
    e: int


class Cat(BaseModel, extra="forbid"):
    kind: Literal["cat"]
    n: int = 0


class Dog(BaseModel):
    kind: Literal["dog"]


class Tree(BaseModel, extra="forbid"):
    child: dict[str, "Tree"] = {}
    n: int = 0


class Echo(BaseModel):
    word: str

    @field_validator("word")
    @classmethod
    def _refuse(cls, word: str) -> str:
        raise ValueError(f"not {word}")


class Line(BaseModel):
    x: float
    y: int = Field(0, ge=0)


def make(**options: Any) -> FastAPI:
    """An app with `install`; `original=True`: without."""
    app = FastAPI()
    if not options.pop("original", False):
        install(app, **options)

    @app.post("/wide")
    async def wide(item: list[Wide]) -> int:
        return len(item)

    @app.post("/floats")
    async def floats(item: list[float]) -> int:
        return len(item)

    @app.post("/tagged")
    async def tagged(item: Annotated[Cat | Dog, Field(discriminator="kind")]) -> str:
        return item.kind

    @app.post("/cat")
    async def cat(item: Cat) -> int:
        return item.n

    @app.post("/keys")
    async def keys(item: dict[int, int]) -> int:
        return len(item)

    @app.post("/tree")
    async def tree(item: Tree) -> int:
        return item.n

    @app.post("/echo")
    def echo(item: Echo) -> str:
        return item.word

    @app.post("/rows")
    async def rows(item: Rows[Line]) -> int:
        return len(item)

    @app.post("/query")
    async def query(item: Line, q: int = 0) -> int:
        return q

    @app.post("/two")
    async def two(item: Annotated[Line, Body(embed=True)]) -> float:
        return item.x

    @app.post("/form")
    async def form(a: Annotated[int, Form()]) -> int:
        return a

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/stream")
    async def stream(request: Request) -> list[int]:
        return [len(chunk) async for chunk in request.stream() if chunk]

    return app


ORIGINAL, DEFAULT = make(original=True), make()
BIG = "s3cret " * 150_000
HOSTILE: dict[str, tuple[str, Any]] = {
    "wrong numbers": ("/floats", ["x"] * 20_000),
    "long texts": ("/floats", [BIG[:10_000]] * 100),
    "one long text": ("/floats", [BIG]),
    "fields missing in a large object": ("/wide", [{"zz": BIG}]),
    "fields missing in a large array": ("/wide", [{"zz": list(range(100_000))}] * 2),
    "fields missing in many objects": ("/wide", [{}] * 5_000),
    "a long tag": ("/tagged", {"kind": BIG}),
    "keys that are not expected": ("/cat", {"kind": "cat", **{f"k{i}": i for i in range(20_000)}}),
    "a long key": ("/cat", {"kind": "cat", BIG: 1}),
    "a long key of a dict": ("/keys", {BIG: 1}),
    "echoed by a validator": ("/echo", {"word": BIG}),
    "records": ("/rows", [{"x": "?", "y": -1}] * 5_000),
    "a record's place": ("/rows", {"zz": BIG}),
    "taken apart": ("/two", {"item": {"y": BIG}}),
    "no object": ("/wide", BIG),
    "wide characters": ("/floats", ["日本" * 50_000] * 3),
}


def _nested(levels: int) -> Any:
    tree: Any = {"n": "x"}
    for _ in range(levels):
        tree = {"child": {"k" * 4000: tree}}
    return tree


HOSTILE["a long path"] = ("/tree", _nested(90))


def details(answer: Any) -> list[Any]:
    assert answer.status == 422
    assert answer.raised is None
    return list(json.loads(answer.body)["detail"])


@pytest.mark.parametrize("name", HOSTILE)
def test_no_answer_is_large(name: str) -> None:
    path, document = HOSTILE[name]
    body = json.dumps(document, ensure_ascii=False).encode()
    whole = details(call(ORIGINAL, path, body))
    answer = call(DEFAULT, path, body)
    assert len(answer.body) <= BOUND
    found = details(answer)
    if name != "a long path":
        assert found[0]["type"] == whole[0]["type"]
        assert found[0]["loc"] == [p if type(p) is int else p[:256] + "…" * (len(p) > 256)
                                   for p in whole[0]["loc"]]  # fmt: skip
    if len(whole) > 100 or found[-1]["type"] == "errors_truncated":
        rest = found.pop()
        assert rest == {
            "type": "errors_truncated",
            "loc": whole[0]["loc"][:1],
            "msg": f"{len(whole) - len(found)} more errors are not listed",
            "ctx": {"shown": len(found), "total": len(whole)},
        }
    assert len(found) <= 100
    for cut, full in zip(found, whole, strict=False):
        assert cut["type"] == full["type"]
        if cut.get("input") != full.get("input"):
            assert cut["input"].endswith("…")
    assert len(call(make(hide_input=True), path, body).body) <= BOUND
    assert len(call(make(max_errors=1), path, body).body) <= BOUND


def test_other_ways_to_be_large() -> None:
    query = b"q=" + b"x" * 100_000
    assert len(call(DEFAULT, "/query", b'{"x": 1}', query=query).body) <= BOUND
    assert len(call(DEFAULT, "/query", b'{"x": ' + b"[" * 10**6).body) <= BOUND
    text = call(DEFAULT, "/query", b"x" * 10**6, headers=[(b"content-type", b"text/plain")])
    assert details(text)[0]["input"].endswith("x…")
    assert len(text.body) <= BOUND


def test_what_fits_is_fastapis_own() -> None:
    app = FastAPI()
    install(app)
    original, ours = build(APIRoute), build(app.router.route_class)
    for path in PATHS:
        for body in BODIES.values():
            LOG.clear()
            expected, calls = call(original, path, body), list(LOG)
            LOG.clear()
            assert call(ours, path, body) == expected, (path, body)
            assert list(LOG) == calls


@examples(60)
@given(st.lists(st.one_of(st.integers(), st.text(max_size=300), st.none()), max_size=120))
def test_cut_or_the_same(document: list[Any]) -> None:
    body = json.dumps(document).encode()
    whole, answer = call(ORIGINAL, "/floats", body), call(DEFAULT, "/floats", body)
    assert len(answer.body) <= BOUND
    if whole.status != 422 or (len(details(whole)) <= 100 and len(whole.body) < 16_000):
        assert answer == whole
    elif len(details(whole)) > 100:
        assert details(answer)[-1]["ctx"]["total"] == len(details(whole))


def test_limits_of_ones_own() -> None:
    body = b'["one word", "another", [1, 2, 3], {"k": 1}]'
    few = details(call(make(max_errors=2), "/floats", body))
    assert [error["type"] for error in few] == [
        "float_parsing",
        "float_parsing",
        "errors_truncated",
    ]
    assert few[:2] == details(call(ORIGINAL, "/floats", body))[:2]
    assert few[2]["msg"] == "2 more errors are not listed"
    short = details(call(make(max_input=5), "/floats", body))
    assert [error["input"] for error in short] == ["one w…", "anoth…", "[1,2,…", '{"k":…']
    long = json.dumps(["x" * 1000] * 90).encode()
    assert call(make(max_input=1000), "/floats", long).body == call(ORIGINAL, "/floats", long).body
    many = json.dumps(["x"] * 1000).encode()
    assert call(make(max_errors=None), "/floats", many) == call(ORIGINAL, "/floats", many)


@pytest.mark.parametrize("original", [ORIGINAL, make(hide_input=False)])
def test_hidden_input(original: FastAPI) -> None:
    app = make(hide_input=True)
    for path, document in (
        ("/floats", ["s3cret", {"k": "s3cret"}]),
        ("/wide", [{"zz": "s3cret"}]),
        ("/tagged", {"kind": "s3cret"}),
        ("/two", {"item": {"x": "s3cret"}}),
        ("/wide", "s3cret"),
    ):
        body = json.dumps(document).encode()
        whole, answer = call(original, path, body), call(app, path, body)
        assert b"s3cret" in whole.body
        assert b"s3cret" not in answer.body
        for error, full in zip(details(answer), details(whole), strict=True):
            assert "input" not in error
            assert (error["type"], error["loc"]) == (full["type"], full["loc"])
    query = call(app, "/query", b'{"x": 1}', query=b"q=s3cret")
    assert b"s3cret" not in query.body
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    assert b"s3cret" not in call(app, "/form", b"a=s3cret", headers=form).body
    tag = details(call(app, "/tagged", b'{"kind": "s3cret"}'))[0]
    assert tag["msg"].startswith("Input tag '…' found using 'kind'")
    assert tag["ctx"]["tag"] == "…"


def test_handlers_of_the_user_see_what_clients_do() -> None:
    app = make(hide_input=True, max_errors=1)
    seen: list[Any] = []

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        seen.append((error.errors(), error.body, str(error) + repr(error)))
        return JSONResponse({}, 400)

    assert call(app, "/floats", b'["x", "s3cret"]').status == 400
    ((errors, body, text),) = seen
    assert [error["type"] for error in errors] == ["float_parsing", "errors_truncated"]
    assert body == ["x", "s3cret"]
    assert "s3cret" not in text


# ---- Bodies that are too large -------------------------------------------------------------------


def test_a_body_that_says_it_is_too_large() -> None:
    app = make(max_body=100)
    for path in ("/floats", "/form", "/raw", "/two"):
        headers = [JSON, (b"content-length", b"101")]
        answer = call(app, path, [b"[1]", None], headers=headers)
        assert (answer.status, answer.body) == (413, b'{"detail":"Content Too Large"}'), path
    for length in (b"100", b"99", b"x", b"-5", "\u00b2".encode("latin-1")):
        headers = [JSON, (b"content-length", length)]
        assert call(app, "/floats", b"[1]", headers=headers).status == 200


@pytest.mark.parametrize("path", ["/floats", "/raw", "/stream", "/two", "/rows"])
def test_a_stream_is_not_read_beyond_the_bound(path: str) -> None:
    app = make(max_body=100)
    chunks: list[Any] = [b"[" + b" " * 59, b" " * 41, *[b" "] * 50, b"1]"]
    taken: list[bytes] = []

    async def app_and_count(scope: Any, receive: Any, send: Any) -> None:
        async def counted() -> Any:
            message = await receive()
            taken.append(message.get("body", b""))
            return message

        await app(scope, counted, send)

    answer = call(app_and_count, path, chunks)
    assert (answer.status, answer.body) == (413, b'{"detail":"Content Too Large"}')
    assert taken == chunks[:2]
    fits = call(app, "/raw", [b" " * 60, b" " * 40])
    assert (fits.status, fits.body) == (200, b"100")
    assert call(app, "/floats", b"[" + b" " * 97 + b"1]").body == b"1"


def test_requests_are_counted_one_by_one() -> None:
    app = make(max_body=10)
    for _ in range(5):
        assert call(app, "/floats", b"[1, 2, 3]").body == b"3"


def test_a_router_has_a_policy_of_its_own() -> None:
    from fastapi import APIRouter

    router = APIRouter()
    install(router, hide_input=True, max_body=20)

    @router.post("/floats")
    async def floats(item: list[float]) -> int:
        return len(item)

    app = make()
    app.include_router(router, prefix="/inner")
    app.include_router(router, prefix="/again")
    for prefix in ("/inner", "/again"):
        assert "input" not in details(call(app, prefix + "/floats", b'["x"]'))[0]
        assert call(app, prefix + "/floats", b" " * 21).status == 413
    assert "input" in details(call(app, "/floats", b'["x"]' + b" " * 30))[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_errors": 0}, "max_errors: expected None or at least 1, got 0"),
        ({"max_input": -1}, "max_input: expected None or at least 0, got -1"),
        ({"max_body": True}, "max_body: expected None or at least 0, got True"),
    ],
)
def test_limits_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        install(FastAPI(), **options)


def test_without_a_policy_nothing_is_around_the_handler() -> None:
    async def inner(request: Request) -> Response: ...

    assert Policy().handler(inner) is inner
    assert FastRoute._policy is None


def test_errors_that_are_not_fastapis() -> None:
    policy = Policy(hide_input=True, max_errors=2, max_input=3)
    assert policy.edited(["odd", {"type": "x", "loc": ["body"], "msg": "m"}]) == [
        "odd",
        {"type": "x", "loc": ("body",), "msg": "m"},
    ]
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    odd = {"type": "x", "loc": (), "msg": "m", "input": deep}
    assert Policy(max_errors=9).edited([odd])[0]["input"] == "<list>"
    while deep:  # a list so deep cannot be dropped at once on a small stack
        deep = deep.pop()
