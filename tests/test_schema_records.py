"""Records of every kind, with times, lists and optional parts: Schema and plain pydantic."""

from __future__ import annotations

import dataclasses
import datetime
import gc
import json
import sys
import uuid
from typing import Annotated, Any, Literal, NotRequired

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    TypeAdapter,
    create_model,
    with_config,
)
from typing_extensions import TypedDict

from fastcore import Array, Columns, Row, Rows, Schema, Shape, Table, UnsupportedError
from fastcore._config import disabled

from .profiles import examples
from .test_schema_columns import described, outcome

DATES = ["2024-02-29", "0001-01-01", "9999-12-31", "2023-02-29", "2024-02-29T00:00:00", 0, 86400]
NAIVE = [
    *("2024-02-29T12:30:15", "2024-02-29 12:30:15.25", "0001-01-01T00:00:00"),
    *("9999-12-31T23:59:59.999999", "2024-02-29T12:30", "2024-13-01T00:00:00", "2024-02-29"),
]
AWARE = [
    *("2024-02-29T12:30:15Z", "2024-02-29T12:30:15.000001+05:30", "0001-01-01T00:00:00+23:59"),
    *("1969-12-31T23:59:59-01:00", "9999-12-31T23:59:59.999999-23:59", 1.5, 1709210000),
]
WRONG = [None, "x", True, [], {}, 1.5, 7]
FLOATS = [0, -0.0, 1.5, 1e300, 2**70, "2", None]
INTS = [0, -1, 2**63 - 1, 2**63, 1.0, 1.5, "3"]


class Item(BaseModel):
    sku: str
    tags: list[str] = []
    price: float | None = None


ITEMS = [[], [{"sku": "a"}, {"sku": "b", "tags": ["x", "é"], "price": 1.5}]]

#: Kinds of fields: the annotation, values that are right and values that are not quite.
KINDS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "date": (datetime.date, DATES[:3], DATES[3:]),
    "datetime": (datetime.datetime, NAIVE[:4], NAIVE[4:] + AWARE),
    "aware": (AwareDatetime, AWARE[:4], AWARE[4:] + NAIVE),
    "naive": (NaiveDatetime, NAIVE[:4], NAIVE[4:] + AWARE),
    "maybe zone": (datetime.datetime, AWARE[:4], AWARE[4:] + NAIVE[:1]),
    "pair": (tuple[float, float], [[1, 2.5], [-0.0, 1e300]], [[1], [1, 2, 3], [1, "2"], [1, None]]),
    "triple": (tuple[int, int, int], [[1, 2, 2**63 - 1]], [[1, 2, 2**63], [1, 2], [1, 2, 1.0]]),
    "list": (Annotated[list[float], Field(min_length=3, max_length=3)],
             [[1, 2, 3], [0.1, 1e-5, 123456789.125]], [[1, 2], [1, 2, 3, 4], [[1], 2, 3], {}]),
    "bounded": (Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=2)],
                [[0, 1], [5, 7]], [[-1, 2], [1, 2.5], [1, True]]),
    "long": (Annotated[list[float], Field(min_length=300, max_length=300)],
             [[i / 7 for i in range(300)]], [[1] * 299, [1.5] * 299 + ["x"], [0.5] * 301]),
    "float": (float, [0.5, 1], FLOATS),
    "int": (int, [1, -5], INTS),
    "text": (str, ["a", "é\n"], [1]),
    "floats": (list[float], [[], [1, 2.5], [0.5] * 40], [["1"], [None], 3, {"a": 1}]),
    "names": (list[str], [[], ["a", "é"]], [[1], "a"]),
    "items": (list[Item], ITEMS, [[{"sku": 1}], [{}], [{"sku": "a", "price": "2"}]]),
    "counts": (dict[str, int], [{}, {"a": 1, "b": -2}], [{"a": "1"}, [1]]),
    "any": (Any, [1, "a", None, [1, {"a": [None]}], 2**70, True, 0.5], [1]),
    "set": (set[int], [[], [1, 2, 1]], [["1"], 3]),
    "either": (int | str | list[int], [1, "a", [1, 2]], [1.5, [1, "x"], {}]),
    "mixed": (Literal[1, "a"], [1, "a"], [2, "b", 1.0]),
    "uuid": (uuid.UUID, ["12345678-1234-5678-1234-567812345678"], ["1234567812345678" * 2]),
    "array": (Annotated[Array[np.float32], Shape("n", 2)], [[], [[1, 2], [3, 4]]], [[[1]], [1], 3]),
}  # fmt: skip


@st.composite
def records(draw: st.DrawFn, depth: int = 2) -> tuple[Any, Any]:
    """A record's type, and a strategy for its values."""
    fields: dict[str, Any] = {}
    values: dict[str, tuple[Any, bool]] = {}
    make = draw(st.sampled_from(["model", "model", "dataclass", "typed-dict"]))
    for name in "abcd"[: draw(st.integers(1, 4))]:
        if depth and draw(st.integers(0, 3)) == 0:
            annotation, value = draw(records(depth - 1))
        else:
            annotation, right, wrong = KINDS[draw(st.sampled_from(sorted(KINDS)))]
            often = st.sampled_from([*right] * (2 * len(wrong)) + [*wrong])
            value = st.one_of(often, often, often, often, st.sampled_from(WRONG + right))
        optional = draw(st.booleans())
        if optional:
            annotation, value = annotation | None, st.one_of(value, value, st.none())
        absent = optional and draw(st.booleans())
        fields[name] = (annotation, absent)
        values[name] = (value, absent or draw(st.integers(0, 20)) == 0)
    document = st.fixed_dictionaries(
        {name: value for name, (value, absent) in values.items() if not absent},
        optional={name: value for name, (value, absent) in values.items() if absent}
        | {"extra": st.sampled_from([1, [2], {"a": 3}])},
    )
    if make == "model":
        defaults = {n: (a, None if absent else ...) for n, (a, absent) in fields.items()}
        return create_model("Model", **defaults), document  # type: ignore[call-overload]
    if make == "typed-dict":
        members = {n: NotRequired[a] if absent else a for n, (a, absent) in fields.items()}
        return TypedDict("Typed", members), document  # type: ignore[operator]
    ordered = sorted(fields.items(), key=lambda item: item[1][1])  # defaults come last
    return dataclasses.make_dataclass(
        "Data", [(n, a, None) if absent else (n, a) for n, (a, absent) in ordered]
    ), document


@examples(250)
@given(st.data())
def test_equals_plain_pydantic(data: st.DataObject) -> None:
    record, documents = data.draw(records())
    kind = data.draw(st.sampled_from(["rows", "rows", "row", "table"]))
    values = data.draw(st.lists(documents, min_size=1, max_size=5))
    if kind == "table":
        names = sorted({name for value in values for name in value})
        found = {n: [v[n] for v in values if n in v] for n in names}
        type_, texts = Table[record], [json.dumps(found)]  # type: ignore[valid-type]
    elif kind == "row":
        type_, texts = Row[record], [json.dumps(value) for value in values]  # type: ignore[valid-type]
    else:
        type_, texts = Rows[record], [json.dumps(values), json.dumps(values[:1])]  # type: ignore[valid-type]
    schema, adapter = Schema(type_), TypeAdapter(type_)
    for text in texts:
        expected = outcome(lambda t=text: adapter.validate_json(t))  # type: ignore[misc]
        assert outcome(lambda t=text: schema.validate_json(t)) == expected, text  # type: ignore[misc]
        value = schema.try_route_json(text.encode())
        if value is not NotImplemented:
            assert ("value", described(value)) == expected, text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optional", [False, True])
def test_each_value_of_each_kind(kind: str, optional: bool) -> None:
    """By itself, so that no other fault stands before it."""
    annotation, right, wrong = KINDS[kind]
    if optional:
        annotation = annotation | None
    record = create_model("Record", a=(annotation, ...), n=(int, ...))
    wrong = [*wrong, *WRONG]
    for type_, spell in (
        (Row[record], lambda v: {"a": v, "n": 1}),  # type: ignore[valid-type]
        (Rows[record], lambda v: [{"a": right[0], "n": 0}, {"a": v, "n": 1}]),  # type: ignore[valid-type]
        (Table[record], lambda v: {"a": [right[0], v], "n": [0, 1]}),  # type: ignore[valid-type]
    ):
        schema, adapter = Schema(type_), TypeAdapter(type_)
        assert schema.explain().native
        for value in [*right, *wrong]:
            text = json.dumps(spell(value))  # type: ignore[no-untyped-call]
            expected = outcome(lambda t=text, a=adapter: a.validate_json(t))  # type: ignore[misc]
            assert outcome(lambda t=text, s=schema: s.validate_json(t)) == expected, text  # type: ignore[misc]


def test_lines_with_objects_and_times() -> None:
    rows = [{"at": AWARE[0], "names": ["a", "é" * i]} for i in range(5)]
    record = create_model("Record", at=(datetime.datetime, ...), names=(list[str], ...))
    lines = "\n \n".join(map(json.dumps, rows))
    found = Schema(Rows[record]).validate_ndjson(lines)  # type: ignore[valid-type]
    expected = TypeAdapter(Rows[record]).validate_json(json.dumps(rows))  # type: ignore[valid-type]
    assert described(found) == described(expected)


class Inner(BaseModel):
    at: datetime.datetime
    box: tuple[float, float]


class Event(BaseModel):
    day: datetime.date
    at: AwareDatetime | None = None
    local: datetime.datetime
    vector: Annotated[list[float], Field(min_length=2, max_length=2)]
    inner: Inner | None = None


EVENTS = [
    {"day": "2024-02-29", "local": "2024-02-29T01:02:03.5", "vector": [1, 2.5]},
    {"day": "1969-12-31", "at": "1970-01-01T01:00:00+02:00", "local": "2024-02-29T00:00:00",
     "vector": [0, 1], "inner": {"at": "2024-01-01T00:00:00Z", "box": [3, 4]}},
]  # fmt: skip


def test_values() -> None:
    schema = Schema(Rows[Event])
    assert schema.explain().native
    found = schema.validate_json(json.dumps(EVENTS))
    np.testing.assert_array_equal(found["day"], np.array(["2024-02-29", "1969-12-31"], "M8[us]"))
    np.testing.assert_array_equal(found["at"], np.array(["NaT", "1969-12-31T23:00"], "M8[us]"))
    np.testing.assert_array_equal(found["vector"], [[1, 2.5], [0, 1]])
    np.testing.assert_array_equal(found["inner.box"], [[np.nan, np.nan], [3, 4]])
    np.testing.assert_array_equal(found["inner.at"], np.array(["NaT", "2024-01-01"], "M8[us]"))
    assert found.valid("inner.at").tolist() == [False, True]  # type: ignore[union-attr]
    assert [spec[4] for spec in found._specs] == [False, True, False, False, True, False]
    if not disabled():
        assert schema.try_route_json(json.dumps(EVENTS).encode()) == found
    lines = "\n".join(map(json.dumps, EVENTS))
    assert schema.validate_ndjson(lines) == found
    assert found.to_rows()[1]["inner"]["box"] == [3.0, 4.0]


class Moment(BaseModel):
    at: datetime.datetime
    n: int = 0


def moments(*rows: Any) -> bytes:
    return json.dumps([{"at": at, "n": n} for at, n in rows]).encode()


Z, ZONELESS = "2024-01-01T00:00:00Z", "2024-01-01T00:00:00"


def test_times_of_either_kind_but_not_both() -> None:
    schema: Schema[Any] = Schema(Rows[Moment])
    adapter = TypeAdapter(Rows[Moment])
    for rows in (
        [(Z, 1)], [(ZONELESS, 1)], [(Z, "1"), (Z, 2)], [("2024-01-01T00:00Z", 1), (Z, "2")], [],
        [(ZONELESS, 1), (1709210000, 2)],
    ):  # fmt: skip
        expected = outcome(lambda r=rows: adapter.validate_json(moments(*r)))  # type: ignore[misc]
        assert outcome(lambda r=rows: schema.validate_json(moments(*r))) == expected  # type: ignore[misc]
    for rows in ([(Z, 1), (ZONELESS, 2)], [(Z, 1), (ZONELESS, "2")], [(Z, "1"), (ZONELESS, "2")]):
        with pytest.raises(UnsupportedError, match="with and without a time zone"):
            schema.validate_json(moments(*rows))
    with pytest.raises(ValueError, match="n"):  # errors come first
        schema.validate_json(moments((Z, 1), (ZONELESS, "x")))
    naive, aware = (schema.validate_json(moments((at, 1))) for at in (ZONELESS, Z))
    assert (naive._specs[0][4], aware._specs[0][4]) == (False, True)
    assert schema.validate_json(moments((ZONELESS, 1))) == naive


@with_config(ConfigDict(extra="forbid"))
class Strange(TypedDict, total=False):
    a: tuple[int, int] | None
    b: str


@dataclasses.dataclass(slots=True)
class Slotted:
    x: float
    day: datetime.date | None = None


def test_other_records_are_native() -> None:
    for type_ in (Rows[Strange], Table[Slotted], Rows[Slotted], Row[Strange], Table[Event]):
        native = Schema(type_).explain().native
        assert native or type_ is Table[Event]  # nested records in a table
    found = Schema(Rows[Strange]).validate_json('[{"a": [1, 2]}, {"b": "x", "a": null}, {}]')
    assert found["a"].tolist() == [[1, 2], [0, 0], [0, 0]]
    assert found["b"].tolist() == [None, "x", None]
    table = Schema(Table[Slotted]).validate_json('{"x": [1, 2], "day": ["2024-01-01", null]}')
    assert table.num_rows == 2
    assert table == Schema(Table[Slotted], native=False).validate_json(
        '{"x": [1, 2], "day": ["2024-01-01", null]}'
    )


def test_many_rows() -> None:
    rows = [{**EVENTS[i % 2], "vector": [i, i / 2]} for i in range(2000)]
    found = Schema(Rows[Event]).validate_json(json.dumps(rows))
    assert isinstance(found, Columns)
    np.testing.assert_array_equal(found["vector"][:, 0], np.arange(2000))
    assert found == TypeAdapter(Rows[Event]).validate_json(json.dumps(rows))


class Basket(BaseModel):
    user: str
    items: list[Item]
    vector: Array[np.float32]
    weights: list[float] | None = None
    at: datetime.datetime


BASKETS = [
    {"user": "a", "items": ITEMS[1], "vector": [1, 2], "at": Z},
    {"user": "b", "items": [], "vector": [], "weights": [1, 2.5], "at": Z, "z": [[1]]},
]


def test_objects_are_made_in_c() -> None:
    schema = Schema(Rows[Basket])
    assert schema.explain().native
    found = schema.validate_json(json.dumps(BASKETS))
    expected = TypeAdapter(Rows[Basket]).validate_json(json.dumps(BASKETS))
    assert described(found) == described(expected)
    (a, b), none = found["items"][0], found["items"][1]
    assert (type(a), a.model_fields_set, none) == (Item, {"sku"}, [])
    assert b == Item(sku="b", tags=["x", "é"], price=1.5)
    assert found["vector"][0].dtype == np.float32
    assert found["weights"].tolist() == [None, [1, 2.5]]
    assert disabled() or schema.try_route_json(json.dumps(BASKETS).encode()) is not NotImplemented


def test_objects_in_a_table() -> None:
    rows = [*BASKETS, {"weights": None, **BASKETS[0]}]
    table = {name: [row.get(name) for row in rows] for name in Basket.model_fields}
    schema, adapter = Schema(Table[Basket]), TypeAdapter(Table[Basket])
    assert schema.explain().native
    for changes in ({}, {"items": [[], [{}], 3]}, {"vector": [[1], ["1"], []]}, {"items": [[]]},
                    {"weights": [1, None, None]}, {"items": [[], [{"sku": 1}], []]},
                    {"items": [[], ITEMS[1], [{"sku": "a", "price": "1"}]]}):  # fmt: skip
        text = json.dumps({**table, **changes})
        expected = outcome(lambda t=text: adapter.validate_json(t))  # type: ignore[misc]
        assert outcome(lambda t=text: schema.validate_json(t)) == expected  # type: ignore[misc]
    text = json.dumps(table)
    assert disabled() or schema.try_route_json(text.encode()) is not NotImplemented


@pytest.mark.parametrize("where", [0, 1, 3, 4])
def test_a_record_whose_objects_are_not_certain(where: int) -> None:
    changes: list[dict[str, Any]] = [
        *({"items": [{"sku": "c", "price": "1.5"}]}, {"items": [{}]}, {"user": 1}),
        *({"vector": ["1"], "user": 2}, {"weights": ["2"]}, {"weights": [None], "at": 1}),
    ]
    for change in changes:
        rows = [*BASKETS, *BASKETS, BASKETS[0]]
        rows[where] = {**rows[where], **change}
        text = json.dumps(rows)
        expected = outcome(lambda t=text: TypeAdapter(Rows[Basket]).validate_json(t))  # type: ignore[misc]
        assert outcome(lambda t=text: Schema(Rows[Basket]).validate_json(t)) == expected  # type: ignore[misc]
        lines = "\n\n".join(map(json.dumps, rows))
        told = outcome(lambda t=lines: Schema(Rows[Basket]).validate_ndjson(t))  # type: ignore[misc]
        assert told[0] == expected[0]
        if told[0] == "value":
            assert told == expected
        else:
            places = [(line["loc"][0] // 2, *line["loc"][1:]) for line in told[1]]
            assert places == [line["loc"] for line in expected[1]]


def test_objects_are_not_kept() -> None:
    schema = Schema(Rows[Basket])
    good, bad = json.dumps(BASKETS), json.dumps([*BASKETS, {"user": "c", "items": [{}]}])
    marker = Item
    for text in (good, bad):
        outcome(lambda t=text: schema.validate_json(t))  # type: ignore[misc]
    gc.collect()
    before = sys.getrefcount(marker)
    for _ in range(200):
        for text in (good, bad, good[:-1]):
            outcome(lambda t=text: schema.validate_json(t))  # type: ignore[misc]
    gc.collect()
    assert sys.getrefcount(marker) - before < 20


class Defaulted(BaseModel):
    """Columns with a bitmap whose fields take no null."""

    number: float = None  # type: ignore[assignment]
    count: int = None  # type: ignore[assignment]
    text: str = None  # type: ignore[assignment]
    flag: bool = None  # type: ignore[assignment]
    kind: Literal["a", "b"] = None  # type: ignore[assignment]
    day: datetime.date = None  # type: ignore[assignment]


@pytest.mark.parametrize("kind", [Rows, Row, Table])
def test_values_beside_a_default_of_none_are_there(kind: Any) -> None:
    full = {"number": 0.5, "count": 1, "text": "x", "flag": True, "kind": "b", "day": "2024-02-29"}
    schema, adapter = Schema(kind[Defaulted]), TypeAdapter(kind[Defaulted])
    records = [full, {}, {"other": None, **full}, *({key: full[key]} for key in full)]
    if kind is Rows:
        documents: list[Any] = [records, records[:1], records[2:3]]
    elif kind is Row:
        documents = records
    else:
        documents = [{key: [value, value] for key, value in full.items()}, {"count": [1]}]
    for document in documents:
        text = json.dumps(document)
        assert outcome(lambda t=text: schema.validate_json(t)) == outcome(
            lambda t=text: adapter.validate_json(t)
        ), text


class Sized(BaseModel):
    a: Annotated[Array[np.int64], Shape("n", 2)]
    b: Annotated[Array[np.int64], Shape("n")]


def test_sizes_of_one_name_agree_within_a_record() -> None:
    schema, adapter = Schema(Rows[Sized]), TypeAdapter(Rows[Sized])
    for record in (
        {"a": [[1, 2]], "b": [1]},
        {"a": [[1, 2]], "b": []},
        {"a": [], "b": [1]},
        {"a": [], "b": []},
    ):
        text = json.dumps([record, record])
        assert outcome(lambda t=text: schema.validate_json(t)) == outcome(
            lambda t=text: adapter.validate_json(t)
        ), text
