"""Sizes of one name across the array fields of an instance: plain pydantic and Schema."""

from __future__ import annotations

import dataclasses
import gc
import json
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, create_model
from pydantic import ValidationError as Invalid
from typing_extensions import TypedDict

from fastcore import Array, Schema, Shape
from fastcore._agreement import _seen

from .profiles import examples
from .test_schema_arrays import agree

Vector = Annotated[Array[np.float32], Shape("n")]
Matrix = Annotated[Array[np.float32], Shape("n", 2)]


class Pairs(BaseModel):
    inputs: Matrix
    weights: Vector
    other: Annotated[Array[np.int8], Shape("m")] | None = None
    square: Annotated[Array[np.int8], Shape("m", "n")] | None = None


@dataclasses.dataclass
class Data:
    inputs: Matrix
    weights: Vector


class Typed(TypedDict, total=False):
    inputs: Matrix
    weights: Vector


GOOD = {"inputs": [[1, 2], [3, 4]], "weights": [1, 2]}
BAD = {"inputs": [[1, 2], [3, 4]], "weights": [1]}


def lines(call: Any, *args: Any) -> list[Any]:
    with pytest.raises(Invalid) as caught:
        call(*args)
    return [(line["type"], line["loc"], line.get("ctx")) for line in caught.value.errors()]


@pytest.mark.parametrize("type_", [Pairs, Data, Typed])
def test_the_later_field_is_refused(type_: Any) -> None:
    expected = [("array_dimension", ("weights",), {"name": "n", "expected": 2, "actual": 1})]
    adapter, schema = TypeAdapter(type_), Schema(type_)
    assert lines(adapter.validate_python, BAD) == expected
    assert lines(adapter.validate_json, json.dumps(BAD)) == expected
    assert lines(schema.validate_json, json.dumps(BAD)) == expected
    assert schema.explain().native
    agree(type_, json.dumps(GOOD), json.dumps(BAD), json.dumps({**BAD, "inputs": []}))


@examples(150)
@given(st.data())
def test_any_fields(data: st.DataObject) -> None:
    shapes = st.lists(st.sampled_from(["n", "m", "k", 1, 2]), min_size=1, max_size=3)
    fields: dict[str, Any] = {}
    for name in "abcd"[: data.draw(st.integers(2, 4))]:
        annotation: Any = Annotated[Array[np.int16], Shape(*data.draw(shapes))]
        kind = data.draw(st.sampled_from(["plain", "plain", "plain", "optional", "list", "scalar"]))
        annotation = {"list": list[annotation], "scalar": int}.get(kind, annotation)
        optional = kind == "optional"
        fields[name] = (annotation | None, None) if optional else (annotation, ...)
    model = create_model("Model", **fields)

    def value(depth: int, sizes: list[int]) -> Any:
        if depth == len(sizes):
            return data.draw(st.sampled_from([0, 0, 0, 0, 0, 0, 7, "x"]))
        return [value(depth + 1, sizes) for _ in range(sizes[depth])]

    documents = []
    for _ in range(4):
        document: dict[str, Any] = {}
        for name, field in model.model_fields.items():
            shape = [m for m in field.metadata if isinstance(m, Shape)]
            common = {"n": data.draw(st.integers(0, 2)), "m": 2, "k": 1}
            sizes = [common.get(s, s) for s in shape[0].sizes] if shape else [1]
            drawn = value(0, sizes)
            document[name] = data.draw(st.sampled_from([drawn, drawn, drawn, [drawn], 3, None]))
        documents.append(json.dumps(document))
    agree(model, *documents)
    agree(list[model], f"[{','.join(documents)}]")  # type: ignore[valid-type]


class Tree(BaseModel):
    a: Vector
    child: Tree | None = None
    b: Vector


def test_each_instance_by_itself() -> None:
    good = {"a": [1], "b": [2], "child": {"a": [1, 2], "b": [3, 4]}}
    bad = {"a": [1], "b": [2, 3], "child": {"a": [1, 2], "b": [3]}}
    agree(Tree, json.dumps(good), json.dumps(bad))
    agree(list[Tree], json.dumps([good, good]), json.dumps([good, bad, good]))
    assert [loc for _, loc, _ in lines(Schema(Tree).validate_json, json.dumps(bad))] == [
        ("child", "b"), ("b",),
    ]  # fmt: skip


class Free(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    a: np.ndarray[Any, Any]
    b: Vector


class Defaulted(BaseModel):
    a: Vector = np.zeros(3, np.float32)
    b: Vector


def test_what_is_not_compared() -> None:
    long, short = np.ones(2, np.float32), np.ones(1, np.float32)
    Tree(a=long, b=long)
    Free(a=long, b=short)  # there it has no shape, whatever it had elsewhere
    assert Schema(Defaulted).validate_json('{"b": [1]}').b.size == 1
    agree(Defaulted, '{"b": [1]}', '{"b": [1], "a": [1, 2]}')
    assert lines(lambda: Tree(a=long, b=short))[0][0] == "array_dimension"
    assert lines(lambda: Tree(a=short, b=long))[0][0] == "array_dimension"


def test_nothing_is_kept() -> None:
    gc.collect()
    before = len(_seen)
    kept = [Pairs(**GOOD) for _ in range(10)]
    assert len(_seen) == before + 20
    del kept
    gc.collect()
    assert len(_seen) == before


calls: list[Any] = []


def _note(value: int) -> int:
    calls.append(value)
    return value


class Called(BaseModel):
    count: Annotated[int, AfterValidator(_note)]
    a: Vector
    b: Vector


def test_user_code_runs_once() -> None:
    text = '{"count": 1, "a": [1], "b": [1, 2]}'
    for call in (TypeAdapter(Called).validate_json, Schema(Called).validate_json):
        calls.clear()
        assert lines(call, text)[0][0] == "array_dimension"
        assert calls == [1]
    assert not Schema(Called).explain().native
