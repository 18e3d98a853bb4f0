"""What C decides by itself beyond models, lists and scalars, and what it leaves to pydantic."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import uuid
from typing import Annotated, Any, Literal, NotRequired

import pytest
from pydantic import (
    UUID4,
    UUID5,
    AfterValidator,
    BaseModel,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
)
from pydantic_core import PydanticOmit, PydanticUseDefault
from typing_extensions import TypedDict

from fastcore import Schema
from fastcore._config import disabled

from .differential.compare import CALLS
from .samples import HARD_CLOCKS, HARD_DECIMALS, HARD_DURATIONS, HARD_UUIDS
from .test_schema import assert_same, described


@dataclasses.dataclass
class Plain:
    a: int
    b: list[float] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Slotted:
    a: int
    b: str = "x"


class Typed(TypedDict):
    a: int
    b: NotRequired[str]


class Priority(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Size(enum.StrEnum):
    LARGE = "large"


class Mixed(enum.Enum):
    ONE = "one"
    TWO = 2


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (tuple[int, str], [1, "a"]),
        (tuple[int, ...], [1, 2, 3]),
        (set[int], [1, 2, 1]),
        (frozenset[str], ["a"]),
        (datetime.date, "2024-02-29"),
        (datetime.datetime, "2024-02-29T23:59:59.25+05:30"),
        (datetime.datetime, "2024-02-29 23:59:59Z"),
        (uuid.UUID, "12345678-1234-5678-1234-567812345678"),
        (UUID4, "12345678-1234-4678-b234-567812345678"),
        (datetime.time, "23:59:59"),
        (datetime.time, "23:59:59.25+05:30"),
        (datetime.timedelta, "P1DT2H3M4.000005S"),
        (datetime.timedelta, "-P1Y7DT86401S"),
        (decimal.Decimal, "-007.50"),
        (decimal.Decimal, -3),
        (decimal.Decimal, 2.25),
        (Annotated[decimal.Decimal, Field(gt=0, le=decimal.Decimal("99.5"))], "99.50"),
        (Annotated[decimal.Decimal, Field(max_digits=4, decimal_places=2)], "0012.34"),
        (Annotated[decimal.Decimal, Field(max_digits=2)], "0"),
        (Annotated[str, StringConstraints(strip_whitespace=True, max_length=9)], "a \u00e9 b"),
        (Annotated[str, StringConstraints(to_lower=True)], "ab c1"),
        (Annotated[str, StringConstraints(to_upper=True, strip_whitespace=True)], ""),
        (Priority, 2),
        (Size, "large"),
        (Mixed | None, "one"),
        (bytes, "h\u00e9"),
        (Plain, {"a": 1, "b": [2]}),
        (Slotted, {"a": 1}),
        (Typed, {"a": 1}),
        (Typed, {"b": "x", "a": 1}),
        (int | str, "1"),
        (int | float | None, 1),
        (list[int] | dict[str, int], {"a": 1}),
        (Annotated[Cat | Dog, Field(discriminator="kind")], {"lives": 3, "kind": "cat"}),
        (list[Annotated[Cat | Dog, Field(discriminator="kind")]], [{"kind": "dog"}]),
    ],
)
def test_is_decided_in_c(type_: Any, value: Any) -> None:
    schema, data = Schema(type_), json.dumps(value).encode()
    assert_same(schema, TypeAdapter(type_), data)
    assert schema.explain().native
    # A trial run asks nobody.
    assert disabled() or described(schema.try_route_json(data)) == described(
        TypeAdapter(type_).validate_python(value)
    )


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (decimal.Decimal, [*HARD_DECIMALS, *(10.0**k for k in range(-8, 25)), True, None, -0.0]),
        (Annotated[decimal.Decimal, Field(max_digits=2)], HARD_DECIMALS),
        (Annotated[decimal.Decimal, Field(max_digits=2, decimal_places=2)], HARD_DECIMALS),
        (Annotated[decimal.Decimal, Field(max_digits=1, decimal_places=3)], HARD_DECIMALS),
        (Annotated[decimal.Decimal, Field(ge=0, lt=1, decimal_places=1)], HARD_DECIMALS),
        (datetime.time, HARD_CLOCKS),
        (datetime.timedelta, HARD_DURATIONS),
        (datetime.timedelta, [f"PT0.{micros:06d}S" for micros in range(0, 10**6, 997)]),
        (UUID4, [*HARD_UUIDS, "12345678-1234-4678-c234-567812345678"]),
        (UUID5, ["12345678-1234-5678-9234-567812345678", "12345678-1234-5678-0234-567812345678"]),
        (Priority, [1, 3, "1", 1.0, True, None]),
        (Size, ["large", "LARGE", "", 1]),
        *(
            (
                Annotated[str, StringConstraints(**{form: True})],
                ["a", " a", "\u3000", "Aa\t", "\u00c9", "", "a\n", "\na"],
            )
            for form in ("strip_whitespace", "to_lower", "to_upper")
        ),
    ],
)
def test_forms_that_are_not_the_canonical_one(type_: Any, values: list[Any]) -> None:
    schema, adapter = Schema(type_, allow_nan=True), TypeAdapter(type_)
    for value in values:
        assert_same(schema, adapter, json.dumps(value).encode())
    many: Any = list[type_]  # type: ignore[valid-type]
    assert_same(Schema(many, allow_nan=True), TypeAdapter(many), json.dumps(values).encode())


def test_a_validator_after_is_called_from_c() -> None:
    seen = []

    def note(value: int) -> int:
        seen.append(value)
        if value > 2:
            raise ValueError(f"{value} is too much")
        return -value

    type_ = list[Annotated[int, AfterValidator(note)]]
    schema = Schema(type_)
    assert schema.explain().native
    assert schema.validate_json(b"[1, 2]") == [-1, -2]
    assert seen == [1, 2]
    assert_same(schema, TypeAdapter(type_), b"[1, 3, 2, 4]")
    assert schema.try_route_json(b"[1]") is NotImplemented  # a trial run calls no user code
    assert seen == [1, 2, *[1, 3, 2, 4] * 2]


def test_a_plain_validator_is_called_from_c() -> None:
    def note(value: Any) -> Any:
        CALLS.append(described(value))
        if value == {"a": [1.5, None]}:
            value["a"].append("seen")  # it is its own
        if value == 13:
            raise ValueError("thirteen")
        if value == 15:
            raise PydanticOmit
        if value == [16]:
            raise PydanticUseDefault
        return value

    class Model(BaseModel):
        a: Annotated[Any, PlainValidator(note)]
        b: Annotated[int, PlainValidator(note)] = 2

    schema = Schema(Model)
    assert schema.explain().native
    assert schema.try_route_json(b'{"a": 1}') is NotImplemented
    for value in (1, {"a": [1.5, None]}, 13, 15, [16], 10**30, "\u00e9", [[]], None, True):
        for document in ({"a": value}, {"a": 1, "b": value}, {"b": value}, {"a": 13, "b": value}):
            assert_same(schema, TypeAdapter(Model), json.dumps(document).encode())


def test_the_nearest_default_that_is_asked_for() -> None:
    def ask(value: Any) -> Any:
        CALLS.append(value)
        raise PydanticUseDefault

    asking = Annotated[int, AfterValidator(ask)]

    class Inner(BaseModel):
        first: Annotated[int, AfterValidator(lambda v: CALLS.append(v) or v)]
        second: asking  # type: ignore[valid-type]

    class Keyed(TypedDict):
        a: int
        b: asking  # type: ignore[valid-type]

    @dataclasses.dataclass
    class Data:
        a: int
        b: asking  # type: ignore[valid-type]
        c: int

    class Outer(BaseModel):
        own: asking = 7  # type: ignore[valid-type]
        inner: Inner = Field(default_factory=lambda: Inner.model_construct(first=0, second=0))
        many: list[Inner] = [None]  # type: ignore[list-item]
        few: tuple[asking, int] = (1, 2)  # type: ignore[valid-type]
        bad: asking = Field("x", validate_default=True)  # type: ignore[valid-type]

    inner = {"first": 1, "second": 2}
    for type_, document in (
        (Outer, {"own": 1, "inner": inner, "many": [inner], "few": [3, 4]}),
        (Outer, {"many": [{"first": "x", "second": 2}], "few": ["x", 4]}),
        (Outer, {"few": [3], "bad": 1}),
        (Inner, inner),
        (list[Inner], [{"first": "x", "second": 2}, inner]),
        (Data, {"a": "x", "b": 2, "c": "y"}),
        (list[Data], [{"a": "x", "b": 2, "c": "y"}]),
        (Keyed, {"a": "x", "b": 2}),
        (tuple[asking, int], [1, 2]),
        (dict[str, asking], {"a": 1}),
    ):
        assert_same(Schema(type_), TypeAdapter(type_), json.dumps(document).encode())


def test_a_union_that_c_does_not_decide() -> None:
    for type_ in (
        datetime.date | datetime.datetime,
        bytes | str,
        Literal["a"] | str,
        int | Literal[1, 2],
    ):
        schema, adapter = Schema(type_), TypeAdapter(type_)
        for value in ("2020-01-01", "a", "b", 1, 1.0, True, None):
            assert_same(schema, adapter, json.dumps(value).encode())


class Number(enum.Enum):
    ONE = 1


@pytest.mark.parametrize("first", [datetime.time, datetime.timedelta, datetime.date])
def test_a_choice_that_converts_wins_over_an_enum_behind_it(first: Any) -> None:
    for type_ in (first | Number, Number | first):
        schema, adapter = Schema(type_), TypeAdapter(type_)
        for text in ("1", "0", "1.0", '"1"'):
            assert_same(schema, adapter, text.encode())


@pytest.mark.parametrize("first", [int, float, bool])
def test_bytes_are_converted_texts_to_a_route(first: Any) -> None:
    assert Schema(first | bytes).try_route_json(b'"1"') is NotImplemented
    assert Schema(first | bytes).validate_json(b'"1"') == b"1"
