"""The original's errors, moved to their place in the whole document."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, cast, get_args

from pydantic_core import (
    PydanticCustomError,
    PydanticKnownError,
    PydanticUseDefault,
    SchemaError,
    SchemaValidator,
    ValidationError,
    core_schema,
    from_json,
)
from pydantic_core.core_schema import ErrorType

Line = dict[str, Any]


_KNOWN_TYPES = frozenset(get_args(ErrorType))


def _nonfinite(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def has_nonfinite_input(lines: Sequence[Any]) -> bool:
    """Whether some ``input`` of an error's list is NaN or an infinity, which JSON cannot say."""
    return any(_nonfinite(line["input"]) for line in lines)


def line_errors(error: ValidationError, loc: tuple[Any, ...], span: bytes | None) -> list[Line]:
    """The error's lines as ``ValidationError.from_exception_data`` takes them, `loc` in front.

    Given the JSON text that was judged, an ``input`` that is a non-finite float is replaced by the
    text that stands there, so that the answer can be sent as JSON.
    """
    lines = []
    for found in error.errors(include_url=False):
        value = found["input"]
        if span is not None and _nonfinite(value):
            value = _text_at(span, found["loc"], value)
        line: Line = {"loc": (*loc, *found["loc"]), "input": value}
        context = found.get("ctx")
        known = found["type"] in _KNOWN_TYPES
        line["type"] = found["type"] if known else _custom(found["type"], found["msg"], context)
        if known and context is not None:
            line["ctx"] = context
        if known and not _says(line, found["msg"]):
            # A user's own error under the name of a known one, with a text of its own.
            line["type"] = _custom(found["type"], found["msg"], context)
            line.pop("ctx", None)
        lines.append(line)
    return lines


def raised_lines(
    error: BaseException, loc: tuple[Any, ...], span: bytes, allow_nan: bool
) -> list[Line] | None:
    """The lines for an exception that a validator raised; None for one that passes through."""
    if isinstance(error, ValidationError):
        return line_errors(error, loc, None if allow_nan else span)
    if not isinstance(error, ValueError | AssertionError):
        return None
    value = from_json(span)
    if not allow_nan and _nonfinite(value):
        value = span.decode()
    line: Line = {"loc": loc, "input": value}
    if isinstance(error, PydanticKnownError):
        line["type"] = error.type
        if error.context:
            line["ctx"] = error.context
    elif isinstance(error, PydanticCustomError):
        line["type"] = error
    else:
        line["type"] = "value_error" if isinstance(error, ValueError) else "assertion_error"
        line["ctx"] = {"error": error}
    return [line]


def _custom(type_: str, message: str, context: dict[str, Any] | None) -> PydanticCustomError:
    """The error with this text and context.

    A text is a template again, and braces cannot be escaped: where the text itself has a key of the
    context in braces, a template is looked for that gives it, and without one the context is lost.
    """
    if context and any("{" + key + "}" in message for key in context):
        for template in _templates(message, context):
            made = PydanticCustomError(cast(Any, type_), cast(Any, template), context)
            if made.message() == message:
                return made
        context = None
    return PydanticCustomError(cast(Any, type_), cast(Any, message), context)


def _templates(message: str, context: dict[str, Any]) -> Iterator[str]:
    """Where the text may come from: some of the values in it put back as keys."""
    yield message
    texts = {key: str(value) for key, value in context.items()}
    braced = [key for key, text in texts.items() if "{" in text]
    for key in braced:
        yield message.replace(texts[key], "{" + key + "}")
        yield message.replace(texts[key], "{" + key + "}", 1)
    for key in reversed(braced):  # what was filled in last is taken out first
        message = message.replace(texts[key], "{" + key + "}")
    yield message


def _says(line: Line, message: str) -> bool:
    for input_type in ("json", "python"):
        try:
            made = ValidationError.from_exception_data("", cast(Any, [line]), input_type)
        except (TypeError, ValueError, KeyError):
            return False
        if made.errors(include_url=False)[0]["msg"] == message:
            return True
    return False


def missing(loc: tuple[Any, ...], span: bytes) -> Line:
    """The line for a field that the object with this text lacks."""
    return {"type": "missing", "loc": loc, "input": from_json(span)}


def too_short(kind: str, loc: tuple[Any, ...], span: bytes, least: int, actual: int) -> Line:
    """The line for a container with this text of which too little is left."""
    context = {"field_type": kind, "min_length": least, "actual_length": actual}
    return {"type": "too_short", "loc": loc, "input": from_json(span), "ctx": context}


@functools.cache
def asks_in_vain_is_missing() -> bool:
    """Whether pydantic takes a model's field that asks for a default, and has none, as missing.

    It does from 2.14 on; before, the node around is asked.
    """

    def ask(_: Any) -> Any:
        raise PydanticUseDefault

    field = core_schema.model_field(core_schema.no_info_plain_validator_function(ask))
    try:
        SchemaValidator(core_schema.model_fields_schema({"a": field})).validate_json(b'{"a": 0}')
    except ValidationError:
        return True
    except SchemaError:
        return False
    return False


def duplicate_key(loc: tuple[Any, ...]) -> Line:
    """The line for a key that its object has more than once."""
    type_ = PydanticCustomError(
        "duplicate_key", "Key {key} occurs more than once", {"key": loc[-1]}
    )
    return {"type": type_, "loc": loc, "input": loc[-1]}


class _Literal(str):
    """The text of a number that no finite float holds."""


def _number(text: str) -> float | _Literal:
    value = float(text)
    return value if math.isfinite(value) else _Literal(text)


def _text_at(span: bytes, loc: Sequence[Any], value: float) -> Any:
    """The number as written at `loc`; where the path cannot be followed, the float's own text."""
    try:
        found = json.loads(span, parse_float=_number, parse_constant=_Literal)
        for part in loc:
            found = found[part]
    except (ValueError, LookupError, TypeError, RecursionError):
        return str(value)
    return str(found) if isinstance(found, str) else str(value)


def not_json(data: Any, text: bytes, what: str, at: int) -> Line:
    """The ``json_invalid`` of a document that breaks a rule of ours at byte `at` of its text."""
    line = text.count(b"\n", 0, at) + 1
    column = at - text.rfind(b"\n", 0, at)
    said = f"{what} at line {line} column {column}"
    return {"type": "json_invalid", "loc": (), "input": data, "ctx": {"error": said}}
