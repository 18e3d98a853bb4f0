"""Schema against pydantic: the same objects, the same errors, the same calls of user code."""

from __future__ import annotations

import dataclasses
import datetime
import json
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic_core import (
    PydanticCustomError,
    ValidationError,
    core_schema,
)
from typing_extensions import TypedDict

from fastcore import Schema, _core
from fastcore._config import disabled

from .differential.compare import assert_same, described, outcome
from .profiles import examples
from .strategies import PLANS, documents, make

FEW = examples(120)


@FEW
@given(st.data())
def test_equals_pydantic(data: st.DataObject) -> None:
    plan = data.draw(PLANS)
    type_ = make(plan)
    adapter: TypeAdapter[Any] = TypeAdapter(type_)
    # With allow_nan the contract is pydantic to the letter.
    schema: Schema[Any] = Schema(type_, allow_nan=True)
    for document in data.draw(st.lists(documents(plan), min_size=6, max_size=10)):
        assert_same(schema, adapter, document)


@FEW
@given(st.data())
def test_a_trial_run_equals_both_originals(data: st.DataObject) -> None:
    """What C accepts alone, JSON mode and Python mode accept with the same value."""
    plan = data.draw(PLANS)
    type_ = make(plan)
    adapter: TypeAdapter[Any] = TypeAdapter(type_)
    schema: Schema[Any] = Schema(type_)
    for document in data.draw(st.lists(documents(plan), min_size=6, max_size=10)):
        value = schema.try_route_json(document)
        if value is NotImplemented:
            continue
        expected = outcome(lambda d=document: adapter.validate_json(d))
        parsed = json.loads(document)
        python = outcome(lambda p=parsed: adapter.validate_python(p, from_attributes=True))
        assert ("value", described(value)) == expected == python, document


def test_a_trial_run_does_accept() -> None:
    class Model(BaseModel):
        a: int
        b: list[float] = []

    schema = Schema(Model)
    if disabled():
        assert schema.try_route_json(b'{"a": 1}') is NotImplemented
    else:
        assert schema.route_native
        assert schema.try_route_json(b'{"a": 1, "b": [2]}') == Model(a=1, b=[2.0])
        assert schema.try_route_json(b'{"a": "1"}') is NotImplemented


# ---- User code ---------------------------------------------------------------------------


def recorded(calls: list[Any]) -> Any:
    """A model whose every hook notes that it ran, with what and where."""

    def note(name: str) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            calls.append((name, described(value)))
            if value == 13:
                raise ValueError("thirteen")
            return value

        return run

    def wrap(value: Any, handler: Any) -> Any:
        calls.append(("wrap", described(value)))
        return handler(value)

    def factory() -> str:
        calls.append(("factory",))
        return "made"

    class Inner(BaseModel):
        x: Annotated[int, AfterValidator(note("inner x"))]
        y: float = 0.5

    class Checked(BaseModel):
        n: int

        @model_validator(mode="after")
        def whole(self) -> Any:
            calls.append(("whole", self.n))
            return self

        @field_validator("n")
        @classmethod
        def with_info(cls, value: int, info: ValidationInfo) -> int:
            calls.append(("info", value, info.field_name, dict(info.data)))
            return value

    class Outer(BaseModel):
        model_config = ConfigDict(extra="forbid")
        before: Annotated[int, BeforeValidator(note("before"))]
        made: str = Field(default_factory=factory)
        plain: int = 0
        after: Annotated[int, AfterValidator(note("after"))] = 0
        inners: list[Inner] = []
        checked: Checked | None = None
        wrapped: Annotated[float, WrapValidator(wrap)] = 0.0
        own: Annotated[Any, PlainValidator(note("own"))] = None

    return Outer


@pytest.mark.parametrize(
    "document",
    [
        {"before": 1},
        {"before": "1", "after": "2", "plain": "3"},
        {"before": 13, "after": 13},
        {"before": 1, "plain": "x", "after": 4},
        {"before": 1, "inners": [{"x": 1}, {"x": 13}, {"x": "3"}, {"y": 1}, {"x": 2, "y": "z"}]},
        {"before": 1, "checked": {"n": 5}, "wrapped": "2.5", "own": [1]},
        {"before": 1, "checked": {"n": "q"}},
        {"before": 1, "extra": 2, "after": 3},
        {"after": 3},
        {"own": 13, "wrapped": [], "checked": None, "before": None},
        [],
    ],
)
def test_user_code_runs_as_in_pydantic(document: Any) -> None:
    calls: list[Any] = []
    outer = recorded(calls)
    adapter, schema = TypeAdapter(outer), Schema(outer)
    for damaged in (json.dumps(document), json.dumps(document)[:-1], json.dumps(document) + "NaN"):
        ours = outcome(lambda d=damaged: schema.validate_json(d))
        our_calls = calls[:]
        calls.clear()
        theirs = outcome(lambda d=damaged: adapter.validate_json(d))
        assert (ours, our_calls) == (theirs, calls)
        calls.clear()


def test_what_user_code_raises_passes_through() -> None:
    def divide(value: int) -> float:
        return 1 / value

    schema = Schema(list[Annotated[int, AfterValidator(divide)]])
    assert schema.validate_json("[1, 2]") == [1.0, 0.5]
    with pytest.raises(ZeroDivisionError):
        schema.validate_json("[1, 0]")
    assert schema.validate_json("[4]") == [0.25]


def test_custom_errors_keep_type_text_and_context() -> None:
    def fail(value: int) -> int:
        if value == 1:
            raise PydanticCustomError("mine", "got {n} of {m}", {"n": value, "m": "{q}"})
        if value == 2:
            raise PydanticCustomError("missing", "not what it usually says")
        raise AssertionError("asserted")

    class Model(BaseModel):
        a: list[Annotated[int, AfterValidator(fail)]]

    assert_same(Schema(Model), TypeAdapter(Model), '{"a": [1, 2, 3]}')


# ---- Syntax, limits, numbers -------------------------------------------------------------


class Flat(BaseModel):
    a: float
    b: Literal["x", "yy"] = "x"
    c: str = ""
    d: list[int] = []


WHOLE = '{"a": -1.5e3, "b": "yy", "c": "é\\n\\u00e9😀", "d": [1, 2, 3]}'.encode()


def test_truncated_at_each_byte() -> None:
    schema, adapter = Schema(Flat), TypeAdapter(Flat)
    for end in range(len(WHOLE) + 1):
        assert_same(schema, adapter, WHOLE[:end])


def test_each_byte_replaced() -> None:
    schema, adapter = Schema(Flat, allow_nan=True), TypeAdapter(Flat)
    for at in range(len(WHOLE)):
        for byte in b'\x00 "\\{}[]:,0-.eNtu\x80\xc3\xed\xff':
            assert_same(schema, adapter, WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf1", b"", b" ", b"nul", b"[1,]", b"{,}", b'{"a" 1}', b"01", b"1.", b".5",
        b"+1", b"-", b"1e", b"\x00", b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xed\xa0\x80"',
        b'"\xc0\x80"', b'"\\x"', b'"\n"', b"1 2",
        b"[" * 100_000, b'{"a":' * 100_000, b"1" * 4300, b"1" * 4301,
        b"[" * 200 + b"1" + b"]" * 200, b"[" * 201 + b"1" + b"]" * 201, b"[" * 201 + b"]" * 201,
        b"1e999", b"-1e999", b"1" + b"0" * 400, b"-0", b"-0.0", b"1e-999", b"NaN", b"[Infinity]",
        "é".encode("utf-16"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("type_", [Any, float, list[Any], dict[str, Any], Flat, int | None])
def test_syntax_is_pydantics(text: bytes, type_: Any) -> None:
    assert_same(Schema(type_, allow_nan=True), TypeAdapter(type_), text)


@pytest.mark.parametrize(
    "data", ['{"a": 1}', bytearray(b'{"a": 1}'), '{"a": "\ud800"}', 5, None, []]
)
def test_inputs_that_pydantic_takes(data: Any) -> None:
    assert_same(Schema(Flat), TypeAdapter(Flat), data)


def test_any_buffer_is_a_document() -> None:
    schema = Schema(Flat)
    for data in (memoryview(b'{"a": 1}'), memoryview(b'x{"a": 1}x')[1:-1]):
        assert schema.validate_json(data) == Flat(a=1)


def test_options_go_to_pydantic() -> None:
    class Model(BaseModel):
        n: int = Field(alias="en")
        seen: Any = None

        @field_validator("seen")
        @classmethod
        def look(cls, value: Any, info: ValidationInfo) -> Any:
            return info.context

    schema, adapter = Schema(Model), TypeAdapter(Model)
    for options in (
        {"strict": True}, {"context": {"k": 1}}, {"by_alias": False, "by_name": True},
        {"strict": None}, {"by_name": True},
    ):  # fmt: skip
        for text in ('{"en": "1", "seen": 1}', '{"n": 1, "seen": 2}'):
            ours = outcome(lambda o=options, t=text: schema.validate_json(t, **o))
            assert ours == outcome(lambda o=options, t=text: adapter.validate_json(t, **o))
    with pytest.raises(TypeError, match="unexpected keyword argument 'nope'"):
        schema.validate_json("{}", nope=1)
    with pytest.raises(TypeError, match="one positional argument"):
        schema.validate_json()


# ---- Numbers that are not finite ---------------------------------------------------------


class Floats(BaseModel):
    x: float = 0.0
    n: int = 0
    kids: list[Floats] = []
    either: float | str | None = None
    free: Any = None


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("place", ['{"x": %s}', '{"zz": [%s]}', '{"free": {"k": %s}}', "%s"])
def test_tokens_that_are_not_json(token: str, place: str) -> None:
    text = place % token
    for data in (text, text.encode()):
        with pytest.raises(ValidationError) as caught:
            Schema(Floats).validate_json(data)
        (line,) = caught.value.errors(include_url=False)
        column = text.index(token) + 1
        assert line == {
            "type": "json_invalid",
            "loc": (),
            "msg": f"Invalid JSON: expected value at line 1 column {column}",
            "input": data,
            "ctx": {"error": f"expected value at line 1 column {column}"},
        }
        assert caught.value.title == "Floats"


@pytest.mark.parametrize(
    ("text", "loc", "given"),
    [
        ('{"x": 1e999}', ("x",), "1e999"),
        ('{"x": -1e400}', ("x",), "-1e400"),
        ('{"x": "nan"}', ("x",), "nan"),
        ('{"x": "-inf"}', ("x",), "-inf"),
        ('{"kids": [{}, {"x": 1e999}]}', ("kids", 1, "x"), "1e999"),
        ('{"n": 1e999}', ("n",), "1e999"),
        ('{"x": 1' + "0" * 400 + "}", ("x",), "1" + "0" * 400),
    ],
)
def test_numbers_beyond_range(text: str, loc: Any, given: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Schema(Floats).validate_json(text)
    (line,) = caught.value.errors(include_url=False, include_context=False)
    assert (line["type"], line["loc"]) == ("finite_number", loc)
    assert str(line["input"]) == given
    json.dumps(line, allow_nan=False)


def test_allow_nan_is_pydantic() -> None:
    schema, adapter = Schema(Floats, allow_nan=True), TypeAdapter(Floats)
    for text in ('{"x": NaN}', '{"x": "inf"}', '{"x": 1e999, "free": [-Infinity]}', '{"n": NaN}'):
        assert_same(schema, adapter, text)


# ---- Shapes of models --------------------------------------------------------------------


class Point(NamedTuple):
    x: int
    y: int = 0


class Tree(BaseModel):
    value: int = 0
    left: Tree | None = None
    children: list[Tree] = []


@pytest.mark.parametrize(
    "text",
    [
        '{"value": 1, "left": {"left": {"value": "3"}}, "children": [{}, {"children": [{}]}]}',
        '{"left": {"left": {"value": "q"}}, "children": [{}, {"children": [{"value": 1.5}]}]}',
        '{"left": ' * 150 + "{}" + "}" * 150,
        '{"left": ' * 199 + "{}" + "}" * 199,
        '{"left": ' * 220 + "{}" + "}" * 220,
    ],
)
def test_recursive_models(text: str) -> None:
    assert_same(Schema(Tree), TypeAdapter(Tree), text)


def test_wide_models() -> None:
    from pydantic import create_model

    fields: dict[str, Any] = {f"field_{i}": (int, i) for i in range(700)}
    wide = create_model("Wide", **fields)
    schema, adapter = Schema(wide), TypeAdapter(wide)
    assert_same(schema, adapter, json.dumps({f"field_{i}": i for i in range(699, -1, -3)}))


def test_defaults_are_not_shared() -> None:
    class Model(BaseModel):
        a: list[int] = []
        b: dict[str, list[int]] = {"k": [1]}
        c: list[int] = Field(default_factory=list)
        d: str = Field(default_factory=lambda: uuid.uuid4().hex)

    schema = Schema(Model)
    first, second = schema.validate_json("{}"), schema.validate_json("{}")
    first.a.append(1)
    first.b["k"].append(2)
    first.c.append(3)
    assert (second.a, second.b, second.c) == ([], {"k": [1]}, [])
    assert first.d != second.d
    assert schema.validate_json("{}").b == {"k": [1]}


def test_other_types_work_from_the_first_day() -> None:
    import decimal
    import pathlib

    @dataclasses.dataclass
    class Data:
        a: int
        b: list[float] = dataclasses.field(default_factory=list)

    class Typed(TypedDict, total=False):
        k: int

    for type_, texts in {
        Data: ['{"a": 1}', '{"a": "x"}'],
        Typed: ["{}", '{"k": 1.5}'],
        Point: ["[1]", '{"x": 1, "y": 2}', "[]"],
        datetime.datetime: ['"2020-01-01T00:00:00Z"', '"no"'],
        decimal.Decimal: ["1.10", '"x"'],
        pathlib.Path: ['"a/b"', "1"],
        uuid.UUID: ['"12345678-1234-5678-1234-567812345678"', '"x"'],
        set[int]: ["[1, 1, 2]", '["x"]'],
        tuple[int, ...]: ["[1, 2]", '["x"]'],
        bytes: ['"abc"', "1"],
        dict[int, float]: ['{"1": 2}', '{"x": 2}'],
    }.items():
        for text in texts:
            assert_same(Schema(type_), TypeAdapter(type_), text)


def test_from_core_schema() -> None:
    schema = Schema.from_core_schema(
        core_schema.list_schema(core_schema.int_schema(ge=0), max_length=2)
    )
    assert schema.validate_json("[1, 2]") == [1, 2]
    with pytest.raises(ValidationError, match="too_long"):
        schema.validate_json("[1, 2, 3]")


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="max_depth: expected 1 to 200, got 201"):
        Schema(int, max_depth=201)
    with pytest.raises(ValueError, match="max_rows"):
        Schema(int, max_rows=-1)
    with pytest.raises(TypeError, match="not initialised"):
        Schema.__new__(Schema).validate_json("1")
    with pytest.raises(TypeError):
        _core.Schema()._set_up(1)


def test_max_depth() -> None:
    schema = Schema(Any, max_depth=2)
    assert schema.validate_json("[[1, []]]") == [[1, []]]
    with pytest.raises(ValidationError, match="recursion limit exceeded"):
        schema.validate_json("[[[1]]]")


def test_explain_names_the_nodes() -> None:
    class Model(BaseModel):
        a: int
        when: Annotated[str, Field(pattern="x")] = "x"

    explanation = Schema(Model).explain()
    assert [(n.path, n.kind, n.native) for n in explanation] == [
        ("", "model", True), ("a", "int", True), ("when", "str", False),
    ]  # fmt: skip
    assert "pattern" in next(n.reason for n in explanation if not n.native)
