"""Where in its document an error is: notes that tracebacks show, and nothing else about it."""

from __future__ import annotations

import _testcapi
import copy
import json
import pickle
import sys
import traceback
import unicodedata
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fastcore import Rows, Schema, Table, TruncatedValidationError, _core
from fastcore._places import WIDTH, Notes

from .profiles import examples, part
from .strategies import PLANS, documents, make


class Item(BaseModel):
    age: int = Field(le=120)
    name: str = ""


class Order(BaseModel, extra="forbid"):
    items: list[Item] = []
    counts: dict[int, int] = {}
    either: int | list[int] = 0


class Record(BaseModel):
    x: float
    t: str = ""


def failed(schema: Schema[Any], data: Any, method: str = "validate_json") -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        getattr(schema, method)(data)
    return caught.value


def notes(type_: Any, data: Any, **options: Any) -> list[str]:
    native = list(failed(Schema(type_, **options), data).__notes__)
    handed = list(failed(Schema(type_, native=False, **options), data).__notes__)
    assert native == handed
    return native


@pytest.mark.parametrize(
    ("type_", "data", "expected"),
    [
        (
            Order,
            b'{"items": [{"age": 1}, {"age": 200, "name": ""}]}',
            """line 1, column 32: items.1.age
  {"items": [{"age": 1}, {"age": 200, "name": ""}]}
                                 ^^^""",
        ),
        (  # what lacks something
            Order,
            '{\n\t"items": [\n\t\t{"name":\t"é"}\n\t]\n}',
            """line 3, column 3: items.0.age
  {"name": "é"}
  ^""",
        ),
        (  # a key
            Order,
            b'{"counts": {"1": 2, "x": 3}}',
            """line 1, column 21: counts.x.[key]
  {"counts": {"1": 2, "x": 3}}
                      ^^^""",
        ),
        (
            Order,
            b'{"items": [], "zz": {"a": 1}}',
            """line 1, column 15: zz
  {"items": [], "zz": {"a": 1}}
                ^^^^""",
        ),
        (  # parts of the path that are names of choices
            Order,
            b'{"either": ["a"]}',
            """line 1, column 12: either.int
  {"either": ["a"]}
             ^""",
        ),
        (  # wide characters take two columns, combining ones none
            Order,
            '{"items": [{"name": "日本e\u0301", "age": "x"}]}',
            "line 1, column 36: items.0.age\n"
            '  {"items": [{"name": "日本e\u0301", "age": "x"}]}\n' + " " * 38 + "^^^",
        ),
        (  # nothing that a terminal would act on
            Order,
            b'{"items": [{"name": "\xc2\x9b\xe2\x80\xae", "age": null}]}',
            "line 1, column 34: items.0.age\n"
            '  {"items": [{"name": "\ufffd\ufffd", "age": null}]}\n' + " " * 35 + "^^^^",
        ),
        (
            Order,
            b'{"items": [],\r\n  "counts": {1: 1}}\r\n',
            """line 2, column 14
  "counts": {1: 1}}
             ^""",
        ),
        (Order, b"[\xff\x1b[31m]", "line 1, column 2\n  [\ufffd\ufffd[31m]\n   ^"),
        (Order, b"", "line 1, column 0\n  \n  ^"),
        (Order, b'{"items": [', 'line 1, column 11\n  {"items": [\n            ^'),
        (Order, b"3", "line 1, column 1\n  3\n  ^"),
        (
            Table[Record],
            b'{"x": [1, "?"]}',
            'line 1, column 11: x.1\n  {"x": [1, "?"]}\n            ^^^',
        ),
    ],
)
def test_a_place(type_: Any, data: Any, expected: str) -> None:
    found = notes(type_, data)
    assert found[0] == expected
    other = data.encode() if isinstance(data, str) else bytearray(data)
    assert notes(type_, other) == found


def test_rules_of_ours_have_a_place_too() -> None:
    assert notes(Order, b'{"items": NaN}') == ['line 1, column 11\n  {"items": NaN}\n            ^']
    assert notes(Record, b'{"x": 1e999}') == ['line 1, column 7: x\n  {"x": 1e999}\n        ^^^^^']
    assert notes(Record, b'{"x": 1, "x": 2}', duplicate_keys="error") == [
        'line 1, column 10: x\n  {"x": 1, "x": 2}\n           ^^^'
    ]
    assert notes(list[Any], b"[[[]]]", max_depth=1)[0].endswith("\n  [[[]]]\n    ^")


def test_long_lines_are_cut_around_the_place() -> None:
    row = {"age": 1, "name": "n" * 30}
    many = [row] * 100_000
    for bad in part((0, 50_000, 99_999), 2):
        text = json.dumps({"items": [*many[:bad], {**row, "age": 1000}, *many[bad + 1 :]]})
        (note,) = notes(Order, text.encode())
        where, shown, carets = note.split("\n")
        assert where == f"line 1, column {text.index('1000') + 1}: items.{bad}.age"
        assert len(shown) == WIDTH - 3 * (bad == 0)
        at = carets.index("^")
        assert shown[at : at + 4] == "1000"
        assert carets == " " * at + "^^^^"
        assert shown.startswith("  ...") == (bad > 0)
        assert shown.endswith("...")
    (note,) = notes(Order, json.dumps({"items": [{"age": "x" * 10**6}]}))
    _, shown, carets = note.split("\n")
    assert shown == '  {"items": [{"age": "' + "x" * 35 + "..."
    assert carets == " " * 21 + "^" * 36


def test_the_first_few_of_many() -> None:
    found = notes(list[int], json.dumps(["x"] * 9).encode())
    assert [note.split("\n")[0] for note in found] == [
        *("line 1, column 2: 0", "line 1, column 7: 1", "line 1, column 12: 2"),
        "(6 more)",
    ]
    assert notes(list[int], b'["x", "y", "z", 1]', max_errors=1)[-1].startswith("line 1, column 12")


def test_lines_of_json() -> None:
    schema: Schema[Any] = Schema(Rows[Record])
    text = b'{"x": 1}\n\n{"x": 2}\r\n{"x": "?"}\r\n{"x": 3}\n'
    expected = 'line 4, column 7: x\n  {"x": "?"}\n        ^^^'
    assert list(failed(schema, text, "validate_ndjson").__notes__) == [expected]
    for size in (1, 5, 100):
        chunks = [text[at : at + size] for at in range(0, len(text), size)]
        with pytest.raises(ValidationError) as caught:
            list(schema.iter_ndjson(chunks, rows=1))
        assert list(caught.value.__notes__) == [expected]
    broken = text.replace(b'"?"', b'"\xc3\xa9" :')
    expected = 'line 4, column 12\n  {"x": "é" :}\n            ^'
    assert list(failed(schema, broken, "validate_ndjson").__notes__) == [expected]
    hidden: Schema[Any] = Schema(Rows[Record], hide_input=True)
    for data in (text, broken):
        assert not hasattr(failed(hidden, data, "validate_ndjson"), "__notes__")


class Secret(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)
    a: int


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("data", [b'{"a": "s3cret"}', b'{"a": s3cret', b'{"a": NaN}', b"[]"])
def test_hidden_input_is_not_shown(data: bytes, native: bool) -> None:
    for schema in (
        Schema(Secret, native=native),
        Schema(Item, hide_input=True, native=native),
        Schema(Item, hide_input=True, max_errors=1, max_input=9, native=native),
    ):
        error = failed(schema, data)
        assert not hasattr(error, "__notes__")
        assert "s3cret" not in "".join(traceback.format_exception_only(error))


def test_no_more_than_max_input_is_shown() -> None:
    data = b'{"age": "s3cret", "name": "other"}'
    assert notes(Item, data, max_input=0) == ["line 1, column 9: age"]
    (note,) = notes(Item, data, max_input=20)
    assert note.split("\n")[1:] == ['  ...age": "s3cre...', " " * 11 + "^" * 6]


def test_the_error_is_otherwise_the_originals() -> None:
    for data in (b'{"items": [{"age": 200}, {}], "zz": 1}', b"[", b"3"):
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(Order).validate_json(data)
        original = caught.value
        for schema in (Schema(Order), Schema(Order, native=False)):
            for read in (False, True):
                error = failed(schema, data)
                assert not read or list(error.__notes__)
                assert error.args == original.args
                for same in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
                    assert type(same) is type(original)
                    assert str(same) == str(original)
                    assert repr(same) == repr(original)
                    assert same.errors() == original.errors()
                    assert same.json() == original.json()
    assert not hasattr(pickle.loads(pickle.dumps(error)), "__notes__")
    assert not hasattr(failed(Schema(Item), {"age": "x"}, "validate_python"), "__notes__")


def test_a_cut_list_keeps_its_count_in_a_pickle() -> None:
    error = failed(Schema(list[int], max_errors=1), b'["x", "y"]')
    assert isinstance(error, TruncatedValidationError)
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(same) is TruncatedValidationError
        assert same.shown == 1
        assert same.errors() == error.errors()


def test_whoever_shows_notes_finds_them(capsys: pytest.CaptureFixture[str]) -> None:
    caret = '\n  {"age": "x"}\n          ^^^\n'

    def error() -> ValidationError:
        return failed(Schema(Item), b'{"age": "x"}')

    assert caret in "".join(traceback.format_exception(error()))
    assert caret in "".join(traceback.format_exception_only(error()))
    sys.__excepthook__(ValidationError, error(), None)  # the interpreter's own, in C
    assert caret in capsys.readouterr().err
    assert caret in "\n".join([str(error()), *error().__notes__]) + "\n"  # pytest
    assert isinstance(error().__notes__, Sequence)
    assert all(type(note) is str for note in error().__notes__)
    assert bool(error().__notes__)
    assert len(error().__notes__) == 1
    assert error().__notes__[0] == error().__notes__[:1][0]
    assert error().__notes__ == list(error().__notes__)
    assert repr(error().__notes__) == repr(list(error().__notes__))
    assert type(pickle.loads(pickle.dumps(error().__notes__))) is list
    added = error()
    added.add_note("and mine")
    added.add_note("again")
    assert [note[:8] for note in added.__notes__] == ["line 1, ", "and mine", "again"]


def test_a_bytearray_is_shown_as_it_was() -> None:
    data = bytearray(b'{"age": "x"}')
    error = failed(Schema(Item, native=False), data)
    data[:] = b"?" * 12
    assert '{"age": "x"}' in error.__notes__[0]


# ---- Any document --------------------------------------------------------------------------------


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@examples(100)
@given(VALUES, st.data())
def test_a_path_leads_to_its_value(value: Any, data: st.DataObject) -> None:
    """Also with names of choices in between; a key that is there twice is the last one."""
    path: list[Any] = []
    at = value
    while isinstance(at, dict | list) and at and data.draw(st.booleans()):
        if isinstance(at, dict):
            part: Any = data.draw(st.sampled_from(list(at)))
            if data.draw(st.booleans()) and "list[int]" not in at:
                path.append("list[int]")
        else:
            part = data.draw(st.integers(-len(at), len(at) - 1))
        path.append(part)
        at = at[part]
    indent = data.draw(st.sampled_from([None, 1]))
    text = json.dumps(value, indent=indent, ensure_ascii=data.draw(st.booleans())).encode()
    ((start, end, key, key_end, led),) = _core.json_places(text, 200, True, [tuple(path)])
    assert json.loads(text[start:end]) == at
    assert led
    if path and isinstance(path[-1], str):
        assert json.loads(text[key:key_end]) == path[-1]
    ((_, _, _, _, led),) = _core.json_places(text, 200, True, [(*path, "no such key")])
    assert not led


@examples(60)
@given(st.data())
def test_notes_of_any_document(data: st.DataObject) -> None:
    plan = data.draw(PLANS)
    type_ = make(plan)
    schema: Schema[Any] = Schema(type_)
    for document in data.draw(st.lists(documents(plan), min_size=4, max_size=6)):
        try:
            schema.validate_json(document)
        except ValidationError as error:
            for note in error.__notes__:
                for line in note.split("\n"):
                    assert line.isprintable() or "\ufffd" in line or not line.strip()
                if note.count("\n") == 2:
                    _, shown, carets = note.split("\n")
                    assert set(carets) <= {" ", "^"}
                    assert sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in shown) <= 100
        except Exception:  # what user code raises
            continue


@pytest.mark.parametrize("text", [b"", b"{", b"[1", b'{"a": 1}}', b"\xff", b"[" * 300])
def test_what_is_no_json_has_no_places(text: bytes) -> None:
    assert _core.json_places(text, 200, True, [("a",)]) == []
    line = {"type": "int_type", "loc": ("a",)}
    assert list(Notes(text, [line])) == []


def test_places_refuse_what_they_do_not_know() -> None:
    assert (
        _core.json_places(b"[1]", 200, True, [(2**70,), ("\ud800",), (None,)])
        == [(0, 3, 0, 3, False)] * 3
    )  # type: ignore[list-item]
    assert _core.json_places(b'{"a": 1, "a": 22}', 200, True, [("a",)]) == [(14, 16, 9, 12, True)]
    for arguments in ((b"[]", 200, True), ("[]", 200, True, []), (b"[]", 200, True, ["a"])):
        with pytest.raises(TypeError):
            _core.json_places(*arguments)  # type: ignore[arg-type, call-arg]


def test_places_where_every_allocation_fails_in_turn() -> None:
    text = json.dumps({"a": [1, {"b": list(range(200))}]}).encode()
    arguments: tuple[Any, ...] = (text, 200, True, [("a", 1, "b", 150), ("a", 0)])
    expected = _core.json_places(*arguments)
    for k in range(1, 200):
        found = None
        _testcapi.set_nomemory(k, 0)
        try:
            try:
                found = _core.json_places(*arguments)
            finally:
                _testcapi.remove_mem_hooks()
        except MemoryError:
            continue
        break
    assert found == expected
    assert k > 3
