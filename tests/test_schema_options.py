"""The arguments of Schema that documents and errors are held to."""

from __future__ import annotations

import itertools
import json
import logging
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError

from fastcore import Rows, Schema, TruncatedValidationError
from fastcore._config import disabled

from .differential.compare import outcome
from .profiles import examples
from .strategies import PLANS, documents, make


class Model(BaseModel):
    a: int
    b: list[int] = []


class Record(BaseModel):
    x: float


NATIVE = pytest.mark.parametrize("native", [True, False])


def lines(schema: Schema[Any], data: Any) -> list[Any]:
    with pytest.raises(ValidationError) as caught:
        schema.validate_json(data)
    return caught.value.errors(include_url=False)


# ---- Keys that occur twice ---------------------------------------------------------------------


@NATIVE
@pytest.mark.parametrize(
    ("type_", "text", "places"),
    [
        (Model, '{"a": 1, "b": [], "a": 2}', [("a",)]),
        (Model, '{"a": 1, "\\u0061": 2}', [("a",)]),
        (Model, '{"a": 1, "zz": [{"k": 1, "k": 1}, {"k": 1}], "a": 1}', [("zz", 0, "k"), ("a",)]),
        (dict[str, Any], '{"": 1, "": 2, "": 3}', [("",), ("",)]),
        (Rows[Record], '[{"x": 1}, {"x": 1, "x": 2}]', [(1, "x")]),
        (list[Any], '[[[{"a": {"b": 1, "b": 2}}]]]', [(0, 0, 0, "a", "b")]),
    ],
)
def test_a_key_twice_is_an_error_at_the_key(
    type_: Any, text: str, places: list[Any], native: bool
) -> None:
    schema: Schema[Any] = Schema(type_, duplicate_keys="error", native=native)
    for data in (text, text.encode(), bytearray(text.encode())):
        found = lines(schema, data)
        assert [line["loc"] for line in found] == places
        assert {line["type"] for line in found} == {"duplicate_key"}
        assert [line["input"] for line in found] == [place[-1] for place in places]
    Schema(type_, native=native).validate_json(text)  # the last one counts


@NATIVE
def test_keys_come_before_values_and_after_syntax(native: bool) -> None:
    schema: Schema[Any] = Schema(Model, duplicate_keys="error", native=native)
    assert [line["type"] for line in lines(schema, b'{"a": "x", "a": "y"}')] == ["duplicate_key"]
    assert [line["type"] for line in lines(schema, b'{"a": 1, "a": 2')] == ["json_invalid"]
    assert schema.validate_json(b'{"a": 1}') == Model(a=1)
    assert schema.try_route_json(b'{"a": 1}') is NotImplemented


def has_twice(text: bytes) -> bool:
    """Whether some object has a key twice."""
    found = False

    def note(items: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({key for key, _ in items}) < len(items)

    json.loads(text, object_pairs_hook=note)
    return found


@examples(60)
@given(st.data())
def test_duplicate_keys_of_any_document(data: st.DataObject) -> None:
    plan = data.draw(PLANS)
    schema: Schema[Any] = Schema(make(plan), allow_nan=True, duplicate_keys="error")
    for document in data.draw(st.lists(documents(plan), min_size=4, max_size=6)):
        try:
            twice = has_twice(document)
        except ValueError:
            continue
        types: set[str] = set()
        try:
            schema.validate_json(document)
        except ValidationError as error:
            types = {line["type"] for line in error.errors()}
        except Exception:  # what user code raises
            types = {"raised"}
        assert (types == {"duplicate_key"}) == twice or types == {"json_invalid"}, document


# ---- What errors say ---------------------------------------------------------------------------


@NATIVE
def test_a_list_that_is_cut_says_so(native: bool) -> None:
    data = json.dumps({"a": 1, "b": ["x"] * 10}).encode()
    whole = lines(Schema(Model, native=native), data)
    assert len(whole) == 10
    with pytest.raises(TruncatedValidationError) as caught:
        Schema(Model, max_errors=3, native=native).validate_json(data)
    assert caught.value.shown == 3
    assert caught.value.errors(include_url=False) == whole[:3]
    with pytest.raises(ValidationError) as complete:
        Schema(Model, max_errors=10, native=native).validate_json(data)
    assert type(complete.value) is ValidationError


@NATIVE
def test_input_is_left_out_or_cut(native: bool) -> None:
    secret = "s3cret" * 20
    data = json.dumps({"a": secret, "b": [{"k": secret}, "ok"]}).encode()
    hidden = Schema(Model, hide_input=True, native=native)
    with pytest.raises(ValidationError) as caught:
        hidden.validate_json(data)
    assert "s3cret" not in str(caught.value) + caught.value.json()
    assert [line["input"] for line in caught.value.errors()] == [None] * 3
    with pytest.raises(ValidationError) as caught:
        hidden.validate_python({"a": secret})
    assert "s3cret" not in str(caught.value) + caught.value.json()
    cut = lines(Schema(Model, max_input=8, native=native), data)
    assert [line["input"] for line in cut] == ["s3crets3…", '{"k":"s3…', "ok"]
    bad = lines(Schema(Model, max_input=2, native=native), b"\xff{{{{")
    assert bad[0]["input"] == "\ufffd{…"
    none = lines(Schema(Model, hide_input=True, native=native), b"[NaN]")
    assert none[0]["type"] == "json_invalid"
    assert none[0]["input"] is None


@examples(60)
@given(st.data())
def test_options_change_nothing_but_what_they_say(data: st.DataObject) -> None:
    plan = data.draw(PLANS)
    type_ = make(plan)
    adapter: TypeAdapter[Any] = TypeAdapter(type_)
    schema: Schema[Any] = Schema(type_, allow_nan=True, max_errors=2, max_input=10**6)
    for document in data.draw(st.lists(documents(plan), min_size=4, max_size=6)):
        try:
            adapter.validate_json(document)
        except ValidationError as expected:
            with pytest.raises(ValidationError) as caught:
                schema.validate_json(document)
            whole = expected.errors(include_url=False, include_context=False)
            got = caught.value.errors(include_url=False, include_context=False)
            assert repr(got) == repr(whole[:2]), document
            assert isinstance(caught.value, TruncatedValidationError) == (len(whole) > 2)
        except Exception as raised:  # what user code raises
            with pytest.raises(type(raised)):
                schema.validate_json(document)


# ---- Verified ----------------------------------------------------------------------------------


def test_a_share_of_the_calls_is_verified(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def note(value: int) -> int:
        calls.append(value)
        return value

    schema: Schema[Any] = Schema(list[Annotated[int, AfterValidator(note)]], verify=0.25)
    for _ in range(8):
        assert schema.validate_json(b"[1]") == [1]
    # pydantic's runs are the second ones, of every fourth call.
    assert len(calls) == (8 if disabled() else 10)
    with pytest.raises(ValidationError):
        Schema(Model, verify=1).validate_json(b"{}")
    with pytest.raises(ValidationError):
        Schema(Model, verify=1).validate_json(b"{")
    assert not caplog.records


def test_a_difference_is_logged_and_pydantic_is_right(caplog: pytest.LogCaptureFixture) -> None:
    turns = itertools.count()
    type_ = list[Annotated[int, AfterValidator(lambda value: next(turns))]]
    schema: Schema[Any] = Schema(type_, verify=1)
    if disabled():
        return
    assert schema.validate_json(b"[7, 7]") == [2, 3]
    assert [record.name for record in caplog.records] == ["fastcore.verify"]
    said = caplog.records[0].getMessage()
    assert "a document of 6 bytes: not as pydantic[0]" in said


@examples(60)
@given(st.data())
def test_everything_is_verified_silently(data: st.DataObject) -> None:
    plan = data.draw(PLANS)
    type_ = make(plan)
    adapter: TypeAdapter[Any] = TypeAdapter(type_)
    schema: Schema[Any] = Schema(type_, allow_nan=True, verify=1)
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logging.getLogger("fastcore.verify").addHandler(handler)
    try:
        for document in data.draw(st.lists(documents(plan), min_size=4, max_size=6)):
            expected = outcome(lambda d=document: adapter.validate_json(d))
            assert outcome(lambda d=document: schema.validate_json(d)) == expected
    finally:
        logging.getLogger("fastcore.verify").removeHandler(handler)
    assert not records, [record.getMessage() for record in records]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duplicate_keys": "first"}, "duplicate_keys: expected 'last' or 'error', got 'first'"),
        ({"max_errors": 0}, "max_errors: expected None or at least 1, got 0"),
        ({"max_input": -1}, "max_input: expected None or at least 0, got -1"),
        ({"max_rows": -1}, "max_rows: expected None or at least 0, got -1"),
        ({"max_errors": True}, "max_errors: expected None or at least 1, got True"),
        ({"verify": 1.5}, "verify: expected a share from 0 to 1, got 1.5"),
        ({"max_depth": 201}, "max_depth: expected 1 to 200, got 201"),
    ],
)
def test_arguments_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schema(Model, **options)
