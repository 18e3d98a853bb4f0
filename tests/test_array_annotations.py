"""Array and Shape in plain pydantic, against NumPy and nested lists."""

import json
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from fastcore.annotations import Array, Shape
from fastcore.errors import UnsupportedError

from .profiles import examples

NUMBERS = [0, 1, 0.5, -0.0, 1.0, 1e300, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400]
ODD = [float("nan"), float("inf"), True, False, None, "1", "x", [], {}, [1]]


def outcome(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except ValidationError as error:
        return [(e["type"], e["loc"]) for e in error.errors()]


def test_misuse_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="Shape belongs to an Array"):
        TypeAdapter(Annotated[list[int], Shape(3)])
    for wrong in (np.complex128, np.str_, str):
        with pytest.raises(UnsupportedError, match="expected a NumPy type"):
            TypeAdapter(Array[wrong])  # type: ignore[type-var]


@pytest.mark.parametrize("sizes", [(), (-1,), ("",)])
def test_shape_refuses_values(sizes: Any) -> None:
    with pytest.raises(ValueError, match="Shape"):
        Shape(*sizes)


@pytest.mark.parametrize("size", [1.0, True, None])
def test_shape_refuses_types(size: Any) -> None:
    with pytest.raises(TypeError, match="Shape takes sizes"):
        Shape(size)


FLOATS = [np.float16, np.float32, np.float64]
INTEGERS = [np.int8, np.uint8, np.int16, np.uint32, np.int64, np.uint64]
numbers = st.one_of(
    st.sampled_from(
        [*NUMBERS, 127, 128, -128, -129, 255, 1.5, 65519.9, 65520, 3.5e38, 1e39, 2**64]
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-300, 300),
)
elements = st.one_of(numbers, numbers, numbers, st.sampled_from(ODD))


def expected_error(dtype: Any, value: Any) -> str | None:
    """The error of one element, said once more and independently."""
    integral = np.dtype(dtype).kind in "iu"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "int_type" if integral else "float_type"
    if not integral and (abs(value) > 2**1024 or not np.isfinite(float(value))):
        return "finite_number"
    if isinstance(value, float) and not np.isfinite(value):
        return "finite_number"
    if not integral:
        with np.errstate(over="ignore"):
            return None if np.isfinite(np.asarray(float(value), dtype)) else "finite_number"
    if value != int(value):
        return "int_from_float"
    if value > np.iinfo(dtype).max:
        return "less_than_equal"
    return "greater_than_equal" if value < np.iinfo(dtype).min else None


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@examples(40)
@given(values=st.lists(elements, max_size=6))
def test_elements_of_an_array(dtype: Any, values: list[Any]) -> None:
    adapter = TypeAdapter(Array[dtype])  # type: ignore[valid-type]
    errors = [((i,), e) for i, v in enumerate(values) if (e := expected_error(dtype, v))]
    for method, data in (("validate_json", json.dumps(values)), ("validate_python", values)):
        array = outcome(getattr(adapter, method), data)
        if errors:
            assert [(loc, kind) for kind, loc in array] == errors
        else:
            with np.errstate(over="ignore"):
                expected = np.asarray(values, dtype)
            assert array.dtype == dtype
            np.testing.assert_array_equal(array, expected)
            assert json.loads(adapter.dump_json(array)) == expected.tolist()


Matrix = Annotated[Array[np.float32], Shape("n", 2)]
Square = Annotated[Array[np.int64], Shape("n", "n")]
Cube = Annotated[Array[np.float64], Shape(2, "n", "m")]


@pytest.mark.parametrize(
    ("annotation", "value", "shape"),
    [
        (Matrix, [], (0, 2)),
        (Matrix, [[1, 2], [3, 4], [5, 6]], (3, 2)),
        (Square, [], (0, 0)),
        (Square, [[1, 2], [3, 4]], (2, 2)),
        (Cube, [[], []], (2, 0, 0)),
        (Cube, [[[1, 2, 3]], [[1, 2, 3]]], (2, 1, 3)),
    ],
)
def test_shapes(annotation: Any, value: Any, shape: Any) -> None:
    for array in (
        TypeAdapter(annotation).validate_json(json.dumps(value)),
        TypeAdapter(annotation).validate_python(value),
    ):
        assert array.shape == shape
        assert array.tolist() == value or array.size == 0


SHORT = {"field_type": "List", "min_length": 2, "actual_length": 1}
LONG = {"field_type": "List", "max_length": 2, "actual_length": 3}


@pytest.mark.parametrize(
    ("annotation", "value", "errors"),
    [
        (Matrix, [[1], [1, 2, 3]], [("too_short", (0,), SHORT), ("too_long", (1,), LONG)]),
        (Matrix, [1, "a"], [("list_type", (0,), None), ("list_type", (1,), None)]),
        (Square, [[1, 2], [3]], [("too_short", (1,), SHORT)]),
        (Square, [[1, 2], [3, 4, 5]], [("too_long", (1,), LONG)]),
        (
            Square,
            [[1, 2, 3], [1, 2, 3]],
            [("array_dimension", (), {"name": "n", "expected": 2, "actual": 3})],
        ),
        (
            Cube,
            [[[1, 2]], [[1, 2], [1, 2]]],
            [("too_long", (1,), LONG | {"max_length": 1, "actual_length": 2})],
        ),
        (Cube, [[[1, 2]], [[1]]], [("too_short", (1, 0), SHORT)]),
        (Matrix, 3, [("list_type", (), None)]),
        (Matrix, None, [("list_type", (), None)]),
    ],
)
def test_wrong_shapes(annotation: Any, value: Any, errors: Any) -> None:
    class Holder(BaseModel):
        a: annotation

    for call, data in (
        (TypeAdapter(annotation).validate_json, json.dumps(value)),
        (TypeAdapter(annotation).validate_python, value),
    ):
        with pytest.raises(ValidationError) as error:
            call(data)
        assert [(e["type"], e["loc"], e.get("ctx")) for e in error.value.errors()] == errors
    with pytest.raises(ValidationError) as error:
        Holder.model_validate({"a": value})
    assert [e["loc"] for e in error.value.errors()] == [("a", *loc) for _, loc, _ in errors]


def test_arrays_are_accepted_where_they_fit() -> None:
    adapter = TypeAdapter(Matrix)
    array = np.zeros((3, 2), np.float32)
    assert adapter.validate_python(array) is array
    other = adapter.validate_python(np.arange(6).reshape(3, 2))
    assert (other.dtype, other.tolist()) == (np.float32, [[0, 1], [2, 3], [4, 5]])
    doubles = np.array([[1 / 3, 1e-50], [2.0, 3.4e38]])
    other = adapter.validate_python(doubles)
    assert other.dtype == np.float32
    np.testing.assert_array_equal(other, np.asarray(doubles.tolist(), np.float32))
    for wrong, kind in (
        (np.zeros((1, 3), np.float32), "too_long"),
        (np.zeros(1, np.float32), "list_type"),
        (np.full((1, 2), 1e39), "finite_number"),
        (np.array([["1", "2"]]), "float_type"),
        (np.float32(1), "list_type"),
    ):
        assert outcome(adapter.validate_python, wrong)[0][0] == kind
    assert outcome(TypeAdapter(Square).validate_python, np.zeros((2, 3), np.int64))[0][0] == (
        "array_dimension"
    )
