"""Table: an object of arrays means what the array of its records means."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal, NotRequired

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from fastcore import Columns, Rows, Schema, Table, UnsupportedError
from fastcore._config import disabled
from fastcore.serve import FastRoute

from .profiles import examples


class Place(BaseModel):
    lat: float


class Record(BaseModel):
    x: float = Field(ge=0, alias="ex")
    n: int | None = None
    t: Literal["a", "b"] = "b"
    words: list[str] = ["w"]
    place: Place
    s: str = Field("s", max_length=2)

    @field_validator("s")
    @classmethod
    def upper(cls, value: str) -> str:
        return value.upper()


@dataclasses.dataclass
class Data:
    a: int
    b: str = "-"


class Typed(TypedDict):
    a: int
    b: NotRequired[str]


class Body(BaseModel):
    data: Table[Data]


SCHEMA: Schema[Any] = Schema(Table[Record])
ROWS: Schema[Any] = Schema(Rows[Record])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "ex": st.one_of(st.integers(-1, 9), st.floats(0, 9), st.sampled_from(["1", "?"])),
    "n": st.one_of(st.none(), st.integers(0, 9), st.just(2**64)),
    "t": st.sampled_from(["a", "b", "b", "c"]),
    "words": st.lists(st.sampled_from(["p", 1]), max_size=2),
    "place": st.one_of(st.fixed_dictionaries({"lat": st.integers(0, 3)}), st.just({})),
    "s": st.sampled_from(["q", "rr", "sss"]),
    "zz": st.just(1),
}


def outcome(call: Any) -> Any:
    try:
        return ("value", call().to_rows())
    except ValidationError as error:
        return ("errors", error.errors(include_url=False))


@examples(150)
@given(st.data())
def test_a_table_is_its_records(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 4))
    names = data.draw(st.lists(st.sampled_from(list(VALUES)), unique=True))
    names += [name for name in ("ex", "place") if name not in names]
    table = {name: [data.draw(VALUES[name]) for _ in range(rows)] for name in names}
    records = [{name: table[name][i] for name in names} for i in range(rows)]
    kind, found = outcome(lambda: SCHEMA.validate_json(json.dumps(table)))
    expected_kind, expected = outcome(
        lambda: Schema(Rows[Record]).validate_json(json.dumps(records))
    )
    assert kind == expected_kind
    if kind == "value":
        assert found == expected
        return
    # The same errors: (row, field, ...) is at (field, row, ...) here.
    moved = [{**e, "loc": (e["loc"][1], e["loc"][0], *e["loc"][2:])} for e in expected]
    assert sorted(found, key=repr) == sorted(moved, key=repr)


class Flat(BaseModel):
    """Every kind of cell that C fills."""

    f: float = Field(gt=-5)
    i: int = Field(0, le=9)
    o: int | None = None
    b: bool
    c: Literal["x", "é"] = "x"
    k: Literal[1, 2] = 2
    s: str = Field("s", max_length=3)
    q: str | None = Field(None, alias="ku")


CELLS: dict[str, st.SearchStrategy[Any]] = {
    "f": st.one_of(st.floats(-4, 9), st.integers(-4, 9)),
    "i": st.integers(-9, 9),
    "o": st.one_of(st.none(), st.integers(0, 9)),
    "b": st.booleans(),
    "c": st.sampled_from(["x", "é"]),
    "k": st.sampled_from([1, 2]),
    "s": st.sampled_from(["", "é", 'q"', "abc"]),
    "ku": st.one_of(st.none(), st.text(max_size=3)),
    "other": st.one_of(st.none(), st.just({"a": [1]}), st.just([[]])),
}
ODD = st.sampled_from([None, True, "1", 1.5, 10, "abcd", [], {}, -5, 2**63, "z"])


@st.composite
def flat_tables(draw: st.DrawFn) -> str:
    rows = draw(st.integers(0, 40))
    names = draw(st.permutations(list(CELLS)))[: draw(st.integers(0, len(CELLS)))]
    names += [name for name in ("f", "b") if name not in names and draw(st.integers(0, 9))]
    table: list[tuple[str, Any]] = [
        (name, [draw(CELLS[name]) for _ in range(rows)]) for name in names
    ]
    spoil = draw(st.integers(0, 7))
    if table and spoil < 4:
        name, cells = table[draw(st.integers(0, len(table) - 1))]
        if spoil == 0 and cells:
            cells[draw(st.integers(0, rows - 1))] = draw(ODD)
        elif spoil == 1:
            cells.append(draw(CELLS[name]))
        elif spoil == 2:
            table.append((name, cells[:]))  # the key once more
        else:
            table[0] = (table[0][0], draw(ODD))
    pairs = (
        f"{json.dumps(name, ensure_ascii=draw(st.booleans()))}: {json.dumps(cells)}"
        for name, cells in table
    )
    return "{" + ", ".join(pairs) + "}"


@examples(300)
@given(flat_tables(), st.sampled_from([None, 3, 40]))
def test_c_fills_what_pydantic_would(text: str, most: int | None) -> None:
    type_: Any = Table[Flat]
    ours: Schema[Any] = Schema(type_, max_rows=most)
    theirs: Schema[Any] = Schema(type_, max_rows=most, native=False)
    assert ours.explain().native
    expected = outcome(lambda: theirs.validate_json(text))
    assert outcome(lambda: ours.validate_json(text)) == expected
    if expected[0] == "value":
        assert ours.validate_json(text) == theirs.validate_json(text)
        tried = ours.try_route_json(text)
        assert tried is NotImplemented or tried == theirs.validate_json(text)
    # On the way to columns through a model, and read again inside of a list.
    for around in (dict[str, type_], list[type_]):
        whole = f'{{"t": {text}}}' if around is not list[type_] else f"[{text}]"
        native, original = Schema(around), Schema(around, native=False)
        expected = outcome(lambda: Wrapped(original.validate_json(whole)))  # noqa: B023
        assert outcome(lambda: Wrapped(native.validate_json(whole))) == expected  # noqa: B023


class Wrapped:
    """One table, however it is held."""

    def __init__(self, held: Any) -> None:
        (self.table,) = held.values() if isinstance(held, dict) else held

    def to_rows(self) -> Any:
        return self.table.to_rows()


def test_a_table_that_fits_is_read_in_c() -> None:
    schema: Schema[Any] = Schema(Table[Flat])
    text = '{"other": {"b": [1]}, "b": [true, false], "f": [1, 2.5], "ku": [null, "é\\n"]}'
    if not disabled():
        assert schema.try_route_json(text) == schema.validate_json(text)
    assert schema.validate_json(text).to_rows()[1] == {
        "f": 2.5, "i": 0, "o": None, "b": False, "c": "x", "k": 2, "s": "s", "q": "é\n",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ('{"ex": [1]}', [("missing", ("place",))]),
        ('{"ex": 3, "place": []}', [("list_type", ("ex",))]),
        ("[]", [("dict_type", ())]),
        ("null", [("dict_type", ())]),
        ('{"ex": [1, 2], "place": [{"lat": 1}]}', [("table_length", ())]),
        ('{"ex": [1], "place": [{"lat": 1}], "n": []}', [("table_length", ())]),
        ('{"ex": [1e999], "place": [{"lat": 1}]}', [("finite_number", ("ex", 0))]),
        ("{", [("json_invalid", ())]),
    ],
)
def test_what_is_wrong_and_where(text: str, errors: list[Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        SCHEMA.validate_json(text)
    assert [(e["type"], e["loc"]) for e in caught.value.errors()] == errors


def test_unequal_lengths_are_told() -> None:
    with pytest.raises(ValidationError, match="the same number of rows, not a 2, b 1"):
        Schema(Table[Data]).validate_json('{"a": [1, 2], "b": ["x"]}')


def test_dataclasses_and_typed_dicts() -> None:
    columns = Schema(Table[Data]).validate_json('{"a": [1, 2]}')
    assert columns.to_rows() == [{"a": 1, "b": "-"}, {"a": 2, "b": "-"}]
    assert columns["a"].dtype == np.int64
    columns = Schema(Table[Typed]).validate_json('{"a": [1, 2], "b": ["x", "y"]}')
    assert columns["b"].tolist() == ["x", "y"]
    assert len(Schema(Table[Data]).validate_json('{"a": []}')) == 0


def test_other_keys() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")
        a: int

    with pytest.raises(ValidationError) as caught:
        Schema(Table[Strict]).validate_json('{"a": [1], "b": 2}')
    assert [(e["type"], e["loc"]) for e in caught.value.errors()] == [("extra_forbidden", ("b",))]


def test_the_way_back_and_into_python() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Table[Data])
    columns = adapter.validate_python({"a": [1, 2], "b": ("x", "y")})
    assert isinstance(columns, Columns)
    assert adapter.validate_python(columns) is columns
    assert adapter.dump_json(columns) == b'{"a":[1,2],"b":["x","y"]}'
    assert adapter.dump_json(adapter.validate_python({"a": []})) == b'{"a":[],"b":[]}'
    assert adapter.json_schema() == {
        "type": "object",
        "properties": {
            "a": {"items": {"type": "integer"}, "title": "A", "type": "array"},
            "b": {"items": {"type": "string"}, "title": "B", "type": "array"},
        },
        "required": ["a"],
    }


def test_limits_hold() -> None:
    short: Schema[Any] = Schema(Table[Data], max_rows=1)
    assert len(short.validate_json('{"a": [1]}')) == 1
    with pytest.raises(ValidationError) as caught:
        short.validate_json('{"a": [1, 2]}')
    assert [(e["type"], e["loc"]) for e in caught.value.errors()] == [("too_long", ("a",))]
    assert Schema(Table[Data]).fingerprint != Schema(Rows[Data]).fingerprint


def test_in_models_and_routes() -> None:
    app = FastAPI()
    app.router.route_class = FastRoute

    @app.post("/sum")
    async def total(body: Body) -> int:
        return int(body.data["a"].sum())

    client = TestClient(app)
    assert client.post("/sum", json={"data": {"a": [1, 2, 3]}}).json() == 6
    answer = client.post("/sum", json={"data": {"a": [1, "x"]}})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "data", "a", 1]


def test_records_that_need_a_record() -> None:
    class Whole(BaseModel):
        a: int

        @model_validator(mode="after")
        def check(self) -> Whole:
            return self

    class Asking(BaseModel):
        a: int
        b: int

        @field_validator("b")
        @classmethod
        def check(cls, value: int, info: ValidationInfo) -> int:
            return value

    @dataclasses.dataclass
    class After:
        a: int

        def __post_init__(self) -> None:
            pass

    for record in (Whole, Asking, After):
        with pytest.raises(UnsupportedError, match=rf"Table\[{record.__name__}\]: .*; use Rows"):
            Schema(Table[record])
    with pytest.raises(UnsupportedError, match="Table needs its record"):
        Schema(Table)
