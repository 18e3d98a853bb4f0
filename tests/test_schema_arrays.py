"""Array through Schema: the arrays and errors of plain pydantic, in C wherever they stand."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter
from pydantic_core import ValidationError

from fastcore import Array, Rows, Schema, Shape
from fastcore._config import disabled

from .profiles import examples

DTYPES = [np.float16, np.float32, np.float64, np.int8, np.uint8, np.int16, np.uint16, np.int32,
          np.uint32, np.int64, np.uint64, np.bool_]  # fmt: skip


def described(value: Any) -> Any:
    """Everything that can be seen of arrays; other values as they are."""
    if isinstance(value, np.ndarray):
        flags = (value.flags.writeable, value.flags.c_contiguous, value.flags.aligned)
        # Of objects the bytes are where they are, not what.
        items = value.tolist() if value.dtype == object else value.tobytes()
        return (value.dtype.str, value.shape, items, flags)
    if isinstance(value, BaseModel):
        return (type(value).__name__, [(k, described(v)) for k, v in value.__dict__.items()])
    if dataclasses.is_dataclass(value):
        return (type(value).__name__, described(vars(value)))
    if isinstance(value, (list, tuple)):
        return [described(item) for item in value]
    if isinstance(value, dict):
        return {key: described(item) for key, item in value.items()}
    return value


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return ("value", described(call()))
    except ValidationError as error:
        return ("error", [{**line, "input": repr(line["input"])} for line in error.errors()])


def agree(type_: Any, *documents: str) -> None:
    """Schema, plain pydantic and, where it answers, the route's way give the same."""
    schema, adapter = Schema(type_), TypeAdapter(type_)
    for document in documents:
        expected = outcome(lambda d=document: adapter.validate_json(d))  # type: ignore[misc]
        assert outcome(lambda d=document: schema.validate_json(d)) == expected, document  # type: ignore[misc]
        value = schema.try_route_json(document.encode())
        if value is not NotImplemented:
            assert ("value", described(value)) == expected, document
            python = adapter.validate_python(json.loads(document))
            assert described(value) == described(python), document


#: Texts of numbers, each at the edge of some type, and of what is no number.
TEXTS = [
    "0", "-0", "-0.0", "1", "1.0", "1e0", "1.5", "127", "128", "-128", "-129", "255", "256",
    "65504", "65519.9", "65520", "32768", "-32769", "2147483648", "4294967296",
    "3.4028235677973366e38",
    "3.4028234e38", "1e39", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "18446744073709551615", "18446744073709551616", "9223372036854775808.0", "1e300", "0.1",
    "1e-50", "5e-324", "0.333333333333333333333333333333",
    "1.00000017881393432617187499", "6e-8", "2.98e-8",
    "true", "false",
]  # fmt: skip
ODD = ["null", '"1"', "[]", "[1]", "{}", '{"a": 1}', "true"]  # what overflows: test_policies
texts = st.one_of(
    st.sampled_from(TEXTS),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-10, 10, width=32).map(lambda x: np.format_float_positional(np.float32(x), trim="0")),
    st.integers(-(2**70), 2**70).map(str),
    st.integers(-300, 300).map(str),
)


@st.composite
def nested(draw: st.DrawFn, depth: int, items: st.SearchStrategy[str]) -> str:
    """The text of nested arrays, most often of one size a level."""
    gap = draw(st.sampled_from(["", "", " ", "\n  "]))
    sizes = [draw(st.integers(0, 4)) for _ in range(depth)]

    def level(at: int) -> str:
        if at == depth:
            return draw(items)
        count = sizes[at] if draw(st.integers(0, 15)) else draw(st.integers(0, 4))
        return "[" + f",{gap}".join(gap + level(at + 1) for _ in range(count)) + gap + "]"

    return level(0)


@pytest.mark.parametrize("dtype", DTYPES)
@examples(60)
@given(data=st.data())
def test_equals_plain_pydantic(dtype: Any, data: st.DataObject) -> None:
    sizes = data.draw(st.sampled_from([("n",), (3,), ("n", 2), ("n", "n"), (2, "m"), ("a", "b", 2),
                                       ("n", "m", "n"), (0, "n")]))  # fmt: skip
    fitting = st.sampled_from(["true", "false"]) if dtype is np.bool_ else texts
    items = data.draw(st.sampled_from([fitting, st.one_of(fitting, st.sampled_from(ODD))]))
    documents = data.draw(st.lists(nested(len(sizes), items), min_size=2, max_size=4))
    agree(Annotated[Array[dtype], Shape(*sizes)], *documents)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", TEXTS + ODD)
def test_each_edge(dtype: Any, text: str) -> None:
    agree(Array[dtype], f"[{text}]", f"[{text}, {text}]", f"[0, {text}, 1, {' ' * 40}1]")


def test_doubles_of_many_digits() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=3000) * 10.0 ** rng.integers(-8, 9, size=3000)
    for spell in (repr, "{:.3f}".format, "{:.15f}".format, "{:.19g}".format, "{:e}".format):
        body = f"[{','.join(map(spell, values.tolist()))}]"
        for dtype in (np.float64, np.float32, np.float16):
            with np.errstate(over="ignore"):
                expected = np.asarray(json.loads(body), dtype)
            if np.isfinite(expected).all():
                np.testing.assert_array_equal(Schema(Array[dtype]).validate_json(body), expected)


class Item(BaseModel):
    name: str
    vector: Annotated[Array[np.float32], Shape(3)]


class Holder(BaseModel):
    ids: Array[np.int64]
    matrix: Annotated[Array[np.float64], Shape("n", 2)] | None = None
    items: list[Item] = []
    by_name: dict[str, Array[np.uint8]] = {}
    inner: Item | None = None
    mask: Array[np.bool_] = Field(default_factory=lambda: np.zeros(0, bool))


class Cat(BaseModel):
    kind: Literal["cat"]
    a: Array[np.float32]


class Dog(BaseModel):
    kind: Literal["dog"]
    a: Annotated[Array[np.int32], Shape("n", "n")]


HOLDERS = [
    {"ids": [1, 2]},
    {"ids": [], "matrix": [[1, 2.5]], "mask": [True, False]},
    {"matrix": None, "ids": [2**40], "items": [{"name": "a", "vector": [1, 2, 3]}] * 3},
    {"ids": [1], "by_name": {"x": [1, 255], "y": []}, "inner": {"name": "b", "vector": [0, 0, 1]}},
    {"ids": [1], "by_name": {"x": [1, 256], "y": [-1]}, "inner": {"name": "b", "vector": [0, 0]}},
    {"ids": 3, "matrix": [[1], [2, 3, 4]], "items": [{"name": 1, "vector": None}]},
    {"ids": {"a": 1}, "items": [{"vector": [1, 2, "3"]}], "mask": [0]},
    {},
    [],
]


def test_anywhere_in_a_type() -> None:
    assert Schema(Holder).explain().native
    agree(Holder, *map(json.dumps, HOLDERS))
    pet = Annotated[Cat | Dog, Field(discriminator="kind")]
    documents = [{"kind": "cat", "a": [1]}, {"a": [[1]], "kind": "dog"}, {"kind": "dog", "a": [1]}]
    agree(list[pet], json.dumps(documents), json.dumps(documents[:2]))
    agree(Array[np.float32] | None, "null", "[1]", "3")
    agree(tuple[Array[np.int8], int | Array[np.float32]], "[[1], 2]", "[[1], [2]]", "[[1.5], []]")


def test_is_native() -> None:
    for dtype in DTYPES:
        schema = Schema(Annotated[Array[dtype], Shape("n", 3)])
        assert schema.explain().native
        assert disabled() or schema.try_route_json(b"[]").shape == (0, 3)  # type: ignore[attr-defined]
        assert schema.try_route_json(b"[[]]") is NotImplemented
    nine = Schema(Annotated[Array[np.int8], Shape(*"abcdefghi")])
    assert not nine.explain().native
    assert nine.validate_json("[" * 9 + "1" + "]" * 9).ndim == 9
    assert not Schema(Array[np.dtype(">f4")]).explain().native  # type: ignore[misc]


def test_memory_is_the_array_s_own() -> None:
    """Small arrays and large ones outlive the document and each other, and can be written to."""
    schema: Schema[Any] = Schema(list[Array[np.float64]])
    for size in (10, 100_000):
        arrays = schema.validate_json(json.dumps([list(range(size)), [1] * size]))
        first = arrays[0]
        first[0] = 5
        del arrays
        assert (first.size, first.nbytes, first[:3].tolist()) == (size, size * 8, [5, 1, 2])


def test_policies() -> None:
    plain: Any = Array[np.float32]
    with pytest.raises(ValidationError) as caught:
        Schema(plain).validate_json("[1, NaN]")
    assert caught.value.errors()[0]["type"] == "json_invalid"
    with pytest.raises(ValidationError) as caught:
        Schema(plain, allow_nan=True).validate_json("[1, NaN]")
    assert caught.value.errors()[0]["type"] == "finite_number"
    for text in ("[1e999]", "[1e39]"):
        with pytest.raises(ValidationError) as caught:
            Schema(plain).validate_json(text)
        (line,) = caught.value.errors()
        assert (line["type"], line["loc"]) == ("finite_number", (0,))
    assert Schema(plain, max_depth=1).validate_json("[1]").tolist() == [1]
    digits = "1" * 4301
    with pytest.raises(ValidationError) as caught:
        Schema(plain).validate_json(f"[1, {digits}]")
    assert caught.value.errors()[0]["type"] == "json_invalid"


class Batch(BaseModel):
    rows: Rows[Item]


def test_in_a_record() -> None:
    rows = [{"name": "a", "vector": [1, 2, 3]}, {"name": "b", "vector": [1, 2, 0.5]}]
    for type_ in (Schema(Batch), TypeAdapter(Batch)):
        found = type_.validate_json(json.dumps({"rows": rows})).rows  # type: ignore[attr-defined]
        assert [cell.tolist() for cell in found["vector"]] == [row["vector"] for row in rows]
