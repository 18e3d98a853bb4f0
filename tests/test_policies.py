"""The tables of policies and of differences in ``docs/validation.md``, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from fastcore import Rows, Schema, Table, TruncatedValidationError

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "validation.md").read_text("utf-8")


class Reading(BaseModel):
    sensor: str
    value: float


NAMES = {"Any": Any, "Rows": Rows, "Table": Table, "Reading": Reading}


def rows(head: str) -> list[tuple[str, ...]]:
    """The cells of the table that begins with this line, without their backquotes."""
    lines = PAGE.split(head + "\n", 1)[1].splitlines()[1:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append(tuple(cell.strip() for cell in line.strip("|").split(" | ")))
    return found


POLICIES = rows("| policy | type | document | outcome |")
DIFFERENCES = rows("| what | type | document | pydantic | `Schema` |")
ARGUMENTS = [row[0].strip("`") for row in rows("| argument | default | what it does |")]


def outcome(call: Any, data: Any) -> tuple[str, tuple[Any, ...]]:
    """Type and place of the first error; without one "a value"."""
    try:
        call(data)
    except ValidationError as error:
        first = error.errors()[0]
        return first["type"], first["loc"]
    return "a value", ()


def parsed(cell: str) -> tuple[str, tuple[Any, ...]]:
    """The same as a table says it."""
    type_, _, loc = cell.replace("`", "").partition(" at ")
    return type_, eval(loc) if loc else ()


def test_the_tables_are_read_and_complete() -> None:
    assert len(POLICIES) >= 16
    assert len(DIFFERENCES) >= 5
    assert {row[0].strip("`").split("=")[0] for row in POLICIES} == set(ARGUMENTS)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("row", POLICIES, ids=lambda row: f"{row[0]} {row[2]}")
def test_a_policy(row: tuple[str, ...], native: bool) -> None:
    policy, type_, text = (cell.strip("`") for cell in row[:3])
    kind, loc = parsed(row[3])
    name, value = policy.split("=")
    options: dict[str, Any] = {"native": native, name: eval(value)}
    type_ = eval(type_, NAMES)
    schema: Schema[Any] = Schema(type_, **options)
    for data in (text, text.encode(), bytearray(text.encode())):
        assert outcome(schema.validate_json, data) == (kind, loc)
    if name != "max_depth":  # inside of another type it is the same, at its place
        inside: Schema[Any] = Schema(dict[str, type_], **options)  # type: ignore[valid-type]
        placed = ("k", *loc) if kind not in ("a value", "json_invalid") else ()
        assert outcome(inside.validate_json, f'{{"k": {text}}}') == (kind, placed)
    if row[1] == "`Rows[Reading]`":
        lines = text[1:-1].replace("}, {", "}\n{")
        assert outcome(schema.validate_ndjson, lines.encode()) == (kind, loc)


@pytest.mark.parametrize("native", [True, False])
def test_what_errors_say(native: bool) -> None:
    """The policies about errors, whose outcome has more than a type and a place."""

    def error(data: Any, **options: Any) -> ValidationError:
        with pytest.raises(ValidationError) as caught:
            Schema(list[int], native=native, **options).validate_json(data)
        return caught.value

    cut = error(b'["a", "b"]', max_errors=1)
    assert isinstance(cut, TruncatedValidationError)
    assert (cut.shown, cut.error_count()) == (1, 1)
    assert error(b'["abc"]', max_input=1).errors()[0]["input"] == "a…"
    hidden = error(b'["abc"]', hide_input=True)
    assert hidden.errors()[0]["input"] is None
    assert "abc" not in str(hidden)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row[0])
def test_a_difference(row: tuple[str, ...], native: bool) -> None:
    type_, data = eval(row[1].strip("`"), NAMES), eval(row[2].strip("`"))
    expected, _, option = row[4].partition(", ")
    original = TypeAdapter(type_).validate_json
    assert outcome(original, data)[0] == parsed(row[3])[0]
    schema: Schema[Any] = Schema(type_, native=native)
    assert outcome(schema.validate_json, data)[0] == parsed(expected)[0]
    if option:
        assert option == "unless `allow_nan`"
        same: Schema[Any] = Schema(type_, native=native, allow_nan=True)
        assert repr(same.validate_json(data)) == repr(original(data))


@pytest.mark.parametrize("native", [True, False])
def test_limits_without_an_argument(native: bool) -> None:
    schema: Schema[Any] = Schema(list[Any], native=native)
    assert schema.validate_json(f"[{'1' * 4300}]") == [int("1" * 4300)]
    assert outcome(schema.validate_json, f"[{'1' * 4301}]") == ("json_invalid", ())
    assert outcome(schema.validate_json, "[" * 200 + "1" + "]" * 200) == ("a value", ())
    assert outcome(schema.validate_json, "[" * 201 + "1" + "]" * 201) == ("json_invalid", ())
    assert schema.validate_json('["' + "x" * 10**7 + '"]') == ["x" * 10**7]


def test_validate_python_has_the_policies_about_errors() -> None:
    with pytest.raises(ValidationError) as caught:
        Schema(list[int], max_errors=1, max_input=1).validate_python(["abc", "b"])
    assert isinstance(caught.value, TruncatedValidationError)
    assert caught.value.errors()[0]["input"] == "a…"
