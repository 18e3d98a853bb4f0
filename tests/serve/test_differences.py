"""The deliberate differences are those of the table in ``docs/serving.md``, row by row."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from asgi import call
from fastapi import Body, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from fastcore.serve import FastRoute

PAGE = Path(__file__).resolve().parents[2] / "docs" / "serving.md"


class Item(BaseModel):
    a: float
    b: int = Field(le=120)
    c: str = ""


class Loose(BaseModel):
    label: Any
    scores: list[int]


def build(route_class: type[APIRoute]) -> FastAPI:
    app = FastAPI()
    app.router.route_class = route_class

    @app.post("/item")
    async def item(item: Item) -> Any:
        return {"b": item.b, "c": item.c}  # older FastAPI cannot send what `a` may be

    @app.post("/embed")
    async def embed(item: Annotated[Item, Body(embed=True)]) -> Any:
        return {"b": item.b, "c": item.c}

    @app.post("/sync", response_model=list[int])
    def sync() -> Any:
        return [np.uint64(2**63), np.array(4)]

    @app.post("/writes", response_model=Loose)
    async def writes() -> Any:
        return {"label": {"x": [np.float32(0.5), np.arange(3)]}, "scores": [1]}

    return app


ORIGINAL, FAST = build(APIRoute), build(FastRoute)


def rows() -> list[tuple[str, str, str, str]]:
    """(what, body, FastAPI's answer, ours) of each row of the table."""
    section = PAGE.read_text(encoding="utf-8").split("## Where FastRoute differs", 1)[1]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    found = []
    for line in lines:
        what, body, theirs, ours = (cell.strip() for cell in line.strip("|").split("|"))
        found.append((what, body.strip("`"), theirs, ours))
    return found


ROWS = rows()
BODIES = [row for row in ROWS if row[1]]


def test_the_table_is_read() -> None:
    assert len(BODIES) > 12


@pytest.mark.parametrize("row", BODIES, ids=lambda row: row[0])
def test_a_body(row: tuple[str, str, str, str]) -> None:
    _, body, theirs, ours = row
    assert str(call(ORIGINAL, "/item", body.encode()).status) == theirs
    status, type_ = re.fullmatch(r"(\d+) `(\w+)`", ours).groups()  # type: ignore[union-attr]
    answer = call(FAST, "/item", body.encode())
    assert str(answer.status) == status
    assert answer.raised is None
    errors = json.loads(answer.body)["detail"]
    assert type_ in [error["type"] for error in errors]
    # Where FastAPI takes the body apart by itself, and in other encodings, it is no different.
    whole = b'{"item": ' + body.encode() + b"}"
    embedded = json.loads(call(FAST, "/embed", whole).body)["detail"]
    assert [error["type"] for error in embedded] == [error["type"] for error in errors]
    assert call(FAST, "/item", body.encode("utf-16")).body == answer.body


def errors(body: bytes) -> Any:
    return json.loads(call(FAST, "/item", body).body)["detail"]


def test_where_a_token_stands() -> None:
    assert errors(b'{"a": 1, "c": "NaN \\" NaN", "b": [NaN]}') == [
        {
            "type": "json_invalid",
            "loc": ["body", 34],
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": "Expecting value"},
        }
    ]
    assert errors(b'{"a": NaN, "c": "\\ud800"}')[0]["loc"] == ["body", 6]
    assert errors(b'{"c": "\\ud800", "a": NaN}')[0]["loc"] == ["body", 8]
    assert errors('{"c": "é", "a": -Infinity}'.encode())[0]["loc"] == ["body", 16]
    assert errors(b'{"c": "\xed\xa0\x80"}')[0]["loc"] == ["body", 7]


def test_where_an_overflow_stands() -> None:
    assert errors(b'{"a": -2.5E+400, "b": 1}') == [
        {
            "type": "finite_number",
            "loc": ["body", "a"],
            "msg": "Input should be a finite number",
            "input": "-2.5E+400",
        }
    ]
    long = b"1" + b"0" * 400
    assert errors(b'{"a": ' + long + b'.0, "b": 1}')[0]["type"] == "finite_number"


@pytest.mark.parametrize(
    "body",
    [
        '{"a": 1, "b": 1, "c": "NaN Infinity"}',
        '{"a": 1, "b": 1, "c": "finance, nan and inf"}',
        '{"a": "1", "b": 1, "c": "finance, nan and inf"}',
        '{"a": "1.5e300", "b": "x"}',
        '{"a": "1", "b": 1, "c": "\\ud83d\\ude00 \\\\ud800"}',
        '{"a": "1", "b": 1, "c": "\U0001f600 \ud7ff"}',
        '{"a": "1", "b": 1, "zz": 1e999}',
        '{"a": 1e308, "b": 1}',
        '{"a": "x", "b": NaN',
        '{"a": NaN, "b": 1} x',
        "[NaN",
        "nan",
        '"inf"',
    ],
)
def test_what_only_looks_like_it(body: str) -> None:
    assert call(FAST, "/item", body.encode()) == call(ORIGINAL, "/item", body.encode())


def test_numpy_in_responses() -> None:
    assert call(ORIGINAL, "/sync").status == 500
    answer = call(FAST, "/sync")
    assert (answer.status, answer.body) == (200, b"[9223372036854775808,4]")
    assert call(ORIGINAL, "/writes").status == 500
    answer = call(FAST, "/writes")
    assert answer.status == 200
    assert json.loads(answer.body) == {"label": {"x": [0.5, [0, 1, 2]]}, "scores": [1]}
