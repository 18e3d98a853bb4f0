"""Objects that C makes: root models, private attributes, methods called on new instances."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, TypeVar

import pytest
from pydantic import (
    VERSION,
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    TypeAdapter,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticOmit, PydanticUseDefault
from typing_extensions import TypedDict

from fastcore import Rows, Schema
from fastcore._config import disabled

from .strategies import CALLS
from .test_schema import assert_same, described

T = TypeVar("T")


def _ask(value: Any) -> Any:
    """Asks for the default, or to be left out."""
    CALLS.append(repr(value))
    raise PydanticUseDefault if "5" in repr(value) else PydanticOmit


class Private(BaseModel):
    a: int
    _seen: int = PrivateAttr(3)
    _list: list[int] = PrivateAttr([1])


class Inherited(Private):
    b: int = 0


class Made(BaseModel):
    a: int
    _list: list[int] = PrivateAttr(default_factory=list)


class Post(Private):
    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        CALLS.append((self.a, context, self._seen))
        if self.a == 13:
            raise ValueError("thirteen")
        if self.a == 14:
            raise PydanticCustomError("odd", "odd {a}", {"a": self.a})
        if self.a == 15:
            raise PydanticOmit
        if self.a == 16:
            raise PydanticUseDefault
        if self.a == 17:
            raise KeyError("not an error to pydantic")


class Numbers(RootModel[list[int]]):
    pass


class Defaulted(RootModel[list[int]]):
    root: list[int] = [1]
    _seen: int = PrivateAttr(4)


class Wrapped(RootModel[Numbers | None]):
    model_config = ConfigDict(frozen=True)


class Box(BaseModel, Generic[T]):
    model_config = ConfigDict(frozen=True)
    held: T


class RootBox(RootModel[T], Generic[T]):
    pass


@dataclasses.dataclass
class Inits:
    a: int
    b: dataclasses.InitVar[int] = 3
    c: int = dataclasses.field(init=False, default=7)
    d: list[int] = dataclasses.field(init=False, default_factory=list)
    e: int = dataclasses.field(init=False)
    f: dataclasses.InitVar[list[int]] = dataclasses.field(default=None)  # type: ignore[assignment]

    def __post_init__(self, b: int, f: Any) -> None:
        CALLS.append((self.a, b, f))
        self.e = b
        if self.a == 13:
            raise AssertionError("thirteen")


@dataclasses.dataclass(slots=True)
class Slots:
    a: int
    b: dataclasses.InitVar[int] = 3
    c: int = dataclasses.field(init=False, default=7)

    def __post_init__(self, b: int) -> None:
        self.c += b


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    a: int
    c: int = dataclasses.field(init=False, default=7)


class Pair(NamedTuple):
    a: int
    b: str = "x"
    c: list[int] = []  # noqa: RUF012


class Own(Pair):
    def __new__(cls, *args: Any, **given: Any) -> Own:
        CALLS.append((args, given))
        return super().__new__(cls, *args, **given)


class Renamed(NamedTuple):
    a: Annotated[int, Field(validation_alias="q")]
    b: int = 4


class Empty(NamedTuple):
    pass


#: More fields than the kernel keeps room for.
Wide = NamedTuple("Wide", [(f"f{i}", int) for i in range(40)])


class Asking(NamedTuple):
    a: Annotated[int, AfterValidator(_ask)]
    b: Annotated[Private, AfterValidator(_ask)] = Private(a=5)


class Checked(BaseModel):
    a: int

    @model_validator(mode="after")
    def whole(self) -> Checked:
        CALLS.append(("whole", self.a))
        if self.a == 13:
            raise ValueError("thirteen")
        if self.a == 15:
            raise PydanticOmit
        if self.a == 17:
            raise KeyError("not an error to pydantic")
        return self


OBJECTS: list[tuple[Any, Any]] = [
    (Private, {"a": 1}),
    (Inherited, {"a": 1, "b": 2}),
    (Made, {"a": 1}),
    (Post, {"a": 1}),
    (Numbers, [1, 2]),
    (Defaulted, [1, 2]),
    (Wrapped, None),
    (Wrapped, [3]),
    (Box[int], {"held": 1}),
    (Box[Numbers], {"held": [1]}),
    (RootBox[dict[str, Private]], {"x": {"a": 1}}),
    (Inits, {"a": 1}),
    (Inits, {"a": 1, "b": 2, "f": [1]}),
    (Slots, {"a": 1, "b": 5}),
    (Plain, {"a": 1}),
    (Checked, {"a": 1}),
    (Pair, [1]),
    (Pair, [1, "y", [2]]),
    (Pair, {"b": "y", "a": 1}),
    (Empty, []),
    (Empty, {}),
    (Wide, list(range(40))),
    (Wide, {f"f{i}": i for i in range(40)}),
    (dict[str, Pair], {"k": [1]}),
    (Pair | int, [1]),
    (list[Post | None], [{"a": 1}, None]),
]


@pytest.mark.parametrize(("type_", "value"), OBJECTS)
def test_is_made_in_c(type_: Any, value: Any) -> None:
    schema, data = Schema(type_), json.dumps(value).encode()
    assert schema.explain().native
    assert_same(schema, TypeAdapter(type_), data)


@pytest.mark.parametrize("type_", [*dict(OBJECTS), Own, Renamed, Asking, list[Asking]])
def test_wrong_documents(type_: Any) -> None:
    schema, adapter = Schema(type_, allow_nan=True), TypeAdapter(type_)
    for value in (
        *([number] for number in (1, 15, 5, "1", "x", None)),
        *([[1, "a"], [1, 2], ["x", 2, ["y"]], [1, "a", [], 4], ["x", "a", [], 4], [5, {"a": 5}]]),
        *({"a": number} for number in (13, 14, 15, 16, 17, "1", "x", None)),
        *({"a": 1, key: 2} for key in "bcdef"),
        *({"held": held} for held in (1, "1", "x", [], ["1", "x"])),
        *([[], ["1"], ["x", 2, "y"], None, {"x": {"a": "y"}}, [{"a": 13}, {"a": 15}, {"a": 1}]]),
        {"a": "x", "b": "y", "f": ["z"]},
        {"a": 5, "b": {"a": 5}},
        {"q": 1, "b": 5},
        list(range(41)),
    ):
        assert_same(schema, adapter, json.dumps(value).encode())
    for text in (b'{"a": "x", "a": 1}', b'{"a": 1, "a": "x"}', b'{"q": 1, "q": 2}'):
        assert_same(schema, adapter, text)


@pytest.mark.parametrize(
    ("type_", "value"),
    [case for case in OBJECTS if case[0] in (Private, Inherited, Numbers, Plain, Pair, Wide)],
)
def test_a_trial_run_makes_what_calls_nobody(type_: Any, value: Any) -> None:
    found = Schema(type_).try_route_json(json.dumps(value).encode())
    assert disabled() or described(found) == described(TypeAdapter(type_).validate_python(value))


@pytest.mark.parametrize(
    ("type_", "value"), [case for case in OBJECTS if case[0] in (Made, Post, Inits, Slots, Checked)]
)
def test_a_trial_run_calls_nothing_of_the_user(type_: Any, value: Any) -> None:
    CALLS.clear()
    assert Schema(type_).try_route_json(json.dumps(value).encode()) is NotImplemented
    assert not CALLS


class Itself(RootModel["Itself | None"]):
    pass


class First(RootModel["Second"]):
    pass


class Second(RootModel[First | None]):
    pass


class Nested(RootModel["list[Nested]"]):
    pass


First.model_rebuild()


@pytest.mark.parametrize("type_", [Itself, First, Second])
def test_a_root_model_that_holds_itself_is_pydantic_s(type_: Any) -> None:
    """Of the same value, without an end; pydantic goes down until the stack is full."""
    schema = Schema(type_)
    assert not schema.explain().native
    assert_same(schema, TypeAdapter(type_), b"null")


@pytest.mark.parametrize("type_", [Nested, dict[str, Nested]])
def test_root_models_that_hold_their_like(type_: Any) -> None:
    schema, adapter = Schema(type_), TypeAdapter(type_)
    assert schema.explain().native
    for text in (b"null", b"[]", b"[[], [[]]]", b"[null]", b"1", b'{"a": [[[]]]}', b"[1, [1]]"):
        assert_same(schema, adapter, text)


def test_a_named_tuple_with_a_new_of_its_own_is_pydantic_s() -> None:
    assert not Schema(Own).explain().native
    # To pydantic 2.13 a named tuple with an alias is a call with a part that C does not know.
    assert Schema(Renamed).explain().native != VERSION.startswith("2.13.")


def test_a_default_of_a_named_tuple_is_copied() -> None:
    first, second = Schema(list[Pair]).validate_json(b'[[1], {"a": 2}]')
    assert first.c == second.c == []
    assert first.c is not second.c
    assert type(first) is Pair


def test_private_attributes_are_each_instance_s_own() -> None:
    first, second = Schema(list[Private]).validate_json(b'[{"a": 1}, {"a": 2}]')
    first._list.append(5)
    assert second._list == [1]
    assert Schema(Private).validate_json(b'{"a": 1}')._list == [1]


def test_methods_run_field_by_field_in_order() -> None:
    class Outer(BaseModel):
        first: Post
        inits: Inits
        after: Annotated[int, AfterValidator(lambda v: CALLS.append(v) or v)] = 0
        last: Post = Field(default_factory=lambda: Post(a=99))

    for value in (
        {"after": 5, "inits": {"a": 3}, "first": {"a": 1}},
        {"last": {"a": 16}, "after": 5, "inits": {"a": 13}, "first": {"a": 13}},
        {"first": {"a": 15}, "inits": {"a": "x"}, "after": 1},
    ):
        assert_same(Schema(Outer), TypeAdapter(Outer), json.dumps(value).encode())


def test_records_of_columns_have_no_such_methods() -> None:
    assert not Schema(Rows[Private]).explain().native


# ---- Several ways to a field -------------------------------------------------------------


class Named(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    a: int = Field(alias="A")
    b: str = Field("b", alias="B")
    c: float = 0.5


class Pathed(BaseModel):
    a: int = Field(validation_alias=AliasPath("p", 0))
    b: str = Field("b", validation_alias=AliasChoices("x", AliasPath("p", -1), AliasPath("q", "x")))
    c: list[int] = Field([], validation_alias="p")
    d: Annotated[int, AfterValidator(_ask)] = Field(3, validation_alias=AliasPath("q", "y", 1))


class Strictly(Named):
    model_config = ConfigDict(extra="forbid")


class Widely(Pathed):
    model_config = ConfigDict(extra="allow")


@dataclasses.dataclass
class PathedData:
    a: Annotated[int, Field(validation_alias=AliasChoices("x", AliasPath("p", 0)))]
    b: Annotated[int, Field(validation_alias=AliasPath("p", 1))] = 2


class PathedDict(TypedDict):
    a: Annotated[int, Field(validation_alias=AliasPath("p", "x"))]
    b: NotRequired[Annotated[int, Field(validation_alias=AliasPath("p", "y"))]]


#: More ways and keys than the kernel keeps room for.
Many = create_model(
    "Many", **{f"f{i}": (int, Field(validation_alias=AliasPath(f"k{i}", 0))) for i in range(40)}
)
ALIASED: list[tuple[Any, Any]] = [
    (Named, {"A": 1, "b": "x"}),
    (Named, {"a": 1, "B": "x", "c": 1}),
    (list[Named], [{"a": 1}, {"A": 2}]),
    (Strictly, {"a": 1, "B": "x"}),
    (Pathed, {"p": [1, 2]}),
    (Pathed, {"p": [1], "x": "y", "q": {"x": "z", "y": [0, 1]}}),
    (Widely, {"p": [1, 2], "x": "a", "more": [1]}),
    (PathedData, {"p": [1, 2]}),
    (PathedData, {"x": 5}),
    (PathedDict, {"p": {"x": 1}}),
    (Many, {f"k{i}": [i, "x"] for i in range(40)}),
]


@pytest.mark.parametrize(("type_", "value"), ALIASED)
def test_several_ways_are_found_in_c(type_: Any, value: Any) -> None:
    schema = Schema(type_)
    assert schema.explain().native
    for text in (json.dumps(value).encode(), json.dumps(value).replace("p", "\\u0070").encode()):
        assert_same(schema, TypeAdapter(type_), text)


@pytest.mark.parametrize("type_", list(dict(ALIASED)))
def test_wrong_values_at_the_end_of_ways(type_: Any) -> None:
    schema, adapter = Schema(type_), TypeAdapter(type_)
    values = [1, "x", ["x"], [1, "y"], [], {}, {"x": 1}, {"x": "x", "y": ["a", "b"]}, {"y": [1, 5]}]
    for first in values:
        for second in values:
            assert_same(schema, adapter, json.dumps({"p": first, "q": second}).encode())
            assert_same(schema, adapter, json.dumps({"p": first, "x": second}).encode())
            assert_same(schema, adapter, json.dumps({"a": first, "A": second, "B": "x"}).encode())
    for text in (
        b'{"p": [1], "p": [2]}', b'{"a": 1, "a": 2}', b'{"A": "x", "a": 2, "A": 3}', b"[]",
        b'{"p": {"x": 1, "x": 2}}', b'{"q": {"x": "a", "x": "b"}, "p": [1]}', b"{}",
        b'{"p": {"x": "a", "y": 1, "x": 2}}', b'{"a": 1, "zz": 1}', b'{"x": 1, "zz": {"zz": 1}}',
    ):  # fmt: skip
        assert_same(schema, adapter, text)


def test_a_property_under_a_field_s_name_hears_nothing() -> None:
    """Values go into the instance's dict past it, as pydantic puts them there."""
    heard: list[Any] = []

    class Hears:
        def __get__(self, instance: Any, owner: Any = None) -> int:
            return 7

        def __set__(self, instance: Any, value: Any) -> None:
            heard.append(value)

    class Base:
        x = Hears()

    @dataclasses.dataclass
    class Made(Base):
        x: int
        y: int = 2

    schema, adapter = Schema(Made), TypeAdapter(Made)
    assert schema.explain().native
    for document in (b'{"x": 1}', b'{"y": 3, "x": 1}'):
        heard.clear()
        ours, theirs = schema.validate_json(document), adapter.validate_json(document)
        assert list(vars(ours).items()) == list(vars(theirs).items())
        assert heard == []


def test_attributes_come_in_the_order_of_the_fields() -> None:
    """Within the instance or, when they are many, in its dict; given, absent or out of order."""
    for count in (3, 30, 31, 60):
        names = [f"f{i}" for i in range(count)]
        model = create_model("Many", **dict.fromkeys(names, (int, -1)))  # type: ignore[call-overload]
        schema, adapter = Schema(model), TypeAdapter(model)
        for given in (names, names[::-1], names[1::2], []):
            document = json.dumps({name: i for i, name in enumerate(given)}).encode()
            ours, theirs = schema.validate_json(document), adapter.validate_json(document)
            assert list(vars(ours).items()) == list(vars(theirs).items())
            assert ours == theirs
            assert ours.model_fields_set == theirs.model_fields_set
