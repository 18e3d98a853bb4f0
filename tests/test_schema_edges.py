"""Rarely met corners of schemas, each against pydantic: outcomes, and the calls of user code."""

from __future__ import annotations

import copy
import datetime
import enum
import json
from collections.abc import Callable
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    OnErrorOmit,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
    create_model,
    model_validator,
)
from pydantic_core import (
    PydanticOmit,
    PydanticUseDefault,
    SchemaValidator,
    ValidationError,
    core_schema,
)
from typing_extensions import TypeAliasType

from fastcore import Rows, Schema
from fastcore._config import disabled

from .test_schema import outcome

calls: list[Any] = []


def judged(call: Callable[[], Any]) -> Any:
    """The outcome, and the calls of the validators below on the way to it."""
    calls.clear()
    return outcome(call), list(calls)


def assert_equal(type_: Any, *documents: Any, allow_nan: bool = True) -> Schema[Any]:
    schema, adapter = Schema(type_, allow_nan=allow_nan), TypeAdapter(type_)
    for document in documents:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        theirs = judged(lambda data=data: adapter.validate_json(data))
        ours = judged(lambda data=data: schema.validate_json(data))
        assert ours == theirs, data
    return schema


# ---- Values left out, and defaults asked for ---------------------------------------------------


def picky(value: int) -> int:
    calls.append(value)
    if value == 2:
        raise PydanticOmit
    if value == 3:
        raise PydanticUseDefault
    if value == 4:
        raise ValueError("four")
    return value


Picky = Annotated[int, AfterValidator(picky)]


def test_a_list_goes_on_without_an_omitted_item() -> None:
    assert_equal(list[Picky], [1, 2, 5], [2, 2], [2, 4, 2, 5], [])
    assert_equal(list[list[Picky]], [[2], [1, 2]])
    assert_equal(list[OnErrorOmit[int]], [1, "x", 2], ["x"])
    assert_equal(Picky, 2)


def test_a_dict_goes_on_without_an_omitted_pair() -> None:
    assert_equal(dict[str, Picky], {"a": 1, "b": 2, "c": 5}, {"a": 2, "b": 4})


class WithPicky(BaseModel):
    a: int = 5
    b: Picky
    c: Picky = 7


def test_an_omitted_field_is_neither_set_nor_there() -> None:
    assert_equal(WithPicky, {"a": 1, "b": 2, "c": 2}, {"b": 1, "c": 2}, {"b": 2, "c": 4}, {"b": 5})


class Lists(BaseModel):
    first: int
    items: list[Picky] = [9]
    needed: list[Picky]


def test_a_default_asked_for_is_the_nearest_one() -> None:
    assert_equal(WithPicky, {"b": 1, "c": 3})
    adapter, schema = TypeAdapter(list[Lists]), Schema(list[Lists])
    for document in (
        [{"first": 1, "items": [1, 3], "needed": []}],
        [{"first": "x", "items": [], "needed": []}, {"first": "y", "items": [3], "needed": [3]}],
    ):
        data = json.dumps(document)
        # The model is asked as a whole, so validators before the signal have run once more.
        assert outcome(lambda d=data: schema.validate_json(d)) == outcome(
            lambda d=data: adapter.validate_json(d)
        )
    assert_equal(Picky, 3)


class Elsewhere(BaseModel):
    model_config = ConfigDict(validate_by_name=True)
    a: Picky = Field(validation_alias=AliasChoices("first", AliasPath("p", 1)))
    b: tuple[Picky] = Field((1,), validation_alias="second")


def test_a_default_asked_for_in_vain_is_missing_where_it_was_first_looked_for() -> None:
    for key in ("a", "first"):
        assert_equal(Elsewhere, {key: 3}, {key: 1, "b": [3]}, {key: 3, "second": [4]})
    assert_equal(Elsewhere, {"p": [0, 3]}, {"p": [0, 4]}, {"p": [3, 1], "second": [3]})


def test_what_is_left_out_does_not_count_for_a_least_length() -> None:
    few = Field(min_length=2)
    for type_ in (Annotated[dict[str, Picky], few], Annotated[list[Picky], few]):
        documents = [[1, 2], [2, 2], [1, 5, 2], [2, 4, "x"], [1]]
        if type_.__origin__ is not list[Picky]:
            documents = [{f"k{i}": v for i, v in enumerate(d)} for d in documents]
        assert_equal(type_, *documents)
        assert_equal(dict[str, type_], *({"a": d, "b": d} for d in documents))


def test_a_handler_that_meets_a_value_left_out() -> None:
    def around(value: Any, handler: Callable[[Any], Any]) -> Any:
        calls.append(value)
        return handler(value)

    wrapped = Annotated[OnErrorOmit[int], WrapValidator(around)]
    assert_equal(dict[str, wrapped], {"a": 1, "b": "x", "c": 2})  # type: ignore[valid-type]
    assert_equal(list[wrapped], [1, "x"], ["1"])  # type: ignore[valid-type]


class Leaving(BaseModel):
    v: int

    @model_validator(mode="after")
    def leave(self) -> Leaving:
        if self.v == 2:
            raise PydanticOmit
        return self


def test_models_and_records_can_leave_too() -> None:
    assert_equal(list[Leaving], [{"v": 1}, {"v": 2}, {"v": 3}, {"v": "x"}], [{"v": 1}, {"v": 2}])
    columns = Schema(Rows[Leaving]).validate_json(b'[{"v": 1}, {"v": 2}, {"v": "3"}]')
    assert columns["v"].tolist() == [1, 3]


# ---- Validators that see the record around them --------------------------------------------------


def with_info(value: int, info: ValidationInfo) -> int:
    calls.append((value, info.field_name, dict(info.data or {}), info.mode))
    return value


Shared = TypeAliasType("Shared", Annotated[int, AfterValidator(with_info)])


class Sharing(BaseModel):
    a: Shared
    b: Shared
    c: list[Shared]


def test_info_behind_a_reference() -> None:
    assert_equal(Sharing, {"a": 1, "b": 2, "c": [3]}, {"a": "x", "b": 2, "c": []})


class Before(BaseModel):
    x: int

    @model_validator(mode="before")
    @classmethod
    def look(cls, value: Any, info: ValidationInfo) -> Any:
        calls.append((info.field_name, dict(info.data or {})))
        return value


class After(BaseModel):
    x: int

    @model_validator(mode="after")
    def look(self, info: ValidationInfo) -> After:
        calls.append((info.field_name, dict(info.data or {})))
        return self


class Around(BaseModel):
    p: int
    before: Before
    again: list[Before] = []
    after: After
    twice: After | None = None


def test_info_of_a_nested_models_validators_is_that_of_the_model_around() -> None:
    one = {"x": 1}
    assert_equal(
        Around,
        {"p": 1, "before": one, "again": [one], "after": one, "twice": one},
        {"p": "x", "before": one, "after": one},
    )


# ---- References, aliases, configs ----------------------------------------------------------------

Whole = TypeAliasType("Whole", int)
Perhaps = TypeAliasType("Perhaps", Whole | None)
Text = TypeAliasType("Text", str)
Either = TypeAliasType("Either", int | str)
Nested = TypeAliasType("Nested", "list[Nested] | None")
Tree = TypeAliasType("Tree", "dict[str, Tree]")


class Aliased(BaseModel):
    a: Perhaps
    b: Perhaps | None = None
    c: Whole = 0


def test_a_reference_to_a_reference() -> None:
    assert_equal(Aliased, {"a": 1, "b": None, "c": 2}, {"a": None, "b": "1"}, {"a": "x", "b": "y"})


def test_recursive_aliases_without_a_model() -> None:
    schema = assert_equal(Nested, [None, [[], None]], None, [[1]], {})
    assert_equal(Tree, {}, {"a": {"b": {}}}, {"a": 1})
    assert disabled() or schema.explain().native


class Strict(BaseModel):
    model_config = ConfigDict(
        strict=True, str_to_lower=True, str_max_length=3, hide_input_in_errors=True
    )
    a: Whole
    b: Whole
    s: Text
    t: Text
    u: Either = 1
    w: list[Either] = []


class StrictFloats(Strict):
    f: float = 0.0


class Outer(BaseModel):
    c: Strict
    u: Strict | int | None = None
    x: Either = 1


@pytest.mark.parametrize("allow_nan", [True, False])
def test_shared_types_under_a_config(allow_nan: bool) -> None:
    good = {"a": 1, "b": 2, "s": "AB", "t": "x"}
    documents = [
        good,
        {**good, "b": "2", "s": "ABCDE", "t": 5},
        {**good, "u": "ABC", "w": ["AB", "ABCD", True]},
        {"a": 1},
    ]
    for type_ in (Strict, StrictFloats):
        assert_equal(type_, *documents, allow_nan=allow_nan)
    assert_equal(list[Strict], documents, allow_nan=allow_nan)
    assert_equal(Outer, *({"c": d, "u": d, "x": True} for d in documents), allow_nan=allow_nan)


class Hidden(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True, title="Another")
    v: float
    next: Hidden | None = None


class Hiding(BaseModel):
    h: Hidden


@pytest.mark.parametrize("allow_nan", [True, False])
def test_whether_errors_hide_the_input_is_the_outermost_validators_to_say(allow_nan: bool) -> None:
    wrong = {"v": 1, "next": {"v": "x"}}
    assert_equal(Hidden, wrong, {"v": 1, "next": {}}, {}, b"{", allow_nan=allow_nan)
    assert_equal(Hidden | None, wrong, {}, allow_nan=allow_nan)
    assert_equal(list[Hidden], [wrong], allow_nan=allow_nan)
    assert_equal(Hiding, {"h": wrong}, allow_nan=allow_nan)


def test_names_in_a_type_are_those_of_the_caller() -> None:
    class Local(BaseModel):
        a: int

    schema: Schema[Any] = Schema(list["Local"])  # type: ignore[type-arg]
    assert schema.validate_json(b'[{"a": 1}]') == [Local(a=1)]
    assert schema.json_schema()["type"] == "array"


# ---- Core schemas --------------------------------------------------------------------------------


class Plain(BaseModel):
    a: int


CORE = {
    "definitions inside": core_schema.list_schema(
        core_schema.definitions_schema(
            core_schema.dict_schema(
                core_schema.str_schema(), core_schema.definition_reference_schema("n")
            ),
            [
                core_schema.union_schema(
                    [core_schema.int_schema(), core_schema.definition_reference_schema("f")],
                    ref="n",
                ),
                core_schema.list_schema(core_schema.int_schema(), ref="f"),
            ],
        )
    ),
    "on_error": core_schema.list_schema(
        core_schema.with_default_schema(core_schema.int_schema(), default=3, on_error="default")
    ),
    "extra of the model": core_schema.model_schema(
        Plain, core_schema.model_fields_schema({}), extra_behavior="allow"
    ),
    "not what the class has": core_schema.model_schema(
        Plain, core_schema.model_fields_schema({"a": core_schema.model_field({"type": "str"})})
    ),
}


@pytest.mark.parametrize("name", CORE)
def test_core_schemas(name: str) -> None:
    schema = Schema.from_core_schema(CORE[name], allow_nan=True)  # type: ignore[arg-type]
    original = SchemaValidator(CORE[name], _use_prebuilt=False)
    for data in (
        b'[{"a": 1, "b": "2", "c": ["3"]}, {"a": "x"}]', b'[1, "x"]', b'{"a": "q"}', b"{}",
    ):  # fmt: skip
        theirs = outcome(lambda d=data: original.validate_json(d))
        assert outcome(lambda d=data: schema.validate_json(d)) == theirs, data


# ---- What compiles -------------------------------------------------------------------------------


def test_more_texts_or_fields_than_a_table_holds() -> None:
    many = Literal[tuple(f"k{i}" for i in range(5000))]  # type: ignore[valid-type]
    assert_equal(list[many], ["k4999", "k0", "k5000"])
    assert_equal(create_model("Wide", **{f"f{i}": (int, i) for i in range(4200)}), {"f1": 2})


class NoHash:
    def __hash__(self) -> int:
        raise RuntimeError("no hash")

    def __deepcopy__(self, memo: Any) -> NoHash:
        calls.append("copied")
        return self

    def __repr__(self) -> str:
        return "NoHash"


class OddDefault(BaseModel):
    a: Any = NoHash()
    b: int


def test_a_default_whose_hash_raises_is_copied() -> None:
    schema = assert_equal(OddDefault, {"b": 1}, {"b": "x"})
    assert not schema.route_native


Item = TypeVar("Item")


class Made(BaseModel, Generic[Item]):
    a: Item

    def __new__(cls, *args: Any, **kwargs: Any) -> Made[Item]:
        calls.append("made")
        return super().__new__(cls)


class Making(BaseModel):
    m: Made[int]
    b: int


def test_a_class_that_makes_its_instances_itself() -> None:
    schema = assert_equal(Making, {"m": {"a": 1}, "b": 1}, {"m": {"a": 1}, "b": "x"})
    calls.clear()
    assert schema.try_route_json(b'{"m": {"a": 1}, "b": "2"}') is NotImplemented
    assert calls == []  # a trial makes nothing that could be seen


class Colour(str, enum.Enum):  # noqa: UP042 - the older way, too
    RED = "red"
    ROSE = "red"
    BLUE = "blue"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        calls.append(value)
        return cls.BLUE if value == "azure" else None


class Bits(enum.IntFlag):
    A = 1
    B = 2


@pytest.mark.parametrize("type_", [Colour, Bits, Literal[Colour.RED, "red"], Literal[1, "1", None]])
def test_choices(type_: Any) -> None:
    values = ["red", "azure", "x", 1, 3, 8, "1", 1.0, True, None]
    assert_equal(type_, *values)
    assert_equal(dict[str, list[type_ | None]], *({"k": [value]} for value in values))


class Level(enum.IntEnum):
    LOW = 1
    DAY = 86400


class Word(enum.StrEnum):
    ONE = "1"
    TRUE = "true"


@pytest.mark.parametrize("choice", [Level, Word])
@pytest.mark.parametrize("other", [bool, int, float, str, datetime.date, datetime.datetime, bytes])
def test_a_choice_of_an_enum_counts_as_converted(choice: Any, other: Any) -> None:
    values = [1, 1.0, True, "1", "true", 86400, "2020-01-01", 0, None]
    assert_equal(other | choice, *values)
    assert_equal(choice | other, *values)
    assert_equal(list[list[int] | other | choice], values, [[1], *values])
    assert_equal(other | Level | Word, *values)


@pytest.mark.parametrize("other", [int, bool, list[int], dict[str, int], Plain])
def test_an_enum_that_guesses_is_asked_about_all_values(other: Any) -> None:
    values = [1, True, [1], {"a": 1}, "azure", "red", None]
    assert_equal(Colour | other, *values)
    assert_equal(tuple[other | Colour, Colour], *([v, "red"] for v in values))


# ---- Odd arguments -----------------------------------------------------------------------------


@pytest.mark.parametrize("data", [(b"1", b"2"), (b"1",), (), None, 5, [b"1"]])
def test_what_is_no_document(data: Any) -> None:
    theirs = outcome(lambda: TypeAdapter(int).validate_json(data))
    assert outcome(lambda: Schema(int).validate_json(data)) == theirs


def test_the_input_of_a_syntax_error_is_the_bytearray_itself() -> None:
    data = bytearray(b"{x")
    with pytest.raises(ValidationError) as caught:
        Schema(int).validate_json(data)
    assert caught.value.errors()[0]["input"] is data


def test_a_bytearray_that_changes_meanwhile_is_judged_as_it_was() -> None:
    data = bytearray(b'[1, 2, "3"]')

    def empty(value: Any) -> Any:
        data.clear()
        return value

    schema: Schema[Any] = Schema(list[Annotated[int, BeforeValidator(empty)]])
    if not disabled():
        assert schema.validate_json(data) == [1, 2, 3]
    assert Schema(list[int]).validate_json(memoryview(b"[ 1 , 2 ]")[::1]) == [1, 2]
    assert Schema(int).validate_json(memoryview(b"1x2x")[::2]) == 12


def test_a_schema_stays_what_it_was_made() -> None:
    schema: Schema[Any] = Schema(Plain)
    with pytest.raises(TypeError):
        schema.__init__(str)  # type: ignore[misc]
    assert schema.validate_json(b'{"a": "3"}') == Plain(a=3)


INIT = (None, None, ())


@pytest.mark.parametrize(
    ("program", "root"),
    [
        ((), 0),
        (((4, 0, None, None, False, False),), 1),
        (((8, 0, 5, -1, -1),), 0),
        (((7, 0, "ab", (), ()),), 0),
        (((7, 0, ("a",), (), ()),), 0),
        (((10, 0, Plain, ("a",), ("a", "b"), (0,), (None,), "ignore", "model", INIT),), 0),
        (((10, 0, "Plain", ("a",), ("a",), (0,), (None,), "ignore", "model", INIT),), 0),
        (((10, 0, Plain, ("a",), ("a",), (3,), (None,), "ignore", "model", INIT),), 0),
        (((10, 0, Plain, ("a",), ("a",), (0,), (None,), "ignore", "tuple", INIT),), 0),
        (((10, 0, Plain, ("a",), ("a",), (0,), (None,), "ignore", "model"),), 0),
        (((10, 0, Plain, ("a",), ("a",), (0,), (None,), "ignore", "model", (0, None, ())),), 0),
        (((10, 0, Plain, ("a",), ("a",), (0,), (None,), "ignore", "model", (None,)),), 0),
        (((10, 0, Plain, ("a",), ("a",), (0,), (None,), "ignore", "model", (None, 0, (1,))),), 0),
        (((25, 0, Plain, 1, None),), 0),
        (((25, 0, Plain, 0, 3),), 0),
        (((14, 0, (5,), False, -1, -1),), 0),
        (((14, 0, (0, 0), True, -1, -1),), 0),
        (((17, 0, "k", ("a",), ()),), 0),
        (((18, 0, (0,)),), 0),
        (((18, 0, (-2,) * 7),), 0),
        (((19, 0, 9, len),), 0),
        (((19, 0, 0),), 0),
        (((21, 0),), 0),
        (((22, 0, (1,)),), 0),
        ((5,), 0),
    ],
)
def test_a_program_of_another_shape_is_refused(program: Any, root: int) -> None:
    schema: Schema[Any] = Schema.__new__(Schema)
    options = (copy.deepcopy, ValidationError, 200, True, -1, True, False, False, 0.0)
    with pytest.raises(SystemError):
        schema._set_up(program, root, *options)
    with pytest.raises(TypeError):
        schema.validate_json(b"1")


class Limits(BaseModel):
    low: Annotated[int, Field(ge=-(2**63))] = 0
    high: Annotated[int, Field(le=2**63 - 1)] = 0
    real: Annotated[float, Field(gt=0, ge=0, le=1, lt=2)] = 1.0


def test_bounds_at_the_edge_of_64_bits() -> None:
    numbers = (2**63, 2**63 - 1, -(2**63), -(2**63) - 1, 0, 1, 1.5)
    fields = Limits.model_fields
    assert_equal(Limits, *({name: number} for name in fields for number in numbers))
