"""Records for the tests of Rows and Row, each made by a function of the types of its numbers.

With ``float`` and ``int`` they are what a user writes; with the rules of Rows written out
(finite floats, integers of 64 bits) they are what ``list`` of them is compared with.
"""

import dataclasses
import datetime
import enum
from typing import Annotated, Any, Generic, Literal, NotRequired, Optional, TypeVar

from pydantic import (
    AliasPath,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def plain_model(real: Any, whole: Any) -> Any:
    class Inner(BaseModel):
        z: real
        n: whole | None = None

    class Record(BaseModel):
        x: real
        n: whole = 7
        ok: bool | None = None
        colour: Colour = Colour.RED
        level: Level = Level.LOW
        mode: Literal["slow", "fast"] = "slow"
        name: str | None = Field(default=None, max_length=4)
        pair: tuple[real, real] = (0.0, 1.0)
        triple: Annotated[list[whole], Field(min_length=3, max_length=3)] = [1, 2, 3]
        day: datetime.date | None = None
        at: AwareDatetime | None = None
        inner: Inner | None = None
        other: Inner = Inner(z=0.5)
        inners: list[Inner] = []
        either: Inner | Level | list[real] | None = None

    return Record


def aliases_and_forbid(real: Any, whole: Any) -> Any:
    class Record(BaseModel):
        model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
        x: real = Field(alias="X")
        n: whole = Field(validation_alias=AliasPath("deep", 0), default=1)
        name: str = Field(default="", serialization_alias="title")

    return Record


def strict_model(real: Any, whole: Any) -> Any:
    class Record(BaseModel):
        model_config = ConfigDict(strict=True)
        x: real
        n: whole = 1
        day: datetime.date | None = None

    return Record


def validated_model(real: Any, whole: Any) -> Any:
    class Inner(BaseModel):
        z: real

        @model_validator(mode="after")
        def check(self) -> Any:
            assert type(self) is Inner
            if self.z > 3:
                raise ValueError("z is large")
            return self

    class Record(BaseModel):
        x: real
        n: whole = 1
        inner: Inner | None = None
        _seen: int = PrivateAttr(default=3)

        @field_validator("n")
        @classmethod
        def even(cls, value: int) -> int:
            if value % 2:
                raise ValueError("odd")
            return value

        @model_validator(mode="before")
        @classmethod
        def before(cls, data: Any) -> Any:
            if isinstance(data, dict) and data.get("x") == "wrong":
                raise AssertionError("wrong")
            return data

        @model_validator(mode="wrap")
        @classmethod
        def wrap(cls, data: Any, handler: Any) -> Any:
            record = handler(data)
            assert type(record) is cls
            return record

        @model_validator(mode="after")
        def after(self) -> Any:
            assert self._seen == 3
            assert self.model_fields_set <= {"x", "n", "inner"}
            if self.x == self.n:
                raise ValueError("x equals n")
            return self

    return Record


def initialised_model(real: Any, whole: Any) -> Any:
    class Record(BaseModel):
        x: real
        n: whole = 1

        def __init__(self, **data: Any) -> None:
            super().__init__(**data)

    return Record


def generic_model(real: Any, whole: Any) -> Any:
    T = TypeVar("T")

    class Box(BaseModel, Generic[T]):
        x: T
        n: list[T] = []

    class Record(Box[real]):
        pass

    return Record


def recursive_model(real: Any, whole: Any) -> Any:
    class Record(BaseModel):
        x: real
        left: Optional["Record"] = None
        right: Optional["Record"] = None

    Record.model_rebuild(_types_namespace={"Record": Record})
    return Record


def tagged_model(real: Any, whole: Any) -> Any:
    class Cat(BaseModel):
        kind: Literal["cat"]
        x: real

    class Dog(BaseModel):
        kind: Literal["dog"]
        x: int

    class Record(BaseModel):
        x: real
        pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None

    return Record


def std_dataclass(real: Any, whole: Any) -> Any:
    @dataclasses.dataclass
    class Inner:
        z: real

    @dataclasses.dataclass
    class Record:
        x: real
        n: whole = 1
        inner: Inner | None = None

    return Record


def checked_dataclass(real: Any, whole: Any) -> Any:
    @pydantic_dataclass(config=ConfigDict(extra="forbid"))
    class Inner:
        z: real

    @pydantic_dataclass
    class Record:
        x: real
        n: whole = 1
        inner: Inner | None = None
        inners: list[Inner] = dataclasses.field(default_factory=list)
        start: dataclasses.InitVar[int] = 5

        def __post_init__(self, start: int) -> None:
            if self.n == start:
                raise ValueError("n equals start")

    return Record


def typed_dict(real: Any, whole: Any) -> Any:
    Inner = TypedDict("Inner", {"z": real})  # noqa: UP013
    return TypedDict(
        "Record", {"x": real, "n": NotRequired[whole], "inner": NotRequired[Inner | None]}
    )


MAKERS = [
    plain_model,
    aliases_and_forbid,
    strict_model,
    validated_model,
    initialised_model,
    generic_model,
    recursive_model,
    tagged_model,
    std_dataclass,
    checked_dataclass,
    typed_dict,
]
