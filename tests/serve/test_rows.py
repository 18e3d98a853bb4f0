"""``Rows``, ``Row`` and ``Array`` through a `FastRoute` against lists of models through FastAPI."""

import dataclasses
import json
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from asgi import call
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from fastcore import Array, Row, Rows, Shape
from fastcore.serve import FastRoute, inline
from tests.profiles import examples


class Flight(BaseModel):
    carrier: Literal["AA", "B6", "UA"]
    distance: float = Field(ge=0, le=1e7)
    hour: int = Field(ge=0, le=23)
    late: bool = False
    delay: float | None = None


class Batch(BaseModel):
    instances: list[Flight]


class Columnar(BaseModel):
    instances: Rows[Flight]


class Scores(BaseModel):
    scores: list[float]


class ArrayScores(BaseModel):
    scores: Array[np.float64]


def original(route_class: type[APIRoute] = APIRoute) -> FastAPI:
    """What one writes with FastAPI alone."""
    app = FastAPI()
    app.router.route_class = route_class

    @app.post("/score")
    async def score(batch: list[Flight]) -> Scores:
        return Scores(scores=[f.distance * f.hour + f.late for f in batch])

    @app.post("/batch")
    def batch(batch: Batch) -> Scores:
        return Scores(scores=[f.distance * f.hour + f.late for f in batch.instances])

    @app.post("/one")
    async def one(flight: Flight) -> Scores:
        return Scores(scores=[flight.distance * flight.hour + flight.late])

    @app.post("/optional")
    async def optional(batch: list[Flight] | None = None) -> int:
        return -1 if batch is None else len(batch)

    return app


def total(c: Any) -> Any:
    return c["distance"] * c["hour"] + c["late"]


def columnar(route_class: type[APIRoute] = FastRoute) -> FastAPI:
    """The same with columns."""
    app = FastAPI()
    app.router.route_class = route_class

    @app.post("/score")
    async def score(batch: Rows[Flight]) -> Scores:
        return Scores(scores=total(batch))

    @app.post("/batch")
    def batch(batch: Columnar) -> ArrayScores:
        return ArrayScores(scores=total(batch.instances))

    @app.post("/one")
    @inline
    def one(flight: Row[Flight]) -> Any:
        return ArrayScores(scores=total(flight))

    @app.post("/optional")
    async def optional(batch: Rows[Flight] | None = None) -> int:
        return -1 if batch is None else len(batch)

    return app


ORIGINAL, FAST, SLOW = original(), columnar(), columnar(APIRoute)
PATHS = ["/score", "/batch", "/one", "/optional"]
GOOD: dict[str, Any] = {"carrier": "B6", "distance": 12.5, "hour": 3}
DOCUMENTS: dict[str, Any] = {
    "one": GOOD,
    "list": [GOOD, {**GOOD, "late": True, "delay": None}],
    "batch": {"instances": [GOOD, {**GOOD, "delay": 1e-7}]},
    "no rows": [],
    "no rows in a batch": {"instances": []},
    "shuffled": [dict(reversed(GOOD.items())), GOOD],
    "coerced": [{**GOOD, "hour": "3", "distance": " 4.5 "}, GOOD],
    "bool for a number": [{**GOOD, "hour": True}],
    "integral float": [{**GOOD, "hour": 3.0}],
    "fraction": [{**GOOD, "hour": 3.5}],
    "wrong": [{**GOOD, "carrier": "XX"}, {**GOOD, "hour": 24}, {"hour": None}],
    "wrong late": [GOOD] * 700 + [{**GOOD, "distance": -1}] + [GOOD] * 10,
    "wrong in a batch": {"instances": [GOOD, {**GOOD, "carrier": 1}]},
    "no object": [GOOD, 3, [], None, "x"],
    "no list": {"0": GOOD},
    "list in a list": [[GOOD]],
    "extra": [{**GOOD, "zz": {"a": [1, {"b": None}]}}],
    "null": None,
    "number": 17,
    "text": "instances",
}
TEXTS = {
    "empty": b"",
    "truncated": json.dumps([GOOD])[:-1].encode(),
    "trailing": json.dumps([GOOD]).encode() + b",",
    "duplicates": b'[{"carrier": "ZZ", "hour": 3, "distance": 1, "carrier": "UA"}]',
    "escaped key": b'[{"c\\u0061rrier": "UA", "hour": 3, "distance": 1}]',
    "BOM": b"\xef\xbb\xbf" + json.dumps([GOOD]).encode(),
    "UTF-16": json.dumps([GOOD]).encode("utf-16"),
    "bad UTF-8": b'[{"carrier": "UA\xff", "hour": 3, "distance": 1}]',
    "minus zero": b'[{"carrier": "UA", "hour": -0, "distance": -0}]',
    "many digits": b'[{"carrier": "UA", "hour": 0003, "distance": 1}]',
    "long number": b'[{"carrier": "UA", "hour": 3, "distance": 1.%s}]' % (b"3" * 900),
    "deep": b"[" * 100_000,
}
BODIES = {name: json.dumps(value).encode() for name, value in DOCUMENTS.items()} | TEXTS


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", PATHS)
def test_columns_answer_as_lists_do(path: str, body: bytes) -> None:
    expected = call(ORIGINAL, path, body)
    assert call(FAST, path, body) == expected
    assert call(SLOW, path, body) == expected


def test_openapi_is_that_of_lists() -> None:
    def described(app: FastAPI) -> Any:
        text = json.dumps({k: v for k, v in app.openapi()["paths"].items() if k != "/one"})
        return json.loads(text.replace("Columnar", "Batch").replace("ArrayScores", "Scores"))

    assert described(FAST) == described(ORIGINAL)
    assert (
        FAST.openapi()["components"]["schemas"]["Flight"]
        == ORIGINAL.openapi()["components"]["schemas"]["Flight"]
    )
    body = FAST.openapi()["paths"]["/one"]["post"]["requestBody"]
    assert body == ORIGINAL.openapi()["paths"]["/one"]["post"]["requestBody"]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["AA", "UA", "x", "1", "2.5", "true", ""]),
)
FIELDS = {
    "carrier": st.sampled_from(["AA", "B6", "UA", "ZZ"]) | SCALARS,
    "distance": st.floats(0, 1e6) | SCALARS,
    "hour": st.integers(-1, 24) | SCALARS,
}
RECORDS = st.one_of(
    st.fixed_dictionaries(
        {
            "carrier": st.sampled_from(["AA", "B6", "UA"]),
            "distance": st.floats(0, 1e6),
            "hour": st.integers(0, 23),
        },
        optional={"late": st.booleans(), "delay": st.none() | st.floats(-1e9, 1e9)},
    ),
    st.fixed_dictionaries(FIELDS, optional={"late": SCALARS, "delay": SCALARS, "x": SCALARS}),
    st.dictionaries(st.sampled_from([*FIELDS, "late"]), SCALARS),
    SCALARS,
)


@given(st.lists(RECORDS, max_size=5), st.sampled_from([None, 1]), st.booleans())
@examples(80)
def test_any_records(records: list[Any], indent: int | None, ascii_: bool) -> None:
    body = json.dumps(records, indent=indent, ensure_ascii=ascii_).encode()
    assert call(FAST, "/score", body) == call(ORIGINAL, "/score", body)
    batch = b'{"instances": ' + body + b"}"
    assert call(FAST, "/batch", batch) == call(ORIGINAL, "/batch", batch)


GOOD_TEXT = json.dumps([GOOD, GOOD]).encode()


@given(st.integers(0, len(GOOD_TEXT) - 1), st.binary(max_size=3), st.integers(0, 3))
@examples(100)
def test_any_damage(at: int, bytes_: bytes, gone: int) -> None:
    body = GOOD_TEXT[:at] + bytes_ + GOOD_TEXT[at + gone :]
    assert call(FAST, "/score", body) == call(ORIGINAL, "/score", body)


def test_arrays_in_and_out() -> None:
    class Query(BaseModel):
        vectors: Annotated[Array[np.float32], Shape("n", 3)]

    class Answer(BaseModel):
        norms: Array[np.float32]
        most: int
        mean: float

    def app(route_class: type[APIRoute]) -> FastAPI:
        app = FastAPI()
        app.router.route_class = route_class

        @app.post("/norms")
        async def norms(query: Query) -> Answer:
            assert query.vectors.dtype == np.float32
            norms = np.linalg.norm(query.vectors, axis=1)
            return Answer(norms=norms, most=np.argmax(norms), mean=norms.mean())

        @app.post("/dict", response_model=Answer)
        def dict_(query: Query) -> Any:
            norms = np.linalg.norm(query.vectors, axis=1)
            return {"norms": norms, "most": np.int64(1), "mean": np.float32(0.5)}

        return app

    one, two = app(APIRoute), app(FastRoute)
    for path in ("/norms", "/dict"):
        for vectors in (
            [[3, 4, 0], [0, 0, 1.5]],
            [[1, 2]],
            [[1, 2, 3], [1, 2]],
            [["1", 2, 3]],
            [[1e39, 0, 0]],
            [1, 2, 3],
            None,
        ):
            body = json.dumps({"vectors": vectors}).encode()
            assert call(two, path, body) == call(one, path, body)
    answer = call(two, "/norms", b'{"vectors": [[3, 4, 0], [0, 0, 1.5]]}')
    assert json.loads(answer.body) == {"norms": [5.0, 1.5], "most": 0, "mean": 3.25}


def test_a_dataclass_as_record() -> None:
    @dataclasses.dataclass
    class Point:
        x: float
        y: float = 0.0

    app = FastAPI()
    app.router.route_class = FastRoute

    @app.post("/sum")
    async def sum_(points: Rows[Point]) -> float:
        return points.matrix(dtype=np.float64).sum()

    assert call(app, "/sum", b'[{"x": 1.5}, {"x": 2, "y": 4}]').body == b"7.5"
