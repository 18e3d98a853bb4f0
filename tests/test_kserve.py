"""Requests of the Open Inference Protocol: arrays as NumPy has them, the rest as plain pydantic."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import fastcore
from fastcore import Schema
from fastcore._config import disabled
from fastcore.kserve import DATATYPES, InferenceRequest

from .profiles import examples
from .test_schema_arrays import agree

SCHEMA: Schema[InferenceRequest] = Schema(InferenceRequest)


def body(*inputs: dict[str, Any], **more: Any) -> str:
    return json.dumps({"inputs": list(inputs), **more})


def tensor(datatype: str, shape: Any, data: Any, **more: Any) -> dict[str, Any]:
    return {"name": "x", "shape": shape, "datatype": datatype, "data": data, **more}


def values(datatype: str, shape: tuple[int, ...]) -> Any:
    rng = np.random.default_rng(1)
    dtype = DATATYPES[datatype]
    if datatype == "BYTES":
        texts = np.empty(shape, object)
        for place in np.ndindex(shape):
            texts[place] = f"é{place}"
        return texts
    if datatype == "BOOL":
        return rng.random(shape) < 0.5
    if datatype.startswith("FP"):
        return rng.normal(size=shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("datatype", DATATYPES)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 1, 2), (1,) * 8, (0,), (0, 4), (2, 0), ()])
def test_flat_and_nested(datatype: str, shape: tuple[int, ...]) -> None:
    expected = values(datatype, shape)
    nested = expected.tolist() if shape else [expected.tolist()]
    for data in (expected.reshape(-1).tolist(), nested):
        document = body(tensor(datatype, list(shape), data))
        for parse in (SCHEMA.validate_json, InferenceRequest.model_validate_json):
            array = parse(document).arrays["x"]
            assert (array.dtype, array.shape) == (DATATYPES[datatype], shape)
            np.testing.assert_array_equal(array, expected)
        written = SCHEMA.validate_json(document).model_dump_json(exclude_none=True)
        again = SCHEMA.validate_json(written).arrays["x"] if shape else array
        np.testing.assert_array_equal(again, expected)


@examples(150)
@given(st.data())
def test_equals_plain_pydantic(data: st.DataObject) -> None:
    items = st.sampled_from([0, 1, 1.5, -1, 300, True, "a", None, 70000])
    wild = st.recursive(items, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
    documents = []
    for _ in range(4):
        datatype = data.draw(st.sampled_from([*DATATYPES, "FP32", "FP8"]))
        shape = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=3))
        size = int(np.prod(shape))
        one: Any = {"BOOL": True, "BYTES": "t"}.get(datatype, 1)
        right = np.full(shape, one, object).tolist()
        drawn = data.draw(st.sampled_from([right, [one] * size, [one] * (size + 1), None]))
        drawn = data.draw(wild) if drawn is None else drawn
        found = tensor(datatype, shape, drawn)
        if data.draw(st.booleans()):  # the datatype behind the data, and what may be there
            found = {"data": found.pop("data"), **found, "parameters": {"a": 1}, "z": [1]}
        documents.append(body(found, id=data.draw(st.sampled_from(["1", 2, None]))))
    agree(InferenceRequest, *documents)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (tensor("FP32", [2, 2], [1, 2, 3]), ("too_short", ("FP32", "data"))),
        (tensor("FP32", [2], [1, 2, 3]), ("too_long", ("FP32", "data"))),
        (tensor("FP32", [4], [[1, 2], [3, 4]]), ("array_shape", ("FP32", "data"))),
        (tensor("FP32", [2, 3], [[1, 2], [3, 4]]), ("array_shape", ("FP32", "data"))),
        (tensor("FP32", [10**9, 10**30], [1]), ("array_shape", ("FP32", "data"))),
        (tensor("FP32", [10**18], [1]), ("too_short", ("FP32", "data"))),
        (tensor("BYTES", [10**18], []), ("too_short", ("BYTES", "data"))),
        (tensor("INT8", [1] * 9, [1]), ("too_long", ("INT8", "shape"))),
        (tensor("INT8", [-1], [1]), ("greater_than_equal", ("INT8", "shape", 0))),
        (tensor("INT8", [1], [1.5]), ("int_from_float", ("INT8", "data", 0))),
        (tensor("BOOL", [1], [1]), ("bool_type", ("BOOL", "data", 0))),
        (tensor("BYTES", [1], [1]), ("string_type", ("BYTES", "data", 0))),
        (tensor("BYTES", [2], [["a"], "b"]), ("list_type", ("BYTES", "data", 1))),
        (tensor("BYTES", [2], [["a"], ["b", "c"]]), ("too_long", ("BYTES", "data", 1))),
        (tensor("FP64", [1], "x"), ("list_type", ("FP64", "data"))),
        (tensor("FP16", [1], [65520]), ("finite_number", ("FP16", "data", 0))),
        (tensor("INT8", [1], json.loads("[" * 9 + "1" + "]" * 9)),
         ("array_dimensions", ("INT8", "data"))),
        (tensor("BYTES", [1], json.loads("[" * 9 + '"a"' + "]" * 9)),
         ("array_dimensions", ("BYTES", "data"))),
        (tensor("COMPLEX", [1], [1]), ("union_tag_invalid", ())),
    ],
)  # fmt: skip
def test_errors_and_their_place(found: dict[str, Any], line: Any) -> None:
    kind, place = line
    for parse in (SCHEMA.validate_json, TypeAdapter(InferenceRequest).validate_json):
        with pytest.raises(ValidationError) as caught:
            parse(body(found))
        told = [(error["type"], error["loc"]) for error in caught.value.errors()]
        assert told == [(kind, ("inputs", 0, *place))]


def test_a_forged_shape_reserves_nothing() -> None:
    tracemalloc.start()
    try:
        for shape in ([2**40, 2**20], [2**62], [0, 2**62], [2**33, 2**33, 0]):
            for datatype in ("FP32", "BYTES"):
                document = body(tensor(datatype, shape, []))
                with suppress(ValidationError):
                    SCHEMA.validate_json(document)
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


def test_routes_read_it_natively() -> None:
    assert fastcore.InferenceRequest is InferenceRequest
    numbers = [node for node in SCHEMA.explain() if "BYTES" not in node.path]
    assert all(node.native for node in numbers)
    good = SCHEMA.try_route_json(body(tensor("FP32", [1, 1], [1])).encode())
    assert good is NotImplemented if disabled() else good.arrays["x"].shape == (1, 1)
    assert SCHEMA.try_route_json(body(tensor("FP32", [1], [1, 2])).encode()) is NotImplemented


def test_json_schema() -> None:
    told = InferenceRequest.model_json_schema()
    assert told["$defs"]["FP32Input"]["properties"]["data"]["type"] == "array"
    assert set(told["$defs"]["BYTESInput"]["required"]) == {"name", "shape", "datatype", "data"}
