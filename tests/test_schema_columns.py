"""Rows and Row through Schema: the same columns and errors as plain pydantic's slow way."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic_core import ValidationError

from fastcore import Columns, Row, Rows, Schema
from fastcore._config import disabled

from .profiles import examples
from .strategies import SCALARS, documents, make

FEW = examples(80)


def described(value: Any) -> Any:
    """Everything that can be seen of columns; other values as they are."""
    if isinstance(value, Columns):
        return (
            value.num_rows,
            [
                (name, str(value[name].dtype), value[name].tolist().__repr__(),
                 repr(value.valid(name)), value.categories(name))
                for name in value.names
            ],
        )  # fmt: skip
    if isinstance(value, BaseModel):
        return (type(value).__name__, [(k, described(v)) for k, v in value.__dict__.items()])
    return value


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return ("value", described(call()))
    except ValidationError as error:
        return ("error", [{**line, "input": repr(line["input"])} for line in error.errors()])
    except Exception as error:
        return ("raised", type(error), str(error))


RECORDS = st.dictionaries(
    st.sampled_from(["f", "g", "h", "size", "k"]),
    st.tuples(
        st.one_of(SCALARS, SCALARS.map(lambda plan: ("optional", plan))),
        st.sampled_from(["required", "required", "default"]),
        st.one_of(st.none(), st.just("alias")),
    ),
    min_size=1,
    max_size=5,
).map(lambda fields: ("model", fields, {}, "", ""))


@FEW
@given(st.data())
def test_equals_the_slow_way(data: st.DataObject) -> None:
    plan = data.draw(RECORDS)
    inner = data.draw(st.none() | RECORDS)
    if inner is not None:
        plan[1]["inner"] = (inner, "required", None)
    try:
        record = make(plan)
        types: list[Any] = [Rows[record], Row[record]]
        types.append(
            create_model("Envelope", rows=(Rows[record], ...), one=(Row[record] | None, None))
        )
        pairs = [(Schema(type_), TypeAdapter(type_)) for type_ in types]
    except TypeError:
        return  # such a record cannot be columns; test_annotations.py has those
    whole = ("list", plan, {})
    parts = (whole, plan, ("model", {"rows": (whole, "required", None),
                                     "one": (plan, "default", None)}, {}, "", ""))  # fmt: skip
    for (schema, adapter), part in zip(pairs, parts, strict=True):
        for document in data.draw(st.lists(documents(part), min_size=3, max_size=5)):
            if b"NaN" in document or b"1e999" in document:
                continue  # policies with tests of their own
            ours = outcome(lambda s=schema, d=document: s.validate_json(d))
            assert ours == outcome(lambda a=adapter, d=document: a.validate_json(d)), document
            value = schema.try_route_json(document)
            if value is not NotImplemented:
                assert ("value", described(value)) == ours


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    lat: float = Field(ge=-90, le=90)
    lon: float


class Trip(BaseModel):
    n: int = Field(ge=0)
    x: float | None = None
    color: Color = Color.BLUE
    day: Literal["mon", "tue"]
    late: bool = False
    note: str = Field("", max_length=5)
    start: Place


GOOD: dict[str, Any] = {"n": 1, "x": 0.5, "color": "red", "day": "tue", "late": True, "note": "é€",
                        "start": {"lat": 1, "lon": 2}}  # fmt: skip


def trip(**changes: Any) -> dict[str, Any]:
    return {k: v for k, v in {**GOOD, **changes}.items() if v is not ...}


def test_the_record_is_native() -> None:
    assert Schema(Rows[Trip]).explain().native


def test_values() -> None:
    rows = [trip(), trip(x=None, color=..., late=..., note=..., n=2**60), trip(x=..., extra=[{}])]
    columns = Schema(Rows[Trip]).validate_json(json.dumps(rows))
    assert columns.num_rows == 3
    np.testing.assert_array_equal(columns["n"], [1, 2**60, 1])
    np.testing.assert_array_equal(columns["x"], [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(columns.valid("x"), [True, False, False])
    np.testing.assert_array_equal(columns["color"], [0, 1, 0])
    assert columns.categories("color") == ["red", "blue"]
    np.testing.assert_array_equal(columns["day"], [1, 1, 1])
    np.testing.assert_array_equal(columns["late"], [True, False, True])
    assert columns["note"].tolist() == ["é€", "", "é€"]
    np.testing.assert_array_equal(columns["start.lon"], [2.0, 2.0, 2.0])


def test_coerced_records_take_their_place() -> None:
    rows = [trip(note=str(i), n=str(i) if i % 3 == 0 else i) for i in range(50)]
    columns = Schema(Rows[Trip]).validate_json(json.dumps(rows))
    np.testing.assert_array_equal(columns["n"], np.arange(50))
    assert columns["note"].tolist() == [str(i) for i in range(50)]
    assert columns == TypeAdapter(Rows[Trip]).validate_json(json.dumps(rows))


@pytest.mark.parametrize(
    "rows",
    [
        [], [trip()], [trip(n=-1)], [trip(n=1.5), trip(), trip(day="sun", x="q")],
        [1, None, "x", []], [trip(start=...)], [trip(start={"lat": 91})], [trip(note="abcdef")],
        [trip(n=2**70)],
        [trip(color="green")], [trip(late="yes")], [trip(x=True)], {}, {"a": []}, 1, "x", None,
    ],
)  # fmt: skip
def test_errors_are_those_of_a_list(rows: Any) -> None:
    """All errors, in order, with the places that ``list[Trip]`` gives them."""

    class Plain(BaseModel):
        trips: list[Trip]

    class Fast(BaseModel):
        trips: Rows[Trip]

    def errors(type_: Any, document: Any) -> Any:
        schema = Schema(type_)
        try:
            schema.validate_json(json.dumps(document))
        except ValidationError as error:
            return error.errors()
        return []

    # An int of a column has the bounds of 64 bits, which a plain one has not.
    if rows == [trip(n=2**70)]:
        (line,) = errors(Fast, {"trips": rows})
        assert (line["type"], line["loc"], line["ctx"]) == (
            "less_than_equal", ("trips", 0, "n"), {"le": 2**63 - 1},
        )  # fmt: skip
        return
    assert errors(Fast, {"trips": rows}) == errors(Plain, {"trips": rows})
    assert errors(Rows[Trip], rows) == errors(list[Trip], rows)
    assert errors(Row[Trip], rows) == errors(Trip, rows)


def test_rows_anywhere() -> None:
    class Model(BaseModel):
        many: list[Rows[Place]]
        maybe: Rows[Place] | None = None
        inner: dict[str, Row[Place]] = {}

    text = json.dumps({
        "many": [[{"lat": 1, "lon": 2}], [], [{"lat": "3", "lon": 4}, {"lon": 5, "lat": 6}]],
        "inner": {"k": {"lat": 7, "lon": 8}},
    })  # fmt: skip
    ours = Schema(Model).validate_json(text)
    assert described(ours) == described(TypeAdapter(Model).validate_json(text))
    assert [columns.num_rows for columns in ours.many] == [1, 0, 2]
    np.testing.assert_array_equal(ours.many[2]["lat"], [3.0, 6.0])


def test_the_last_of_equal_keys_counts() -> None:
    class Model(BaseModel):
        rows: Rows[Place]

    text = '{"rows": [{"lat": 1, "lon": 2}], "rows": [{"lat": 3, "lat": 4, "lon": 5}]}'
    np.testing.assert_array_equal(Schema(Model).validate_json(text).rows["lat"], [4.0])
    # One bad record under the key that does not count does no harm.
    text = '{"rows": [1], "rows": [{"lat": 3, "lon": 5}]}'
    np.testing.assert_array_equal(Schema(Model).validate_json(text).rows["lat"], [3.0])


def test_records_with_validators_go_to_pydantic() -> None:
    calls: list[int] = []

    def seen(value: int) -> int:
        calls.append(value)
        return value + 1

    class Record(BaseModel):
        n: Annotated[int, AfterValidator(seen)]

    schema = Schema(Rows[Record])
    assert not schema.explain().native
    np.testing.assert_array_equal(schema.validate_json('[{"n": 1}, {"n": "2"}]')["n"], [2, 3])
    assert calls == [1, 2]


def test_forbidden_extras() -> None:
    class Record(BaseModel):
        model_config = ConfigDict(extra="forbid")
        a: int

    with pytest.raises(ValidationError) as caught:
        Schema(Rows[Record]).validate_json('[{"a": 1}, {"a": 1, "b": 2}]')
    assert [(e["type"], e["loc"]) for e in caught.value.errors()] == [("extra_forbidden", (1, "b"))]


def test_non_finite_numbers() -> None:
    schema = Schema(Rows[Place])
    with pytest.raises(ValidationError) as caught:
        schema.validate_json('[{"lat": 1, "lon": 1e999}, {"lat": "nan", "lon": "inf"}]')
    assert [(e["type"], e["loc"], e["input"]) for e in caught.value.errors()] == [
        ("finite_number", (0, "lon"), "1e999"),
        ("finite_number", (1, "lat"), "nan"),
        ("finite_number", (1, "lon"), "inf"),
    ]
    with pytest.raises(ValidationError, match="Invalid JSON: expected value at line 1 column 10"):
        schema.validate_json('[{"lat": NaN, "lon": 1}]')


def test_max_rows() -> None:
    class Model(BaseModel):
        rows: Rows[Place]

    schema = Schema(Model, max_rows=2)
    place = {"lat": 1, "lon": 2}
    assert schema.validate_json(json.dumps({"rows": [place] * 2})).rows.num_rows == 2
    with pytest.raises(ValidationError) as caught:
        schema.validate_json(json.dumps({"rows": [place] * 3}))
    (line,) = caught.value.errors(include_url=False, include_input=False)
    assert (line["type"], line["loc"]) == ("too_long", ("rows",))
    assert line["ctx"]["max_length"] == 2


def test_one_row_to_a_matrix() -> None:
    schema = Schema(Row[Place])
    out = np.empty((1, 2), np.float32)
    assert schema.validate_json('{"lon": 2, "lat": 1}').matrix(out=out) is out
    np.testing.assert_array_equal(out, [[1, 2]])


def test_a_trial_run_refuses_what_needs_the_original() -> None:
    schema = Schema(Rows[Place])
    good = schema.try_route_json('[{"lat": 1, "lon": 2}]')
    assert good is NotImplemented if disabled() else good.num_rows == 1
    assert schema.try_route_json('[{"lat": "1", "lon": 2}]') is NotImplemented
    assert schema.try_route_json("[") is NotImplemented


class Halves(BaseModel):
    """A number that may be null, a fixed one, and a text out of two."""

    a: float | None
    b: int
    c: Literal["x", "y"] | None = None


def test_rows_one_after_another() -> None:
    """The memory of a row that was dropped is the next row's: nothing of it shows there."""
    schema = Schema(Row[Halves])
    kept = []
    for i in range(40):
        a, c = (None, None) if i % 3 else (i / 2, "y" if i % 2 else "x")
        row = schema.validate_json(json.dumps({"a": a, "b": i, "c": c}))
        assert row.valid("a").tolist() == [a is not None]
        assert row.valid("c").tolist() == [c is not None]
        expected = [np.nan if a is None else a, i, np.nan if c is None else ("x", "y").index(c)]
        np.testing.assert_array_equal(row.matrix(dtype=np.float64), [expected])
        view = row["b"]
        if i % 4 == 0:
            kept.append((i, row))
        del row
        with pytest.raises(ValidationError):
            schema.validate_json(b'{"a": 1, "b": "no"}')
        assert view.tolist() == [i]  # a view keeps its row
    assert [(i, row["b"].tolist()) for i, row in kept] == [(i, [i]) for i, _ in kept]


def test_arguments_of_matrix_by_name() -> None:
    class Name(str):
        """Not the type that names are compared quickly as."""

    row = Schema(Row[Halves]).validate_json(b'{"a": 1, "b": 2}')
    out = np.empty((1, 2))
    assert row.matrix(**{Name("names"): ["a", "b"], "out": out}) is out
    assert out.tolist() == [[1, 2]]
    for name in ("ou", "out\0", "outs", "nam\xe9s", "dtypo", ""):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            row.matrix(**{name: None})
