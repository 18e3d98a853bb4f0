"""The table "What C decides" of ``docs/validation.md``, made by compiling one type for each row.

``python -m tests.support_table --write`` brings the page up to date.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import sys
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NotRequired
from uuid import UUID

import numpy as np
from pydantic import (
    AfterValidator,
    AliasPath,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Json,
    OnErrorOmit,
    PlainValidator,
    PrivateAttr,
    RootModel,
    SkipValidation,
    StringConstraints,
    Tag,
    ValidationInfo,
    WrapValidator,
    model_validator,
)
from typing_extensions import TypedDict

from fastcore import Array, Row, Rows, Schema, Shape, Table
from fastcore.explanation import Node

PAGE = Path(__file__).resolve().parent.parent / "docs" / "validation.md"
BEGIN, END = "<!-- made by tests/support_table.py -->\n", "<!-- end -->\n"


def _f(value: Any) -> Any:
    return value


def _with_info(value: Any, info: ValidationInfo) -> Any:
    return value


def _wrap(value: Any, handler: Any) -> Any:
    return handler(value)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Model(BaseModel):
    n: int
    s: str = ""


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Tree(BaseModel):
    children: list[Tree] = []


@dataclasses.dataclass
class Data:
    n: int


@dataclasses.dataclass
class Slots:
    __slots__ = ("n",)
    n: int


@dataclasses.dataclass
class Posted:
    n: int

    def __post_init__(self) -> None: ...


class Typed(TypedDict):
    n: int
    s: NotRequired[str]


class Strict(BaseModel, strict=True):
    n: int


class Forbids(BaseModel, extra="forbid"):
    n: int


class Allows(BaseModel, extra="allow"):
    n: int


class Aliased(BaseModel):
    n: int = Field(alias="N")


class Pathed(BaseModel):
    n: int = Field(validation_alias=AliasPath("a", 0))


class ByName(BaseModel):
    model_config = ConfigDict(validate_by_name=True)
    n: int = Field(alias="N")


class Private(BaseModel):
    n: int
    _p: int = PrivateAttr(1)


class PostInit(BaseModel):
    n: int

    def model_post_init(self, context: Any) -> None: ...


class Init(BaseModel):
    n: int

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)


class Root(RootModel[list[int]]): ...


class After(BaseModel):
    n: int

    @model_validator(mode="after")
    def _after(self) -> After:
        return self


class Before(BaseModel):
    n: int

    @model_validator(mode="before")
    @classmethod
    def _before(cls, value: Any) -> Any:
        return value


class Factory(BaseModel):
    n: list[int] = Field(default_factory=list)


class FactoryOfData(BaseModel):
    n: int
    m: int = Field(default_factory=lambda data: data["n"])


class Checked(BaseModel):
    n: int = Field(1, validate_default=True)


class Finite(BaseModel):
    x: float
    k: Literal["a", "b"]


class Holds(BaseModel):
    rows: Rows[Finite]


class Moment(BaseModel):
    day: date
    at: datetime
    box: tuple[float, float]
    point: Finite | None = None


class Mixture(BaseModel):
    names: list[str]
    counts: dict[str, int]
    points: list[Finite]
    vector: Array[np.float32]


class Exact(BaseModel):
    price: Decimal


class Nested(BaseModel):
    point: Finite


#: What the page says, and the type that is compiled for it.
TYPES: list[tuple[str, Any]] = [
    ("`bool`, `None`, `Any`", tuple[bool, None, Any]),
    ("`int`", int),
    ("`int` with `ge=`, `gt=`, `le=`, `lt=`", Annotated[int, Field(ge=0, lt=9)]),
    ("`int` with a bound beyond 64 bits", Annotated[int, Field(le=2**70)]),
    ("`int` with `multiple_of=`", Annotated[int, Field(multiple_of=5)]),
    ("`float`", float),
    ("`float` with `ge=`, `gt=`, `le=`, `lt=`", Annotated[float, Field(gt=0)]),
    ("`float` with `multiple_of=`", Annotated[float, Field(multiple_of=0.5)]),
    ("`str`", str),
    ("`str` with `min_length=`, `max_length=`", Annotated[str, Field(max_length=9)]),
    ("`str` with `pattern=`", Annotated[str, Field(pattern="^a")]),
    (
        "`str` with `strip_whitespace=`, `to_lower=`, `to_upper=`",
        Annotated[str, StringConstraints(strip_whitespace=True)],
    ),
    ("`bytes`, with lengths too", Annotated[bytes, Field(max_length=9)]),
    ("`date`, `datetime`", tuple[date, datetime]),
    ("`date`, `datetime` with bounds", Annotated[date, Field(ge=date(2020, 1, 1))]),
    ("`time`", time),
    ("`timedelta`", timedelta),
    ("`UUID`", UUID),
    ("`Decimal`", Decimal),
    ("`Fraction`", Fraction),
    ("`complex`", complex),
    ("`Literal` of strings and integers", Literal["a", 1]),
    ("`Literal` of a bool or None", Literal[True]),
    ("`Enum` of strings, `IntEnum`", tuple[Colour, Level]),
    ("`Path`", Path),
    ("`AnyUrl` and other addresses", AnyUrl),
    ("`IPv4Address` and others", IPv4Address),
    ("`T | None`", int | None),
    ("`list[T]`, with lengths too", Annotated[list[int], Field(max_length=3)]),
    ("`Sequence[T]`", Sequence[int]),
    ("`tuple[T, U]`, `tuple[T, ...]`", tuple[tuple[int, str], tuple[int, ...]]),
    ("`set[T]`, `frozenset[T]`", tuple[set[int], frozenset[int]]),
    ("`deque[T]`", deque[int]),
    ("`dict[str, T]`", dict[str, int]),
    ("`dict[int, T]`", dict[int, int]),
    ("named tuples", Point),
    ("models", Model),
    ("models that hold themselves", Tree),
    ("models with `extra=` forbid, allow", tuple[Forbids, Allows]),
    ("models with aliases", Aliased),
    ("models with aliases that are paths or choices", Pathed),
    ("models with `validate_by_name`", ByName),
    ("models with `strict=True`", Strict),
    ("models with private attributes", Private),
    ("models with `model_post_init`", PostInit),
    ("models with an `__init__` of their own", Init),
    ("root models", Root),
    ("dataclasses, with slots too", tuple[Data, Slots]),
    ("dataclasses with `__post_init__`", Posted),
    ("`TypedDict`", Typed),
    ("defaults, `default_factory`", tuple[Model, Factory]),
    ("`default_factory` that takes the data", FactoryOfData),
    ("defaults that are validated", Checked),
    ("`int | str`: choices of different kinds", int | str | list[int]),
    ("`int | float`: choices of one kind", int | float),
    (
        "`Cat | Dog` with a field as discriminator",
        Annotated[Cat | Dog, Field(discriminator="kind")],
    ),
    (
        "the same with a function",
        Annotated[
            Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")],
            Discriminator(lambda value: "cat"),
        ],
    ),
    ("`AfterValidator`, `field_validator` after", Annotated[int, AfterValidator(_f)]),
    ("the same with `info`", Annotated[int, AfterValidator(_with_info)]),
    ("`BeforeValidator`", Annotated[int, BeforeValidator(_f)]),
    ("`WrapValidator`", Annotated[int, WrapValidator(_wrap)]),
    ("`PlainValidator`", Annotated[int, PlainValidator(_f)]),
    ("`model_validator` after", After),
    ("`model_validator` before, wrap", Before),
    ("`SkipValidation[T]`", SkipValidation[int]),
    ("`OnErrorOmit[T]`", list[OnErrorOmit[int]]),
    ("`Json[T]`", Json[int]),
    ("`Callable`, `type[T]`", Callable[[], int]),
    ("`Rows[R]`, `Row[R]`", tuple[Rows[Finite], Row[Finite]]),
    ("`Rows[R]` inside a model", Holds),
    ("`Rows[R]` of records with records", Rows[Nested]),
    ("`Rows[R]` with lists, dicts, models, arrays: columns of objects", Rows[Mixture]),
    ("`Rows[R]` with times, lists of numbers of a fixed length, optional records", Rows[Moment]),
    ("`Rows[R]` of a record with a field that is pydantic's", Rows[Exact]),
    ("`Table[R]`", Table[Finite]),
    ("`Table[R]` of records with records", Table[Nested]),
    ("`Array[dtype]`, with a `Shape` too", Annotated[Array[np.float32], Shape("n", 2)]),
]


def nodes(type_: Any) -> list[Node]:
    return list(Schema(type_).explain())


def row(label: str, type_: Any) -> str:
    label, found = label.replace("|", "\\|"), nodes(type_)
    handed = [node for node in found if not node.native]
    if not handed:
        return f"| {label} | C |"
    reasons = dict.fromkeys(
        str(node.reason) for node in handed if not str(node.reason).startswith("nodes of type")
    )
    who = "pydantic" if handed[0] is found[0] else "C around, pydantic inside"
    return f"| {label} | {who}{': ' if reasons else ''}{'; '.join(reasons)} |"


def table() -> str:
    lines = ["| type | decided by |", "|---|---|", *(row(*pair) for pair in TYPES)]
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The page with the table as it should be."""
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    found, count = re.subn(pattern, lambda _: BEGIN + table() + END, page, flags=re.S)
    if count != 1:
        raise ValueError(f"{PAGE.name}: the marks of the table are gone")
    return found


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(table(), end="")
