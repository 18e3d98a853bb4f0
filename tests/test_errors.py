"""Errors that user code makes, through spans: their texts are templates once more."""

from __future__ import annotations

import itertools
from typing import Annotated, Any

import pytest
from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from fastcore import Schema
from fastcore._errors import _custom

VALUES = ["1", 2, "{a}", "{b}", "{c}", "{a}{b}", "x{c}", "{"]
TEMPLATES = ["{a} of {b} and {c}", "{c} {b} {a}", "{a}{a} {b}", "lit {b}", "{b}{c}"]


@pytest.mark.parametrize(
    ("template", "context"),
    [
        ("{a} of {b}", {"a": "{b}", "b": 1}),
        ("{a} of {b}", {"a": 1, "b": "{a}"}),
        ("{a} of {b}", {"a": "{a}", "b": "{b}"}),
        ("{b}, {b}", {"a": 1, "b": "{a}{a}"}),
        ("{c} {b} {a}", {"a": "1", "b": "{a}", "c": "{b}"}),
        ("{a}{b}", {"a": "{", "b": "a}"}),
        ("plain {a} {z}", {"a": "{z}"}),
        ("no {key}", {"key": 1, "other": None}),
        ("no context {a}", None),
    ],
)
def test_braces_in_a_text_cost_no_context(template: Any, context: Any) -> None:
    def fail(value: Any) -> Any:
        raise PydanticCustomError("mine", template, context)

    type_ = list[Annotated[int, BeforeValidator(fail)]]
    found = []
    for validate in (TypeAdapter(type_).validate_json, Schema(type_).validate_json):
        with pytest.raises(ValidationError) as caught:
            validate("[1]")
        found.append((caught.value.errors(), str(caught.value), caught.value.json()))
    assert found[0] == found[1]


def test_the_text_is_kept_in_any_case() -> None:
    """And the context in nearly all: what is lost has two values with keys of each other."""
    lost = count = 0
    for template in TEMPLATES:
        for values in itertools.product(VALUES, repeat=3):
            context: dict[str, Any] = dict(zip("abc", values, strict=True))
            text = PydanticCustomError("mine", template, context).message()  # type: ignore[arg-type]
            made = _custom("mine", text, context)
            assert made.message() == text
            assert made.context in (context, None)
            lost += made.context is None
            count += 1
    assert 0 < lost < count / 20
