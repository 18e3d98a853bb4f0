"""Equal contracts have equal fingerprints, in every process and with every supported pydantic."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import os
import pathlib
import re
import subprocess
import sys
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Optional

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    create_model,
)
from typing_extensions import TypedDict

from fastcore import Array, Row, Rows, Schema, Shape

from .profiles import examples
from .strategies import PLANS, make


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Pair(NamedTuple):
    a: int
    b: str = "x"


class Typed(TypedDict, total=False):
    a: int
    b: NotRequired[str]


@dataclasses.dataclass
class Data:
    a: int
    b: list[int] = dataclasses.field(default_factory=list)


class Node(BaseModel):
    value: int
    next: Optional[Node] = None  # noqa: UP045
    children: list[Node] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]


class Record(BaseModel):
    x: float = Field(ge=0)
    plan: Literal["a", "b"] = "a"


def check(value: Any) -> Any:
    return value


def other_check(value: Any) -> Any:
    return value


class Everything(BaseModel):
    model_config = ConfigDict(extra="forbid", title="Other", str_strip_whitespace=True)

    a: Annotated[int, Field(ge=0, le=10, title="A")]
    b: str = Field("x", alias="bee", pattern="^x", min_length=1)
    c: Annotated[float, AfterValidator(check)] = 1.5
    d: datetime.datetime
    e: uuid.UUID
    f: decimal.Decimal = Field(max_digits=4)
    g: set[int] = set()
    h: tuple[int, ...] = ()
    i: dict[str, Color] = {}
    j: Sequence[int] = []
    k: pathlib.Path = pathlib.PurePosixPath(".")  # type: ignore[assignment]
    m: int | str | None = None
    n: Annotated[Cat | Dog, Field(discriminator="kind")]
    o: Pair
    p: Typed
    q: Data
    r: datetime.timedelta = datetime.timedelta(1)
    s: Any = None
    t: AnyUrl
    u: Json[int] = 1
    w: Rows[Record]


#: Changed only together with `_fingerprint.VERSION`, for good reason.
RECORDED = {
    "int": (int, "51fbacba9b5e8e58"),
    "Pair": (Pair, "b71d6c8b8327155e"),
    "Typed": (Typed, "5255e5ba1a43626b"),
    "Data": (Data, "d1263deec8a4bac2"),
    "Node": (Node, "3371459cbc559231"),
    "Everything": (Everything, "d785854391c46eeb"),
    "Rows": (Rows[Record], "ab207a05b6129fe6"),
    "Row": (list[Row[Record]], "94b08f56cf141a6d"),
    "Array": (Annotated[Array[np.float32], Shape("n", 3)], "4a36c4f38be5d6d9"),
    "Color": (Color, "7e889f5837b1a786"),
    "union": (Cat | Dog, "7a39e0958c1f0f96"),
}


@pytest.mark.parametrize("name", list(RECORDED))
def test_recorded_fingerprints_hold(name: str) -> None:
    type_, expected = RECORDED[name]
    found = Schema(type_).fingerprint
    assert re.fullmatch("[0-9a-f]{64}", found)
    assert found[:16] == expected


def test_another_process_finds_the_same() -> None:
    code = (
        "from tests.test_fingerprint import RECORDED; from fastcore import Schema\n"
        "print([Schema(t).fingerprint[:16] for t, _ in RECORDED.values()])"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            cwd=pathlib.Path(__file__).parent.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == str([expected for _, expected in RECORDED.values()])


@examples(100)
@given(st.data())
def test_a_type_made_again_has_the_same(data: st.DataObject) -> None:
    plan = data.draw(PLANS)
    assert Schema(make(plan)).fingerprint == Schema(make(plan)).fingerprint


def model(_name: str = "M", _config: Any = None, **fields: Any) -> Any:
    return create_model(_name, __config__=_config, **fields)


PLAIN = {"a": (int, ...), "b": (str, "x")}


@pytest.mark.parametrize(
    "other",
    [
        model("Other", **PLAIN),
        model(_config=ConfigDict(title="T", frozen=True, from_attributes=True), **PLAIN),
        model(
            a=(Annotated[int, Field(title="A", description="d", examples=[1])], ...), b=PLAIN["b"]
        ),
        model(a=(int, Field(serialization_alias="z")), b=(str, "x")),
        model(_config=ConfigDict(extra="ignore", strict=False), **PLAIN),
    ],
)
def test_what_is_no_part_of_the_contract(other: Any) -> None:
    assert Schema(model(**PLAIN)).fingerprint == Schema(other).fingerprint


DIFFERENT: list[Any] = [
    model(**PLAIN),
    model(a=(int, ...), b=(str, "y")),
    model(a=(int, ...), b=(str, ...)),
    model(a=(int, ...), b=(str | None, "x")),
    model(b=(str, "x"), a=(int, ...)),
    model(a=(float, ...), b=(str, "x")),
    model(a=(Annotated[int, Field(ge=0)], ...), b=(str, "x")),
    model(a=(Annotated[int, Field(gt=0)], ...), b=(str, "x")),
    model(a=(Annotated[int, Field(ge=1)], ...), b=(str, "x")),
    model(a=(Annotated[int, Field(strict=True)], ...), b=(str, "x")),
    model(a=(int, Field(alias="z")), b=(str, "x")),
    model(a=(int, Field(default_factory=int)), b=(str, "x")),
    model(a=(int, ...), b=(Annotated[str, AfterValidator(check)], "x")),
    model(a=(int, ...), b=(Annotated[str, AfterValidator(other_check)], "x")),
    model(a=(int, ...), b=(Annotated[str, BeforeValidator(check)], "x")),
    model(_config=ConfigDict(extra="forbid"), **PLAIN),
    model(_config=ConfigDict(extra="allow"), **PLAIN),
    model(_config=ConfigDict(strict=True), **PLAIN),
    model(_config=ConfigDict(str_to_lower=True), **PLAIN),
    model(_config=ConfigDict(validate_default=True), **PLAIN),
    model(_config=ConfigDict(populate_by_name=True), a=(int, Field(alias="z")), b=(str, "x")),
    model(a=(list[int], ...)),
    model(a=(tuple[int, ...], ...)),
    model(a=(tuple[int], ...)),
    model(a=(set[int], ...)),
    model(a=(Literal["a", "b"], ...)),
    model(a=(Literal["a", "c"], ...)),
    model(a=(Color, ...)),
    model(a=(int | str, ...)),
    model(a=(str | int, ...)),
    model(a=(Annotated[int | str, Field(union_mode="left_to_right")], ...)),
    model(a=(Any, 1)),
    model(a=(Any, 1.0)),
    model(a=(Any, True)),
    model(a=(Any, "1")),
    model(a=(Any, None)),
    Rows[Record],
    Row[Record],
    list[Record],
    Array[np.float32],
    Array[np.float64],
    Annotated[Array[np.float32], Shape("n")],
    Annotated[Array[np.float32], Shape(3)],
    Typed,
    Data,
    Pair,
    Node,
    list[Node],
]


def test_different_contracts_differ() -> None:
    found: dict[str, Any] = {}
    for type_ in DIFFERENT:
        schema: Schema[Any] = Schema(type_)
        assert schema.fingerprint not in found, (type_, found.get(schema.fingerprint))
        found[schema.fingerprint] = type_


class Guessing(enum.Enum):
    RED = "red"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        return cls.RED


def test_what_an_enum_makes_of_other_values() -> None:
    found = Schema(Guessing).fingerprint
    plain = {"type": "enum", "cls": Guessing, "members": [Guessing.RED]}
    # Some versions of pydantic have the method in the node.
    told = {**plain, "missing": Guessing._missing_}
    assert {Schema.from_core_schema(node).fingerprint for node in (plain, told)} == {found}
    assert found != Schema(enum.Enum("Guessing", {"RED": "red"})).fingerprint


def test_limits_are_part_of_it() -> None:
    options: list[dict[str, Any]] = [
        {}, {"allow_nan": True}, {"max_depth": 9}, {"max_rows": 9}, {"duplicate_keys": "error"},
    ]  # fmt: skip
    assert len({Schema(Rows[Record], **chosen).fingerprint for chosen in options}) == len(options)
    same = Schema(Rows[Record], max_errors=3, native=False, hide_input=True)
    assert same.fingerprint == Schema(Rows[Record]).fingerprint
