"""Rows, Row, Array in plain pydantic and plain FastAPI, against list[Record] and nested lists."""

import datetime
import json
from typing import Annotated, Any, Generic, TypeVar

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    TypeAdapter,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticOmit

from fastcore import Schema
from fastcore.annotations import Array, Row, Rows, Shape
from fastcore.columns import Columns
from fastcore.errors import UnsupportedError

from .annotated_records import MAKERS, Colour, Int64
from .profiles import examples


class Pair:
    """Adapters of ours and of the original."""

    def __init__(self, maker: Any) -> None:
        self.ours = maker(float, int)
        self.theirs = maker(FiniteFloat, Int64)
        self.rows = TypeAdapter(Rows[self.ours]), TypeAdapter(list[self.theirs])
        self.row = TypeAdapter(Row[self.ours]), TypeAdapter(self.theirs)
        self.all = (*self.rows, *self.row)


PAIRS = {maker.__name__: Pair(maker) for maker in MAKERS}
each_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())

# -- the documents -------------------------------------------------------------------------------

NUMBERS = [0, 1, 2, 5, -1, 0.5, -0.0, 1.0, 1e300, 2**63 - 1, 2**63, -(2**63) - 1, 10**30]
ODD = [float("nan"), float("inf"), True, False, None, "1", "x", "wrong", "nan", [], {}, [1], "é"]
GOOD: dict[str, list[Any]] = {
    "ok": [True, False, None],
    "colour": ["red", "blue"],
    "level": [1, 2],
    "mode": ["slow", "fast"],
    "name": ["ab", "", None],
    "pair": [[1, 2.5], [0.0, "3"]],
    "triple": [[1, 2, 3], [4, 5, 6.0]],
    "day": ["2020-02-29", None, 0],
    "at": ["2020-02-29T12:00:00Z", "2020-02-29T12:00:00.5+02:00", None],
    "inner": [{"z": 1}, {"z": 0.5, "n": 3}, None, {"z": "nan"}, {"z": 4}],
    "other": [{"z": 1}, {"z": 0.5, "n": None}, {"z": 2, "n": 2**70}],
    "inners": [[], [{"z": 1}, {"z": 2}], [{"z": float("nan")}, 3]],
    "either": [{"z": 1}, 2, [1, 2.5], None, [float("nan")], {"z": []}],
    "X": [1.5, 2],
    "deep": [[4], [], ["5"], {"0": 1}],
    "kind": ["cat"],
    "pet": [{"kind": "cat", "x": 1.5}, {"kind": "dog", "x": 1}, {"kind": "cow"}, None],
    "left": [None, {"x": 1}, {"x": 1, "left": {"x": "nan"}}, {"x": 2, "right": {"x": 3}}],
    "right": [None, {"x": 1}],
    "start": [1, 7],
    "extra": [1, "a"],
}
scalars = st.sampled_from([*NUMBERS, *ODD])
wild = st.recursive(
    scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=3), v, max_size=3)
)


def record_of(pair: Pair) -> st.SearchStrategy[Any]:
    text = json.dumps(pair.row[1].json_schema())
    keys = [key for key in (*GOOD, "x", "n") if f'"{key}"' in text or key == "extra"]
    good = {key: st.sampled_from(GOOD.get(key, [1, 2, 0.5, 3.0, 4])) for key in keys}
    bad = {key: st.one_of(value, scalars, wild) for key, value in good.items()}
    need = {key: good[key] for key in ("x", "X") if key in good}
    maybe = {key: value for key, value in good.items() if key not in (*need, "extra")}
    valid = st.fixed_dictionaries(need, optional=maybe)
    nearly = st.tuples(valid, st.fixed_dictionaries({}, optional=bad)).map(lambda t: t[0] | t[1])
    return st.one_of(valid, valid, nearly, wild)


def outcome(function: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except ValidationError as error:
        return [
            (e["type"], e["loc"], e["msg"], repr(e["input"]), repr(e.get("ctx")))
            for e in error.errors()
        ]


def assert_same(
    adapters: tuple[TypeAdapter[Any], TypeAdapter[Any]], method: str, *args: Any, **kwargs: Any
) -> None:
    ours, theirs = (outcome(getattr(a, method), *args, **kwargs) for a in adapters)
    if isinstance(ours, Columns):
        dumped = json.loads(adapters[0].dump_json(ours))
        assert dumped == with_nulls(json.loads(adapters[1].dump_json(theirs)), dumped)
    elif adapters[0] in PAIRS["initialised_model"].all:
        assert ours == without_late(theirs)
    else:
        assert ours == theirs


def without_late(errors: list[Any]) -> list[Any]:
    """A model that initialises itself is asked for the range of its numbers when it is made."""
    late = [
        (error[0] == "finite_number" and error[1][-1:] == ("x",))
        or error[0] in ("less_than_equal", "greater_than_equal")
        for error in errors
    ]
    early = {error[1][:-1] for error, after in zip(errors, late, strict=True) if not after}
    return [
        error
        for error, after in zip(errors, late, strict=True)
        if not after or error[1][:-1] not in early
    ]


def with_nulls(theirs: Any, ours: Any) -> Any:
    """A key that may be null or absent comes out null, and an aware time in UTC."""
    if isinstance(theirs, list):
        return [with_nulls(t, o) for t, o in zip(theirs, ours, strict=True)]
    nulls = {k: None for k, v in ours.items() if k not in theirs and v is None}
    if theirs.get("at"):
        at = datetime.datetime.fromisoformat(theirs["at"]).astimezone(datetime.UTC)
        theirs = theirs | {"at": TypeAdapter(datetime.datetime).dump_python(at, mode="json")}
    return nulls | theirs


@each_pair
@examples(40)
@given(data=st.data())
def test_rows_and_row_are_the_list_and_the_record(pair: Pair, data: Any) -> None:
    records = data.draw(st.lists(record_of(pair), max_size=3) | wild)
    document = json.dumps(records)
    assert_same(pair.rows, "validate_json", document)
    assert_same(pair.rows, "validate_python", records)
    assert_same(pair.rows, "validate_python", records, from_attributes=True)
    if isinstance(records, list) and records:
        assert_same(pair.row, "validate_json", json.dumps(records[0]))
        assert_same(pair.row, "validate_python", records[0], from_attributes=True)


# -- columns -------------------------------------------------------------------------------------


class Flight(BaseModel):
    distance: float
    stops: int | None
    carrier: Colour
    at: datetime.datetime
    day: datetime.date | None
    delayed: bool
    pair: tuple[int, int]
    note: str | None
    other: Any


ROW = {
    "distance": 1.5,
    "stops": 2,
    "carrier": "blue",
    "at": "2013-01-01T05:00:00",
    "day": "2013-01-01",
    "delayed": True,
    "pair": [1, 2],
    "note": "é",
    "other": {"a": [1]},
}
FLIGHTS = [ROW, {**ROW, "stops": None, "day": None, "note": None, "other": None, "carrier": "red"}]


def test_what_the_columns_hold() -> None:
    columns = TypeAdapter(Rows[Flight]).validate_python(FLIGHTS)
    assert type(columns) is Columns
    assert columns.names == tuple(ROW)
    assert {name: columns[name].dtype.str for name in columns.names} == {
        "distance": "<f8",
        "stops": "<i8",
        "carrier": "<i4",
        "at": "<M8[us]",
        "day": "<M8[us]",
        "delayed": "|b1",
        "pair": "<i8",
        "note": "|O",
        "other": "|O",
    }
    assert columns["stops"].tolist() == [2, 0]
    assert columns.valid("stops").tolist() == [True, False]  # type: ignore[union-attr]
    assert columns["carrier"].tolist() == [1, 0]
    assert columns.categories("carrier") == ["red", "blue"]
    assert columns["at"].tolist() == [datetime.datetime(2013, 1, 1, 5)] * 2
    assert columns["pair"].tolist() == [[1, 2], [1, 2]]
    assert columns["note"].tolist() == ["é", None]
    assert columns["other"].tolist() == [{"a": [1]}, None]
    assert columns.valid("distance") is None


def test_extra_keys_are_no_columns() -> None:
    class Record(BaseModel):
        model_config = ConfigDict(extra="allow")
        __pydantic_extra__: dict[str, float]
        x: float

    adapter = TypeAdapter(Rows[Record])
    columns = adapter.validate_json('[{"x": 1, "y": 2}]')
    assert columns.names == ("x",)
    assert adapter.dump_json(columns) == b'[{"x":1.0}]'
    assert outcome(adapter.validate_json, '[{"x": 1, "y": NaN}]')[0][:2] == (
        "finite_number",
        (0, "y"),
    )


def test_times_without_a_stated_zone() -> None:
    adapter = TypeAdapter(Rows[Flight])
    aware = {**ROW, "at": "2013-01-01T05:00:00+01:00"}
    columns = adapter.validate_python([aware])
    assert columns["at"].tolist() == [datetime.datetime(2013, 1, 1, 4)]
    assert json.loads(adapter.dump_json(columns))[0]["at"] == "2013-01-01T04:00:00Z"
    with pytest.raises(UnsupportedError, match="at: times with and without a time zone"):
        adapter.validate_python([aware, ROW])


def test_empty_and_row() -> None:
    assert len(TypeAdapter(Rows[Flight]).validate_json("[]")) == 0
    assert TypeAdapter(Rows[Flight]).validate_json("[]").names == tuple(ROW)
    columns = TypeAdapter(Row[Flight]).validate_python(ROW)
    assert (columns.num_rows, columns["distance"].tolist()) == (1, [1.5])
    assert TypeAdapter(Row[Flight]).dump_json(columns) == Flight(**ROW).model_dump_json().encode()


def test_instances_are_taken_as_they_are() -> None:
    class Record(BaseModel):
        x: float
        calls: int = 0

        def model_post_init(self, context: Any) -> None:
            self.calls += 1

    assert TypeAdapter(Rows[Record]).validate_python([Record(x=1)])["calls"].tolist() == [1]
    fine = Flight(**ROW)
    columns = TypeAdapter(Rows[Flight]).validate_python([fine, ROW])
    assert columns["carrier"].tolist() == [1, 1]
    wrong = Flight.model_construct(**{**fine.__dict__, "stops": "many"})
    with pytest.raises(UnsupportedError, match=r"stops: .* gave a str"):
        TypeAdapter(Rows[Flight]).validate_python([wrong])


def test_columns_are_accepted_where_they_fit() -> None:
    adapter = TypeAdapter(Rows[Flight])
    columns = adapter.validate_python(FLIGHTS)
    assert adapter.validate_python(columns) is columns
    for other in (PAIRS["plain_model"].rows[0].validate_python([]), 3):
        with pytest.raises(ValidationError) as error:
            adapter.validate_python(other)
        assert error.value.errors()[0]["type"] == "list_type"


def test_user_code_runs_as_often_and_in_the_same_order() -> None:
    calls: list[Any] = []

    def make() -> Any:
        class Record(BaseModel):
            x: float
            n: int = Field(default_factory=lambda: calls.append("factory") or 3)

            @field_validator("x", mode="before")
            @classmethod
            def before(cls, value: Any) -> Any:
                calls.append(("before", cls.__name__, value))
                return value

            @field_validator("x")
            @classmethod
            def check(cls, value: Any, info: Any) -> Any:
                calls.append(("after", value, info.mode, info.data, info.field_name, info.context))
                if value == 2:
                    raise ValueError("two")
                return value

            @model_validator(mode="after")
            def whole(self) -> Any:
                calls.append(("model", self.x, self.n, sorted(self.model_fields_set)))
                return self

            def model_post_init(self, context: Any) -> None:
                calls.append(("init", type(self).__name__, context))

        return Record

    seen = []
    for adapter in (TypeAdapter(list[make()]), TypeAdapter(Rows[make()])):  # type: ignore[misc]
        calls.clear()
        for document in ('[{"x": 1}, {"x": "3", "n": 4}]', '[{"x": 1}, {"x": 2}, {"n": 0}]'):
            outcome(adapter.validate_json, document, context={"a": 1})
        seen.append(list(calls))
    assert seen[0] == seen[1]
    assert len(seen[0]) > 10


def test_rows_within_themselves_are_refused() -> None:
    def make() -> Any:
        class Node(BaseModel):
            x: float
            nodes: "Rows[Node]" = None  # type: ignore[assignment]

        return Node.model_validate({"x": 1})

    with pytest.raises(UnsupportedError, match=r"Node holds rows of itself.*list\[Node\]"):
        make()


def test_arrays_and_rows_within_a_record() -> None:
    class Point(BaseModel):
        x: float

    class Record(BaseModel):
        vector: Array[np.float32]
        points: Rows[Point]

    adapter = TypeAdapter(Rows[Record])
    text = b'[{"vector":[1.0,2.5],"points":[{"x":1.0}]},{"vector":[],"points":[]}]'
    columns = adapter.validate_json(text)
    assert columns["vector"][0].dtype == np.float32
    assert columns["points"][0]["x"].tolist() == [1.0]
    assert adapter.dump_json(columns) == text
    bad = '[{"vector": ["1"], "points": [{"x": NaN}]}]'
    assert [e[:2] for e in outcome(adapter.validate_json, bad)] == [
        ("float_type", (0, "vector", 0)),
        ("finite_number", (0, "points", 0, "x")),
    ]


def test_lengths_of_rows() -> None:
    adapter = TypeAdapter(Annotated[Rows[Flight], Field(max_length=1)])
    assert adapter.json_schema()["maxItems"] == 1
    assert outcome(adapter.validate_python, FLIGHTS)[0][:2] == ("too_long", ())
    assert len(adapter.validate_python([ROW])) == 1


def test_in_a_model() -> None:
    class Request(BaseModel):
        rows: Rows[Flight]
        row: Row[Flight] | None = None
        one: Flight
        vector: Annotated[Array[np.float32], Shape(2)]
        more: list[Rows[Flight]] = []

    class Plain(BaseModel):
        rows: list[Flight]
        row: Flight | None = None
        one: Flight
        vector: Annotated[list[float], Field(min_length=2, max_length=2)]
        more: list[list[Flight]] = []

    body = {"rows": FLIGHTS, "one": ROW, "vector": [1, 2.5], "more": [FLIGHTS]}
    ours, theirs = Request.model_validate(body), Plain.model_validate(body)
    assert isinstance(ours.rows, Columns)
    assert ours.row is None
    assert json.loads(ours.model_dump_json()) == json.loads(theirs.model_dump_json())
    assert ours.model_dump()["rows"] is ours.rows
    assert ours.model_dump()["vector"] is ours.vector
    bad = {"rows": [{}, 3], "row": [], "one": ROW, "vector": [1], "more": 3}
    for method, data in (("model_validate_json", json.dumps(bad)), ("model_validate", bad)):
        assert outcome(getattr(Request, method), data) == outcome(getattr(Plain, method), data)
    for mode in ("validation", "serialization"):
        one, two = (m.model_json_schema(mode=mode) for m in (Request, Plain))
        assert one | {"title": ""} == two | {"title": ""}


def test_open_and_late_types() -> None:
    T = TypeVar("T")

    class Page(BaseModel, Generic[T]):
        items: Rows[T]

    page = Page[Flight].model_validate({"items": FLIGHTS})
    assert page.items["distance"].tolist() == [1.5, 1.5]

    class Late(BaseModel):
        rows: Rows["Item"]

    class Item(BaseModel):
        x: float

    Late.model_rebuild(_types_namespace={"Item": Item})
    assert Late.model_validate({"rows": [{"x": 1}]}).rows["x"].tolist() == [1.0]


def test_bare_names_are_refused() -> None:
    for bare in (Rows, Row, Array):
        with pytest.raises(UnsupportedError, match=f"{bare.__name__} needs its"):
            TypeAdapter(bare)


# -- FastAPI -------------------------------------------------------------------------------------


def app_of(rows: Any, row: Any, matrix: Any) -> Any:
    Batch = create_model("Batch", rows=(rows, ...), matrix=(matrix, None))
    app = FastAPI()

    @app.post("/rows", name="rows")
    def post_rows(batch: rows) -> rows:
        return batch

    @app.post("/row", name="row")
    def post_row(record: row, limit: int = 3) -> row:
        return record

    @app.post("/batch", name="batch")
    def post_batch(batch: Batch) -> Batch:  # type: ignore[valid-type]
        return batch

    @app.post("/two", name="two")
    def post_two(a: rows | None = None, b: matrix | None = None) -> int:
        return 1

    return app


Matrix = Annotated[Array[np.float32], Shape("n", 2)]


class TestFastAPI:
    ours = app_of(Rows[Flight], Row[Flight], Matrix)
    theirs = app_of(
        list[Flight], Flight, list[Annotated[list[float], Field(min_length=2, max_length=2)]]
    )

    def test_openapi(self) -> None:
        ours, theirs = self.ours.openapi(), self.theirs.openapi()
        assert "requestBody" in ours["paths"]["/rows"]["post"]
        assert ours == theirs

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/rows", FLIGHTS),
            ("/rows", []),
            ("/rows", [3, {}, {**ROW, "distance": "far", "pair": [1]}]),
            ("/rows", {}),
            ("/rows", None),
            ("/row", ROW),
            ("/row", []),
            ("/row", {**ROW, "stops": 1.5}),
            ("/batch", {"rows": FLIGHTS, "matrix": [[1, 2]]}),
            ("/batch", {"rows": [{}], "matrix": [[1]]}),
            ("/two", {"a": FLIGHTS, "b": [[1, 2]]}),
            ("/two", {"a": 3, "b": 4}),
            ("/two", []),
        ],
    )
    def test_answers(self, path: str, body: Any) -> None:
        ours, theirs = (TestClient(app).post(path, json=body) for app in (self.ours, self.theirs))
        assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json())


def test_a_field_that_a_validator_leaves_out_is_no_column() -> None:
    def leave_out(value: int) -> int:
        if value == 5:
            raise PydanticOmit
        return value

    class Gap(BaseModel):
        n: Annotated[int, AfterValidator(leave_out)]

    for schema in (TypeAdapter(Rows[Gap]), Schema(Rows[Gap])):
        assert len(schema.validate_json('[{"n": 1}]')) == 1
        with pytest.raises(UnsupportedError, match="n: a validator left it out of a record"):
            schema.validate_json('[{"n": 1}, {"n": 5}]')


def test_titles_of_errors_are_the_same_in_every_process() -> None:
    class Built(BaseModel):
        n: int

        def __init__(self, **data: Any) -> None:
            super().__init__(**data)

    class Judged(BaseModel):
        n: int

        @model_validator(mode="after")
        def _kept(self) -> "Judged":
            return self

    for model in (Built, Judged):
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(Rows[model]).validate_json("3")  # type: ignore[valid-type]
        assert " at 0x" not in caught.value.title
