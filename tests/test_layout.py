"""What the fields of a record become, and the core schema that fills them."""

import datetime
import enum
from typing import Annotated, Any, Literal, NotRequired, Optional

import pytest
from pydantic import AwareDatetime, BaseModel, Field, NaiveDatetime, RootModel, field_validator
from pydantic_core import SchemaValidator, ValidationError
from typing_extensions import TypedDict

from fastcore._layout import DATE, LISTED, NESTED
from fastcore._record import compile_record
from fastcore.errors import UnsupportedError

FLOAT64, INT64, BOOL, CODE, STRING, TIME, OBJECT = 0, 2, 4, 5, 6, 7, 8


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Inner(BaseModel):
    z: float


class Tree(BaseModel):
    weight: float
    left: Optional["Tree"] = None


def column(annotation: Any, **kwargs: Any) -> Any:
    record: Any = type("R", (BaseModel,), {"__annotations__": {"f": annotation}, **kwargs})
    (spec,) = compile_record("rows", record).specs
    assert spec.name == "f"
    assert spec.path == ("f",)
    return spec


@pytest.mark.parametrize(
    ("annotation", "kind", "nullable"),
    [
        (float, FLOAT64, False),
        (float | None, FLOAT64, True),
        (Annotated[float, Field(gt=0)], FLOAT64, False),
        (int, INT64, False),
        (Annotated[int | None, Field(ge=0)], INT64, True),
        (bool, BOOL, False),
        (str, STRING, False),
        (Annotated[str, Field(max_length=3)] | None, STRING, True),
        (Literal["a", "b"], CODE, False),
        (Literal["a", None], CODE, True),
        (Colour, CODE, False),
        (Literal[1, 2], INT64, False),
        (Level, INT64, False),
        (Literal[True], BOOL, False),
        (Literal["a", 1], OBJECT, True),
        (Literal[2**63], OBJECT, True),
        (datetime.date, TIME, False),
        (datetime.datetime | None, TIME, True),
        (datetime.time, OBJECT, True),
        (tuple[float, float], FLOAT64, False),
        (tuple[int, ...], OBJECT, True),
        (tuple[int, float], OBJECT, True),
        (Annotated[list[int], Field(min_length=3, max_length=3)], INT64, False),
        (Annotated[list[int], Field(max_length=3)], OBJECT, True),
        (Annotated[list[str], Field(min_length=3, max_length=3)], OBJECT, True),
        (dict[str, int], OBJECT, True),
        (int | float, OBJECT, True),
        (Any, OBJECT, True),
        (RootModel[float], OBJECT, True),
    ],
)
def test_kind_of_a_field(annotation: Any, kind: int, nullable: bool) -> None:
    spec = column(annotation)
    assert (spec.kind, spec.nullable) == (kind, nullable)


def test_details_of_a_field() -> None:
    assert column(Colour).texts == ("red", "blue")
    assert column(Literal["b", "a"]).texts == ("b", "a")
    assert (column(tuple[float, float]).items, column(tuple[float]).flags) == (2, LISTED)
    assert column(datetime.date).flags == DATE
    assert [column(t).utc for t in (AwareDatetime, NaiveDatetime, datetime.date)] == [
        True,
        False,
        False,
    ]
    assert column(datetime.datetime).utc is None
    assert not column(int, f=3).nullable
    assert column(int, f=None).nullable


def test_nested_records_and_missing_keys() -> None:
    class Record(TypedDict):
        a: NotRequired[int]
        b: Inner
        c: Inner | None

    layout = compile_record("rows", Record)
    assert [(s.name, s.path, s.nullable, s.flags) for s in layout.specs] == [
        ("a", ("a",), True, 0),
        ("b.z", ("b", "z"), False, NESTED),
        ("c.z", ("c", "z"), True, NESTED),
    ]
    record = SchemaValidator(layout.record)
    value = record.validate_json('{"b": {"z": 1}, "c": null}')
    assert layout.values(value) == [None, 1.0, None]


def test_recursion_ends_in_objects() -> None:
    layout = compile_record("rows", Tree)
    assert [(s.name, s.kind) for s in layout.specs] == [("weight", FLOAT64), ("left", OBJECT)]
    record = SchemaValidator(layout.record)
    value = record.validate_json('{"weight": 1, "left": {"weight": 2}}')
    assert layout.values(value) == [1.0, Tree(weight=2)]
    with pytest.raises(ValidationError) as error:
        record.validate_json('{"weight": 1, "left": {"weight": NaN}}')
    assert [(e["type"], e["loc"]) for e in error.value.errors()] == [
        ("finite_number", ("left", "weight"))
    ]


def test_validators_are_looked_through_where_the_type_is_known() -> None:
    class Record(BaseModel):
        a: int
        b: Colour | None

        @field_validator("a", "b")
        @classmethod
        def check(cls, value: Any) -> Any:
            return "four" if value == 4 else value

    layout = compile_record("row", Record)
    assert [s.kind for s in layout.specs] == [INT64, CODE]
    record = SchemaValidator(layout.record)
    assert layout.values(record.validate_json('{"a": 3, "b": "red"}')) == [3, "red"]
    with pytest.raises(UnsupportedError, match="a: a validator or a default gave a str"):
        layout.values(record.validate_json('{"a": 4, "b": null}'))


class TestRefused:
    @pytest.mark.parametrize("record", [int, list[int], RootModel[dict[str, int]], Inner | None])
    def test_no_record(self, record: Any) -> None:
        with pytest.raises(UnsupportedError, match="cannot be the record of Rows or Row"):
            compile_record("rows", record)

    def test_two_columns_of_one_name(self) -> None:
        record = TypedDict("record", {"a.z": float, "a": Inner})
        with pytest.raises(UnsupportedError, match=r"two columns named 'a\.z'"):
            compile_record("rows", record)

    def test_no_fields(self) -> None:
        class Nothing(BaseModel):
            pass

        with pytest.raises(UnsupportedError, match="no columns"):
            compile_record("rows", Nothing)
